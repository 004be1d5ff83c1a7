//! What goes into the sets of our table. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;

use tartan_hostnet::nft::{Element, octets, parts};
use tartan_model::prefix::address_number;
use tartan_model::{
    Door, Family, HostPort, Masquerade, Prefix, Translation, Transport,
};

use crate::nat::skeleton::Names;

/// What an attachment puts into them.
pub(super) fn of_attachment(
    translation: &Translation,
    addresses: &[IpAddr],
) -> Vec<Element> {
    let mut all = Vec::new();
    for address in addresses {
        let names = Names::of(Family::of(*address));
        if translation.masquerade == Masquerade::Yes {
            all.push(Element::of(names.leaving, octets(*address)));
        }
        if !translation.ports.is_empty() {
            let both = octets(*address).repeat(2);
            all.push(Element::of(names.oneself, both));
        }
        let ports = translation.ports.iter();
        all.extend(ports.flat_map(|port| of_port(port, *address)));
    }
    // In the order of their sets: a message for each.
    all.sort_unstable();
    all.dedup();
    all
}

fn of_port(port: &HostPort, to: IpAddr) -> impl Iterator<Item = Element> {
    let port = *port;
    let family = Family::of(to);
    let doors = port.doors().filter(move |door| door.family() == family);
    doors.map(move |door| {
        let names = Names::of(family);
        let number = port.port.to_be_bytes();
        let protocol = [port.transport.number()];
        let (set, key) = match door {
            Door::Every(_) => (names.ports, parts(&[&protocol, &number])),
            Door::One(at) => {
                let key = parts(&[&octets(at), &protocol, &number]);
                (names.ports_at, key)
            }
        };
        let data = parts(&[&octets(to), &port.to.to_be_bytes()]);
        Element { set, key, data, is_end: false }
    })
}

/// What an attachment with these addresses asked for, by what of it is in the
/// table: for one whose record was lost.
pub(super) fn asked_by(
    addresses: &[IpAddr],
    found: &BTreeSet<Element>,
) -> Translation {
    let mut ports = BTreeSet::new();
    let mut masquerade = Masquerade::No;
    for address in addresses {
        let names = Names::of(Family::of(*address));
        let own = octets(*address);
        for element in found {
            if element.set == names.leaving && element.key == own {
                masquerade = Masquerade::Yes;
            }
            if element.data.starts_with(&own) {
                ports.extend(host_port(element, *address));
            }
        }
    }
    Translation { masquerade, ports: ports.into_iter().collect() }
}

/// The port that `of_port` wrote, at every address of one family or at one.
fn host_port(element: &Element, to: IpAddr) -> Option<HostPort> {
    let family = Family::of(to);
    let names = Names::of(family);
    let bytes = usize::from(family.bits() / 8);
    let (address, door) = if element.set == names.ports {
        (family.address(0), element.key.as_slice())
    } else if element.set == names.ports_at {
        let (at, door) = element.key.split_at_checked(bytes)?;
        (read_address(at)?, door)
    } else {
        return None;
    };
    let [number, _, _, _, high, low, ..] = *door else { return None };
    let [to_high, to_low, ..] = *element.data.get(bytes..)? else {
        return None;
    };
    let transport =
        Transport::ALL.into_iter().find(|known| known.number() == number)?;
    Some(HostPort {
        transport,
        address: Some(address),
        port: u16::from_be_bytes([high, low]),
        to: u16::from_be_bytes([to_high, to_low]),
    })
}

fn read_address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

/// The addresses of `prefixes`, as ranges in the sets that `name` chooses.
pub(super) fn of_prefixes(
    prefixes: &[Prefix],
    name: fn(Names) -> &'static str,
) -> Vec<Element> {
    let of = |family| {
        let of = prefixes.iter().filter(move |p| p.family() == family);
        let ranges =
            merged(of.map(|p| {
                (address_number(p.first()), address_number(p.last()))
            }));
        let set = name(Names::of(family));
        ranges.into_iter().flat_map(move |range| ends(set, family, range))
    };
    Family::ALL.into_iter().flat_map(of).collect()
}

/// Ranges that touch or overlap are one: the kernel refuses others.
fn merged(ranges: impl Iterator<Item = (u128, u128)>) -> Vec<(u128, u128)> {
    let mut sorted: Vec<_> = ranges.collect();
    sorted.sort_unstable();
    let mut merged: Vec<(u128, u128)> = Vec::new();
    for (first, last) in sorted {
        match merged.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => {
                *end = last.max(*end);
            }
            _ => merged.push((first, last)),
        }
    }
    merged
}

/// Where a range begins, and where it has ended, if anything is behind it.
fn ends(
    set: &'static str,
    family: Family,
    (first, last): (u128, u128),
) -> impl Iterator<Item = Element> {
    let at = move |number| octets(family.address(number));
    let highest = u128::MAX >> (128 - u32::from(family.bits()));
    let behind = (last < highest).then(|| last + 1);
    let begin = Element::of(set, at(first));
    let end = behind
        .map(|number| Element { is_end: true, ..Element::of(set, at(number)) });
    [begin].into_iter().chain(end)
}

#[cfg(test)]
mod tests;
