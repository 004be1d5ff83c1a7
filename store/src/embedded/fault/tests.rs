//! SQLite's result codes, as a table.

use super::*;

fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::Unavailable(_) => "unavailable",
        Fault::Unknown(_) => "unknown",
        Fault::Corrupt { .. } => "corrupt",
        Fault::Busy { .. } => "busy",
        Fault::Full(..) => "full",
        Fault::Denied(_) => "denied",
        Fault::Invalid(_) => "invalid",
        Fault::Compacted { .. }
        | Fault::Ahead { .. }
        | Fault::LeaseEnded(_)
        | Fault::Newer { .. } => "other",
    }
}

#[test]
fn each_code_says_whether_something_was_done() {
    let table = [
        (ffi::SQLITE_BUSY, "busy", "busy"),
        (ffi::SQLITE_FULL, "full", "full"),
        (ffi::SQLITE_IOERR_SHMSIZE, "full", "full"),
        (ffi::SQLITE_CORRUPT, "corrupt", "corrupt"),
        (ffi::SQLITE_NOTADB, "corrupt", "corrupt"),
        (ffi::SQLITE_READONLY, "denied", "denied"),
        (ffi::SQLITE_IOERR_FSYNC, "unavailable", "unknown"),
        (ffi::SQLITE_IOERR_WRITE, "unavailable", "unknown"),
    ];
    let file = Path::new("/x/store.db");
    for (code, in_statement, at_commit) in table {
        let error =
            || rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        assert_eq!(kind(&of_statement(error(), file)), in_statement, "{code}");
        assert_eq!(kind(&of_commit(error(), file)), at_commit, "{code}");
    }
}
