//! What a story needs: root, some programs, and our own programs built. A
//! missing need is a failure that says what to do, never a skip.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::process;

/// Programs of others that stories run or look through.
const TOOLS: &[&str] =
    &["ip", "tc", "bpftool", "nsenter", "unshare", "busybox", "strace"];

/// Our programs.
const OURS: &[&str] = &["tartan-agent", "tartan-cni", "tartan"];

/// Checks everything, once in a process.
pub fn check() {
    static CHECKED: OnceLock<()> = OnceLock::new();
    CHECKED.get_or_init(|| {
        assert!(
            nix::unistd::geteuid().is_root(),
            "stories make namespaces and load eBPF: run them as root"
        );
        TOOLS.iter().for_each(|tool| need_tool(tool));
        build();
        OURS.iter().chain(&["tartan-ipam"]).for_each(|name| {
            program(name);
        });
    });
}

/// Fails where `tool` is not to be found.
pub fn need_tool(tool: &str) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|dir| dir.join(tool).exists());
    assert!(found, "{tool} is needed; ./test installs what is missing");
}

/// Where one of our programs is.
pub fn program(name: &str) -> PathBuf {
    let path = bin_dir().join(name);
    assert!(
        path.exists(),
        "{path:?} is missing: run `cargo build`, or set TARTAN_BIN_DIR"
    );
    path
}

/// `TARTAN_BIN_DIR`, else the directory above that of this test
/// (`target/debug/deps`), where cargo puts programs.
fn bin_dir() -> PathBuf {
    if let Some(dir) = std::env::var_os("TARTAN_BIN_DIR") {
        return dir.into();
    }
    let exe = std::env::current_exe().expect("own path");
    exe.parent().and_then(Path::parent).expect("target directory").into()
}

/// The agent with another layout of its maps, in a directory of its own, so
/// that it is not taken for the usual one. All but two crates is shared with
/// the usual build.
pub fn agent_of_another_layout() -> PathBuf {
    let target = bin_dir().parent().expect("target").to_owned();
    let own = target.join("trial-layout");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let mut command = Command::new(cargo);
        command.args(["build", "--quiet", "--offline", "--bins"]);
        OURS.iter().for_each(|name| {
            command.args(["-p", name]);
        });
        command
            .args(["--features", "tartan-ebpf/trial-layout"])
            .env("CARGO_TARGET_DIR", &own)
            .env("CARGO_BUILD_BUILD_DIR", &target);
        let status = process::built(&mut command);
        assert!(status, "cannot build an agent with another layout");
    }
    let agent = own.join("debug/tartan-agent");
    assert!(agent.exists(), "{agent:?} is missing: `./test stories` builds it");
    agent
}

/// The names of the agent's steps that start with `prefix`: where it can be
/// made to die.
#[track_caller]
pub fn steps(prefix: &str) -> Vec<String> {
    let mut command = Command::new(program("tartan-agent"));
    let listed = process::run(command.arg("--list-steps"));
    let steps: Vec<_> = listed
        .success("tartan-agent --list-steps")
        .lines()
        .filter(|step| step.starts_with(prefix))
        .map(str::to_owned)
        .collect();
    assert!(steps.len() > 3, "hardly any steps: {steps:?}");
    steps
}

/// Builds our programs where cargo started us: `cargo test` builds only the
/// test itself, and a story about yesterday's agent misleads.
fn build() {
    let cargo = std::env::var_os("CARGO");
    let (Some(cargo), None) = (cargo, std::env::var_os("TARTAN_BIN_DIR"))
    else {
        return;
    };
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--bins"]);
    OURS.iter().for_each(|name| {
        command.args(["-p", name]);
    });
    let target = bin_dir();
    command.env("CARGO_TARGET_DIR", target.parent().expect("target"));
    let status = process::built(&mut command);
    assert!(status, "cannot build {OURS:?}");
}
