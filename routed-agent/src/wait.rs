//! Whether a request may wait for the store. Pure.

/// What to do where a request needs the store's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// Say so at once, and leave nothing behind.
    Never,
    /// Wait for it, not for ever.
    ForStore,
}
