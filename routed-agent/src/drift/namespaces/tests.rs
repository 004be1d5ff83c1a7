//! Links into namespaces, while they come, move and go.

use super::Namespaces;
use crate::attach::wire::GROUP_LIVE;
use tartan_hostnet::Link;

fn link(index: u32, netns: u32) -> Link {
    let peer_netns_id = Some(netns);
    Link { index, peer_netns_id, group: GROUP_LIVE, ..Link::default() }
}

#[test]
fn links_are_found_by_namespace_until_they_go_or_move() {
    let mut all = Namespaces::default();
    all.is(&link(7, 1));
    all.is(&link(8, 1));
    all.is(&Link { group: 0, ..link(9, 1) });
    assert_eq!(all.links_into(1).collect::<Vec<_>>(), [7, 8]);
    all.is(&link(7, 2));
    all.gone(8);
    assert_eq!(all.links_into(1).count(), 0);
    assert_eq!(all.links_into(2).collect::<Vec<_>>(), [7]);
    assert_eq!(all.links.len(), 1);
}
