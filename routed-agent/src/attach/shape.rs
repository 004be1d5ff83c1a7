//! What follows from a record or a request, without asking anybody. Pure.

use std::net::IpAddr;

use tartan_agent_api::plugin::{Add, Given};
use tartan_agent_api::record::{Record, RecordState};
use tartan_ebpf::EndpointEntry;
use tartan_model::PoolName;

use crate::attach::wire;

/// What the kernel's maps say of an attachment.
pub(crate) fn entry(record: &Record) -> EndpointEntry {
    let mut entry = EndpointEntry {
        class: record.class(),
        generation: record.generation(),
        mac: record.mac(),
        ipv4: None,
        ipv6: None,
        limit_class: record.limit_class,
    };
    for address in record.addresses() {
        match address {
            IpAddr::V4(v4) => entry.ipv4 = Some(v4),
            IpAddr::V6(v6) => entry.ipv6 = Some(v6),
        }
    }
    entry
}

/// True where the attachment is what `wish` asks for, so that asking again
/// may be answered with it.
pub(crate) fn answers(record: &Record, wish: &Add) -> bool {
    let given: Vec<_> = record.addresses().collect();
    record.state == RecordState::Ready
        && wish.addresses.iter().all(|asked| given.contains(asked))
        && wish.mac.is_none_or(|asked| asked == record.mac())
        && wish.limits == record.limits
        && wish.attach.is_none_or(|asked| asked == record.attach)
        && wish.mtu.is_none_or(|asked| asked == record.attached.mtu)
        && wish.translation == record.translation
}

/// The pools of a request: `default` where it names none.
pub(crate) fn pools(named: &[PoolName]) -> Vec<PoolName> {
    if named.is_empty() {
        return "default".parse().into_iter().collect();
    }
    named.to_vec()
}

/// An address with its way out.
pub(crate) fn given(address: IpAddr) -> Given {
    Given { address, gateway: wire::gateway(address) }
}
