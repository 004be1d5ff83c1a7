//! What the ledger decides, behaviour by behaviour.
