//! What a key may look like, and that names survive it.

use proptest::prelude::*;

use super::*;

#[test]
fn a_name_cannot_reach_another_key() {
    let table: [(&[&str], &str); 7] = [
        (&["hosts", "node-1"], "hosts/node-1"),
        (&["teams", "a/b"], "teams/a%2Fb"),
        (&["teams", ".."], "teams/.."),
        (&["teams", ""], "teams/%"),
        (&["reservations", "2001:db8::1"], "reservations/2001%3Adb8%3A%3A1"),
        (&["apps", "50%", "é"], "apps/50%25/%C3%A9"),
        (&[], "%"),
    ];
    for (components, text) in table {
        assert_eq!(Key::new(components).as_str(), text);
    }
}

#[test]
fn what_is_not_escaped_the_one_way_is_no_key() {
    for text in
        ["", "/", "a/", "/a", "a//b", "a b", "a%2f", "a%41", "a%4", "%FF", "é"]
    {
        assert!(Key::parse(text).is_err(), "{text:?} was taken");
    }
}

proptest! {
    #[test]
    fn components_come_back(parts in prop::collection::vec(".*", 1..5)) {
        let texts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let key = Key::new(&texts);
        prop_assert_eq!(Key::parse(key.as_str()), Ok(key.clone()));
        prop_assert_eq!(key.components(), parts);
    }
}
