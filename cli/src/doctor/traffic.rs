//! What stands in the way of packets: forwarding, filters of others, routes
//! and addresses that overlap pools, full tables. The decisions are pure;
//! [`read`] is thin.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use serde_json::Value;
use tartan_hostnet::Rtnl;
use tartan_model::{Family, Prefix};

use super::finding::{Case, Finding, Severity};
use super::ground::{self, Ground};

/// A table that is fuller than this is nearly full.
const MOST_PERCENT: u64 = 90;

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Traffic {
    ForwardingOff { family: Family },
    StrictSource { link: String },
    ForwardDrops { table: String },
    LegacyTables { tables: String },
    Firewalld,
    RouteOverlaps { pool: String, prefix: Prefix, route: Prefix, link: String },
    AddressOverlaps { pool: String, prefix: Prefix, address: IpAddr },
    NoPool,
    PoolNearlyFull { pool: String, prefix: Prefix },
    ConntrackNearlyFull { count: u64, most: u64 },
}

impl Case for Traffic {
    #[expect(clippy::too_many_lines, reason = "a table: a row for each case")]
    fn finding(&self) -> Finding {
        use Severity::{Failure, Warning};
        let finding = |id, severity, object: &str, why: &str, remedy: &str| {
            let (object, why) = (object.to_owned(), why.to_owned());
            let remedy = remedy.to_owned();
            Finding { id, severity, object, why, remedy }
        };
        match self {
            Self::ForwardingOff { family } => finding(
                "forwarding-off",
                Failure,
                &format!("forwarding of {family}"),
                "it is off: containers reach nobody, not even each other",
                match family {
                    Family::V4 => "sysctl -w net.ipv4.ip_forward=1",
                    Family::V6 => "sysctl -w net.ipv6.conf.all.forwarding=1",
                },
            ),
            Self::StrictSource { link } => finding(
                "rp-filter-strict",
                Warning,
                link,
                "rp_filter is 1: answers to containers that come by it, and \
                 would go by another link, are dropped",
                &format!(
                    "sysctl -w net.ipv4.conf.{link}.rp_filter=2 (the higher of \
                     all and {link} counts)"
                ),
            ),
            Self::ForwardDrops { table } => finding(
                "forward-drops",
                Failure,
                &format!("nft chain {table}"),
                "its policy for forwarded packets is drop: it passes no packet \
                 of containers unless a rule of it says so",
                &format!(
                    "nft add rule {table} iifname \"tt*\" accept; nft add rule \
                     {table} oifname \"tt*\" accept"
                ),
            ),
            Self::LegacyTables { tables } => finding(
                "iptables-legacy",
                Warning,
                &format!("iptables-legacy tables {tables}"),
                "they judge forwarded packets beside nft, and nft does not show \
                 them",
                "look: iptables-legacy -S FORWARD; where its policy is DROP: \
                 iptables-legacy -P FORWARD ACCEPT",
            ),
            Self::Firewalld => finding(
                "firewalld",
                Warning,
                "firewalld",
                "it judges forwarded packets, and rejects those of links that \
                 are in no zone",
                "firewall-cmd --permanent --zone=trusted --add-source=CIDR for \
                 each pool; firewall-cmd --reload",
            ),
            Self::RouteOverlaps { pool, prefix, route, link } => finding(
                "pool-overlaps-route",
                Failure,
                &format!("pool {pool}"),
                &format!(
                    "{prefix} overlaps the host's route to {route} by {link}: \
                     one of the two is not reached"
                ),
                &format!(
                    "take the pool away (tartan pool drain {pool}, then tartan \
                     pool delete {pool}) and make one of other addresses, or \
                     give the network behind {link} others"
                ),
            ),
            Self::AddressOverlaps { pool, prefix, address } => finding(
                "pool-overlaps-address",
                Failure,
                &format!("pool {pool}"),
                &format!("{prefix} holds {address}, which is the host's own"),
                &format!(
                    "give the host another address; until then keep this one \
                     from containers: tartan ip reserve {address}"
                ),
            ),
            Self::NoPool => finding(
                "pool-missing",
                Failure,
                "pools",
                "there is none: no container gets an address",
                "tartan pool create default --cidr CIDR",
            ),
            Self::PoolNearlyFull { pool, prefix } => finding(
                "pool-nearly-full",
                Warning,
                &format!("pool {pool}"),
                &format!(
                    "of {prefix} fewer than {} % are free",
                    100 - MOST_PERCENT
                ),
                &format!(
                    "look: tartan pool show {pool}; make room: tartan pool \
                     enlarge {pool} --cidr CIDR"
                ),
            ),
            Self::ConntrackNearlyFull { count, most } => finding(
                "conntrack-nearly-full",
                Warning,
                "nf_conntrack",
                &format!(
                    "{count} of {most} connections: new ones are dropped when \
                     it is full"
                ),
                &format!(
                    "sysctl -w net.netfilter.nf_conntrack_max={}",
                    most * 2
                ),
            ),
        }
    }
}

/// A pool's prefix and what all hosts have of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pool {
    pub(super) name: String,
    pub(super) prefix: Prefix,
    pub(super) size: u64,
    pub(super) free: u64,
}

