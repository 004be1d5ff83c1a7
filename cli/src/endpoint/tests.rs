//! How endpoints look.

use tartan_agent_api::people::endpoints::{Dropped, Passed, Peer};
use tartan_model::{Generation, Mac};

use super::*;

fn endpoint() -> EndpointView {
    EndpointView {
        attachment: "shop,4f66ad2b9a31c7d8,eth0".parse().unwrap(),
        state: RecordState::Ready,
        class: "002a:0007".parse().unwrap(),
        class_name: "payments/api".to_owned(),
        addresses: vec![
            "10.77.0.2".parse().unwrap(),
            "fd00:77::2".parse().unwrap(),
        ],
        mac: Mac([2, 0, 0, 0, 0, 2]),
        mtu: 1500,
        attach: Default::default(),
        limits: Default::default(),
        host_link: "tt0000000000001".to_owned(),
        host_index: 9,
        generation: Generation(1),
        netns: "/run/netns/a".to_owned(),
    }
}

#[test]
fn a_list_shortens_ids_and_wide_does_not() {
    let list = vec![endpoint()];
    let normal = "\
CONTAINER     NETWORK  INTERFACE  CLASS         ADDRESSES
4f66ad2b9a31  shop     eth0       payments/api  10.77.0.2,fd00:77::2
";
    assert_eq!(list.text(Width::Normal), normal);
    let wide = list.text(Width::Wide);
    for word in ["4f66ad2b9a31c7d8", "002a:0007", "tt0000000000001", "ready"] {
        assert!(wide.contains(word), "{word}");
    }
}

#[test]
fn an_id_is_shortened_where_its_digits_begin() {
    for (id, short) in [
        ("4f66ad2b9a31c7d8", "4f66ad2b9a31"),
        ("default-4f66ad2b9a31c7d8", "default-4f66ad2b9a31"),
        ("default-stock", "default-stock"),
        ("front", "front"),
        ("facade", "facade"),
        (
            "5f2b1c9e-7a43-4c0c-9d34-0d9f5b0f6f11",
            "5f2b1c9e-7a43-4c0c-9d34-0d9f5b0f6f11",
        ),
    ] {
        assert_eq!(shortened(id), short);
    }
}

#[test]
fn one_endpoint_is_shown_with_what_was_counted() {
    let direction = "from_container".to_owned();
    let detail = EndpointDetail {
        endpoint: endpoint(),
        passed: vec![Passed {
            direction: direction.clone(),
            packets: 12,
            bytes: 2048,
        }],
        dropped: vec![Dropped {
            direction: direction.clone(),
            reason: "spoofed_address".to_owned(),
            packets: 3,
        }],
        peers: vec![Peer {
            class: "0000:0003".parse().unwrap(),
            class_name: "world".to_owned(),
            direction,
            verdict: "passed".to_owned(),
            packets: 12,
            bytes: 2048,
        }],
    };
    let sections = "
PASSED          PACKETS  BYTES
from_container       12  2.0 KiB

DROPPED         REASON           PACKETS
from_container  spoofed_address        3

PEERS OF ITS CLASS  DIRECTION       VERDICT  PACKETS  BYTES
world               from_container  passed        12  2.0 KiB
";
    let text = detail.text(Width::Normal).replace(" \n", "\n");
    let aligned = |text: &str| -> String {
        let words = text.lines().map(|line| {
            line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n"
        });
        words.collect()
    };
    assert!(text.contains("class       payments/api (002a:0007)\n"));
    assert!(aligned(&text).ends_with(&aligned(sections)), "{text}");
}
