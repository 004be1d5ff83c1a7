//! The container's network namespace, as a request brings it: acted upon by a
//! netlink socket inside, never entered by a thread of the agent's own.

use std::os::fd::OwnedFd;

use tartan_agent_api::record::Record;
use tartan_agent_api::seqpacket::Beside;
use tartan_hostnet::{NetNs, NetnsError, OpenError, Rtnl};
use thiserror::Error;

/// A container's netns.
pub(crate) struct Inside {
    pub(crate) netns: NetNs,
    /// Netlink inside it.
    pub(crate) rtnl: Rtnl,
    /// Its identity, never reused within a boot.
    pub(crate) cookie: u64,
}

/// What came in place of a netns.
#[derive(Debug, Error)]
pub(crate) enum InsideError {
    #[error("the request came without a network namespace")]
    Missing,
    #[error("what came is no network namespace")]
    Netns(#[from] NetnsError),
    #[error("cannot open a netlink socket inside")]
    Open(#[from] OpenError),
    #[error("cannot tell it from others")]
    Cookie(#[from] std::io::Error),
}

impl Inside {
    /// Takes what came beside a request. A plugin that brought no socket has
    /// one opened for it.
    pub(crate) fn new(beside: Beside) -> Result<Self, InsideError> {
        let netns = NetNs::from_fd(beside.netns.ok_or(InsideError::Missing)?)?;
        let rtnl = open(&netns, beside.rtnl)?;
        let cookie = rtnl.netns_cookie()?;
        Ok(Self { netns, rtnl, cookie })
    }
}

impl Inside {
    /// True where the container's end of `record` is here, under its name,
    /// up and with its addresses.
    pub(crate) fn holds(&mut self, record: &Record) -> bool {
        let name = record.attachment.interface().as_str();
        let Ok(Some(link)) = self.rtnl.link_named(name) else { return false };
        let present = self.rtnl.addresses(link.index).unwrap_or_default();
        link.is_up
            && link.peer_index == Some(record.host_index)
            && record.addresses().all(|address| present.contains(&address))
    }
}

fn open(netns: &NetNs, given: Option<OwnedFd>) -> Result<Rtnl, OpenError> {
    match given {
        Some(socket) => Rtnl::from_fd(socket),
        None => Rtnl::open_in(netns),
    }
}
