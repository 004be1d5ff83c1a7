//! Houses that stand, and houses that do not.

use super::*;

fn package(name: &str, floor: u8, dependencies: &[&str]) -> File {
    let list: String =
        dependencies.iter().map(|name| format!("{name} = \"1\"\n")).collect();
    File {
        path: format!("{name}/Cargo.toml"),
        text: format!(
            "[package]\nname = \"{name}\"\n\
             [package.metadata.tartan]\nfloor = {floor}\n\
             [dependencies]\n{list}"
        ),
    }
}

fn what(files: &[File]) -> Vec<String> {
    check(files).into_iter().map(|finding| finding.what).collect()
}

#[test]
fn arrows_go_down_only() {
    let low = || package("low", 0, &[]);
    assert_eq!(what(&[low(), package("high", 2, &["low"])]), [""; 0]);
    let sideways = what(&[low(), package("beside", 0, &["low"])]);
    assert!(sideways[0].contains("floor 0 uses low of floor 0"));
    let up = what(&[package("under", 1, &["over"]), package("over", 3, &[])]);
    assert!(up[0].contains("floor 1 uses over of floor 3"));
}

#[test]
fn an_arrow_of_tests_goes_down_too() {
    let mut tested = package("tested", 1, &[]);
    tested.text.push_str("[dev-dependencies]\nbeside = \"1\"\n");
    assert_eq!(what(&[tested, package("beside", 1, &[])]).len(), 1);
}

#[test]
fn a_crate_names_its_floor() {
    let text = "[package]\nname = \"a\"".to_owned();
    let path = "a/Cargo.toml".to_owned();
    assert!(what(&[File { path, text }])[0].contains("no floor"));
}

#[test]
fn dependencies_are_few() {
    let five = ["a", "b", "c", "d", "e"];
    assert_eq!(what(&[package("tartan-model", 0, &five)]).len(), 1);
    assert_eq!(what(&[package("tartan-ipam", 0, &five)]).len(), 0);
    let fifteen: Vec<String> = (0..15).map(|n| format!("p{n}")).collect();
    let fifteen: Vec<&str> = fifteen.iter().map(String::as_str).collect();
    assert_eq!(what(&[package("tartan-ipam", 0, &fifteen)]).len(), 1);
}

#[test]
fn the_lockfile_is_short() {
    let lock = |count: usize| File {
        path: "Cargo.lock".to_owned(),
        text: "[[package]]\n".repeat(count),
    };
    assert_eq!(what(&[lock(224)]).len(), 0);
    assert_eq!(what(&[lock(225)]).len(), 1);
}

#[test]
fn a_manifest_that_cannot_be_read_is_named() {
    let path = "a/Cargo.toml".to_owned();
    let found = check(&[File { path, text: "[".to_owned() }]);
    assert_eq!(found[0].path, "a/Cargo.toml");
}

#[test]
fn a_package_of_others_has_a_reason() {
    let reasons = File {
        path: REASONS.to_owned(),
        text: "| nix | namespaces |".to_owned(),
    };
    let crates = package("hostnet", 1, &["nix", "regex"]);
    let found = what(&[crates, reasons]);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("regex has no line"));
}
