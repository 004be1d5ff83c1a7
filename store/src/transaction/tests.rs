//! What no engine takes, as a table.

use super::*;

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

#[test]
fn a_transaction_that_no_engine_takes_is_refused_before_it_is_sent() {
    let many = (0..=MOST_OPERATIONS)
        .fold(Transaction::new(), |t, n| t.put(key(&format!("k{n}")), ""));
    let void = Range::between("b", "a");
    let table = [
        (Transaction::new(), Ok(())),
        (many, Err(InvalidRequest::TooLarge { size: 129 })),
        (
            Transaction::new().put(key("a"), vec![0; MOST_BYTES]),
            Err(InvalidRequest::TooManyBytes { bytes: 1_000_001 }),
        ),
        (
            Transaction::new().put(key("a"), "1").put(key("a"), "2"),
            Err(InvalidRequest::ChangedTwice(key("a"))),
        ),
        (
            Transaction::new()
                .put(key("a/b"), "1")
                .delete_range(Range::prefix("a/")),
            Err(InvalidRequest::ChangedTwice(key("a/b"))),
        ),
        (
            Transaction::new()
                .delete(key("a/b"))
                .delete_range(Range::prefix("a/")),
            Ok(()),
        ),
        (
            Transaction::new().when(Compare::Empty(void.clone())),
            Err(InvalidRequest::VoidRange(void.clone())),
        ),
        (
            Transaction::new().delete_range(void.clone()),
            Err(InvalidRequest::VoidRange(void)),
        ),
    ];
    for (transaction, wanted) in table {
        assert_eq!(transaction.check(), wanted, "{transaction:?}");
    }
}
