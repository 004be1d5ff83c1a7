//! What etcd 3.4 says, as a table.

use super::*;

#[test]
fn the_text_decides_before_the_code() {
    let table = [
        (
            "etcdserver: mvcc: required revision has been compacted",
            Some(Meaning::Compacted),
        ),
        (
            "etcdserver: mvcc: required revision is a future revision",
            Some(Meaning::Ahead),
        ),
        ("etcdserver: requested lease not found", Some(Meaning::NoLease)),
        ("etcdserver: mvcc: database space exceeded", Some(Meaning::Full)),
        (
            "etcdserver: authentication failed, invalid user ID or password",
            Some(Meaning::Denied),
        ),
        ("etcdserver: no leader", Some(Meaning::NotNow)),
        ("etcdserver: request timed out", None),
        ("etcdserver: leader changed", None),
        ("transport error", None),
    ];
    for (text, wanted) in table {
        assert_eq!(of_text(text), wanted, "{text}");
    }
}

#[test]
fn what_is_not_known_to_be_undone_may_have_been_done() {
    for code in [1, 2, 4, 8, 10, 13, 14] {
        assert_eq!(of_code(code), Meaning::Broken, "code {code}");
    }
    assert_eq!(of_code(3), Meaning::Invalid);
    assert_eq!(of_code(7), Meaning::Denied);
    assert_eq!(of_code(15), Meaning::Corrupt);
}
