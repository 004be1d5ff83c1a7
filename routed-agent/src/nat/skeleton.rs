//! The rules of our table: constant, over sets and maps. Pure.
//!
//! ```text
//! guard      before all: what comes from a container for 127.0.0.0/8 is
//!            dropped. Its link may let such packets pass, because the host
//!            reaches its ports by 127.0.0.1.
//! arriving   host ports, for packets that come by a link
//! sending    host ports, for packets of the host itself
//! leaving    who leaves under another address
//! ```
//!
//! In the chain `leaving` the order decides: a container that reaches itself
//! by a host port must see the host; the host that asked 127.0.0.1 must be
//! answered; then nothing that stays among containers, pools and hosts is
//! touched; the rest leaves under the host's address where that was asked
//! for.

use std::collections::{BTreeMap, BTreeSet};

use tartan_hostnet::nft::{
    BaseChain, Chain, ChainKind, Comparison, Expression as E, Field, Hook,
    Meta, NatTarget, PacketField, Policy, Register, Rule, Set, Table,
    TableFamily, Verdict,
};
use tartan_model::Family;

use crate::nat::Skeleton;

/// Names of our links begin with it; see `Generation::host_link_name`.
pub(super) const LINKS: &[u8] = b"tt";
/// `RTN_LOCAL`, include/uapi/linux/rtnetlink.h
const LOCAL: u32 = 2;
/// The first byte of 127.0.0.0/8 (RFC 1122, 3.2.1.3).
const LOOPBACK: u8 = 127;

const GUARD: &str = "guard";
const ARRIVING: &str = "arriving";
const SENDING: &str = "sending";
const LEAVING: &str = "leaving";

/// The sets of a family.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    /// Protocol and port at any address of the host, to address and port.
    pub(super) ports: &'static str,
    /// Address, protocol and port, to address and port.
    pub(super) ports_at: &'static str,
    /// Containers with host ports, as sender and receiver.
    pub(super) oneself: &'static str,
    /// Containers that leave under the host's address.
    pub(super) leaving: &'static str,
    /// Pools whose containers do.
    pub(super) pools_leaving: &'static str,
    /// Pools: nobody is translated on the way there.
    pub(super) inside: &'static str,
}

impl Names {
    pub(super) fn of(family: Family) -> Self {
        match family {
            Family::V4 => Self {
                ports: "ports4",
                ports_at: "ports_at4",
                oneself: "oneself4",
                leaving: "leaving4",
                pools_leaving: "pools_leaving4",
                inside: "inside4",
            },
            Family::V6 => Self {
                ports: "ports6",
                ports_at: "ports_at6",
                oneself: "oneself6",
                leaving: "leaving6",
                pools_leaving: "pools_leaving6",
                inside: "inside6",
            },
        }
    }

    fn all(self) -> [&'static str; 6] {
        [
            self.ports,
            self.ports_at,
            self.oneself,
            self.leaving,
            self.pools_leaving,
            self.inside,
        ]
    }
}

/// Our table.
pub(super) fn table() -> Table {
    Table { family: TableFamily::Inet, name: "tartan".to_owned() }
}

/// Names of all sets.
pub(super) fn set_names() -> impl Iterator<Item = &'static str> {
    Family::ALL.into_iter().flat_map(|family| Names::of(family).all())
}

/// The chains, in the order in which they are made.
pub(super) fn chains() -> Vec<Chain> {
    // Priorities: those of `raw`, `dstnat` and `srcnat`
    // (include/uapi/linux/netfilter_ipv4.h).
    [
        (GUARD, ChainKind::Filter, Hook::Prerouting, -300),
        (ARRIVING, ChainKind::Nat, Hook::Prerouting, -100),
        (SENDING, ChainKind::Nat, Hook::Output, -100),
        (LEAVING, ChainKind::Nat, Hook::Postrouting, 100),
    ]
    .into_iter()
    .map(|(name, kind, hook, priority)| {
        let policy = Policy::Accept;
        let base = Some(BaseChain { kind, hook, priority, policy });
        Chain { name: name.to_owned(), base }
    })
    .collect()
}

/// The sets and maps.
pub(super) fn sets() -> Vec<Set> {
    Family::ALL.into_iter().flat_map(sets_of).collect()
}

fn sets_of(family: Family) -> [Set; 6] {
    let names = Names::of(family);
    let address = Field::Address(family);
    let door = vec![Field::Protocol, Field::Port];
    let door_at = vec![address, Field::Protocol, Field::Port];
    let to = vec![address, Field::Port];
    let set = |name: &str, key: Vec<Field>, data: Vec<Field>| Set {
        name: name.to_owned(),
        key,
        data,
        is_interval: false,
    };
    let ranges = |name: &str| Set {
        is_interval: true,
        ..set(name, vec![address], Vec::new())
    };
    [
        set(names.ports, door, to.clone()),
        set(names.ports_at, door_at, to),
        set(names.oneself, vec![address, address], Vec::new()),
        set(names.leaving, vec![address], Vec::new()),
        ranges(names.pools_leaving),
        ranges(names.inside),
    ]
}

/// The rules, chain by chain in their order.
pub(super) fn rules() -> Vec<Rule> {
    let mut rules = vec![no_loopback_of_the_host()];
    for chain in [ARRIVING, SENDING] {
        for family in Family::ALL {
            rules.push(port_at_an_address(chain, family));
            rules.push(port_at_every_address(chain, family));
        }
    }
    rules.extend(Family::ALL.map(reaches_itself));
    rules.push(asked_by_loopback());
    rules.push(to_a_container());
    rules.extend(Family::ALL.map(stays_inside));
    for family in Family::ALL {
        let names = Names::of(family);
        for set in [names.leaving, names.pools_leaving] {
            rules.push(leaves(family, set));
        }
    }
    rules
}

