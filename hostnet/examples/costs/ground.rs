//! What the steps are done to and with: links, namespaces, blocks with a
//! filter, and the count of sleeps. Acts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Command;
use std::thread;

use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{UsageWho, getrusage};
use tartan_hostnet::{
    Batch, BlockPair, NetNs, NetnsError, Route, VethEnd, VethSpec, within,
};
use tartan_model::Mac;

use crate::Outcome;

/// Puts a filter that lets everything pass into both blocks.
pub(crate) fn fill(netns: &NetNs, blocks: BlockPair) -> Outcome {
    for block in [blocks.ingress, blocks.egress] {
        let words = format!("filter add block {block} pref 1 protocol all bpf");
        let status = within(netns, || {
            #[expect(
                clippy::disallowed_methods,
                reason = "tc has a program for a measurement at hand"
            )]
            Command::new("tc")
                .args(words.split(' '))
                .args(["bytecode", "1,6 0 0 0"])
                .status()
        })??;
        if !status.success() {
            return Err("tc puts no filter".into());
        }
    }
    Ok(())
}

pub(crate) fn spec(index: u32, group: u32, netns: &NetNs) -> VethSpec<'_> {
    let end = |name: String, mac| VethEnd { name, mac, mtu: 1500 };
    let host = end(format!("tt{index}"), mac(index, 0));
    let container = end("eth0".into(), mac(index, 1));
    VethSpec { index, group, host, container, netns: Some(netns) }
}

pub(crate) fn inner(index: u32, eth0: u32) -> Outcome<Batch<'static>> {
    let gateways: [IpAddr; 2] = ["169.254.1.1".parse()?, "fe80::1".parse()?];
    let mut batch = Batch::new();
    batch.up(eth0);
    for address in addresses(index) {
        batch.address(eth0, address);
    }
    for gateway in gateways {
        batch.neighbour(eth0, gateway, mac(index, 0));
        if gateway.is_ipv4() {
            batch.route(&Route::to_address(gateway, eth0));
        }
        let default = Route::default_via(gateway, eth0).ok_or("no route")?;
        batch.route(&default);
    }
    Ok(batch)
}

pub(crate) fn addresses(index: u32) -> [IpAddr; 2] {
    let v4 = Ipv4Addr::from_bits(0x0a00_0000 | (index & 0xff_ffff));
    let v6 = Ipv6Addr::from_bits((0xfd00 << 112) | u128::from(index));
    [v4.into(), v6.into()]
}

pub(crate) fn mac(index: u32, end: u64) -> Mac {
    Mac::local((u64::from(index) << 8) + end)
}

pub(crate) fn new_netns() -> Outcome<NetNs> {
    let made = thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| {
            let source = errno.into();
            NetnsError::Thread { source }
        })?;
        NetNs::current()
    });
    made.join().map_err(|_| "the thread panicked")?.map_err(Into::into)
}

/// How often this thread has given up its CPU to wait.
pub(crate) fn sleeps() -> Outcome<i64> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    Ok(usage.voluntary_context_switches())
}
