//! The machine's own directories as one story sees them: what is there is
//! seen, what is written is kept in memory and ends with the story. Runtimes
//! write to places that no configuration changes (libcni to /var/lib/cni),
//! and the manual to those where things are put.

use std::fs;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use tartan_stories::World;
use tartan_stories::host::mount_on;

/// Where what is written is kept in memory.
const PRIVATE: &[&str] = &["/etc", "/opt", "/usr/local", "/var/lib"];

/// Networks that the machine knows are not the story's.
pub(crate) const NETWORKS: &str = "/etc/cni/net.d";

/// Makes them private; a second time it does nothing.
pub(crate) fn is_private(world: &World) {
    let dir = world.directory("machine");
    if fs::read_dir(&dir).unwrap().next().is_some() {
        return;
    }
    for place in PRIVATE {
        overlay(place, &dir.join(place.replace('/', "-")));
    }
    fs::create_dir_all(NETWORKS).unwrap();
    mount_on("tmpfs", Path::new(NETWORKS), None);
}

fn overlay(place: &str, dir: &Path) {
    let [upper, work] = ["upper", "work"].map(|name| dir.join(name));
    for dir in [&upper, &work] {
        fs::create_dir_all(dir).unwrap();
    }
    let options = format!(
        "lowerdir={place},upperdir={},workdir={}",
        upper.display(),
        work.display()
    );
    let kind = Some("overlay");
    let none = MsFlags::empty();
    mount(kind, place, kind, none, Some(options.as_str()))
        .unwrap_or_else(|error| panic!("overlay on {place}: {error}"));
}
