//! Plugins of others behind ours in a chain: each has its effect on a link
//! of ours, is content when asked, and leaves nothing.

use std::net::{IpAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tartan_stories::plugin::{Call, Fault};
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{
    Container, Host, Network, inside, leftover, pace, story, tcp, witness,
};

/// Where Debian has the plugins of the reference.
const PLUGINS: &str = "/usr/lib/cni";

fn shop() -> Network {
    Network::named("shop").team("shop")
}

fn by_tcx() -> Network {
    shop().with("attach", json!("tcx"))
}

/// A plugin behind ours, for one container.
struct Chained<'a> {
    host: &'a Host,
    container: &'a Container,
    config: Value,
}

impl<'a> Chained<'a> {
    /// `config` says what it shall do; the chain adds the rest.
    fn new(host: &'a Host, container: &'a Container, config: Value) -> Self {
        let mut config = config;
        config["cniVersion"] = json!("1.0.0");
        config["name"] = json!("shop");
        config["prevResult"] = container.result().0;
        Self { host, container, config }
    }

    fn call(&self, verb: &str) -> Result<Value, Fault> {
        let kind = self.config["type"].as_str().expect("a type");
        let program = PathBuf::from(PLUGINS).join(kind);
        let netns = self.container.netns().to_string_lossy().into_owned();
        Call::new(program, self.host.netns(), verb)
            .variable("CNI_CONTAINERID", self.container.name())
            .variable("CNI_IFNAME", "eth0")
            .variable("CNI_NETNS", &netns)
            .variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .input(&self.config)
            .answer()
    }

    /// ADD, and CHECK of both.
    #[track_caller]
    fn is_added(&self, network: &Network) {
        self.call("ADD").expect("ADD of the other plugin");
        self.is_content(network);
    }

    #[track_caller]
    fn is_content(&self, network: &Network) {
        self.call("CHECK").expect("CHECK of the other plugin");
        self.container.check(network).expect("our CHECK");
    }

    /// DEL of both, the last of the chain first.
    #[track_caller]
    fn is_deleted(&self, network: &Network) {
        self.call("DEL").expect("DEL of the other plugin");
        self.container.detach(network).expect("our DEL");
        leftover::none_on(self.host);
    }
}

/// What `ip` says inside a namespace.
fn ip(netns: &Path, arguments: &str) -> String {
    inside::ip(netns, arguments)
}

// Its ingress qdisc and its bucket, on a link whose programs are BPF links.
story!(the_bandwidth_plugin_limits_a_container_of_ours, |world| {
    let ambre = world.host("ambre");
    let slow = ambre.runs("slow", &by_tcx());
    let stock = ambre.runs("stock", &shop());
    let rate = 20_000_000.0;
    let plugin = Chained::new(
        &ambre,
        &slow,
        json!({ "type": "bandwidth",
            "ingressRate": rate as u64, "ingressBurst": 800_000,
            "egressRate": rate as u64, "egressBurst": 800_000 }),
    );

    plugin.is_added(&by_tcx());

    let (slow_end, stock_end) = (slow.end(), stock.end());
    for (from, to) in [(&slow_end, &stock_end), (&stock_end, &slow_end)] {
        let pace = pace::pace(from, to, to.addresses[0], tcp(5201));
        let fits = 0.5 * rate < pace && pace < 1.25 * rate;
        assert!(fits, "{from} to {to}: {pace:.0} bit/s");
    }
    slow.reaches(&stock, tcp(80));
    stock.detach(&shop()).unwrap();
    plugin.is_deleted(&by_tcx());
    let links = witness::links(ambre.netns());
    assert!(!links.iter().any(|link| link.name.starts_with("bwp")));
});

// A shared block takes no qdisc of others: the plugin says so, and the
// container is as it was.
story!(the_bandwidth_plugin_needs_another_way_than_shared_blocks, |world| {
    let ambre = world.host("ambre");
    let slow = ambre.runs("slow", &shop());
    let stock = ambre.runs("stock", &shop());
    let rates = json!({ "type": "bandwidth",
        "egressRate": 20_000_000, "egressBurst": 800_000 });
    let plugin = Chained::new(&ambre, &slow, rates);

    plugin.call("ADD").expect_err("the qdisc is refused");
    slow.reaches(&stock, tcp(80));
    stock.detach(&shop()).unwrap();
    plugin.is_deleted(&shop());
});

