//! Leases in the tables (acts, inside a transaction of the caller).
//!
//! A lease has lapsed when its deadline is past or its boot is over. Reads
//! leave its keys out; the next commit, or the next process with a watch,
//! turns them into deletions.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::clock::Moment;
use super::columns::{duration, millis};
use super::write::{delete_rows, next_revision};
use crate::entry::LeaseId;

/// Deletes what is on lapsed leases; says whether there were any.
pub(super) fn sweep(
    connection: &Connection,
    now: &Moment,
) -> rusqlite::Result<bool> {
    let mut any = false;
    for lease in lapsed(connection, now)? {
        end(connection, lease)?;
        any = true;
    }
    Ok(any)
}

fn lapsed(
    connection: &Connection,
    now: &Moment,
) -> rusqlite::Result<Vec<LeaseId>> {
    let mut statement = connection.prepare(
        "SELECT id FROM leases WHERE boot <> ?1 OR deadline_millis <= ?2
         ORDER BY deadline_millis, id",
    )?;
    let wanted = params![now.boot.as_str(), millis(now.since_boot)];
    statement.query_map(wanted, |row| row.get(0))?.collect()
}

/// Ends a lease: all its keys are deleted at one revision.
pub(super) fn end(
    connection: &Connection,
    lease: LeaseId,
) -> rusqlite::Result<()> {
    let revision = next_revision(connection)?;
    delete_rows(connection, revision, "lease = ?1", &[&lease])?;
    connection.execute("DELETE FROM leases WHERE id = ?1", [lease])?;
    Ok(())
}

pub(super) fn grant(
    connection: &Connection,
    lifetime: Duration,
    now: &Moment,
) -> rusqlite::Result<LeaseId> {
    let deadline = now.since_boot.saturating_add(lifetime);
    connection.execute(
        "INSERT INTO leases (boot, deadline_millis, lifetime_millis)
         VALUES (?1, ?2, ?3)",
        params![now.boot.as_str(), millis(deadline), millis(lifetime)],
    )?;
    Ok(LeaseId(connection.last_insert_rowid()))
}

/// Lets a lease live on; its lifetime, or `None` where it has ended.
pub(super) fn extend(
    connection: &Connection,
    lease: LeaseId,
    now: &Moment,
) -> rusqlite::Result<Option<Duration>> {
    let lifetime: Option<i64> = connection
        .query_row(
            "UPDATE leases SET deadline_millis = ?2 + lifetime_millis
             WHERE id = ?1 RETURNING lifetime_millis",
            params![lease, millis(now.since_boot)],
            |row| row.get(0),
        )
        .optional()?;
    Ok(lifetime.map(duration))
}

pub(super) fn is_alive(
    connection: &Connection,
    lease: LeaseId,
) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM leases WHERE id = ?1)",
        [lease],
        |row| row.get(0),
    )
}

/// How long until the next lease lapses; zero where one has.
pub(super) fn until_next(
    connection: &Connection,
    now: &Moment,
) -> rusqlite::Result<Option<Duration>> {
    let mut statement = connection.prepare(
        "SELECT min(iif(boot = ?1, deadline_millis, 0)) FROM leases",
    )?;
    let next: Option<i64> =
        statement.query_row([now.boot.as_str()], |row| row.get(0))?;
    Ok(next.map(|deadline| {
        // A millisecond more: the column has no fractions.
        (duration(deadline) + Duration::from_millis(1))
            .saturating_sub(now.since_boot)
    }))
}
