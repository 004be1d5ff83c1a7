//! The starting configuration is one that holds.

use super::*;

#[test]
fn the_starting_configuration_can_be_read() {
    let table: toml::Table = STARTING.parse().unwrap();
    let names: Vec<_> = table.keys().map(String::as_str).collect();
    assert_eq!(names, ["metrics", "network"]);
}

#[test]
fn every_key_that_is_commented_out_can_be_read_as_well() {
    let all: String = STARTING
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            Some(key) if key.contains(" = ") || key.starts_with('[') => key,
            _ => line,
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let table: toml::Table = all.parse().unwrap();
    assert!(table.contains_key("store"));
    assert!(table.contains_key("run_dir"));
}

#[test]
fn what_comes_next_has_a_network_that_can_be_read() {
    let text = next(Path::new("/etc/tartan/tartan.toml"));
    assert!(text.contains("tartan-agent --config /etc/tartan/tartan.toml"));
    let network: serde_json::Value = serde_json::from_str(CONFLIST).unwrap();
    assert_eq!(network["plugins"][0]["type"], "tartan-cni");
}
