//! What is written to the tables (acts, inside a transaction of the caller).

use rusqlite::{Connection, OptionalExtension, ToSql, params};

use super::read::{Extent, extent};
use crate::entry::{LeaseId, Revision};
use crate::key::Key;
use crate::transaction::{Compare, Op};

const IN_RANGE: &str = "key >= ?1 AND key < ?2";

/// Whether a comparison holds.
pub(super) fn holds(
    connection: &Connection,
    compare: &Compare,
) -> rusqlite::Result<bool> {
    let ask = |sql: &str, wanted: &[&dyn ToSql]| -> rusqlite::Result<bool> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM kv WHERE {sql})");
        connection.prepare(&sql)?.query_row(wanted, |row| row.get(0))
    };
    match compare {
        Compare::Absent(key) => Ok(!ask("key = ?1", &[key])?),
        Compare::Value(key, value) => {
            ask("key = ?1 AND value = ?2", &[key, value])
        }
        // An absent key counts as put at revision 0, as in etcd.
        Compare::Modified(key, Revision(0)) => Ok(!ask("key = ?1", &[key])?),
        Compare::Modified(key, at) => {
            ask("key = ?1 AND modified = ?2", &[key, at])
        }
        Compare::Empty(range) => {
            Ok(!ask(IN_RANGE, &[&range.start(), &range.end()])?)
        }
        Compare::Unchanged(range, since) => {
            let newer = "key >= ?1 AND key < ?2 AND modified > ?3";
            Ok(!ask(newer, &[&range.start(), &range.end(), since])?)
        }
    }
}

/// Does an operation at the next revision; says whether it changed anything.
pub(super) fn apply(
    connection: &Connection,
    op: &Op,
    at: Revision,
) -> rusqlite::Result<bool> {
    match op {
        Op::Put { key, value, lease } => {
            put(connection, key, value, *lease, at).map(|()| true)
        }
        Op::Delete(key) => delete_rows(connection, at, "key = ?1", &[key]),
        Op::DeleteRange(range) => {
            let ends: [&dyn ToSql; 2] = [&range.start(), &range.end()];
            delete_rows(connection, at, IN_RANGE, &ends)
        }
    }
}

fn put(
    connection: &Connection,
    key: &Key,
    value: &[u8],
    lease: Option<LeaseId>,
    at: Revision,
) -> rusqlite::Result<()> {
    let created: Option<Revision> = connection
        .prepare("SELECT created FROM kv WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    let created = created.unwrap_or(at);
    connection
        .prepare("INSERT OR REPLACE INTO kv VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![key, value, created, at, lease])?;
    connection
        .prepare("INSERT INTO log VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![at, key, value, created, lease])?;
    advance(connection, at)
}

/// Deletes the keys for which a condition holds; whether there were any.
pub(super) fn delete_rows(
    connection: &Connection,
    at: Revision,
    condition: &str,
    wanted: &[&dyn ToSql],
) -> rusqlite::Result<bool> {
    let deleted = format!("DELETE FROM kv WHERE {condition} RETURNING key");
    let keys: Vec<Key> = connection
        .prepare(&deleted)?
        .query_map(wanted, |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    // Two deletions of a transaction may overlap, but a row that is gone is
    // not deleted again, so no key is logged twice.
    let mut log = connection
        .prepare("INSERT INTO log VALUES (?1, ?2, NULL, ?1, NULL)")?;
    for key in &keys {
        log.execute(params![at, key])?;
    }
    if keys.is_empty() {
        return Ok(false);
    }
    advance(connection, at).map(|()| true)
}

/// The revision that the next change gets.
pub(super) fn next_revision(
    connection: &Connection,
) -> rusqlite::Result<Revision> {
    extent(connection).map(|Extent { head, .. }| Revision(head.0 + 1))
}

fn advance(connection: &Connection, to: Revision) -> rusqlite::Result<()> {
    connection.prepare("UPDATE meta SET revision = ?1")?.execute([to]).map(drop)
}

/// Forgets what only listings and watches before a revision need.
pub(super) fn forget(
    connection: &Connection,
    upto: Revision,
) -> rusqlite::Result<()> {
    // First what a later change up to there has replaced: the last one of
    // each key stays. Then those of the last ones that are deletions.
    connection.execute(
        "DELETE FROM log WHERE revision < ?1 AND EXISTS (
             SELECT 1 FROM log AS newer WHERE newer.key = log.key
             AND newer.revision > log.revision AND newer.revision <= ?1)",
        [upto],
    )?;
    connection.execute(
        "DELETE FROM log WHERE revision <= ?1 AND value IS NULL",
        [upto],
    )?;
    connection.execute("UPDATE meta SET compacted = ?1", [upto])?;
    Ok(())
}
