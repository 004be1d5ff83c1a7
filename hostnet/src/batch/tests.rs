//! A batch keeps its order and finds links safely.

use super::*;
use crate::link::VethEnd;

fn end(name: &str) -> VethEnd {
    VethEnd { name: name.into(), mac: Mac::local(1), mtu: 1500 }
}

#[test]
fn a_link_made_in_the_batch_gets_its_other_name_by_its_name() {
    let (host, container) = (end("tt1"), end("eth0"));
    let (index, group) = (1_048_577, 116);
    let spec = VethSpec { index, group, host, container, netns: None };
    let mut batch = Batch::new();
    batch.veth(&spec).alt_name(index, "a").alt_name(7, "b");
    let links: Vec<_> = batch.operations()[1..].iter().collect();
    let by_name = LinkRef::Name("tt1".into());
    let by_index = LinkRef::Index(7);
    let add = |link, name: &str| {
        let name = name.into();
        Operation::AddAltName { link, name }
    };
    assert_eq!(links, [&add(by_name, "a"), &add(by_index, "b")]);
}

#[test]
fn changes_keep_their_order() {
    let mut batch = Batch::new();
    batch.no_link_local(5).up(5).group(5, 9).rename(5, "x").down(5);
    let said: Vec<_> =
        batch.operations().iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "set link 5 without link-local address",
            "set link 5 up",
            "set link 5 group 9",
            "set link 5 name x",
            "set link 5 down",
        ]
    );
}
