//! Endpoints: the network lives of this host's containers, as people see
//! them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use tartan_model::{AttachMode, Attachment, ClassId, Generation, Limits, Mac};

use crate::record::RecordState;

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointView {
    /// Which attachment it is.
    pub attachment: Attachment,
    /// How far its ADD got.
    pub state: RecordState,
    /// Its class.
    pub class: ClassId,
    /// The class by name.
    pub class_name: String,
    /// Its addresses, IPv4 first.
    pub addresses: Vec<IpAddr>,
    /// MAC address of the container's end.
    pub mac: Mac,
    /// Largest packet, in bytes.
    pub mtu: u32,
    /// How its link gets the programs.
    #[serde(default)]
    pub attach: AttachMode,
    /// How fast it may send and be sent to.
    #[serde(default)]
    pub limits: Limits,
    /// The host's end.
    pub host_link: String,
    /// Number of the host's end.
    pub host_index: u32,
    /// Which life of the attachment.
    pub generation: Generation,
    /// `CNI_NETNS` of its ADD.
    pub netns: String,
}

/// An endpoint with what was counted for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointDetail {
    /// The endpoint.
    pub endpoint: EndpointView,
    /// What passed, by direction; empty where the kernel does not know the
    /// endpoint.
    pub passed: Vec<Passed>,
    /// What was dropped, by direction and reason; only what occurred.
    pub dropped: Vec<Dropped>,
    /// Whom its class (not it alone) met on this host.
    pub peers: Vec<Peer>,
}

/// Packets that passed in one direction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// `from_container` or `to_container`.
    pub direction: String,
    /// How many.
    pub packets: u64,
    /// Their bytes, with the Ethernet header.
    pub bytes: u64,
}

/// Packets that were dropped for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dropped {
    /// `from_container` or `to_container`.
    pub direction: String,
    /// Why.
    pub reason: String,
    /// How many.
    pub packets: u64,
}

/// What was counted between two classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    /// The other class.
    pub class: ClassId,
    /// The other class by name.
    pub class_name: String,
    /// `from_container` or `to_container`.
    pub direction: String,
    /// `passed` or `dropped`.
    pub verdict: String,
    /// How many packets.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
}
