//! Does the chores: runs cargo, prints what was found, writes the note of the
//! layouts. Acts; what is right is decided elsewhere.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::abi::{Abi, Comparison};
use crate::tidy::{self, Finding, Weight};
use crate::tree;
use crate::verb::{USAGE, Verb};

/// Does one chore.
pub(crate) fn run(verb: Verb) -> anyhow::Result<()> {
    match verb {
        Verb::Fmt => cargo(&["fmt", "--all"]),
        Verb::Lint => lint(),
        Verb::Tidy => tidy_up(),
        Verb::Docs => docs(),
        Verb::Plugin => plugins(),
        Verb::Abi => note_layouts(),
        Verb::Help => {
            println!("{USAGE}");
            Ok(())
        }
    }
}

/// Both are run, whatever the first one finds.
fn lint() -> anyhow::Result<()> {
    let format = cargo(&["fmt", "--all", "--check"]);
    let deny = ["--", "-D", "warnings"];
    let clippy =
        ["clippy", "--workspace", "--all-targets", "--locked", "--keep-going"];
    cargo(&[&clippy[..], &deny[..]].concat())?;
    format
}

fn tidy_up() -> anyhow::Result<()> {
    let files = tree::read(&tree::root())?;
    report(&tidy::findings(&files))?;
    println!("tidy: {} files are as they should be", files.len());
    Ok(())
}

fn docs() -> anyhow::Result<()> {
    report(&tidy::broken_links(&tree::read(&tree::root())?))?;
    let mut doc = command(&["doc", "--workspace", "--no-deps", "--locked"]);
    succeed(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

/// Prints what was found; an error among it fails the chore.
fn report(found: &[Finding]) -> anyhow::Result<()> {
    for finding in found {
        println!("{finding}");
    }
    let errors = found.iter().filter(|f| f.weight == Weight::Error).count();
    ensure!(errors == 0, "{errors} rules are broken");
    Ok(())
}

/// The machine that the plugin is built for: this one. Naming it keeps the
/// flags from build scripts, which cannot run when they are linked statically
/// against another library than they expect.
fn host_target() -> anyhow::Result<String> {
    let out = rustc().arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    text.lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .context("rustc -vV names no host")
}

/// The programs that runtimes call.
const PLUGINS: [&str; 2] = ["tartan-cni", "tartan-ipam"];

fn plugins() -> anyhow::Result<()> {
    PLUGINS.into_iter().try_for_each(plugin)
}

/// Static, and at a fixed place: nothing is relocated at its start.
fn plugin(name: &str) -> anyhow::Result<()> {
    let target = host_target()?;
    cargo(&[
        "rustc",
        "--locked",
        "--profile",
        "plugin",
        "--package",
        "tartan-cni",
        "--bin",
        name,
        "--target",
        &target,
        "--",
        "-C",
        "target-feature=+crt-static",
        "-C",
        "relocation-model=static",
    ])?;
    let built = target_dir().join(target).join("plugin").join(name);
    let size = std::fs::metadata(&built)
        .with_context(|| format!("cannot find {}", built.display()))?
        .len();
    println!("{}  {} KiB", built.display(), size / 1024);
    Ok(())
}

fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| tree::root().join("target"), PathBuf::from)
}

fn note_layouts() -> anyhow::Result<()> {
    let root = tree::root();
    let header = read(&root.join(tidy::ABI_HEADER))?;
    let abi = Abi::of_header(&header).context("no ABI_VERSION in abi.h")?;
    let note = root.join(tidy::ABI_NOTE);
    let noted = std::fs::read_to_string(&note).ok();
    let noted = noted.as_deref().and_then(Abi::of_note);
    if noted.map(|noted| abi.compared_with(noted))
        == Some(Comparison::ChangedSilently)
    {
        bail!("layouts changed: raise ABI_VERSION in abi.h first");
    }
    std::fs::write(&note, abi.note())
        .with_context(|| format!("cannot write {}", note.display()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path)
        .with_context(|| format!("cannot read {}", path.display()))
}

fn cargo(arguments: &[&str]) -> anyhow::Result<()> {
    succeed(&mut command(arguments))
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().context("cannot run cargo")?;
    ensure!(status.success(), "{command:?} failed");
    Ok(())
}

fn command(arguments: &[&str]) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = program(&cargo);
    command.args(arguments).current_dir(tree::root());
    command
}

fn rustc() -> Command {
    program("rustc".as_ref())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a chore is a person's, not a request's: cargo is its tool"
)]
fn program(name: &std::ffi::OsStr) -> Command {
    Command::new(name)
}
