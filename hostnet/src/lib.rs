//! The host's hands: network namespaces, rtnetlink, netfilter.
//!
//! Everything that Tartan asks of the kernel's links, addresses, neighbours,
//! routes, rules and tc filters, of nf_tables and of connection tracking, is asked here; nothing here knows what a container,
//! a pool or a class is. Calls block: netlink answers before `sendmsg`
//! returns, so there is nothing to wait for.
//!
//! | word | where |
//! |---|---|
//! | network namespace, [`within`] one | [`NetNs`] |
//! | changes that go to the kernel in one send | [`Batch`], [`Operation`] |
//! | the socket that sends them and reads back | [`Rtnl`] |
//! | what is read | [`Link`], [`Route`], [`Rule`], [`Neighbour`], [`Filter`], [`Queue`], [`Class`] |
//! | numbers for links we make | [`LinkIndexes`] |
//! | tables of netfilter, in transactions | [`nft`] |
//! | connections that are tracked | [`Conntrack`] |
//! | what others change: a socket that listens, what it said | [`Monitor`], [`happenings`] |
//! | forwarding of the namespace | [`set_forwarding`], [`keep_advertisements`] |
//!
//! A veth is born with its peer inside the container's namespace, under a
//! number chosen by us: so the name it also goes by and its qdisc can be
//! asked for in the same send, before the kernel has told its number.

#![deny(unsafe_code)]

mod answer;
mod attributes;
mod batch;
mod conntrack;
mod encode;
mod error;
mod filter;
#[doc(hidden)]
pub mod fuzzing;
mod happening;
mod indexes;
mod link;
mod monitor;
mod neighbour;
mod netfilter;
mod netns;
pub mod nft;
mod operation;
mod read;
mod request;
mod route;
mod rtnl;
mod rule;
mod shaper;
#[expect(unsafe_code, reason = "what no safe crate asks of the kernel")]
mod sys;
mod sysctl;
mod tc_change;

pub use answer::Malformed;
pub use batch::Batch;
pub use conntrack::{Connection, Conntrack};
pub use error::{BatchError, ExchangeError, Failure, OpenError, ReadError};
pub use filter::{BlockPair, Filter, FilterPlace, FilterSpec, FilterTask};
pub use happening::{Change, Happening, happenings, is_sent_by};
pub use indexes::LinkIndexes;
pub use link::{Link, VethEnd, VethSpec};
pub use monitor::{Monitor, Received, Scope};
pub use neighbour::Neighbour;
pub use netfilter::NetfilterError;
pub use netns::{NetNs, NetnsError, within};
pub use operation::{LinkChange, LinkRef, Operation};
pub use request::Question;
pub use route::{NextHop, Route, RouteScope};
pub use rtnl::{Echo, Rtnl};
pub use rule::Rule;
pub use shaper::{Class, Pace, Queue, QueueKind, Shaper};
pub use sysctl::{
    Forwarding, SysctlError, forwarding, keep_advertisements, loopback_routing,
    set_forwarding, set_loopback_routing,
};
pub use tc_change::TcChange;

/// The number that marks a route or a rule as ours (`proto 116` in `ip`): free in
/// /etc/iproute2/rt_protos, and what we delete or repair carries it.
pub const ROUTE_PROTOCOL: u8 = 116;
