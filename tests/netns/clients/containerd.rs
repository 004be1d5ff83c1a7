//! containerd 1.6 with state of its own, and its command `ctr`.
//!
//! `ctr` looks for networks in /etc/cni/net.d and for plugins in /opt/cni/bin
//! and /usr/lib/cni, whatever one says: the story's own are there. The
//! Container Runtime Interface is told where they are.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tartan_stories::process::Outcome;
use tartan_stories::within::seconds;
use tartan_stories::{Host, World, inside, need, within};

use crate::cgroup::Parent;
use crate::cri::{Cri, Pod};
use crate::{image, machine, root_file_system};

/// Plugins of containerd that a story has no use for.
const DISABLED: &[&str] = &[
    "io.containerd.snapshotter.v1.aufs",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
    "io.containerd.internal.v1.opt",
    "io.containerd.internal.v1.tracing",
    "io.containerd.tracing.processor.v1.otlp",
];

/// The Container Runtime Interface.
const CRI: &str = "io.containerd.grpc.v1.cri";

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
        machine::is_private(world);
        let plugins = Path::new("/opt/cni/bin");
        fs::create_dir_all(plugins).unwrap();
        Programs::read(programs).put_into(plugins);
        let one = ("one".into(), plugin.clone());
        network(Path::new(machine::NETWORKS), 0, &one);
        let disabled = [DISABLED, &[CRI]].concat();
        let config = format!("disabled_plugins = {disabled:?}\n");
        Self::configured(world, host, &config)
    }

    /// containerd on `host`, with the image of busybox and no network yet.
    pub(crate) fn as_installed(world: &World, host: &Host) -> Self {
        machine::is_private(world);
        let config =
            format!("disabled_plugins = {:?}\n", [DISABLED, &[CRI]].concat());
        let containerd = Self::configured(world, host, &config);
        let image = image::pack(world);
        containerd.does(&format!("images import {}", image.display()));
        containerd
    }

    /// Where it is, for a shell.
    pub(crate) fn variables(&self) -> [(&'static str, PathBuf); 1] {
        [("CONTAINERD_ADDRESS", self.dir.join("sock"))]
    }

    /// What a shell runs as `ctr`.
    pub(crate) fn wrapper(&self) -> String {
        format!(
            "[ $1 != run ] || set -- run --cgroup {}/page \"${{@:2}}\"\n\
             exec /usr/bin/ctr \"$@\"",
            self.parent.path()
        )
    }

    /// containerd on `host` with the Container Runtime Interface; a pod is
    /// on all of these networks, in their order.
    pub(crate) fn with_cri(
        world: &World,
        host: &Host,
        networks: &[(String, Value)],
    ) -> Self {
        machine::is_private(world);
        let plugins = world.directory("cni-plugins");
        let dir = world.directory("cni-networks");
        let ours = need::program("tartan-cni");
        let lo = Path::new("/usr/lib/cni/loopback");
        Programs::read(&[&ours, lo]).put_into(&plugins);
        for (number, one) in networks.iter().enumerate() {
            network(&dir, number, one);
        }
        let config = format!(
            "disabled_plugins = {DISABLED:?}\n\
             [plugins.\"{CRI}\"]\nsandbox_image = {:?}\n\
             disable_apparmor = true\nrestrict_oom_score_adj = true\n\
             [plugins.\"{CRI}\".containerd]\nsnapshotter = \"native\"\n\
             [plugins.\"{CRI}\".cni]\nbin_dir = {plugins:?}\n\
             conf_dir = {dir:?}\nmax_conf_num = {}\n",
            image::BUSYBOX,
            networks.len(),
        );
        let containerd = Self::configured(world, host, &config);
        let image = image::pack(world);
        containerd
            .does(&format!("-n k8s.io images import {}", image.display()));
        within(seconds(30), "the image is there", || {
            containerd.cri().has(image::BUSYBOX).then_some(())
        });
        containerd
    }

    fn configured(world: &World, host: &Host, config: &str) -> Self {
        ["containerd", "ctr", "runc"].iter().for_each(|p| need::need_tool(p));
        let dir = world.directory("containerd");
        let shown = dir.display();
        let config = format!(
            "version = 2\nroot = \"{shown}/root\"\nstate = \"{shown}/state\"\n\
             {config}\
             [grpc]\naddress = \"{shown}/sock\"\n\
             [ttrpc]\naddress = \"{shown}/ttrpc\"\n"
        );
        fs::write(dir.join("config.toml"), config).unwrap();
        let containerd = Self {
            host: host.clone(),
            process: start(host, &dir),
            dir,
            rootfs: root_file_system::make(world),
            parent: Parent::new(),
        };
        containerd.answers();
        containerd
    }

    fn answers(&self) {
        within(seconds(30), "containerd answers", || {
            self.try_to("version").is_success().then_some(())
        });
    }

    /// `kill -9`, and a new one.
    pub(crate) fn dies_and_comes_back(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = start(&self.host, &self.dir);
        self.answers();
    }

    /// Its Container Runtime Interface.
    pub(crate) fn cri(&self) -> Cri {
        Cri::at(&self.dir.join("sock"))
    }

    /// The pod `name` of a namespace, to be run here.
    pub(crate) fn pod(&self, namespace: &str, name: &str) -> Pod {
        Pod::of(namespace, name).below(self.parent.path())
    }

    /// What was sent to the plugin with an ADD, as libcni noted it.
    pub(crate) fn sent(&self, network: &str, id: &str) -> Value {
        let path = format!("/var/lib/cni/results/{network}-{id}-eth0");
        let noted = fs::read_to_string(path).unwrap();
        serde_json::from_str(&noted).unwrap()
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

    /// What it wrote so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

/// Programs of plugins, by name.
struct Programs(Vec<(PathBuf, Vec<u8>)>);

impl Programs {
    fn read(paths: &[&Path]) -> Self {
        let read = |path: &&Path| {
            let name = path.file_name().unwrap();
            (name.into(), fs::read(path).unwrap())
        };
        Self(paths.iter().map(read).collect())
    }

    fn put_into(&self, dir: &Path) {
        for (name, program) in &self.0 {
            let path = dir.join(name);
            fs::write(&path, program).unwrap();
            let mode = fs::Permissions::from_mode(0o755);
            fs::set_permissions(path, mode).unwrap();
        }
    }
}

/// Writes a network of one plugin; runtimes take them in order of names.
fn network(dir: &Path, number: usize, (name, plugin): &(String, Value)) {
    let list = json!({
        "cniVersion": "1.0.0",
        "name": name,
        "plugins": [plugin],
    });
    let path = dir.join(format!("{number}-{name}.conflist"));
    fs::write(path, list.to_string()).unwrap();
}

fn start(host: &Host, dir: &Path) -> Child {
    let log = dir.join("log");
    let log = fs::File::options().create(true).append(true).open(log).unwrap();
    inside::inside(host.netns(), || {
        Command::new("containerd")
            .arg("--config")
            .arg(dir.join("config.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    })
}

impl Drop for Containerd {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("containerd:\n{}", self.log());
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
