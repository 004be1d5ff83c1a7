//! An image of busybox, for runtimes that can run nothing else: nothing is
//! fetched here, it is packed from the root file system of the story.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use tartan_stories::{World, process};

use crate::root_file_system;

/// The name that it has.
pub(crate) const BUSYBOX: &str = "docker.io/library/busybox:latest";

/// Packs it in the form of `docker save`.
pub(crate) fn pack(world: &World) -> PathBuf {
    let root = root_file_system::make(world);
    let dir = world.directory("image");
    tar(&root, &dir.join("layer.tar"), &["."]);
    let layer = digest(&dir.join("layer.tar"));
    let config = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": { "Cmd": ["sleep", "100000"], "Env": ["PATH=/bin"] },
        "rootfs": { "type": "layers", "diff_ids": [layer] },
    });
    fs::write(dir.join("config.json"), config.to_string()).unwrap();
    let manifest = json!([{
        "Config": "config.json",
        "RepoTags": [BUSYBOX],
        "Layers": ["layer.tar"],
    }]);
    fs::write(dir.join("manifest.json"), manifest.to_string()).unwrap();
    let image = dir.join("busybox.tar");
    tar(&dir, &image, &["manifest.json", "config.json", "layer.tar"]);
    image
}

/// As Go names it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

fn tar(from: &Path, to: &Path, files: &[&str]) {
    let mut command = Command::new("tar");
    command.arg("-C").arg(from).arg("-cf").arg(to).args(files);
    process::run(&mut command).success("tar");
}

fn digest(path: &Path) -> String {
    let mut command = Command::new("sha256sum");
    let said = process::run(command.arg(path)).success("sha256sum");
    format!("sha256:{}", said.split(' ').next().unwrap())
}
