//! The ground that tests stand on: namespaces of their own, containers in
//! them, and independent eyes.

use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::process::Command;
use std::thread;

use nix::sched::{CloneFlags, unshare};
use serde_json::Value;
use tartan_hostnet::{
    Batch, BlockPair, Echo, NetNs, Route, Rtnl, VethEnd, VethSpec,
};
use tartan_model::Mac;

/// The blocks of these tests.
pub(crate) const BLOCKS: BlockPair = BlockPair { ingress: 7001, egress: 7002 };
/// The group of links these tests make.
pub(crate) const GROUP: u32 = 116;
/// What containers take for their gateway.
pub(crate) const GATEWAYS: [&str; 2] = ["169.254.1.1", "fe80::1"];

/// A network namespace that lives as long as this value.
pub(crate) fn new_netns() -> NetNs {
    let made = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        NetNs::current().unwrap()
    });
    made.join().unwrap()
}

/// Runs a program in a namespace and answers whether it went well, with what
/// it printed.
pub(crate) fn run_in(ns: &NetNs, words: &str) -> (bool, String) {
    let path =
        format!("/proc/{}/fd/{}", std::process::id(), ns.as_fd().as_raw_fd());
    #[expect(
        clippy::disallowed_methods,
        reason = "the eyes on the kernel are other programs"
    )]
    let output = Command::new("nsenter")
        .arg(format!("--net={path}"))
        .args(words.split_whitespace())
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// What `ip -j` or `tc -j` prints about a namespace.
pub(crate) fn look(ns: &NetNs, words: &str) -> Value {
    let (is_well, text) = run_in(ns, words);
    assert!(is_well, "{words}: {text}");
    serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{words} printed {text}"))
}

/// A container to be: its number and its namespace.
pub(crate) struct Container {
    pub(crate) index: u32,
    pub(crate) netns: NetNs,
}

impl Container {
    pub(crate) fn new(index: u32) -> Self {
        Self { index, netns: new_netns() }
    }

    pub(crate) fn addresses(&self) -> [IpAddr; 2] {
        let number = self.index % 200 + 1;
        let v4 = format!("10.4.2.{number}").parse().unwrap();
        [v4, format!("fd00:4:2::{number:x}").parse().unwrap()]
    }

    pub(crate) fn host_mac(&self) -> Mac {
        Mac::local(u64::from(self.index) << 8)
    }

    pub(crate) fn mac(&self) -> Mac {
        Mac::local((u64::from(self.index) << 8) + 1)
    }

    pub(crate) fn spec(&self) -> VethSpec<'_> {
        let end = |name: String, mac, mtu| VethEnd { name, mac, mtu };
        VethSpec {
            index: self.index,
            group: GROUP,
            host: end(format!("tt{}", self.index), self.host_mac(), 1450),
            container: end("eth0".into(), self.mac(), 1450),
            netns: Some(&self.netns),
        }
    }

    pub(crate) fn alt_name(&self) -> String {
        format!("tartan:net,container-{},eth0", self.index)
    }

    /// The first send: both ends down, judged by the blocks.
    pub(crate) fn birth(&self) -> Batch<'_> {
        let mut batch = Batch::new();
        batch
            .veth(&self.spec())
            .alt_name(self.index, &self.alt_name())
            .clsact(self.index, BLOCKS);
        batch
    }

    /// The second, in the container.
    pub(crate) fn inside(&self, eth0: u32) -> Batch<'static> {
        let mut batch = Batch::new();
        batch.up(eth0);
        for address in self.addresses() {
            batch.address(eth0, address);
        }
        for gateway in GATEWAYS.map(|text| text.parse().unwrap()) {
            batch.neighbour(eth0, gateway, self.host_mac());
        }
        let [v4, v6] = GATEWAYS.map(|text| text.parse().unwrap());
        batch.route(&Route::to_address(v4, eth0));
        for gateway in [v4, v6] {
            batch.route(&Route::default_via(gateway, eth0).unwrap());
        }
        batch
    }

    /// The third, on the host's side.
    pub(crate) fn outside(&self) -> Batch<'static> {
        let mut batch = Batch::new();
        batch.no_link_local(self.index).up(self.index);
        for address in self.addresses() {
            batch.neighbour(self.index, address, self.mac());
            batch.route(&Route::to_address(address, self.index));
        }
        batch
    }

    /// All three; answers the number of the container's end.
    pub(crate) fn add(&self, host: &mut Rtnl) -> u32 {
        let eth0 = peer_of(&host.apply(self.birth()).unwrap());
        let mut container = Rtnl::open_in(&self.netns).unwrap();
        container.apply(self.inside(eth0)).unwrap();
        host.apply(self.outside()).unwrap();
        assert_eq!(container.sends(), 1);
        eth0
    }
}

pub(crate) fn peer_of(echoes: &[Echo]) -> u32 {
    let [echo] = echoes else { panic!("{echoes:?}") };
    echo.link.peer_index.unwrap()
}
