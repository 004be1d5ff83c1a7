//! Links are found by each of their names, and no bytes panic.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        let _ = Link::read(&bytes);
    }
}

#[test]
fn a_link_is_called_by_each_of_its_names() {
    let link = Link {
        name: "ttx1".into(),
        alt_names: vec!["tartan:net,c1,eth0".into()],
        ..Link::default()
    };
    assert!(link.is_called("ttx1"));
    assert!(link.is_called("tartan:net,c1,eth0"));
    assert!(!link.is_called("eth0"));
}
