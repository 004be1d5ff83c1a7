//! containerd 1.6 with state of its own, and its command `ctr`.
//!
//! `ctr` looks for networks in /etc/cni/net.d and for plugins in /usr/lib/cni
//! and /opt/cni/bin, whatever one says: the story mounts its own there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tartan_stories::host::mount_on;
use tartan_stories::process::Outcome;
use tartan_stories::within::seconds;
use tartan_stories::{Host, World, inside, need, within};

use crate::cgroup::Parent;
use crate::root_file_system;

/// Plugins of containerd that a story has no use for.
const DISABLED: &[&str] = &[
    "io.containerd.grpc.v1.cri",
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.tracing",
    "io.containerd.tracing.processor.v1.otlp",
];

/// containerd on a host.
#[derive(Debug)]
pub(crate) struct Containerd {
    host: Host,
    dir: PathBuf,
    rootfs: PathBuf,
    process: Child,
    parent: Parent,
}

impl Containerd {
    /// containerd on `host`, with one network of one plugin, whose program
    /// is copied from `program`.
    pub(crate) fn on(
        world: &World,
        host: &Host,
        programs: &[&Path],
        plugin: &Value,
    ) -> Self {
        ["containerd", "ctr", "runc"].iter().for_each(|p| need::need_tool(p));
        let dir = world.directory("containerd");
        install(programs, plugin);
        let process = start(host, &dir);
        let containerd = Self {
            host: host.clone(),
            dir,
            rootfs: root_file_system::make(world),
            process,
            parent: Parent::new(),
        };
        within(seconds(30), "containerd answers", || {
            containerd.try_to("version").is_success().then_some(())
        });
        containerd
    }

    /// Runs `ctr`; arguments are separated by blanks.
    #[track_caller]
    pub(crate) fn try_to(&self, arguments: &str) -> Outcome {
        let mut command = Command::new("ctr");
        command
            .arg("--address")
            .arg(self.dir.join("sock"))
            .args(arguments.split_whitespace());
        inside::run(self.host.netns(), &mut command, b"")
    }

    /// Runs `ctr`, which has to succeed.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &str) -> String {
        self.try_to(arguments).success(&format!("ctr {arguments}"))
    }

    /// `ctr run --cni` of a program.
    #[track_caller]
    pub(crate) fn runs(&self, options: &str, name: &str, line: &str) -> String {
        self.does(&format!(
            "run {options} --cni --cgroup {}/{name} --rootfs {} {name} {line}",
            self.parent.path(),
            self.rootfs.display(),
        ))
    }
}

fn install(programs: &[&Path], plugin: &Value) {
    let [plugins, networks] = ["/usr/lib/cni", "/etc/cni/net.d"];
    let programs: Vec<_> = programs
        .iter()
        .map(|path| (path.file_name().unwrap(), fs::read(path).unwrap()))
        .collect();
    for dir in [plugins, networks] {
        mount_on("tmpfs", Path::new(dir), None);
    }
    for (name, program) in programs {
        use std::os::unix::fs::PermissionsExt;
        let path = Path::new(plugins).join(name);
        fs::write(&path, program).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let list = json!({
        "cniVersion": "1.0.0",
        "name": "one",
        "plugins": [plugin],
    });
    let path = Path::new(networks).join("one.conflist");
    fs::write(path, list.to_string()).unwrap();
}

fn start(host: &Host, dir: &Path) -> Child {
    let shown = dir.display();
    let config = format!(
        "version = 2\nroot = \"{shown}/root\"\nstate = \"{shown}/state\"\n\
         disabled_plugins = {DISABLED:?}\n\
         [grpc]\naddress = \"{shown}/sock\"\n\
         [ttrpc]\naddress = \"{shown}/ttrpc\"\n"
    );
    let path = dir.join("config.toml");
    fs::write(&path, config).unwrap();
    let log = fs::File::create(dir.join("log")).unwrap();
    inside::inside(host.netns(), || {
        Command::new("containerd")
            .arg("--config")
            .arg(&path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    })
}

impl Drop for Containerd {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
