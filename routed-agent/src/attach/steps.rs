//! The steps of attaching and detaching, by name and in order: the one list.
//!
//! The order of ADD closes every moment in which a packet could pass without
//! its class: both ends of the veth pair are made down, the class is in the
//! kernel before the container's end comes up, and the host's end, through
//! which everything passes, comes up last. Undoing takes the same list
//! backwards.

use std::fmt;

use tartan_agent_api::plugin::Link;
use tartan_ebpf::MigrationStep;

/// A step of ADD.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AddStep {
    /// One address per family, out of the blocks this host owns.
    Assign,
    /// Host ports, where any are asked for: in memory, so that of two who ask
    /// for one at the same time one has it.
    TakePorts,
    /// The record, in state `adding`: whoever finds it undoes the rest.
    RecordAdding,
    /// The class by which what it sends is limited, where that is.
    Limit,
    /// The veth pair, its far end born in the container's netns, both ends
    /// down; qdisc, shared blocks and the limit of what is sent to it in the
    /// same batch.
    CreateLinks,
    /// The programs, where the link does not look into the shared blocks.
    Attach,
    /// Class and addresses, in the kernel's maps.
    Classify,
    /// The container's end: up, addresses, neighbours, routes.
    ContainerSide,
    /// The host's end: up, neighbours, host routes.
    HostSide,
    /// Masquerade and host ports, where they are asked for: last, when there
    /// is somebody to answer.
    Translate,
    /// The record, in state `ready`; the assignment is confirmed.
    RecordReady,
}

/// A step of DEL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DeleteStep {
    /// No masquerade and no host port: nothing new comes.
    Untranslate,
    /// Out of the kernel's maps: what still comes is dropped.
    Declassify,
    /// The programs, where something of ours holds them there.
    Detach,
    /// The host's end without routes, and on the reaper's list; the name of
    /// the container's end free.
    Unwire,
    /// The class goes by which what it sent was limited.
    Unlimit,
    /// The record goes: the attachment is no more.
    RemoveRecord,
    /// The addresses rest.
    Release,
}

impl AddStep {
    /// All, in order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Assign,
        Self::TakePorts,
        Self::RecordAdding,
        Self::Limit,
        Self::CreateLinks,
        Self::Attach,
        Self::Classify,
        Self::ContainerSide,
        Self::HostSide,
        Self::Translate,
        Self::RecordReady,
    ];

    /// Those of an attachment whose link another plugin makes: nothing of it
    /// is ours but the addresses.
    const OF_ADDRESSES: [Self; 3] =
        [Self::Assign, Self::RecordAdding, Self::RecordReady];

    /// The steps of an attachment whose link `link` says.
    pub(crate) fn of(link: Link) -> &'static [Self] {
        match link {
            Link::Ours => &Self::ALL,
            Link::Foreign => &Self::OF_ADDRESSES,
        }
    }
}

impl DeleteStep {
    /// All, in order.
    pub(crate) const ALL: [Self; 7] = [
        Self::Untranslate,
        Self::Declassify,
        Self::Detach,
        Self::Unwire,
        Self::Unlimit,
        Self::RemoveRecord,
        Self::Release,
    ];

    const OF_ADDRESSES: [Self; 2] = [Self::RemoveRecord, Self::Release];

    /// As [`AddStep::of`].
    pub(crate) fn of(link: Link) -> &'static [Self] {
        match link {
            Link::Ours => &Self::ALL,
            Link::Foreign => &Self::OF_ADDRESSES,
        }
    }
}

impl fmt::Display for AddStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Assign => "add:assign",
            Self::TakePorts => "add:take-ports",
            Self::RecordAdding => "add:record-adding",
            Self::Limit => "add:limit",
            Self::CreateLinks => "add:create-links",
            Self::Attach => "add:attach",
            Self::Classify => "add:classify",
            Self::ContainerSide => "add:container-side",
            Self::HostSide => "add:host-side",
            Self::Translate => "add:translate",
            Self::RecordReady => "add:record-ready",
        })
    }
}

impl fmt::Display for DeleteStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Untranslate => "del:untranslate",
            Self::Declassify => "del:declassify",
            Self::Detach => "del:detach",
            Self::Unwire => "del:unwire",
            Self::Unlimit => "del:unlimit",
            Self::RemoveRecord => "del:remove-record",
            Self::Release => "del:release",
        })
    }
}

/// Names of all steps, as `--list-steps` prints them and `TARTAN_CRASH_AT`
/// takes them. After the last step of ADD and of DEL comes its answer; those of
/// a start with maps of another build are listed by `tartan-ebpf`.
pub(crate) fn names() -> Vec<String> {
    let add = AddStep::ALL.iter().map(ToString::to_string);
    let delete = DeleteStep::ALL.iter().map(ToString::to_string);
    let migrate = MigrationStep::ALL.iter().map(ToString::to_string);
    add.chain([ADD_ANSWER.to_owned()])
        .chain(delete)
        .chain([DELETE_ANSWER.to_owned()])
        .chain(migrate)
        .collect()
}

/// Everything of an ADD is done but the answer.
pub(crate) const ADD_ANSWER: &str = "add:answer";
/// Everything of a DEL is done but the answer.
pub(crate) const DELETE_ANSWER: &str = "del:answer";

#[cfg(test)]
mod tests;
