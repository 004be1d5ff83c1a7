//! Our conversions against what `host-local` answers to the same question in
//! each version. Debian's 1.1.1 speaks 0.1.0 to 1.0.0.

use std::path::Path;

use cni_plugin::document::Document;
use cni_plugin::encode::encode;
use cni_plugin::previous;
use cni_plugin::version::Version;
use serde_json::{Value, json};

use crate::plugin::run;

const PROGRAM: &str = "/usr/lib/cni/host-local";

/// What it answers to an ADD in `version`, with nothing given before.
fn answered(version: Version) -> Value {
    let data = tempfile::tempdir().unwrap();
    let config = json!({
        "cniVersion": version.as_str(),
        "name": "held",
        "ipam": {
            "type": "host-local",
            "dataDir": data.path(),
            "ranges": [
                [{"subnet": "10.99.0.0/29"}],
                [{"subnet": "fd00:99::/64"}],
            ],
            "routes": [
                {"dst": "0.0.0.0/0"},
                {"dst": "192.0.2.0/24", "gw": "10.99.0.6"},
                {"dst": "::/0"},
            ],
        },
    });
    let variables = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "c1"),
        ("CNI_NETNS", "/dev/null"),
        ("CNI_IFNAME", "eth0"),
        ("CNI_PATH", "/usr/lib/cni"),
    ];
    let program = Path::new(PROGRAM);
    assert!(program.exists(), "install containernetworking-plugins");
    let config = config.to_string();
    let ended = run(program, &[], &variables, config.as_bytes());
    without_empty_dns(ended.result(), version)
}

/// Since 1.0.0 an empty `dns` is left out: by the specification, by later
/// releases of the reference and by us. The release held here writes it still.
fn without_empty_dns(mut answer: Value, version: Version) -> Value {
    if version >= Version::V1_0_0 && answer["dns"] == json!({}) {
        answer.as_object_mut().unwrap().remove("dns");
    }
    answer
}

/// The same answer, read by us as an earlier result and written in `version`.
fn converted(answer: &Value, version: Version) -> Value {
    let text = json!({"prevResult": answer}).to_string();
    let document = Document::parse(text.as_bytes()).unwrap();
    let outcome = previous::chained(&document).unwrap();
    serde_json::to_value(encode(&outcome, version).unwrap()).unwrap()
}

#[test]
fn v_01_to_v_09_each_answer_converts_to_each_other_field_by_field() {
    let versions: Vec<Version> = Version::ALL
        .into_iter()
        .filter(|version| *version != Version::V1_1_0)
        .collect();
    let answers: Vec<Value> = versions.iter().copied().map(answered).collect();
    for (from, answer) in versions.iter().zip(&answers) {
        for (to, expected) in versions.iter().zip(&answers) {
            let converted = converted(answer, *to);
            assert_eq!(&converted, expected, "{from} to {to}");
        }
    }
}
