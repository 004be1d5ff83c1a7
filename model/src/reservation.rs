//! An address that is kept by name and given to nobody who does not ask for
//! it by that name.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A reservation, under `reservations/IP`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// Version of this form.
    pub v: u8,
    /// The address.
    pub address: IpAddr,
    /// What it is kept for, in people's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Reservation {
    /// Version of the stored form written by this build.
    pub const VERSION: u8 = 1;
}
