//! VERSION: needs neither a configuration nor an agent.

use serde::Serialize;

use crate::fault::Failure;
use crate::version::Version;

#[derive(Serialize)]
struct Spoken {
    #[serde(rename = "cniVersion")]
    version: &'static str,
    #[serde(rename = "supportedVersions")]
    supported: [&'static str; Version::ALL.len()],
}

/// The versions that are spoken.
pub fn run() -> Result<String, Failure> {
    let spoken = Spoken {
        version: Version::LATEST.as_str(),
        supported: Version::ALL.map(Version::as_str),
    };
    serde_json::to_string(&spoken).map_err(Failure::Unwritable)
}
