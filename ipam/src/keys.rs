//! Where pools, blocks, hosts and reservations are in the store. Pure.

use std::net::IpAddr;

use tartan_model::prefix::address_number;
use tartan_model::{BlockKey, HostName, PoolName, Prefix};
use tartan_store::{Key, Range};

/// Folder of the blocks.
const BLOCKS: &str = "blocks/";

/// The key of a pool.
pub fn pool(name: &PoolName) -> Key {
    Key::new(&["pools", name.as_str()])
}

/// All pools.
pub fn pools() -> Range {
    Range::prefix("pools/")
}

/// The key of a host.
pub fn host(name: &HostName) -> Key {
    Key::new(&["hosts", name.as_str()])
}

/// All hosts.
pub fn hosts() -> Range {
    Range::prefix("hosts/")
}

/// When a host last spoke.
pub fn contact(name: &HostName) -> Key {
    Key::new(&["contacts", name.as_str()])
}

/// When all hosts last spoke.
pub fn contacts() -> Range {
    Range::prefix("contacts/")
}

/// The last epoch under a name that was removed.
pub fn last_epoch(name: &HostName) -> Key {
    Key::new(&["epochs", name.as_str()])
}

/// There as long as the blocks of a removed host rest; on a lease.
pub fn removal_rest(name: &HostName) -> Key {
    Key::new(&["removal-rests", name.as_str()])
}

/// The call to make claims again, after the store was restored.
pub fn reassertion() -> Key {
    Key::new(&["reassertion"])
}

/// Where a host says which call it has followed.
pub fn reasserted(name: &HostName) -> Key {
    Key::new(&["reasserted", name.as_str()])
}

/// What all hosts say of that.
pub fn all_reasserted() -> Range {
    Range::prefix("reasserted/")
}

/// The host that a key of a host names.
pub fn name_in(key: &Key) -> Option<HostName> {
    key.components().last()?.parse().ok()
}

/// The key of a reservation.
pub fn reservation(address: IpAddr) -> Key {
    Key::new(&["reservations", &address.to_string()])
}

/// All reservations.
pub fn reservations() -> Range {
    Range::prefix("reservations/")
}

/// The key of a block.
pub fn block(prefix: Prefix) -> Key {
    let text = BlockKey(prefix).to_string();
    let parts: Vec<&str> =
        std::iter::once("blocks").chain(text.split('/')).collect();
    Key::new(&parts)
}

/// All blocks of both families.
pub fn blocks() -> Range {
    Range::prefix(BLOCKS)
}

/// The blocks that start within a prefix, whatever their length.
pub fn blocks_within(prefix: Prefix) -> Range {
    let start = |address| {
        BlockKey::start_text(prefix.family(), address_number(address))
    };
    let first = start(prefix.first());
    // Behind the start of a key comes '-' and the length; '.' is the
    // character after '-'.
    let last = start(prefix.last());
    Range::between(&format!("{BLOCKS}{first}"), &format!("{BLOCKS}{last}."))
}

/// The block that a key names; none where it names none.
pub fn block_of(key: &Key) -> Option<Prefix> {
    let text = key.as_str().strip_prefix(BLOCKS)?;
    text.parse::<BlockKey>().ok().map(|key| key.0)
}

#[cfg(test)]
mod tests;
