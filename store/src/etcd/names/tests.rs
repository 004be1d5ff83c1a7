//! Where our keys are in etcd.

use super::*;

#[test]
fn our_keys_are_under_the_prefix_and_the_identity_in_no_range() {
    for prefix in ["/tartan", "/tartan/"] {
        let names = Names::new(prefix);
        let key = Key::parse("hosts/a").unwrap();
        assert_eq!(names.key(&key), "/tartan/hosts/a");
        let (start, end) = names.range(&Range::all());
        assert_eq!((start.as_str(), end.as_str()), ("/tartan/", "/tartan/~"));
        assert!(names.identity() > end);
        assert!(names.probe() > end);
    }
}
