//! One change of the kernel's network state, as a value. Pure.
//!
//! Its `Display` says what was attempted on which thing, for errors.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::os::fd::RawFd;

use tartan_model::Mac;

use crate::link::VethEnd;
use crate::route::Route;
use crate::rule::Rule;
use crate::tc_change::TcChange;

/// A change that a [`Batch`](crate::Batch) asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Make a veth pair.
    AddVeth {
        /// Number of the host's end.
        index: u32,
        /// Group of the host's end.
        group: u32,
        /// The host's end.
        host: VethEnd,
        /// The other end.
        container: VethEnd,
        /// Descriptor of the other end's namespace, where it is another.
        netns: Option<RawFd>,
    },
    /// Give a link one more name.
    AddAltName {
        /// How the link is found.
        link: LinkRef,
        /// The name.
        name: String,
    },
    /// Make an ifb: a link that sends on what is redirected to it.
    AddIfb {
        /// Its number.
        index: u32,
        /// Its name.
        name: String,
    },
    /// Take a link's clsact qdisc away, whatever it looks into.
    DeleteClsact {
        /// The link.
        index: u32,
    },
    /// Give a link an address (/32, /128).
    AddAddress {
        /// The link.
        index: u32,
        /// The address.
        address: IpAddr,
    },
    /// Take an address away.
    DeleteAddress {
        /// The link.
        index: u32,
        /// The address.
        address: IpAddr,
    },
    /// Say for good which MAC address an address has.
    SetNeighbour {
        /// The link behind which it is.
        index: u32,
        /// The address.
        address: IpAddr,
        /// Its MAC address.
        mac: Mac,
    },
    /// Add a route.
    AddRoute(Route),
    /// Add a route, or put it in the place of the one to its destination.
    ReplaceRoute(Route),
    /// Delete a route.
    DeleteRoute(Route),
    /// Add a rule.
    AddRule(Rule),
    /// Delete a rule.
    DeleteRule(Rule),
    /// Change a property of a link.
    SetLink {
        /// The link.
        index: u32,
        /// What becomes of it.
        change: LinkChange,
    },
    /// Change a qdisc, a class or a filter.
    Tc(TcChange),
    /// Delete a link, and its peer.
    DeleteLink {
        /// The link.
        index: u32,
    },
    /// Delete all links of a group, and their peers. Group 0 is every link
    /// that nobody put into one, hence the type.
    DeleteGroup {
        /// The group.
        group: NonZeroU32,
    },
}

/// What becomes of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// It is set up.
    Up,
    /// It is set down.
    Down,
    /// It has no automatic link-local IPv6 address when it comes up.
    NoLinkLocal,
    /// It has this name.
    Name(String),
    /// It is in this group.
    Group(u32),
    /// It has this MAC address.
    Mac(Mac),
    /// Its largest packet has this many bytes.
    Mtu(u32),
}

/// How a link is found by the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkRef {
    /// By its number.
    Index(u32),
    /// By its name: for a link made in the same batch. Had another link its
    /// number, the making fails and what follows must not meet that link.
    Name(String),
}

impl fmt::Display for LinkChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::Down => f.write_str("down"),
            Self::NoLinkLocal => f.write_str("without link-local address"),
            Self::Name(name) => write!(f, "name {name}"),
            Self::Group(group) => write!(f, "group {group}"),
            Self::Mac(mac) => write!(f, "address {mac}"),
            Self::Mtu(mtu) => write!(f, "mtu {mtu}"),
        }
    }
}

impl fmt::Display for LinkRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "link {index}"),
            Self::Name(name) => write!(f, "link {name}"),
        }
    }
}

impl Operation {
    /// The link that it makes in the host's netns, by number and name.
    pub(crate) fn made(&self) -> Option<(u32, &str)> {
        if let Self::AddVeth { index, host, .. } = self {
            return Some((*index, &host.name));
        }
        if let Self::AddIfb { index, name } = self {
            return Some((*index, name));
        }
        None
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddVeth { index, host, container, .. } => {
                let (host, container) = (&host.name, &container.name);
                write!(f, "add veth {host} (link {index}) and {container}")
            }
            Self::AddAltName { link, name } => {
                write!(f, "add name {name} to {link}")
            }
            Self::AddIfb { index, name } => {
                write!(f, "add ifb {name} (link {index})")
            }
            Self::DeleteClsact { index } => {
                write!(f, "delete clsact of link {index}")
            }
            Self::SetLink { index, change } => {
                write!(f, "set link {index} {change}")
            }
            Self::Tc(change) => change.fmt(f),
            Self::DeleteLink { index } => write!(f, "delete link {index}"),
            Self::DeleteGroup { group } => {
                write!(f, "delete the links of group {group}")
            }
            Self::AddRoute(route) => write!(f, "add route {route}"),
            Self::ReplaceRoute(route) => write!(f, "replace route {route}"),
            Self::DeleteRoute(route) => write!(f, "delete route {route}"),
            Self::AddRule(rule) => write!(f, "add rule {rule}"),
            Self::DeleteRule(rule) => write!(f, "delete rule {rule}"),
            Self::AddAddress { index, address } => {
                write!(f, "add address {address} to link {index}")
            }
            Self::DeleteAddress { index, address } => {
                write!(f, "delete address {address} of link {index}")
            }
            Self::SetNeighbour { index, address, mac } => {
                write!(f, "set neighbour {address} {mac} dev {index}")
            }
        }
    }
}
