//! An address that is kept by name and given to nobody who does not ask for
//! it by that name.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::attachment::Attachment;
use crate::boot::Generation;
use crate::class::ClassId;
use crate::names::HostName;

/// A reservation, under `reservations/IP`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Version of this form.
    pub v: u8,
    /// The address.
    pub address: IpAddr,
    /// For whom: the name by which it is asked for. Without one it is kept
    /// from everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether it may be used.
    #[serde(default)]
    pub grant: Grant,
    /// Who has it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<ReservationHolder>,
    /// The team, as a class, whose container made it by its name (sticky);
    /// none where an operator did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<ClassId>,
}

/// Whether a reservation may be used.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// Nobody gives the address to another: its block's owner said so, or
    /// there was no such block.
    #[default]
    Granted,
    /// The owner of its block has not said so yet.
    Requested,
}

/// The container that has a reserved address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReservationHolder {
    /// Who.
    pub attachment: Attachment,
    /// Which life of it.
    pub generation: Generation,
    /// On which host.
    pub host: HostName,
}

impl Reservation {
    /// Version of the stored form written by this build.
    pub const VERSION: u8 = 1;
}
