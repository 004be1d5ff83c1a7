//! Connections that were opened before a host port led where it leads now, or
//! while it still led somewhere: the kernel forgets them, so that the next
//! packet is translated anew. Acts.
//!
//! Only after the rules have changed: a packet between the two would be
//! remembered as the old rules said.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use tartan_agent_api::record::Record;
use tartan_hostnet::{Connection, Conntrack, NetfilterError, Rtnl};
use tartan_model::{Door, Family, Transport};

use crate::nat::NatError;

/// The socket to connection tracking. It is opened when it is first needed and
/// stays open: closing one of netfilter's sockets waits for an RCU grace
/// period while the kernel still clears up after a transaction.
#[derive(Debug, Default)]
pub(super) struct Tracked(Option<Conntrack>);

impl Tracked {
    fn opened(&mut self) -> Result<&mut Conntrack, NetfilterError> {
        match &mut self.0 {
            Some(tracked) => Ok(tracked),
            none => Ok(none.insert(Conntrack::open()?)),
        }
    }
}

/// Forgets datagrams' connections to new host ports of `record` that led
/// elsewhere: a client that sent before the port was there, or to a container
/// that died. A stream needs no help: it ends when nobody answers.
pub(super) fn forget_untranslated(
    tracked: &mut Tracked,
    record: &Record,
) -> Result<(), NatError> {
    let mut by_transport: BTreeMap<Transport, BTreeSet<u16>> = BTreeMap::new();
    let ports = record.translation.ports.iter();
    for port in ports.filter(|port| port.transport != Transport::Tcp) {
        by_transport.entry(port.transport).or_default().insert(port.port);
    }
    if by_transport.is_empty() {
        return Ok(());
    }
    let tracked = tracked.opened()?;
    let mut old = Vec::new();
    let own: Vec<_> = record.addresses().collect();
    for (transport, ports) in by_transport {
        let ports: Vec<_> = ports.into_iter().collect();
        for family in own.iter().map(|own| Family::of(*own)) {
            let elsewhere = |one: &Connection| !own.contains(&one.answers);
            let of = (family, transport);
            let found = tracked.to_ports(of, &ports, elsewhere)?;
            old.extend(found.into_iter().map(|one| (transport, one)));
        }
    }
    forget(tracked, old, record)
}

/// Of what led elsewhere only what came to a door of the new ones: others'
/// connections to the same port of other hosts go on.
fn forget(
    tracked: &mut Conntrack,
    old: Vec<(Transport, Connection)>,
    record: &Record,
) -> Result<(), NatError> {
    if old.is_empty() {
        return Ok(());
    }
    let of_the_host: BTreeSet<IpAddr> =
        Rtnl::open()?.all_addresses()?.into_iter().collect();
    for (transport, one) in old {
        let ports = record.translation.ports.iter();
        let is_at = |door: Door| match door {
            // 127.0.0.2 is the host's as well, and no link has it.
            Door::Every(_) => {
                one.destination.is_loopback()
                    || of_the_host.contains(&one.destination)
            }
            Door::One(at) => at == one.destination,
        };
        let comes = ports
            .filter(|p| p.transport == transport && p.port == one.port())
            .any(|port| port.doors().any(is_at));
        if comes {
            tracked.forget(&one)?;
        }
    }
    Ok(())
}

/// Forgets connections that host ports of `record` led to its container: a
/// client of datagrams that never pauses would go on to whoever has the
/// address next. Only where there are such ports: looking walks the kernel's
/// whole table, some 10 ms.
pub(super) fn forget_translated(
    tracked: &mut Tracked,
    record: &Record,
) -> Result<(), NatError> {
    let mut ports = record.translation.ports.iter();
    if ports.all(|port| port.transport == Transport::Tcp) {
        return Ok(());
    }
    let tracked = tracked.opened()?;
    for address in record.addresses() {
        for one in tracked.answered_by(address)? {
            if one.destination != address {
                tracked.forget(&one)?;
            }
        }
    }
    Ok(())
}
