//! Pools that are drained, opened, enlarged, deleted and made anew while
//! containers live in them.

use serde_json::json;
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Network, story, tcp};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

// Nobody new comes in, nobody is put out; then the way back.
story!(a_drained_pool_keeps_the_living_and_gives_again, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());

    let said = ambre.tartan("pool drain default").success("pool drain");
    assert!(said.contains("4 addresses of it are left"), "{said}");
    assert!(said.contains("shop,front,eth0 on ambre"), "{said}");
    let late = ambre.container("late");
    let fault = late.attach(&shop()).unwrap_err();
    assert!(fault.msg.contains("draining"), "{fault:?}");
    assert!(fault.details.contains("pool undrain default"), "{fault:?}");
    front.reaches(&stock, tcp(80));
    let refused = ambre.tartan("pool delete default");
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stderr.contains("shop,stock,eth0"), "{refused:?}");

    ambre.tartan("pool undrain default").success("pool undrain");
    ambre.attaches(&late, &shop());
    late.reaches(&front, tcp(80));
});

// A pool of fourteen addresses that is full, then one of 254.
story!(a_full_pool_is_enlarged_and_goes_on, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    ambre.tartan("pool create small --cidr 10.66.4.0/28").success("pool");
    ambre.tartan("pool create next --cidr 10.66.5.0/24").success("pool");
    ambre.tartan("team create shop").success("team");
    let network = shop().with("pools", json!(["small"]));
    let mut guests = Vec::new();
    loop {
        let guest = ambre.container(&format!("c{}", guests.len()));
        match guest.attach(&network) {
            Ok(_) => guests.push(guest),
            Err(_) => break,
        }
        assert!(guests.len() <= 14, "a /28 has fourteen");
    }

    for (cidr, says) in [
        ("10.66.4.0/29", "does not shrink"),
        ("10.66.4.0/23", "overlaps 10.66.5.0/24 of pool next"),
    ] {
        let line = format!("pool enlarge small --cidr {cidr}");
        let refused = ambre.tartan(&line);
        assert_eq!(refused.status.code(), Some(1), "{line}");
        assert!(refused.stderr.contains(says), "{line}: {refused:?}");
    }
    ambre.tartan("pool enlarge small --cidr 10.66.4.0/24").success("enlarge");

    let more = ambre.container("more");
    until_fine(seconds(30), "the larger pool gives", || {
        more.attach(&network).map(drop).map_err(|fault| fault.msg)
    });
    more.reaches(&guests[0], tcp(80));
    guests[0].check(&network).unwrap();
    let shown = ambre.lists("pool show small");
    assert_eq!(shown["cidrs"][0]["block_length"], 26);
    assert_eq!(shown["cidrs"][0]["whole"]["size"], 254);
});

// Drain, empty, delete, create: blocks of another length, none overlapping.
story!(a_pool_is_made_anew_with_another_block_length, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let anew = "pool create default --cidr 10.77.0.0/16 --block-length 24";
    let refused = ambre.tartan(anew);
    assert!(refused.stderr.contains("drain it"), "{refused:?}");

    ambre.tartan("settings set address_rest 1s").success("settings");
    ambre.tartan("pool drain default").success("pool drain");
    let refused = ambre.tartan("pool delete default");
    assert!(refused.stderr.contains("shop,front,eth0"), "{refused:?}");
    front.detach(&shop()).unwrap();
    ambre.tartan("pool delete default").success("pool delete");
    ambre.tartan(anew).success(anew);

    let shown = ambre.lists("pool show default");
    assert_eq!(shown["cidrs"][0]["block_length"], 24);
    let guests: Vec<_> =
        (0..40).map(|n| ambre.runs(&format!("c{n}"), &shop())).collect();
    let mut given: Vec<_> =
        guests.iter().flat_map(tartan_stories::Container::addresses).collect();
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 40, "one each, none twice");
});

// Wrong usage ends with 2, what the agent refuses with 1.
story!(settings_are_refused_by_form_or_by_the_agent, |world| {
    let ambre = world.host("ambre");
    for (line, code, says) in [
        ("settings set address_rest 5x", 2, "a duration up to 7d"),
        ("settings set adress_rest 5s", 2, "'address_rest'"),
        ("settings set cluster 3", 1, "team"),
        ("settings set address_rest 5s", 0, ""),
    ] {
        let ran = ambre.tartan(line);
        assert_eq!(ran.status.code(), Some(code), "{line}: {ran:?}");
        assert!(ran.stderr.contains(says), "{line}: {ran:?}");
    }
});