// A port of the host leads to the container, by iptables of another.
story!(the_portmap_plugin_leads_to_a_container_of_ours, |world| {
    let ambre = world.host("ambre");
    for (network, name) in [(shop(), "block"), (by_tcx(), "tcx")] {
        let front = ambre.runs(&format!("front-{name}"), &network);
        let other = ambre.runs(&format!("other-{name}"), &network);
        let ports = json!([{
            "hostPort": 8080, "containerPort": 80, "protocol": "tcp" }]);
        let plugin = Chained::new(
            &ambre,
            &front,
            json!({ "type": "portmap", "snat": true,
                    "capabilities": { "portMappings": true },
                    "runtimeConfig": { "portMappings": ports } }),
        );

        // Its CHECK (1.1.1) looks for the IPv4 rules among those of IPv6.
        plugin.call("ADD").expect("ADD of portmap");
        front.check(&network).expect("our CHECK");

        let host = ambre.addresses().into_iter().find(IpAddr::is_ipv4);
        let server = inside::inside(front.netns(), || {
            TcpListener::bind(("0.0.0.0", 80)).unwrap()
        });
        let at = (host.unwrap(), 8080).into();
        let patience = Duration::from_secs(10);
        let client = inside::inside(other.netns(), || {
            TcpStream::connect_timeout(&at, patience).unwrap()
        });
        let (_, peer) = server.accept().unwrap();
        assert_eq!(peer.ip(), other.addresses()[0]);
        drop((client, server));
        other.detach(&network).unwrap();
        plugin.is_deleted(&network);
    }
});

// Where the host forwards nothing, and we leave it so, the plugin's rules let the container's own
// connections through.
story!(the_firewall_plugin_opens_the_way_for_a_container_of_ours, |world| {
    let ambre = world.bare_host("ambre");
    let mut config = std::fs::read_to_string(ambre.config()).unwrap();
    config.push_str("[network]\nforeign_forward = \"leave\"\n");
    std::fs::write(ambre.config(), config).unwrap();
    ambre.starts_agent();
    ambre.is_furnished();
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let mut close = Command::new("iptables");
    close.args(["-P", "FORWARD", "DROP"]);
    inside::run(ambre.netns(), &mut close, b"").success("iptables");
    let mut close = Command::new("ip6tables");
    close.args(["-P", "FORWARD", "DROP"]);
    inside::run(ambre.netns(), &mut close, b"").success("ip6tables");
    front.cannot_reach(&stock, tcp(80));
    let kind = json!({ "type": "firewall", "backend": "iptables" });
    let plugin = Chained::new(&ambre, &front, kind);

    plugin.is_added(&shop());

    front.reaches(&stock, tcp(80));
    stock.detach(&shop()).unwrap();
    plugin.is_deleted(&shop());
});

// A sysctl and an MTU inside the container.
story!(the_tuning_plugin_tunes_a_container_of_ours, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let plugin = Chained::new(
        &ambre,
        &front,
        json!({ "type": "tuning", "mtu": 1300,
                "sysctl": { "net.ipv4.conf.eth0.arp_announce": "2" } }),
    );

    plugin.is_added(&shop());

    assert!(ip(front.netns(), "link show eth0").contains("mtu 1300"));
    let mut read = Command::new("cat");
    read.arg("/proc/sys/net/ipv4/conf/eth0/arp_announce");
    let said = inside::run(front.netns(), &mut read, b"").success("cat");
    assert_eq!(said.trim(), "2");
    front.reaches(&stock, tcp(80));
    stock.detach(&shop()).unwrap();
    plugin.is_deleted(&shop());
});

// Another MAC address than the one that was answered is another's: it is put
// back, as if the container had changed it. The `mac` capability gives one.
story!(a_mac_address_changed_behind_us_is_put_back, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let mac = json!({ "type": "tuning", "mac": "02:00:00:00:00:77" });
    let plugin = Chained::new(&ambre, &front, mac);

    plugin.call("ADD").expect("ADD of tuning");

    until_fine(seconds(30), "the address is put back", || {
        let seen = witness::link(front.netns(), "eth0").map(|it| it.mac);
        let is_ours = seen == Some(front.result().mac());
        is_ours.then_some(()).ok_or(format!("{seen:?}"))
    });
    front.reaches(&stock, tcp(80));
    stock.detach(&shop()).unwrap();
    plugin.is_deleted(&shop());
});

// It wants a gateway within the prefix of an address, and ours are alone on
// theirs. It is not needed: a second attachment routes by its sender already.
story!(the_sbr_plugin_cannot_follow_a_container_of_ours, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let plugin = Chained::new(&ambre, &front, json!({ "type": "sbr" }));

    plugin.call("ADD").expect_err("no way to the gateway");

    stock.detach(&shop()).unwrap();
    plugin.is_deleted(&shop());
});