/// What is read. Nothing is said of what is not known.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) forwarding: Vec<(Family, bool)>,
    /// Links, with the higher of their `rp_filter` and that of all.
    pub(super) rp_filter: Vec<(String, u64)>,
    /// What `nft -j list ruleset` says.
    pub(super) rules: Option<Value>,
    pub(super) legacy_tables: String,
    pub(super) has_firewalld: bool,
    /// The main table's routes.
    pub(super) routes: Vec<(Prefix, String)>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) pools: Option<Vec<Pool>>,
    pub(super) conntrack: Option<(u64, u64)>,
}

/// Reads them.
pub(super) fn read(ground: &Ground) -> Facts {
    let flag = |family, path: &str| {
        ground::number(path).map(|number| (family, number != 0))
    };
    let rules = ground::output(&["nft", "-j", "list", "ruleset"])
        .and_then(|text| serde_json::from_str(&text).ok());
    let netfilter = "/proc/sys/net/netfilter/nf_conntrack_";
    let count = ground::number(format!("{netfilter}count"));
    let routes4 = ground::says("/proc/net/route").unwrap_or_default();
    let routes6 = ground::says("/proc/net/ipv6_route").unwrap_or_default();
    let addresses = Rtnl::open().ok().and_then(|mut r| r.all_addresses().ok());
    Facts {
        forwarding: [
            flag(Family::V4, "/proc/sys/net/ipv4/ip_forward"),
            flag(Family::V6, "/proc/sys/net/ipv6/conf/all/forwarding"),
        ]
        .into_iter()
        .flatten()
        .collect(),
        rp_filter: rp_filter(),
        rules,
        legacy_tables: legacy_tables(),
        has_firewalld: Path::new("/run/firewalld").exists(),
        routes: routes_v4(&routes4).chain(routes_v6(&routes6)).collect(),
        addresses: addresses.unwrap_or_default(),
        pools: pools(ground),
        conntrack: count.zip(ground::number(format!("{netfilter}max"))),
    }
}

/// Tables of iptables-legacy that may drop; nothing where it says itself
/// that it forwards.
fn legacy_tables() -> String {
    let tables = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"]
        .into_iter()
        .filter_map(ground::says)
        .collect::<Vec<_>>()
        .join(" ");
    if tables.trim().is_empty() {
        // Not asked: asking would make the tables.
        return String::new();
    }
    let policy = ground::output(&["iptables-legacy", "-S", "FORWARD"]);
    let forwards =
        policy.is_some_and(|said| said.trim() == "-P FORWARD ACCEPT");
    if forwards {
        return String::new();
    }
    tables.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Of links that lead out: what comes by ours comes from where its route
/// leads.
fn rp_filter() -> Vec<(String, u64)> {
    let dir = "/proc/sys/net/ipv4/conf";
    let of = |link: &str| ground::number(format!("{dir}/{link}/rp_filter"));
    let all = of("all").unwrap_or_default();
    let links = std::fs::read_dir(dir).into_iter().flatten().flatten();
    links
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|link| {
            let own = ["all", "default", "lo", "tartan0", "tartan1"];
            !own.contains(&link.as_str()) && !link.starts_with("tt")
        })
        .filter_map(|link| Some((link.clone(), of(&link)?.max(all))))
        .collect()
}

fn pools(ground: &Ground) -> Option<Vec<Pool>> {
    let all = ground.pools.as_ref()?.iter().flat_map(|pool| {
        pool.cidrs.iter().map(|cidr| {
            let whole = cidr.whole.as_ref();
            Pool {
                name: pool.name.to_string(),
                prefix: cidr.cidr,
                size: whole.map_or(0, |whole| whole.size),
                free: whole.map_or(0, |whole| whole.free),
            }
        })
    });
    Some(all.collect())
}

/// Lines of /proc/net/route: link, destination and mask as the words of a
/// little-endian machine (Documentation/networking/proc_net_tcp.rst has the
/// same form).
pub(super) fn routes_v4(text: &str) -> impl Iterator<Item = (Prefix, String)> {
    text.lines().skip(1).filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let word = |at: usize| {
            let text = words.get(at)?;
            u32::from_str_radix(text, 16).ok().map(u32::swap_bytes)
        };
        let length = word(7)?.count_ones() as u8;
        let first = IpAddr::V4(Ipv4Addr::from(word(1)?));
        let prefix = Prefix::containing(first, length)?;
        Some((prefix, (*words.first()?).to_owned()))
    })
}

/// Lines of /proc/net/ipv6_route: destination, length, ..., link.
pub(super) fn routes_v6(text: &str) -> impl Iterator<Item = (Prefix, String)> {
    text.lines().filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        let number = u128::from_str_radix(words.first()?, 16).ok()?;
        let length = u8::from_str_radix(words.get(1)?, 16).ok()?;
        let first = IpAddr::V6(Ipv6Addr::from(number));
        let prefix = Prefix::containing(first, length)?;
        Some((prefix, (*words.last()?).to_owned()))
    })
}

