//! What is read of a manifest.

use super::*;

const MANIFEST: &str = r#"
[package]
name = "tartan-ipam"
[package.metadata.tartan]
floor = 2
[dependencies]
tartan-model = { workspace = true }
serde = "1"
[build-dependencies]
cc = "1"
[target.'cfg(unix)'.dependencies]
nix = "0.31"
[dev-dependencies]
proptest = "1"
"#;

#[test]
fn floor_and_dependencies_are_read() {
    let manifest = Manifest::parse(MANIFEST).unwrap();
    assert_eq!(manifest.name, "tartan-ipam");
    assert_eq!(manifest.floor, Some(2));
    let direct: Vec<_> = manifest.dependencies.iter().collect();
    assert_eq!(direct, ["cc", "nix", "serde", "tartan-model"]);
    let dev: Vec<_> = manifest.dev_dependencies.iter().collect();
    assert_eq!(dev, ["proptest"]);
}

#[test]
fn a_manifest_without_floor_is_read_as_such() {
    let manifest = Manifest::parse("[package]\nname = \"x\"").unwrap();
    assert_eq!(manifest.floor, None);
}

#[test]
fn locked_packages_are_counted() {
    let lock = "version = 4\n\n[[package]]\nname = \"a\"\n\n[[package]]\n";
    assert_eq!(locked_packages(lock), 2);
}
