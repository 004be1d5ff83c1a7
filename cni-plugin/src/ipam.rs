//! The `ipam` section: which addresses of the pools an interface may get, and
//! what else `host-local` would say. Decides.
//!
//! What is written for `host-local` is understood, so that its configurations
//! work when the type alone is changed: `ranges`, the older `subnet`,
//! `rangeStart`, `rangeEnd` and `gateway` beside it, the capability `ipRanges`.
//! The order is its own, too: `ipRanges` first, then `subnet`, then `ranges`.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tartan_model::range::WrittenRange;
use tartan_model::{Family, RangeError, Ranges};
use thiserror::Error;

use crate::netconf::Asked;
use crate::program::Program;
use crate::request::asks_nothing;
use crate::result::Route;
use crate::version::Version;

/// Keys that `host-local` has and both programs take. `dataDir` says where
/// `host-local` keeps its files, and nothing here.
const HOST_LOCAL: [&str; 9] = [
    "type",
    "ranges",
    "subnet",
    "rangeStart",
    "rangeEnd",
    "gateway",
    "routes",
    "resolvConf",
    "dataDir",
];

/// Keys that `tartan-cni` has outside of the section.
const OURS: [&str; 8] =
    ["agent", "pools", "team", "app", "teams", "teamFrom", "createApps", "dns"];

/// What the section and a request say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ipam {
    /// What is given; empty: whatever the pools have.
    pub ranges: Ranges,
    /// Routes of the result.
    pub routes: Vec<Route>,
    /// A file that says how names are resolved.
    pub resolv_conf: Option<PathBuf>,
}

/// A section, or a request, that is not accepted.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum IpamError {
    /// A key that nobody knows here.
    #[error("\"ipam.{key}\" is not supported: {value}")]
    Unknown {
        /// The key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// A key holds something of another type.
    #[error("cannot read \"ipam.{key}\" of network config: {why}")]
    Key {
        /// Which key.
        key: &'static str,
        /// What is wrong with its value, in the words of the parser.
        why: String,
    },
    /// `resolvConf` depends on the directory that a runtime happens to be in.
    #[error("\"ipam.resolvConf\" is \"{0}\", which is not an absolute path")]
    ResolvConf(String),
    /// The ranges cannot be.
    #[error("the ranges of \"ipam\" and \"ipRanges\" are not accepted")]
    Ranges(#[from] RangeError),
    /// The capability `ipRanges` is no list of lists of ranges.
    #[error("cannot read \"ipRanges\" of runtimeConfig: {0}")]
    Asked(String),
    /// A route leads by another gateway than the interface has.
    #[error(
        "\"ipam.routes\" leads by a gateway of its own, but everything leaves \
         an interface of tartan-cni by one gateway: {route}"
    )]
    RouteBy {
        /// The route.
        route: Value,
    },
    /// More addresses than an interface of ours has.
    #[error(
        "the ranges ask for two {0} addresses, but an interface of tartan-cni \
         gets one address per family"
    )]
    OnePerFamily(Family),
    /// More addresses than a result can tell.
    #[error("CNI version {0} does not support more than 1 address per family")]
    TooManyForVersion(Version),
}

impl Ipam {
    /// Reads the section and what a request adds to it.
    pub fn of(
        program: Program,
        section: Option<&Map<String, Value>>,
        asked: &Asked,
        version: Version,
    ) -> Result<Self, IpamError> {
        let nothing = Map::new();
        let section = Section(section.unwrap_or(&nothing));
        section.check_keys(program)?;
        let mut sets = asked_ranges(&asked.runtime.ip_ranges)?;
        sets.extend(section.single()?.map(|range| vec![range]));
        let written: Option<Vec<Vec<WrittenRange>>> = section.read("ranges")?;
        sets.extend(written.unwrap_or_default());
        let ranges = Ranges::try_from(sets)?;
        check_families(program, &ranges, version)?;
        let routes = section.routes(program)?;
        let resolv_conf = section.resolv_conf()?;
        Ok(Self { ranges, routes, resolv_conf })
    }
}

struct Section<'a>(&'a Map<String, Value>);

impl Section<'_> {
    fn check_keys(&self, program: Program) -> Result<(), IpamError> {
        let is_known = |key: &str| match program {
            Program::Cni => HOST_LOCAL.contains(&key),
            Program::Ipam => HOST_LOCAL.contains(&key) || OURS.contains(&key),
        };
        let mut keys = self.0.iter();
        let unknown = keys.find(|(key, v)| !v.is_null() && !is_known(key));
        unknown.map_or(Ok(()), |(key, value)| {
            let (key, value) = (key.clone(), value.clone());
            Err(IpamError::Unknown { key, value })
        })
    }

    fn read<T: DeserializeOwned>(
        &self,
        key: &'static str,
    ) -> Result<Option<T>, IpamError> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        serde_json::from_value(value.clone())
            .map_err(|error| IpamError::Key { key, why: error.to_string() })
    }

    /// The range of the older, flat form.
    fn single(&self) -> Result<Option<WrittenRange>, IpamError> {
        let single = WrittenRange {
            subnet: self.read("subnet")?,
            range_start: self.read("rangeStart")?,
            range_end: self.read("rangeEnd")?,
            gateway: self.read("gateway")?,
        };
        let WrittenRange { subnet, range_start, range_end, gateway } = &single;
        let said = [subnet, range_start, range_end, gateway];
        let is_there = said.into_iter().flatten().any(|text| !text.is_empty());
        Ok(is_there.then_some(single))
    }

    fn routes(&self, program: Program) -> Result<Vec<Route>, IpamError> {
        let routes: Option<Vec<Route>> = self.read("routes")?;
        let routes = routes.unwrap_or_default();
        let away = routes.iter().find(|route| route.gw.is_some());
        match (program, away) {
            (Program::Cni, Some(route)) => {
                let route = serde_json::to_value(route).unwrap_or_default();
                Err(IpamError::RouteBy { route })
            }
            _ => Ok(routes),
        }
    }

    fn resolv_conf(&self) -> Result<Option<PathBuf>, IpamError> {
        let path: Option<String> = self.read("resolvConf")?;
        match path.filter(|path| !path.is_empty()) {
            Some(path) if !path.starts_with('/') => {
                Err(IpamError::ResolvConf(path))
            }
            path => Ok(path.map(PathBuf::from)),
        }
    }
}

fn asked_ranges(value: &Value) -> Result<Vec<Vec<WrittenRange>>, IpamError> {
    if asks_nothing(value) {
        return Ok(Vec::new());
    }
    serde_json::from_value(value.clone())
        .map_err(|error| IpamError::Asked(error.to_string()))
}

fn check_families(
    program: Program,
    ranges: &Ranges,
    version: Version,
) -> Result<(), IpamError> {
    let Some(family) = ranges.repeated_family() else { return Ok(()) };
    match program {
        Program::Cni => Err(IpamError::OnePerFamily(family)),
        Program::Ipam if version.has_one_address_per_family() => {
            Err(IpamError::TooManyForVersion(version))
        }
        Program::Ipam => Ok(()),
    }
}

#[cfg(test)]
mod tests;