/// Decides.
pub(super) fn decide(facts: &Facts) -> Vec<Traffic> {
    let mut all = Vec::new();
    for (family, is_on) in &facts.forwarding {
        if !is_on {
            all.push(Traffic::ForwardingOff { family: *family });
        }
    }
    for (link, value) in &facts.rp_filter {
        if *value == 1 {
            all.push(Traffic::StrictSource { link: link.clone() });
        }
    }
    let dropping = facts.rules.iter().flat_map(dropping);
    all.extend(dropping.map(|table| Traffic::ForwardDrops { table }));
    if !facts.legacy_tables.is_empty() {
        let tables = facts.legacy_tables.clone();
        all.push(Traffic::LegacyTables { tables });
    }
    if facts.has_firewalld {
        all.push(Traffic::Firewalld);
    }
    for pool in facts.pools.iter().flatten() {
        overlaps(facts, pool, &mut all);
        if is_nearly_full(pool) {
            let (name, prefix) = (pool.name.clone(), pool.prefix);
            all.push(Traffic::PoolNearlyFull { pool: name, prefix });
        }
    }
    if facts.pools.as_ref().is_some_and(Vec::is_empty) {
        all.push(Traffic::NoPool);
    }
    if let Some((count, most)) = facts.conntrack
        && count * 100 > most * MOST_PERCENT
    {
        all.push(Traffic::ConntrackNearlyFull { count, most });
    }
    all
}

/// Chains of others at the forward hook whose policy is drop, and which have
/// no rule about our links.
fn dropping(rules: &Value) -> Vec<String> {
    let all = || {
        let all = rules.get("nftables").and_then(Value::as_array);
        all.into_iter().flatten()
    };
    let knows_us = |chain: &Value| {
        all().filter_map(|it| it.get("rule")).any(|rule| {
            ["family", "table"].into_iter().all(|key| rule[key] == chain[key])
                && rule["chain"] == chain["name"]
                && rule["expr"].to_string().contains("\"tt*\"")
        })
    };
    all()
        .filter_map(|it| it.get("chain"))
        .filter(|chain| !knows_us(chain))
        .filter(|chain| {
            chain["hook"] == "forward"
                && chain["policy"] == "drop"
                && chain["table"] != "tartan"
        })
        .filter_map(|chain| {
            let text = |key: &str| chain.get(key).and_then(Value::as_str);
            let (family, table) = (text("family")?, text("table")?);
            Some(format!("{family} {table} {}", text("name")?))
        })
        .collect()
}

/// A pool of IPv6 has more addresses than a hundredth of 64 bits.
fn is_nearly_full(pool: &Pool) -> bool {
    let (free, size) = (u128::from(pool.free), u128::from(pool.size));
    free * 100 < size * u128::from(100 - MOST_PERCENT)
}

/// True for a network that is less than the pool, and not one address alone.
fn is_part(route: Prefix, pool: Prefix) -> bool {
    pool.covers(route)
        && route.length() > pool.length()
        && route.length() < route.family().bits()
}

fn overlaps(facts: &Facts, pool: &Pool, all: &mut Vec<Traffic>) {
    let prefix = pool.prefix;
    for (route, link) in &facts.routes {
        // A default route overlaps everything, and gives way to all; what is
        // behind our own links is there for the pool, and a part of a pool is
        // behind a bridge whose containers have addresses of it.
        let is_other = route.length() > 0
            && !link.starts_with("tt")
            && link != "lo"
            && !is_part(*route, prefix)
            && route.overlaps(prefix);
        if is_other {
            let (route, link) = (*route, link.clone());
            let pool = pool.name.clone();
            all.push(Traffic::RouteOverlaps { pool, prefix, route, link });
        }
    }
    let is_of_part = |address: &&IpAddr| {
        let mut parts = facts.routes.iter().map(|(route, _)| *route);
        parts.any(|it| is_part(it, prefix) && it.contains(**address))
    };
    let own = facts.addresses.iter().filter(|a| prefix.contains(**a));
    for address in own.filter(|address| !is_of_part(address)) {
        let (pool, address) = (pool.name.clone(), *address);
        all.push(Traffic::AddressOverlaps { pool, prefix, address });
    }
}

/// One of each, for the manual.
#[cfg(test)]
pub(super) fn examples() -> Vec<Traffic> {
    let any = Prefix::host(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let (pool, link) = (|| "POOL".to_owned(), || "LINK".to_owned());
    vec![
        Traffic::ForwardingOff { family: Family::V4 },
        Traffic::StrictSource { link: link() },
        Traffic::ForwardDrops { table: "FAMILY TABLE CHAIN".to_owned() },
        Traffic::LegacyTables { tables: "TABLES".to_owned() },
        Traffic::Firewalld,
        Traffic::RouteOverlaps {
            pool: pool(),
            prefix: any,
            route: any,
            link: link(),
        },
        Traffic::AddressOverlaps {
            pool: pool(),
            prefix: any,
            address: any.first(),
        },
        Traffic::NoPool,
        Traffic::PoolNearlyFull { pool: pool(), prefix: any },
        Traffic::ConntrackNearlyFull { count: 99, most: 100 },
    ]
}

#[cfg(test)]
mod tests;
