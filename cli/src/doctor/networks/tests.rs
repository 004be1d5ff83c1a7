//! Network configurations as runtimes find them.

use std::path::PathBuf;

use super::{Facts, Networks, decide};

const OURS: &str = r#"{"name": "shop", "plugins": [
    {"type": "tartan-cni", "team": "shop", "pools": ["default"]}]}"#;
const OTHERS: &str = r#"{"name": "bridge", "type": "bridge"}"#;

fn facts(files: &[(&str, &str)]) -> Facts {
    let file = |(name, text): &(&str, &str)| {
        (PathBuf::from(format!("/net.d/{name}")), (*text).to_owned())
    };
    Facts {
        plugins: vec![("/bin/tartan-cni".into(), true)],
        files: files.iter().map(file).collect(),
        teams: Some(vec!["shop".to_owned()]),
        pools: Some(vec!["default".to_owned()]),
        ..Facts::default()
    }
}

#[test]
fn networks_as_they_should_be_are_no_finding() {
    assert_eq!(decide(&facts(&[("10-t.conflist", OURS)])), []);
    let both = [("10-t.conflist", OURS), ("20-b.conf", OTHERS)];
    assert_eq!(decide(&facts(&both)), []);
    // What nobody says is not held against it.
    let silent = Facts { teams: None, pools: None, ..facts(&both) };
    assert_eq!(decide(&silent), []);
}

#[test]
fn each_thing_that_is_wrong_is_told() {
    let file = || PathBuf::from("/net.d/10-t.conflist");
    let team = OURS.replace("\"shop\", \"pools\"", "\"blog\", \"pools\"");
    let pool = OURS.replace("default", "large");
    let found = decide(&facts(&[("10-t.conflist", &team)]));
    let team = "blog".to_owned();
    assert_eq!(found, [Networks::UnknownTeam { file: file(), team }]);
    let found = decide(&facts(&[("10-t.conflist", &pool)]));
    let pool = "large".to_owned();
    assert_eq!(found, [Networks::UnknownPool { file: file(), pool }]);
    let found =
        decide(&facts(&[("05-b.conf", OTHERS), ("10-t.conflist", OURS)]));
    let by = PathBuf::from("/net.d/05-b.conf");
    assert_eq!(found, [Networks::Shadowed { file: file(), by }]);
    let found = decide(&facts(&[("05-b.conf", "{"), ("10-t.conflist", OURS)]));
    assert!(matches!(&found[..], [Networks::Unparsable { .. }]), "{found:?}");
    let found = decide(&facts(&[]));
    assert!(matches!(&found[..], [Networks::NoNetwork { .. }]), "{found:?}");
}

#[test]
fn a_plugin_that_nobody_can_execute_is_told() {
    let plugin = PathBuf::from("/bin/tartan-cni");
    let plugins = vec![(plugin.clone(), false)];
    let found = decide(&Facts { plugins, ..facts(&[("1.conf", OURS)]) });
    assert_eq!(found, [Networks::NotExecutable { plugin }]);
    let found =
        decide(&Facts { plugins: vec![], ..facts(&[("1.conf", OURS)]) });
    assert!(matches!(&found[..], [Networks::NoPlugin { .. }]), "{found:?}");
}
