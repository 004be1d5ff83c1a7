//! Names in paths.

use super::*;

#[test]
fn a_name_cannot_leave_its_place_in_a_path() {
    for (name, path) in [
        ("payments", "/v1/teams/payments"),
        ("fd00::1", "/v1/teams/fd00::1"),
        ("shop,c1,eth0", "/v1/teams/shop,c1,eth0"),
        ("a/b", "/v1/teams/a%2Fb"),
        ("a?b#c%d e", "/v1/teams/a%3Fb%23c%25d%20e"),
        ("\u{e9}\r\n", "/v1/teams/%C3%A9%0D%0A"),
    ] {
        assert_eq!(item(TEAMS, &[name]), path);
    }
    assert_eq!(item(APPS, &["a", "b"]), "/v1/apps/a/b");
}
