//! Who is at the other end of the people's socket, by SO_PEERCRED: what the
//! kernel says, not what the caller says. Acts where the group has to be
//! looked up.

use std::fmt;

use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use nix::unistd::{Group, Uid, User};
use tokio::net::UnixListener;
use tokio::task::spawn_blocking;

use super::bounded::Bounded;
use super::socket::GROUP;

/// User and group of a caller; none where the kernel did not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Caller(Option<Credentials>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Credentials {
    uid: u32,
    gid: u32,
}

/// The group that may ask, as the host's databases have it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Members {
    gid: u32,
    names: Vec<String>,
}

impl Caller {
    /// Root, and members of the group `tartan`. Their first group counts, and
    /// what the group's entry says of their name.
    pub(super) async fn may_ask(&self) -> bool {
        let Some(caller) = self.0 else { return false };
        if caller.uid == 0 {
            return true;
        }
        // A host may keep its groups on a directory server.
        let looking = spawn_blocking(move || caller.is_member());
        looking.await.unwrap_or(false)
    }
}

impl Credentials {
    fn is_member(self) -> bool {
        let Ok(Some(group)) = Group::from_name(GROUP) else { return false };
        let members = Members { gid: group.gid.as_raw(), names: group.mem };
        let user = User::from_uid(Uid::from_raw(self.uid));
        let name = user.ok().flatten().map(|user| user.name);
        self.is_among(&members, name.as_deref())
    }

    fn is_among(self, members: &Members, name: Option<&str>) -> bool {
        self.gid == members.gid
            || name.is_some_and(|n| members.names.iter().any(|m| m == n))
    }
}

impl Connected<IncomingStream<'_, Bounded<UnixListener>>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Bounded<UnixListener>>) -> Self {
        let found = stream.io().inner().peer_cred().ok();
        Self(found.map(|c| Credentials { uid: c.uid(), gid: c.gid() }))
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(Credentials { uid, gid }) => write!(f, "uid {uid} gid {gid}"),
            None => f.write_str("a caller without credentials"),
        }
    }
}

#[cfg(test)]
mod tests;
