//! Leaving under the host's address: who does, and towards whom nobody does.

use std::net::{IpAddr, SocketAddr};

use serde_json::json;
use tartan_stories::talk::{self, End};
use tartan_stories::{Host, Network, Outside, Port, story, tcp, udp, witness};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

fn masked() -> Network {
    Network::named("masked").team("shop").with("ipMasq", json!(true))
}

/// Who asks `to` at each of its addresses, as it is seen there.
#[track_caller]
fn seen_as(from: &End, to: &End, port: Port) -> Vec<IpAddr> {
    let number = match port {
        Port::Tcp(number) | Port::Udp(number) => number,
    };
    let ask = |address: &IpAddr| {
        let at = SocketAddr::new(*address, number);
        talk::asks(from, at, to, port)
            .unwrap_or_else(|error| panic!("{from} to {at}: {error}"))
    };
    to.addresses.iter().map(ask).collect()
}

/// A pool whose containers leave under their host's address.
#[track_caller]
fn makes_leaving_pool(host: &Host) {
    let line = "pool create leaving --cidr 10.78.0.0/16 --cidr fd00:78::/64 \
                --nat-outgoing";
    host.tartan(line).success(line);
}

// Somebody outside knows the host alone. A container of a network that
// masquerades is answered, and is seen as the host.
story!(a_container_leaves_under_the_address_of_its_host, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");

    let front = ambre.runs("front", &masked());

    for port in [tcp(80), udp(53)] {
        let seen = seen_as(&front.end(), &outside.end(), port);
        assert_eq!(seen, outside.known_host());
    }
    assert_eq!(witness::translated(ambre.netns()).len(), 2);
});

// Without `ipMasq` a container leaves under its own address, and is answered
// where the way back is known.
story!(who_does_not_ask_leaves_under_its_own_address, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    outside.knows_the_pools();
    let masked = ambre.runs("masked", &masked());

    let front = ambre.runs("front", &shop());

    assert_eq!(
        seen_as(&front.end(), &outside.end(), tcp(80)),
        front.addresses()
    );
    assert_eq!(
        seen_as(&masked.end(), &outside.end(), tcp(80)),
        outside.known_host()
    );
});

// A pool may say so for all its containers; others do not notice.
story!(a_pool_lets_its_containers_leave_under_the_host, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    outside.knows_the_pools();

    makes_leaving_pool(&ambre);

    let network = shop().with("pools", json!(["leaving"]));
    let front = ambre.runs("front", &network);
    let other = ambre.runs("other", &shop());
    let seen = |from: End| seen_as(&from, &outside.end(), tcp(80));
    assert_eq!(seen(front.end()), outside.known_host());
    assert_eq!(seen(other.end()), other.addresses());
    assert_eq!(witness::translated(ambre.netns()), Vec::<String>::new());
});

// Between containers, and towards whatever is in a pool, nobody is masked.
story!(nobody_is_masked_among_containers_and_pools, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    outside.knows_the_pools();
    makes_leaving_pool(&ambre);
    let leaving = shop().with("pools", json!(["leaving"]));
    let stock = ambre.runs("stock", &shop());
    let far: [(&str, &str); 2] =
        [("10.77.255.1", "-4"), ("fd00:77::ffff:1", "-6")];
    for (address, family) in far {
        let nodad = if family == "-6" { "nodad" } else { "" };
        let line = format!("address add {address} dev lo {nodad}");
        tartan_stories::inside::ip(outside.netns(), &line);
        let via = outside.end().addresses[usize::from(family == "-6")];
        let line = format!("{family} route add {address} via {via}");
        tartan_stories::inside::ip(ambre.netns(), &line);
    }
    let in_a_pool = End {
        addresses: far.map(|(text, _)| text.parse().unwrap()).into(),
        ..outside.end()
    };
    let back = "route add 10.78.0.0/16 via 198.51.100.1";
    tartan_stories::inside::ip(outside.netns(), back);
    let back = "-6 route add fd00:78::/64 via 2001:db8:100::1";
    tartan_stories::inside::ip(outside.netns(), back);

    for network in [masked(), leaving] {
        let front = ambre.runs(network.name(), &network);
        front.reaches(&stock, tcp(80));
        stock.reaches(&front, udp(53));
        let seen = seen_as(&front.end(), &in_a_pool, tcp(80));
        assert_eq!(seen, front.addresses());
        talk::reaches(&front.end(), &ambre.end(), tcp(80));
        front.detach(&network).unwrap();
    }
});
