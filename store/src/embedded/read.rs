//! What is read from the tables (acts, inside a transaction of the caller).

use rusqlite::{Connection, Row, params};

use super::clock::Moment;
use super::columns::millis;
use crate::entry::{Entry, Event, Revision, StoreId};
use crate::range::Range;

/// A batch of events is not much longer than this, so that who is far behind
/// does not get all of it at once.
const BATCH: usize = 1000;

/// How far the store has come, and what it remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// The current revision.
    pub(super) head: Revision,
    /// The oldest revision it can show.
    pub(super) oldest: Revision,
}

pub(super) fn identity(connection: &Connection) -> rusqlite::Result<StoreId> {
    connection
        .query_row("SELECT identity FROM meta", [], |row| row.get(0))
        .map(StoreId)
}

pub(super) fn extent(connection: &Connection) -> rusqlite::Result<Extent> {
    let mut statement =
        connection.prepare("SELECT revision, compacted FROM meta")?;
    statement.query_row([], |row| {
        Ok(Extent { head: row.get(0)?, oldest: row.get(1)? })
    })
}

/// Changes whenever another connection commits; costs no disk access.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare("PRAGMA data_version")?.query_row([], |row| row.get(0))
}

/// The present entries of a range. What is on a lapsed lease is not there,
/// whether or not somebody has deleted it yet.
pub(super) fn present(
    connection: &Connection,
    range: &Range,
    now: &Moment,
) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare(
        "SELECT key, value, created, modified, lease FROM kv
         WHERE key >= ?1 AND key < ?2 AND (lease IS NULL OR EXISTS (
             SELECT 1 FROM leases WHERE id = kv.lease
             AND boot = ?3 AND deadline_millis > ?4))
         ORDER BY key",
    )?;
    let boot = now.boot.as_str();
    let wanted =
        params![range.start(), range.end(), boot, millis(now.since_boot)];
    statement.query_map(wanted, entry)?.collect()
}

/// The entries of a range as they were at a revision that is remembered.
pub(super) fn past(
    connection: &Connection,
    range: &Range,
    at: Revision,
) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare(
        "SELECT key, value, created, revision, lease FROM log
         WHERE key >= ?1 AND key < ?2 AND value IS NOT NULL
         AND revision = (SELECT max(revision) FROM log AS newer
             WHERE newer.key = log.key AND newer.revision <= ?3)
         ORDER BY key",
    )?;
    let wanted = params![range.start(), range.end(), at];
    statement.query_map(wanted, entry)?.collect()
}

/// The next changes of a range after a revision that is remembered, whole
/// revisions.
pub(super) fn changes(
    connection: &Connection,
    range: &Range,
    after: Revision,
) -> rusqlite::Result<Vec<Event>> {
    let mut statement = connection.prepare(
        "SELECT key, value, created, revision, lease FROM log
         WHERE revision > ?1 AND key >= ?2 AND key < ?3
         ORDER BY revision, key",
    )?;
    let mut rows =
        statement.query(params![after, range.start(), range.end()])?;
    let mut events: Vec<Event> = Vec::new();
    while let Some(row) = rows.next()? {
        let event = event(row)?;
        let last = events.last().map(Event::revision);
        if events.len() >= BATCH && last != Some(event.revision()) {
            break;
        }
        events.push(event);
    }
    Ok(events)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        key: row.get(0)?,
        value: row.get(1)?,
        created: row.get(2)?,
        modified: row.get(3)?,
        lease: row.get(4)?,
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let value: Option<Vec<u8>> = row.get(1)?;
    if value.is_some() {
        return entry(row).map(Event::Put);
    }
    Ok(Event::Deleted { key: row.get(0)?, revision: row.get(3)? })
}
