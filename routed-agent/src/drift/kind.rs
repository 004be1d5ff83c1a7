//! What can be found changed, and whose it is. Pure.

use std::fmt;

use tartan_model::Attachment;

/// A kind of thing of ours that others can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The host's end is down.
    HostLink,
    /// It has another MTU.
    HostLinkMtu,
    /// It has another MAC address.
    HostLinkMac,
    /// It lost the name by which it tells whose it is.
    HostLinkAltName,
    /// It is in another group.
    HostLinkGroup,
    /// It has another name.
    HostLinkName,
    /// It is in another namespace.
    HostLinkMoved,
    /// The host's route to an address is gone, or leads elsewhere.
    HostRoute,
    /// The host's neighbour entry of an address is gone, or is another's.
    HostNeighbour,
    /// The qdisc that leads packets to the programs is gone, or leads
    /// elsewhere.
    Qdisc,
    /// The entries of the kernel's maps are gone, or say something else.
    MapEntry,
    /// The container's interface is down.
    InsideLink,
    /// It has another MAC address.
    InsideMac,
    /// It has another name.
    InsideName,
    /// It is not in the container.
    InsideMoved,
    /// It lacks an address.
    InsideAddress,
    /// A way out is gone.
    InsideRoute,
    /// The neighbour entry of a gateway is gone, or is another's.
    InsideNeighbour,
    /// The links that keep the shared blocks.
    Keeper,
    /// The programs in the shared blocks.
    Filter,
    /// Translation: our table, and our rules in tables of others.
    Translation,
    /// Forwarding of the host.
    Forwarding,
    /// The names of the maps in the bpf file system.
    Pin,
    /// The plugins' socket.
    PluginSocket,
    /// The people's socket.
    PeopleSocket,
}

impl Kind {
    /// The word for it in events and counters.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::HostLink => "host_link",
            Self::HostLinkMtu => "host_link_mtu",
            Self::HostLinkMac => "host_link_mac",
            Self::HostLinkAltName => "host_link_alt_name",
            Self::HostLinkGroup => "host_link_group",
            Self::HostLinkName => "host_link_name",
            Self::HostLinkMoved => "host_link_moved",
            Self::HostRoute => "host_route",
            Self::HostNeighbour => "host_neighbour",
            Self::Qdisc => "qdisc",
            Self::MapEntry => "map_entry",
            Self::InsideLink => "inside_link",
            Self::InsideMac => "inside_mac",
            Self::InsideName => "inside_name",
            Self::InsideMoved => "inside_moved",
            Self::InsideAddress => "inside_address",
            Self::InsideRoute => "inside_route",
            Self::InsideNeighbour => "inside_neighbour",
            Self::Keeper => "keeper",
            Self::Filter => "filter",
            Self::Translation => "translation",
            Self::Forwarding => "forwarding",
            Self::Pin => "pin",
            Self::PluginSocket => "plugin_socket",
            Self::PeopleSocket => "people_socket",
        }
    }

    /// True for what keeps packets judged: while it is other than we made it
    /// containers send unjudged, so that it is never left alone.
    pub(crate) fn keeps_packets_judged(self) -> bool {
        matches!(
            self,
            Self::Keeper | Self::Filter | Self::Qdisc | Self::MapEntry
        )
    }

    /// True for what is told and not repaired: whoever did it meant it, and
    /// undoing it would take a link from where somebody wants it.
    pub(crate) fn is_only_told(self) -> bool {
        matches!(
            self,
            Self::HostLinkName
                | Self::HostLinkMoved
                | Self::InsideName
                | Self::InsideMoved
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// An attachment's.
    Attachment(Attachment),
    /// The host's.
    Host,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attachment(attachment) => attachment.fmt(f),
            Self::Host => f.write_str("host"),
        }
    }
}

/// What is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) kind: Kind,
    /// What was found in its place, for people: one line, without control
    /// characters.
    pub(crate) found: String,
}

impl Difference {
    /// A container gives its links any name, and this goes to terminals.
    pub(crate) fn new(kind: Kind, found: impl AsRef<str>) -> Self {
        let found = found.as_ref().chars().flat_map(|it| {
            let escaped = it.is_control() || !it.is_ascii();
            let plain = (!escaped).then_some(it);
            let code = escaped.then(|| it.escape_default());
            plain.into_iter().chain(code.into_iter().flatten())
        });
        Self { kind, found: found.collect() }
    }
}

#[cfg(test)]
mod tests;
