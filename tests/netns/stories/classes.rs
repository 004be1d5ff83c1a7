//! The class of a container, and what it may not pretend.

use serde_json::json;
use tartan_stories::drift;
use tartan_stories::inside::ip;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{
    Container, Host, Network, leftover, story, talk, tcp, udp, witness,
};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// What the command shows of a container's endpoint.
fn shown(host: &Host, container: &Container) -> String {
    let listed = host.lists("endpoint list");
    let mine = listed
        .as_array()
        .into_iter()
        .flatten()
        .find(|entry| entry.to_string().contains(container.name()))
        .cloned();
    mine.unwrap_or_else(|| panic!("{listed}")).to_string()
}

// The network fixes the team; the request narrows it to an app of it.
story!(a_container_has_the_class_of_its_network, |world| {
    let ambre = world.host("ambre");

    let front = ambre.runs("front", &shop().app("front"));
    let stock = ambre.container("stock");
    let call = stock
        .call("ADD", &shop(), "eth0")
        .variable("CNI_ARGS", "IgnoreUnknown=1;TARTAN_APP=stock");
    call.answer().unwrap();
    let nobody = ambre.runs("nobody", &Network::named("plain"));

    assert!(shown(&ambre, &front).contains("shop/front"));
    assert!(shown(&ambre, &stock).contains("shop/stock"));
    assert!(shown(&ambre, &nobody).contains("unclassified"));
    stock.detach(&shop()).unwrap();
});

// What a request may not choose is refused with code 7, and who may is said.
story!(a_class_that_may_not_be_chosen_is_refused, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let unknown = Network::named("shop").team("nobody");
    let app = shop().app("never-made");
    let chosen = Network::named("shop")
        .with("teamFrom", json!("request"))
        .with("teams", json!(["blog"]));

    for (network, arguments) in [
        (unknown, ""),
        (app, ""),
        (chosen, "TARTAN_TEAM=shop"),
        (shop(), "TARTAN_TEAM=blog"),
    ] {
        let call = front.call("ADD", &network, "eth0");
        let fault = call.variable("CNI_ARGS", arguments).answer().unwrap_err();
        assert_eq!(fault.code, 7, "{fault:?}");
    }
    leftover::none_on(&ambre);
});

// `createApps` enters an app in the registry; it keeps its number.
story!(an_app_is_made_where_the_network_allows_it, |world| {
    let ambre = world.host("ambre");
    let network = shop().app("new").with("createApps", json!(true));

    let front = ambre.runs("front", &network);

    assert!(shown(&ambre, &front).contains("shop/new"));
    assert!(ambre.lists("app list").to_string().contains("new"));
});

/// What the endpoint of a container counted as dropped for one reason, on
/// the way from it.
fn dropped(host: &Host, container: &Container, reason: usize) -> u64 {
    let netns = host.netns();
    let link = witness::link(netns, &container.result().host_link()).unwrap();
    let all = witness::entries(netns, &host.bpf_dir(), "endpoint_drops");
    let mine = all
        .iter()
        .map(|entry| &entry["formatted"])
        .find(|entry| entry["key"].as_u64() == Some(link.index));
    let mine = mine.unwrap_or_else(|| panic!("no counters: {all:?}"));
    let count = &mine["value"]["dropped"][0][reason];
    count.as_u64().unwrap_or_else(|| panic!("no count: {mine}"))
}

/// Numbers of reasons, as ebpf/bpf/abi.h has them.
const NO_ENDPOINT: u32 = 1;
const SPOOFED_MAC: usize = 2;
const SPOOFED_ADDRESS: usize = 3;

// An address that is not its own: nothing gets out, and it is counted.
story!(a_foreign_source_address_gets_nowhere, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    for address in ["10.77.200.200/32", "fd00:77::bad/128"] {
        ip(front.netns(), &format!("address add {address} dev eth0"));
    }
    let before = dropped(&ambre, &front, SPOOFED_ADDRESS);

    let liar = talk::End {
        addresses: vec!["10.77.200.200".parse().unwrap()],
        ..front.end()
    };
    talk::cannot_be_heard_as(&liar, &stock.end());

    until_fine(seconds(10), "the lies are counted", || {
        let count = dropped(&ambre, &front, SPOOFED_ADDRESS);
        if count > before { Ok(()) } else { Err(format!("{count}")) }
    });
    front.reaches(&stock, tcp(80));
});

// A MAC address that is not its own.
story!(a_foreign_mac_address_gets_nowhere, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());

    let lie = "link set eth0 address 02:00:00:00:00:99";
    drift::given_up(&ambre, front.netns(), "inside_mac", lie);
    front.cannot_reach(&stock, udp(53));

    assert!(dropped(&ambre, &front, SPOOFED_MAC) > 0);
});

// No packet passes where the class is not known: an endpoint without an
// entry is cut off, and the entry comes back by itself.
story!(an_interface_without_a_class_passes_nothing, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    ambre.kills_agent();
    let map = witness::map(&ambre.bpf_dir(), "endpoint_by_ifindex");
    let link =
        witness::link(ambre.netns(), &front.result().host_link()).unwrap();
    let key = (link.index as u32).to_ne_bytes().map(|b| b.to_string());
    let line = format!(
        "bpftool map delete pinned {} key {}",
        map.display(),
        key.join(" ")
    );

    witness::says(ambre.netns(), &line);
    front.cannot_reach(&stock, udp(53));

    ambre.starts_agent();
    front.reaches(&stock, udp(53));
    let drops = witness::entries(ambre.netns(), &ambre.bpf_dir(), "drops");
    let counted = drops.iter().any(|entry| {
        entry["formatted"]["key"].as_u64() == Some(u64::from(NO_ENDPOINT))
            && entry["formatted"]["values"].to_string().contains("packets")
    });
    assert!(counted, "{drops:?}");
});

/// What the kernel counted for packets from a container to a class.
fn sent_to(host: &Host, container: &Container, class: &str) -> u64 {
    let [name, ..] = &container.addresses()[..] else { return 0 };
    let shown = host.lists(&format!("endpoint show {name}"));
    let peers = shown["peers"].as_array().cloned().unwrap_or_default();
    let to = peers.iter().filter(|peer| {
        peer["class_name"] == class && peer["direction"] == "from_container"
    });
    to.filter_map(|peer| peer["packets"].as_u64()).sum()
}

// What a container sends to its host is not counted as sent to the world.
story!(the_host_is_not_the_world, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());

    talk::reaches(&front.end(), &ambre.end(), tcp(80));

    assert!(sent_to(&ambre, &front, "host") > 0);
    assert_eq!(sent_to(&ambre, &front, "world"), 0);
});
