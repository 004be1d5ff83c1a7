//! Who may ask.

use super::*;

fn caller(uid: u32, gid: u32) -> Caller {
    Caller(Some(Credentials { uid, gid }))
}

#[tokio::test]
async fn root_may_ask_and_an_unknown_caller_may_not() {
    assert!(caller(0, 4242).may_ask().await);
    assert!(!caller(4_000_000, 4_000_000).may_ask().await);
    assert!(!Caller(None).may_ask().await);
}

#[test]
fn a_member_is_known_by_group_or_by_name() {
    let members = Members { gid: 990, names: vec!["ada".to_owned()] };
    for (gid, name, is_among) in [
        (990, None, true),
        (100, Some("ada"), true),
        (100, Some("bob"), false),
        (100, None, false),
        (0, Some("root"), false),
    ] {
        let credentials = Credentials { uid: 1000, gid };
        assert_eq!(credentials.is_among(&members, name), is_among);
    }
}
