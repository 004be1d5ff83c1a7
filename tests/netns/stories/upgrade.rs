//! The agent is replaced by another build, whose maps have another layout,
//! while connections are open: nobody notices but who looks.

use std::path::PathBuf;

use serde_json::Value;
use tartan_stories::within::{seconds, within};
use tartan_stories::{Chorus, Container, Host, Network, need, story, witness};

/// Which build an agent is of.
#[derive(Clone, Copy, PartialEq)]
enum Build {
    Usual,
    OtherLayout,
}

impl Build {
    fn other(self) -> Self {
        if self == Self::Usual { Self::OtherLayout } else { Self::Usual }
    }

    fn program(self) -> Option<PathBuf> {
        let is_other = self == Self::OtherLayout;
        is_other.then(need::agent_of_another_layout)
    }
}

/// Packets that the kernel counted from one container to a class.
fn counted(host: &Host, container: &Container, class: &str, way: &str) -> u64 {
    let shown =
        host.lists(&format!("endpoint show {}", container.addresses()[0]));
    let peers = shown["peers"].as_array().cloned().unwrap_or_default();
    let of =
        |peer: &&Value| peer["class_name"] == class && peer["direction"] == way;
    let all = peers.iter().filter(of);
    all.filter_map(|peer| peer["packets"].as_u64()).sum()
}

/// Numbers of ebpf/bpf/abi.h.
const DROP_REASONS: u64 = 24;
const NO_ENDPOINT: u64 = 1;

/// Packets that came by an interface without an endpoint, in either direction,
/// before these maps and since.
fn unknown(host: &Host) -> u64 {
    let is_unknown = |entry: &Value| {
        let slot = entry["key"].as_u64().unwrap_or(0);
        slot % DROP_REASONS == NO_ENDPOINT
    };
    ["drops", "drops_carried"]
        .iter()
        .flat_map(|map| witness::entries(host.netns(), &host.bpf_dir(), map))
        .filter(|entry| is_unknown(&entry["formatted"]))
        .map(|entry| packets(&entry["formatted"]))
        .sum()
}

fn packets(value: &Value) -> u64 {
    let fields = value.as_object().into_iter().flatten();
    let named = fields.map(|(name, it)| match it.as_u64() {
        Some(number) if name == "packets" => number,
        _ => packets(it),
    });
    let each = value.as_array().into_iter().flatten();
    named.chain(each.map(packets)).sum()
}

/// What is pinned: directories by what is in them.
fn sets_of_maps(host: &Host) -> usize {
    let pins = witness::pins(&host.bpf_dir());
    let named = |pin: &&PathBuf| pin.ends_with("endpoint_by_ifindex");
    pins.iter().filter(named).count()
}

fn layout(host: &Host) -> PathBuf {
    let map = witness::map(&host.bpf_dir(), "endpoint_by_ifindex");
    map.parent().unwrap().to_owned()
}

#[track_caller]
fn is_whole(host: &Host) {
    assert_eq!(sets_of_maps(host), 1, "{:?}", witness::pins(&host.bpf_dir()));
    let filters = witness::filters(host.netns());
    assert_eq!(filters.len(), 2, "one for each direction: {filters:?}");
}

struct Cast {
    talkers: Vec<(Container, Container)>,
    front: Container,
    stock: Container,
}

/// Four pairs that talk by TCP, one that counts datagrams.
fn cast(host: &Host) -> Cast {
    let blog = Network::named("blog").team("blog");
    let shop = |app: &str| Network::named("shop").team("shop").app(app);
    let pair = |n: usize| {
        let runs = |name: &str| host.runs(&format!("{name}{n}"), &blog);
        (runs("reader"), runs("writer"))
    };
    Cast {
        talkers: (0..4).map(pair).collect(),
        front: host.runs("front", &shop("front")),
        stock: host.runs("stock", &shop("stock")),
    }
}

impl Cast {
    fn sings(&self, connections: usize) -> Chorus {
        let mut chorus = Chorus::new();
        for (reader, writer) in &self.talkers {
            chorus.connects(reader, writer, connections / self.talkers.len());
        }
        for port in 6000..6004 {
            chorus.streams(&self.front, &self.stock, port);
        }
        chorus
    }

    /// Datagrams as both hooks counted them.
    fn datagrams(&self, host: &Host) -> (u64, u64) {
        let sent = counted(host, &self.front, "shop/stock", "from_container");
        let heard = counted(host, &self.stock, "shop/front", "to_container");
        (sent, heard)
    }
}

// Another layout, and back again, under a thousand connections.
story!(an_upgrade_is_a_migration_under_a_thousand_connections, |world| {
    let ambre = world.host("ambre");
    let cast = cast(&ambre);
    let chorus = cast.sings(1000);
    chorus.goes_on();
    let (first, strangers) = (layout(&ambre), unknown(&ambre));
    let mut seen = cast.datagrams(&ambre);

    for build in [Build::OtherLayout, Build::Usual, Build::OtherLayout] {
        let before = layout(&ambre);
        if build == Build::Usual {
            ambre.stops_agent();
        } else {
            ambre.kills_agent();
        }
        ambre.has_installed(build.program());
        ambre.starts_agent();
        assert_ne!(layout(&ambre), before, "other maps are at work");
        is_whole(&ambre);
        let now = cast.datagrams(&ambre);
        assert!(now.0 >= seen.0 && now.1 >= seen.1, "{now:?} after {seen:?}");
        seen = now;
        chorus.goes_on();
    }

    let sung = chorus.ends();
    assert_ne!(layout(&ambre), first);
    let all = (sung.datagrams, sung.datagrams);
    assert_eq!(cast.datagrams(&ambre), all, "as many as were sent");
    assert_eq!(unknown(&ambre), strangers, "each packet met its endpoint");
    let front = ambre.runs("late", &Network::named("blog").team("blog"));
    front.reaches(&cast.talkers[0].0, tartan_stories::tcp(80));
});

// The list of steps is the agent's own: killed before each, it is followed by
// an agent of the same build, or of the one before.
story!(an_upgrade_may_die_before_any_step, |world| {
    let ambre = world.host("ambre");
    let cast = cast(&ambre);
    let chorus = cast.sings(100);
    let strangers = unknown(&ambre);
    let mut build = Build::Usual;
    let mut seen = cast.datagrams(&ambre);

    for step in need::steps("migrate:") {
        for goes_back in [false, true] {
            ambre.kills_agent();
            ambre.has_installed(build.other().program());
            ambre.launches_agent(
                &ambre.run_dir().join("notify-nobody"),
                &[("TARTAN_CRASH_AT", &step)],
            );
            within(seconds(30), &format!("step '{step}' is reached"), || {
                (!ambre.has_agent()).then_some(())
            });
            build = if goes_back { build } else { build.other() };
            ambre.has_installed(build.program());
            ambre.starts_agent();
            is_whole(&ambre);
            let now = cast.datagrams(&ambre);
            assert!(now.0 >= seen.0 && now.1 >= seen.1, "{step}: {now:?}");
            seen = now;
            chorus.goes_on();
        }
    }

    let sung = chorus.ends();
    let all = (sung.datagrams, sung.datagrams);
    assert_eq!(cast.datagrams(&ambre), all, "as many as were sent");
    assert_eq!(unknown(&ambre), strangers, "each packet met its endpoint");
});