fn no_loopback_of_the_host() -> Rule {
    rule(
        GUARD,
        "a container does not reach 127.0.0.0/8 of the host",
        [
            link(Meta::InName),
            starts_with_loopback(PacketField::DestinationStart),
            vec![E::Verdict(Verdict::Drop)],
        ],
    )
}

fn port_at_an_address(chain: &str, family: Family) -> Rule {
    let (at, protocol, port) = match family {
        Family::V4 => (Register(0), Register(1), Register(2)),
        Family::V6 => (Register(0), Register(4), Register(5)),
    };
    rule(
        chain,
        "host ports at one address",
        [
            is(family),
            vec![E::Load(PacketField::Destination(family), at)],
            translate(
                family,
                (protocol, port),
                (Names::of(family).ports_at, at),
            ),
        ],
    )
}

fn port_at_every_address(chain: &str, family: Family) -> Rule {
    let (protocol, port) = (Register(0), Register(1));
    let key = (Names::of(family).ports, protocol);
    rule(
        chain,
        "host ports at every address",
        [
            is(family),
            vec![E::DestinationKind(Register(0)), equal(&LOCAL.to_ne_bytes())],
            translate(family, (protocol, port), key),
        ],
    )
}

/// Loads the end of a map's key, which begins at a register, and translates
/// the destination to what the key leads to.
fn translate(
    family: Family,
    (protocol, port): (Register, Register),
    (map, key): (&'static str, Register),
) -> Vec<E> {
    let address = Register(0);
    let to = match family {
        Family::V4 => Register(1),
        Family::V6 => Register(4),
    };
    vec![
        E::Meta(Meta::Protocol, protocol),
        E::Load(PacketField::DestinationPort, port),
        E::Map(map, key, address),
        E::TranslateDestination(NatTarget { family, address, port: to }),
    ]
}

fn reaches_itself(family: Family) -> Rule {
    let receiver = match family {
        Family::V4 => Register(1),
        Family::V6 => Register(4),
    };
    rule(
        LEAVING,
        "a container that reaches itself sees the host",
        [
            is(family),
            vec![
                E::Load(PacketField::Source(family), Register(0)),
                E::Load(PacketField::Destination(family), receiver),
                E::In(Names::of(family).oneself, Register(0)),
                E::Masquerade,
            ],
        ],
    )
}

fn asked_by_loopback() -> Rule {
    rule(
        LEAVING,
        "the host that asked 127.0.0.1 can be answered",
        [
            link(Meta::OutName),
            starts_with_loopback(PacketField::SourceStart),
            vec![E::Masquerade],
        ],
    )
}

fn to_a_container() -> Rule {
    rule(
        LEAVING,
        "nobody is masked towards a container",
        [link(Meta::OutName), vec![E::Verdict(Verdict::Return)]],
    )
}

fn stays_inside(family: Family) -> Rule {
    rule(
        LEAVING,
        "nor towards pools",
        [
            is(family),
            vec![
                E::Load(PacketField::Destination(family), Register(0)),
                E::In(Names::of(family).inside, Register(0)),
                E::Verdict(Verdict::Return),
            ],
        ],
    )
}

fn leaves(family: Family, set: &'static str) -> Rule {
    rule(
        LEAVING,
        "leaves under the host's address",
        [
            is(family),
            vec![
                E::Load(PacketField::Source(family), Register(0)),
                E::In(set, Register(0)),
                E::Masquerade,
            ],
        ],
    )
}

fn link(which: Meta) -> Vec<E> {
    vec![E::Meta(which, Register(0)), equal(LINKS)]
}

fn is(family: Family) -> Vec<E> {
    // NFPROTO_IPV4, NFPROTO_IPV6
    let number = match family {
        Family::V4 => 2,
        Family::V6 => 10,
    };
    vec![E::Meta(Meta::Family, Register(0)), equal(&[number])]
}

fn starts_with_loopback(field: PacketField) -> Vec<E> {
    let mut all = is(Family::V4);
    all.extend([E::Load(field, Register(0)), equal(&[LOOPBACK])]);
    all
}

fn equal(value: &[u8]) -> E {
    E::Compare(Comparison::Equal, Register(0), value.to_vec())
}

/// A rule whose comment ends with a digest of what it does: one that another
/// build wrote has another.
fn rule<const N: usize>(chain: &str, says: &str, parts: [Vec<E>; N]) -> Rule {
    let expressions: Vec<E> = parts.into_iter().flatten().collect();
    let digest = fnv(format!("{expressions:?}").as_bytes());
    Rule {
        chain: chain.to_owned(),
        comment: Some(format!("{says} ({digest:08x})")),
        expressions,
    }
}

/// FNV-1a of 32 bits: the same in every build.
fn fnv(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}

/// All of it, in the form in which it is read back.
pub(super) fn skeleton() -> Skeleton {
    let mut by_chain: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for rule in rules() {
        let comment = rule.comment.unwrap_or_default();
        by_chain.entry(rule.chain).or_default().push(comment);
    }
    Skeleton {
        chains: BTreeSet::from_iter(chains()),
        sets: BTreeSet::from_iter(sets()),
        rules: by_chain,
    }
}

#[cfg(test)]
mod tests;
