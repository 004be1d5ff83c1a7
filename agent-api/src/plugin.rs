//! The words between a CNI plugin and the agent. A plugin has checked the
//! form of everything it sends; whether it may be had is the agent's answer.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tartan_model::{
    AppName, AttachMode, Attachment, CgroupPath, ClassId, ContainerId,
    Generation, InterfaceName, Limits, Mac, NetworkName, PoolName, Ranges,
    TeamName, Translation, WorkloadName,
};

/// Version of this protocol; both ends refuse another's.
pub const VERSION: u8 = 1;

/// One request, one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// [`VERSION`] of the sender.
    pub v: u8,
    /// What is asked.
    pub action: Action,
}

/// What a plugin may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Attach a container; its netns comes beside the message.
    Add(Box<Add>),
    /// Detach; the netns comes beside the message where it still exists.
    Delete(Delete),
    /// Is the attachment as it was made? The netns comes beside the message.
    Check(Check),
    /// Detach what the runtime no longer knows.
    CollectGarbage(CollectGarbage),
    /// Could an ADD on these pools succeed now?
    Status(Status),
}

/// What a network's configuration and one request together ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Add {
    /// Who is attached.
    pub attachment: Attachment,
    /// `CNI_NETNS` as given: what a result calls the sandbox.
    pub netns_path: String,
    /// Which class is wished for, and who may decide.
    pub class: ClassWish,
    /// Pools in order of preference; empty: those that the ranges lie in, or
    /// the pool `default` where there are no ranges.
    pub pools: Vec<PoolName>,
    /// Ranges that restrict what is given: one address of each set. Empty:
    /// one address per family of the pools.
    #[serde(default)]
    pub ranges: Ranges,
    /// Who makes the link.
    #[serde(default)]
    pub link: Link,
    /// Addresses that must be given, at most one per family or set.
    pub addresses: Vec<IpAddr>,
    /// MAC address that the container's end must have.
    pub mac: Option<Mac>,
    /// Largest packet in bytes; absent: the host decides.
    pub mtu: Option<u32>,
    /// Masquerade and host ports.
    #[serde(default)]
    pub translation: Translation,
    /// How fast it may send and be sent to.
    #[serde(default)]
    pub limits: Limits,
    /// How its link gets the programs; absent: the host decides.
    #[serde(default)]
    pub attach: Option<AttachMode>,
    /// The workload whose addresses it wants, the same each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<WorkloadName>,
    /// The container's control group, which is told of its class where the
    /// host has net_cls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<CgroupPath>,
}

/// Who makes an attachment's link.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The agent: the plugin is `tartan-cni`.
    #[default]
    Ours,
    /// Another plugin, which has `tartan-ipam` give the addresses.
    Foreign,
}

/// Class of an attachment: what the network fixes, what the request says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassWish {
    /// The team that the network's configuration fixes.
    pub team: Option<TeamName>,
    /// The app that the network's configuration proposes.
    pub app: Option<AppName>,
    /// What the request names as its team, from the place that `teamFrom`
    /// says, as it was written there.
    pub requested_team: Option<String>,
    /// Teams that a request may name; meaningful where `team` is absent.
    pub allowed_teams: Vec<TeamName>,
    /// What the request names as its app, as it was written there.
    pub requested_app: Option<String>,
    /// Whether an unknown app is made.
    pub unknown_apps: UnknownApps,
}

/// What to do with an app that the registry does not know.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum UnknownApps {
    /// Refuse the request.
    #[default]
    Refuse,
    /// Enter it in the registry (`createApps`).
    Create,
}

/// Detach one attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delete {
    /// Who is detached.
    pub attachment: Attachment,
}

/// Compare an attachment with what its ADD answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Who is checked.
    pub attachment: Attachment,
    /// Addresses that `prevResult` gives to this interface.
    pub addresses: Vec<IpAddr>,
}

/// Detach everything of a network but the attachments listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectGarbage {
    /// The network.
    pub network: NetworkName,
    /// What the runtime still has.
    pub valid: Vec<ValidAttachment>,
}

/// An attachment of the network in question.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct ValidAttachment {
    /// The container.
    pub container: ContainerId,
    /// Its interface.
    pub interface: InterfaceName,
}

/// Ask whether an ADD could succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// As [`Add::pools`].
    pub pools: Vec<PoolName>,
    /// As [`Add::ranges`].
    #[serde(default)]
    pub ranges: Ranges,
    /// As [`Add::link`].
    #[serde(default)]
    pub link: Link,
}

/// One answer, one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Answer to an ADD.
    Attached(Box<Attached>),
    /// Done; there is nothing to say.
    Done,
    /// Not done.
    Fault(Fault),
}

/// An attachment as it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Which life of the attachment.
    pub generation: Generation,
    /// The host's end of the veth pair; empty where another plugin makes the
    /// link, of which nothing is known then but the addresses.
    pub host_link: String,
    /// MAC address of the host's end.
    pub host_mac: Mac,
    /// MAC address of the container's end.
    pub mac: Mac,
    /// Largest packet in bytes, on both ends.
    pub mtu: u32,
    /// One address per family, IPv4 first.
    pub addresses: Vec<Given>,
    /// Class in the kernel.
    pub class: ClassId,
}

/// An address of an attachment and its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// The address.
    pub address: IpAddr,
    /// Next hop of everything else: on our links link-local, the same on
    /// every host; on those of others that of the range.
    pub gateway: IpAddr,
    /// Length of the prefix that is on the link: that of the range's subnet
    /// where the link is another's; absent: the address alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u8>,
}

/// Why something was not done, in the form of the CNI specification 1.1.0,
/// section 5 ("Error").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind of failure; see [`code`].
    pub code: u32,
    /// What failed, on which object, why.
    pub msg: String,
    /// What to do, or what was found.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub details: String,
}

/// Codes of the CNI specification 1.1.0, section 5, and ours from 100 on.
pub mod code {
    /// The version of the configuration is not known.
    pub const INCOMPATIBLE_VERSION: u32 = 1;
    /// A field of the configuration is not supported; the message has its
    /// key and value.
    pub const UNSUPPORTED_FIELD: u32 = 2;
    /// The container is not known or does not exist.
    pub const UNKNOWN_CONTAINER: u32 = 3;
    /// An environment variable is missing or not accepted.
    pub const INVALID_ENVIRONMENT: u32 = 4;
    /// Reading or writing failed.
    pub const IO: u32 = 5;
    /// What was read is not JSON of the expected form.
    pub const DECODE: u32 = 6;
    /// The configuration is not accepted.
    pub const INVALID_CONFIG: u32 = 7;
    /// `CNI_NETNS` is no network namespace that may be used.
    pub const INVALID_NETNS: u32 = 8;
    /// Not now: try again later.
    pub const TRY_AGAIN: u32 = 11;
    /// STATUS: an ADD would not succeed.
    pub const NOT_AVAILABLE: u32 = 50;
    /// STATUS: as 50, and what runs may be cut off.
    pub const LIMITED: u32 = 51;
    /// An attachment is not as its ADD left it (CHECK).
    pub const NOT_AS_ADDED: u32 = 100;
    /// No address is left.
    pub const EXHAUSTED: u32 = 101;
    /// The requested address belongs to somebody else.
    pub const ADDRESS_IN_USE: u32 = 102;
    /// An interface of that name is in the container already.
    pub const INTERFACE_EXISTS: u32 = 103;
    /// The kernel refused a step.
    pub const KERNEL: u32 = 104;
    /// The host port belongs to somebody else.
    pub const PORT_IN_USE: u32 = 105;
}
