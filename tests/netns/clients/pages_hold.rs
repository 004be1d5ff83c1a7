//! The pages of `docs/runtimes` whose runtimes are here: what they tell a
//! reader to type is typed, and what they show is seen.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Host, World, inside, leftover, need, story};

use crate::containerd::Containerd;
use crate::machine;
use crate::page::{Step, steps};
use crate::podman::Podman;

/// What stands between what two commands say.
const MARK: &str = "---- ended with ";

/// A host as the manual's page on installation leaves it.
fn installed(world: &World) -> Host {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    for line in [
        "pool create default --cidr 10.77.0.0/16 --cidr fd00:77::/64",
        "team create payments",
        "app create payments/api",
    ] {
        ambre.tartan(line).success(line);
    }
    machine::is_private(world);
    let plugins = Path::new("/opt/cni/bin");
    fs::create_dir_all(plugins).unwrap();
    let program = need::program("tartan-cni");
    fs::copy(program, plugins.join("tartan-cni")).unwrap();
    symlink(ambre.run_dir(), "/run/tartan").unwrap();
    ambre
}

/// The folder of the repository, where a reader of the manual is.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Does what a page says, with these variables; `wrappers` are found before
/// the programs of the machine.
fn holds(
    host: &Host,
    page: &str,
    wrappers: &Path,
    variables: &[(&str, PathBuf)],
) {
    let page = repository().join(page);
    let steps = steps(&fs::read_to_string(&page).unwrap());
    assert!(!steps.is_empty(), "{page:?} has no session");
    let ours = need::program("tartan");
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &script(&steps)])
        .current_dir(repository())
        .env_clear()
        .env("HOME", wrappers)
        .env(
            "PATH",
            format!(
                "{}:{}:/usr/sbin:/usr/bin:/sbin:/bin",
                wrappers.display(),
                ours.parent().unwrap().display()
            ),
        )
        .envs(variables.iter().cloned());
    let said = inside::run(host.netns(), &mut shell, b"");
    let said = said.success(&format!("{page:?}"));
    compare(&steps, &said);
}

/// One shell types everything, so that what it keeps is kept.
fn script(steps: &[Step]) -> String {
    let typed = steps
        .iter()
        .map(|step| format!("{}\nprintf '\\n{MARK}%d\\n' $?\n", step.command));
    format!("exec 2>&1 </dev/null\n{}", typed.collect::<String>())
}

#[track_caller]
fn compare(steps: &[Step], said: &str) {
    let mut left = said;
    for step in steps {
        let (own, rest) = left
            .split_once(&format!("\n{MARK}"))
            .unwrap_or_else(|| panic!("{step:?} did not end: {left}"));
        let (code, rest) = rest.split_once('\n').unwrap();
        assert!(step.is_shown(own), "{step:#?} said: {own}");
        let failed = code != "0";
        assert!(!failed || step.shows_failure(), "{step:#?}: {code}");
        left = rest;
    }
}

/// Puts a program before one of the machine's. Control groups are the
/// machine's and not the story's: everything is put below one of ours.
fn wrapper(dir: &Path, name: &str, lines: &str) {
    let path = dir.join(name);
    fs::write(&path, format!("#!/bin/bash\n{lines}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

story!(the_page_about_podman_holds, |world| {
    let ambre = installed(world);
    let podman = Podman::as_installed(world, &ambre);
    podman.knows_busybox(world);
    let dir = world.directory("wrappers");
    wrapper(&dir, "podman", &podman.wrapper());

    holds(&ambre, "docs/runtimes/podman.md", &dir, &podman.variables());

    leftover::none_on(&ambre);
});

story!(the_page_about_containerd_holds, |world| {
    let ambre = installed(world);
    let containerd = Containerd::as_installed(world, &ambre);
    let dir = world.directory("wrappers");
    wrapper(&dir, "ctr", &containerd.wrapper());

    let variables = containerd.variables();
    holds(&ambre, "docs/runtimes/containerd.md", &dir, &variables);

    // `ctr` calls no DEL for what ran in the background.
    until_fine(seconds(30), "the sweep has found the dead", || {
        ambre.tartan("gc").success("tartan gc");
        let held = leftover::held(&ambre);
        if held.is_empty() { Ok(()) } else { Err(format!("{held:?}")) }
    });
    leftover::none_on(&ambre);
});
