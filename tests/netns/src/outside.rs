//! The world beyond a host: a namespace behind a link of the host's, which
//! knows the host and nothing of containers.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::host::Host;
use crate::inside::{self, ip};
use crate::talk::End;

/// Somebody beyond a host.
#[derive(Clone, Debug)]
pub struct Outside {
    name: String,
    netns: PathBuf,
    host: Vec<IpAddr>,
}

/// Addresses of the link between (RFC 5737, RFC 3849): the host's, the
/// other's.
const LINK: [(&str, &str); 2] =
    [("198.51.100.1", "198.51.100.2"), ("2001:db8:100::1", "2001:db8:100::2")];

impl Outside {
    /// Somebody behind the default route of `host`.
    #[track_caller]
    pub fn of(host: &Host, name: &str) -> Self {
        let netns = inside::named(name);
        let far = netns.display();
        ip(
            host.netns(),
            &format!("link add up0 type veth peer name up0 netns {far}"),
        );
        for (near, far) in LINK {
            let (length, nodad) =
                if near.contains(':') { (64, "nodad") } else { (24, "") };
            for (at, one) in [(host.netns(), near), (&netns, far)] {
                let line =
                    format!("address add {one}/{length} dev up0 {nodad}");
                ip(at, &line);
            }
        }
        for at in [host.netns(), &netns] {
            ip(at, "link set up0 up");
            ip(at, "link set lo up");
        }
        for (_, far) in LINK {
            let family = if far.contains(':') { "-6" } else { "-4" };
            ip(host.netns(), &format!("{family} route add default via {far}"));
        }
        let host = LINK.map(|(near, _)| near.parse().expect("an address"));
        Self { name: name.into(), netns, host: host.into() }
    }

    /// It learns the way to containers of the host.
    #[track_caller]
    pub fn knows_the_pools(&self) {
        ip(&self.netns, "route add 10.77.0.0/16 via 198.51.100.1");
        ip(&self.netns, "-6 route add fd00:77::/64 via 2001:db8:100::1");
    }

    /// Where its namespace is.
    pub fn netns(&self) -> &Path {
        &self.netns
    }

    /// Addresses by which it knows the host: one of each family.
    pub fn known_host(&self) -> &[IpAddr] {
        &self.host
    }

    /// Its end of a conversation.
    pub fn end(&self) -> End {
        let own = LINK.map(|(_, far)| far.parse().expect("an address"));
        End {
            name: self.name.clone(),
            netns: self.netns.clone(),
            addresses: own.into(),
        }
    }
}
