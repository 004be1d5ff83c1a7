//! What each contender is told.

use super::*;

fn places() -> Places {
    Places {
        scratch: "/s".into(),
        state: "/t".into(),
        plugin: "/p/tartan-cni".into(),
        floor: "/f/floor".into(),
    }
}

const ALL: [Contender; 4] =
    [Contender::Tartan, Contender::Bridge, Contender::Ptp, Contender::Floor];

#[test]
fn every_contender_is_told_the_same_of_a_container() {
    for contender in ALL {
        let call = contender.call(&places(), Verb::Add, 7);
        let told = |name| {
            call.variables.iter().find(|(n, _)| *n == name).unwrap().1.clone()
        };
        assert_eq!(told("CNI_COMMAND"), "ADD");
        assert_eq!(told("CNI_CONTAINERID"), "bench-7");
        assert_eq!(told("CNI_NETNS"), "/s/netns-7");
    }
}

#[test]
fn every_network_is_json_of_the_same_version() {
    for contender in ALL {
        let call = contender.call(&places(), Verb::Del, 1);
        let network: Value = serde_json::from_str(&call.input).unwrap();
        assert_eq!(network["cniVersion"], "1.0.0");
        assert!(network["name"].is_string());
    }
}

#[test]
fn ours_names_the_socket_of_its_own_agent() {
    let call = Contender::Tartan.call(&places(), Verb::Add, 1);
    let network: Value = serde_json::from_str(&call.input).unwrap();
    assert_eq!(network["agent"], "/s/run/cni.sock");
}
