//! An endpoint and the settings in our words, and their forms in the maps.
//! Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use tartan_model::{ClassId, Generation, Mac};

use crate::abi;

/// What the programs know of a container: who it is, and what it may say it
/// is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointEntry {
    /// Its class.
    pub class: ClassId,
    /// The attachment's life.
    pub generation: Generation,
    /// Its IPv4 address.
    pub ipv4: Option<Ipv4Addr>,
    /// Its IPv6 address.
    pub ipv6: Option<Ipv6Addr>,
    /// MAC address of the container's end.
    pub mac: Mac,
    /// Number of the class of the limiter that what it sends waits in; none
    /// where it is not limited.
    pub limit_class: Option<NonZeroU16>,
}

/// How packets carry their class where rules of others can match it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// `skb->mark` is untouched.
    #[default]
    Off,
    /// The bits of this mask are those of the class, which has cluster and
    /// team in its upper 16 bits.
    Team {
        /// Which bits of the mark are ours; [`Mark::TEAM_MASK`] by default.
        mask: u32,
    },
    /// The whole mark is the class.
    Full,
}

impl Mark {
    /// Cluster and team.
    pub const TEAM_MASK: u32 = 0xffff_0000;

    /// Bits of the mark that are ours.
    pub fn mask(self) -> u32 {
        match self {
            Self::Off => 0,
            Self::Team { mask } => mask,
            Self::Full => u32::MAX,
        }
    }
}

/// What holds for all endpoints of the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataplaneSettings {
    /// How packets are marked.
    pub mark: Mark,
}

impl EndpointEntry {
    /// Its addresses, as keys of `endpoint_by_address`.
    pub(crate) fn keys(&self) -> impl Iterator<Item = abi::Address> + use<> {
        let v4 = self.ipv4.map(IpAddr::V4);
        let v6 = self.ipv6.map(IpAddr::V6);
        v4.into_iter().chain(v6).map(abi::Address::from)
    }

    pub(crate) fn local_address(&self, ifindex: u32) -> abi::LocalAddress {
        let generation = self.generation.0;
        abi::LocalAddress { class: self.class.bits(), ifindex, generation }
    }
}

impl From<IpAddr> for abi::Address {
    fn from(address: IpAddr) -> Self {
        let octets = match address {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        };
        Self { octets }
    }
}

impl From<abi::Address> for IpAddr {
    fn from(address: abi::Address) -> Self {
        Ipv6Addr::from(address.octets).to_canonical()
    }
}

/// RFC 4291, appendix A: the MAC with `ff:fe` in its middle and the
/// universal/local bit turned, under `fe80::/64`.
pub(crate) fn link_local(mac: Mac) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac.0;
    let group = |high, low| u16::from_be_bytes([high, low]);
    let (first, last) = (group(a ^ 2, b), group(e, f));
    Ipv6Addr::new(0xfe80, 0, 0, 0, first, group(c, 0xff), group(0xfe, d), last)
}

impl From<&EndpointEntry> for abi::Endpoint {
    fn from(entry: &EndpointEntry) -> Self {
        let ipv4 = entry.ipv4.unwrap_or(Ipv4Addr::UNSPECIFIED);
        let ipv6 = entry.ipv6.unwrap_or(Ipv6Addr::UNSPECIFIED);
        Self {
            #[cfg(feature = "trial-layout")]
            trial: 0,
            class: entry.class.bits(),
            limit_class: entry.limit_class.map_or(0, |n| n.get().into()),
            generation: entry.generation.0,
            ipv6: IpAddr::V6(ipv6).into(),
            link_local: IpAddr::V6(link_local(entry.mac)).into(),
            ipv4: abi::Be32(ipv4.octets()),
            mac: entry.mac.0,
            pad: [0; 6],
        }
    }
}

impl From<abi::Endpoint> for EndpointEntry {
    fn from(endpoint: abi::Endpoint) -> Self {
        let ipv4 = Ipv4Addr::from(endpoint.ipv4.0);
        let ipv6 = Ipv6Addr::from(endpoint.ipv6.octets);
        Self {
            class: ClassId::from_bits(endpoint.class),
            generation: Generation(endpoint.generation),
            ipv4: (!ipv4.is_unspecified()).then_some(ipv4),
            ipv6: (!ipv6.is_unspecified()).then_some(ipv6),
            mac: Mac(endpoint.mac),
            limit_class: u16::try_from(endpoint.limit_class)
                .ok()
                .and_then(NonZeroU16::new),
        }
    }
}

impl From<&DataplaneSettings> for abi::Settings {
    fn from(settings: &DataplaneSettings) -> Self {
        Self { mark_mask: settings.mark.mask(), pad: 0 }
    }
}

#[cfg(test)]
mod tests;
