//! The tables of the file (acts: makes and checks them).
//!
//! `kv` is the present, `log` the past from which watches and listings at a
//! revision are read: each change of a key is a row of `log`, a deletion has
//! no value. `meta` is one row.

use rusqlite::{Connection, OptionalExtension};

use super::PATIENCE;

/// The format that this version writes.
pub(super) const FORMAT: u32 = 1;

const TABLES: &str = "
    CREATE TABLE meta (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        identity TEXT NOT NULL,
        revision INTEGER NOT NULL,
        compacted INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE kv (
        key TEXT PRIMARY KEY,
        value BLOB NOT NULL,
        created INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        lease INTEGER
    ) STRICT;
    CREATE INDEX kv_lease ON kv (lease) WHERE lease IS NOT NULL;
    CREATE TABLE log (
        revision INTEGER NOT NULL,
        key TEXT NOT NULL,
        value BLOB,
        created INTEGER NOT NULL,
        lease INTEGER,
        PRIMARY KEY (revision, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX log_key ON log (key, revision);
    CREATE TABLE leases (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        boot TEXT NOT NULL,
        deadline_millis INTEGER NOT NULL,
        lifetime_millis INTEGER NOT NULL
    ) STRICT;
";

/// Sets what is not kept in the file.
///
/// An acknowledged commit must survive a power cut: `synchronous=FULL` syncs
/// the write-ahead file at each one.
pub(super) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Let a write-ahead file that has grown shrink again at 4 MB.
    connection.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))
}

/// Makes the tables of a new file. Its first revision is 1, as in etcd, and
/// nothing is forgotten.
pub(super) fn make(
    connection: &Connection,
    identity: &str,
) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.execute_batch(TABLES)?;
    connection.execute("INSERT INTO meta VALUES (1, ?1, 1, 0)", [identity])?;
    connection.pragma_update(None, "user_version", FORMAT)
}

/// The format of a file; 0 where it is none of ours.
pub(super) fn format(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// What SQLite's check finds wrong.
pub(super) fn damage(
    connection: &Connection,
) -> rusqlite::Result<Option<String>> {
    let found: Option<String> = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .optional()?;
    Ok(found.filter(|text| text != "ok"))
}
