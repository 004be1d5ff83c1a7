//! Where each thing is asked for. Pure.

/// This host, one screen.
pub const STATUS: &str = "/v1/status";
/// Pools.
pub const POOLS: &str = "/v1/pools";
/// Addresses.
pub const IPS: &str = "/v1/ips";
/// The leak detector.
pub const CHECK_IPS: &str = "/v1/check/ips";
/// Teams.
pub const TEAMS: &str = "/v1/teams";
/// Apps.
pub const APPS: &str = "/v1/apps";
/// Endpoints.
pub const ENDPOINTS: &str = "/v1/endpoints";
/// Hosts of the cluster.
pub const HOSTS: &str = "/v1/hosts";
/// Goes on without hosts that have not answered a restored store.
pub const FORGET_MISSING: &str = "/v1/missing-hosts/forget";
/// Behind a host: takes it out of the cluster.
pub const REMOVAL: &str = "removal";
/// What others changed of ours.
pub const EVENTS: &str = "/v1/events";
/// Settings.
pub const SETTINGS: &str = "/v1/settings";
/// What was declared, as documents.
pub const DECLARED: &str = "/v1/declared";
/// The same, with hosts and blocks.
pub const DECLARED_CLAIMS: &str = "/v1/declared/claims";
/// Collection of what nobody has any more.
pub const GC: &str = "/v1/gc";
/// Behind a pool: give nothing new from it.
pub const DRAIN: &str = "drain";
/// Behind a pool: give again.
pub const UNDRAIN: &str = "undrain";
/// Behind a pool: wider prefixes.
pub const ENLARGE: &str = "enlarge";
/// Behind an address: its reservation.
pub const RESERVATION: &str = "reservation";

/// The path of one thing, `names` below `base`, each escaped: a name may hold
/// what a path may not.
pub fn item(base: &str, names: &[&str]) -> String {
    let mut path = base.to_owned();
    for name in names {
        path.push('/');
        name.bytes().for_each(|byte| push(&mut path, byte));
    }
    path
}

/// RFC 3986, 2.3 and 3.3: unreserved characters, and `,` and `:`, which stand
/// for themselves within a component.
fn push(path: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || b"-._~,:".contains(&byte) {
        path.push(char::from(byte));
    } else {
        path.push_str(&format!("%{byte:02X}"));
    }
}

#[cfg(test)]
mod tests;
