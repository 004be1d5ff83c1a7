//! A network's configuration as JSON: what it means, the attachments that a
//! runtime lists for GC, and `prevResult` in every version.

use cni_plugin::document::Document;
use cni_plugin::encode::encode;
use cni_plugin::netconf::{Asked, Header, NetConf};
use cni_plugin::network::{Identity, Network};
use cni_plugin::result::Outcome;
use cni_plugin::version::Version;
use cni_plugin::{Program, garbage, previous};
use serde_json::json;
use tartan_agent_api::plugin::{Action, CollectGarbage, Request, VERSION};

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    if let Ok(before) = previous::chained(&document) {
        for version in Version::ALL {
            is_written_once_and_for_all(&before, version);
        }
    }
    let _ = Asked::of(&document);
    let Ok(header) = Header::of(Program::Cni, &document) else { return };
    let Ok(identity) = Identity::of(&header) else { return };
    promise::is_component(identity.name.as_str());
    if let Ok(conf) = NetConf::of(Program::Cni, &document)
        && let Ok(network) = Network::of(Program::Cni, conf)
    {
        for pool in &network.pools {
            promise::is_component(pool.as_str());
        }
    }
    if let Ok(valid) = garbage::valid(&document) {
        let network = identity.name;
        let action = Action::CollectGarbage(CollectGarbage { network, valid });
        promise::reads_back(&Request { v: VERSION, action });
    }
}

/// A result that is written, read and written again stays the same text.
fn is_written_once_and_for_all(outcome: &Outcome, version: Version) {
    let Some(first) = written(outcome, version) else { return };
    let config = json!({ "prevResult": first }).to_string();
    let read = Document::parse(config.as_bytes())
        .ok()
        .and_then(|document| previous::chained(&document).ok());
    let second = read.and_then(|outcome| written(&outcome, version));
    assert_eq!(second.as_ref(), Some(&first), "{version}");
}

fn written(outcome: &Outcome, version: Version) -> Option<serde_json::Value> {
    serde_json::to_value(encode(outcome, version).ok()?).ok()
}
