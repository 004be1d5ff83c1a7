//! podman 4.3 with its CNI backend, with storage, state and networks of its
//! own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tartan_stories::host::mount_on;
use tartan_stories::process::Outcome;
use tartan_stories::{Host, World, inside, need};

use crate::cgroup::Parent;
use crate::{image, machine, root_file_system};

/// Part of the memory of the host that a reboot empties.
const SHARED_MEMORY: &str = "/dev/shm";

/// podman on a host.
#[derive(Debug)]
pub(crate) struct Podman {
    host: Host,
    dir: PathBuf,
    rootfs: PathBuf,
    parent: Parent,
}

impl Podman {
    /// podman on `host`, with no network yet.
    pub(crate) fn on(world: &World, host: &Host) -> Self {
        let plugins = need::program("tartan-cni");
        let podman = Self::new(world, host);
        let networks = podman.dir.join("networks");
        podman.configure(&networks, plugins.parent().unwrap(), "one");
        podman
    }

    /// podman on `host`, with networks and plugins where it looks for them
    /// by itself.
    pub(crate) fn as_installed(world: &World, host: &Host) -> Self {
        let podman = Self::new(world, host);
        let [networks, plugins] = [machine::NETWORKS, "/opt/cni/bin"];
        podman.configure(Path::new(networks), Path::new(plugins), "podman");
        podman
    }

    fn new(world: &World, host: &Host) -> Self {
        ["podman", "conmon", "runc"].iter().for_each(|p| need::need_tool(p));
        machine::is_private(world);
        Self {
            host: host.clone(),
            dir: world.directory("podman"),
            rootfs: root_file_system::make(world),
            parent: Parent::new(),
        }
    }

    fn configure(&self, networks: &Path, plugins: &Path, default: &str) {
        for dir in ["networks", "home", "root"] {
            fs::create_dir_all(self.dir.join(dir)).unwrap();
        }
        // Where podman keeps its locks, whatever one configures.
        mount_on("tmpfs", Path::new(SHARED_MEMORY), None);
        let dir = self.dir.display();
        // crun refuses hosts with both versions of control groups.
        let engine = format!(
            "[containers]\nseccomp_profile = \"unconfined\"\n\
             [engine]\ncgroup_manager = \"cgroupfs\"\n\
             events_logger = \"file\"\nruntime = \"runc\"\n\
             tmp_dir = \"{dir}/tmp\"\n\
             [network]\nnetwork_backend = \"cni\"\n\
             cni_plugin_dirs = [{plugins:?}, \"/usr/lib/cni\"]\n\
             network_config_dir = {networks:?}\n\
             default_network = {default:?}\n"
        );
        let storage = format!(
            "[storage]\ndriver = \"vfs\"\n\
             runroot = \"{dir}/runroot\"\ngraphroot = \"{dir}/root\"\n"
        );
        fs::write(self.dir.join("containers.conf"), engine).unwrap();
        fs::write(self.dir.join("storage.conf"), storage).unwrap();
    }

    /// Where its configuration is, for a shell.
    pub(crate) fn variables(&self) -> [(&'static str, PathBuf); 2] {
        [
            ("CONTAINERS_CONF", self.dir.join("containers.conf")),
            ("CONTAINERS_STORAGE_CONF", self.dir.join("storage.conf")),
        ]
    }

    /// What a shell runs as `podman`.
    pub(crate) fn wrapper(&self) -> String {
        format!(
            "case $1 in run | create) set -- $1 --ulimit host \
             --cgroup-parent {} \"${{@:2}}\" \
             ;; esac\nexec /usr/bin/podman \"$@\"",
            self.parent.path()
        )
    }

    /// Writes the configuration of a network with one plugin.
    pub(crate) fn network(&self, name: &str, plugin: &Value) {
        let list = json!({
            "cniVersion": "0.4.0",
            "name": name,
            "plugins": [plugin],
        });
        let path = self.dir.join(format!("networks/{name}.conflist"));
        fs::write(path, list.to_string()).unwrap();
    }

    /// Knows the image of busybox.
    pub(crate) fn knows_busybox(&self, world: &World) {
        let image = image::pack(world);
        self.does(&format!("load -q -i {}", image.display()));
    }

    /// Runs podman; arguments are separated by blanks.
    #[track_caller]
    pub(crate) fn try_to(&self, arguments: &str) -> Outcome {
        let dir = |name: &str| self.dir.join(name);
        let mut command = Command::new("podman");
        command
            .arg("--root")
            .arg(dir("root"))
            .arg("--runroot")
            .arg(dir("runroot"))
            .arg("--tmpdir")
            .arg(dir("tmp"))
            .args(arguments.split_whitespace())
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", dir("home"))
            .envs(self.variables());
        inside::run(self.host.netns(), &mut command, b"")
    }

    /// Runs podman, which has to succeed.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &str) -> String {
        self.try_to(arguments).success(&format!("podman {arguments}"))
    }

    /// Runs a container that serves one page.
    #[track_caller]
    pub(crate) fn runs(&self, name: &str, options: &str) {
        self.does(&self.run_line(name, options));
    }

    /// Runs a container with a program of its own.
    #[track_caller]
    pub(crate) fn runs_as(&self, name: &str, options: &str, program: &str) {
        self.does(&self.line_of(name, options, program));
    }

    /// Makes a pod.
    #[track_caller]
    pub(crate) fn makes_pod(&self, name: &str, options: &str) {
        self.does(&format!(
            "pod create --name {name} {options} --cgroup-parent {} \
             --infra-image {}",
            self.parent.path(),
            image::BUSYBOX,
        ));
    }

    /// The arguments of [`Self::runs`].
    pub(crate) fn run_line(&self, name: &str, options: &str) -> String {
        self.line_of(name, options, "/bin/httpd -f -p 80 -h /www")
    }

    /// A pod has a parent of control groups already.
    fn line_of(&self, name: &str, options: &str, program: &str) -> String {
        let parent = match options.contains("--pod ") {
            true => String::new(),
            false => format!("--cgroup-parent {}", self.parent.path()),
        };
        format!(
            "run -d --name {name} {options} --ulimit host {parent} \
             --security-opt seccomp=unconfined --rootfs {} {program}",
            self.rootfs.display()
        )
    }

    /// What a container sees when it asks an address for its page.
    pub(crate) fn page(&self, from: &str, address: &str) -> Outcome {
        let line = format!("exec {from} /bin/wget -qO- http://{address}/");
        self.try_to(&line)
    }

    /// Addresses of a container on a network, IPv4 and IPv6.
    #[track_caller]
    pub(crate) fn addresses(&self, name: &str, network: &str) -> [String; 2] {
        let said: Value =
            serde_json::from_str(&self.does(&format!("inspect {name}")))
                .unwrap();
        let seen = &said[0]["NetworkSettings"]["Networks"][network];
        ["IPAddress", "GlobalIPv6Address"].map(|key| {
            seen[key].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
        })
    }

    /// The power goes: every process of podman's ends, and what it keeps in
    /// memory is lost.
    pub(crate) fn loses_power(&self) {
        for pid in self.processes() {
            let _ = kill(pid, Signal::SIGKILL);
        }
        for entry in fs::read_dir("/run/netns").unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with("netns-") {
                let flags = nix::mount::MntFlags::MNT_DETACH;
                let _ = nix::mount::umount2(&entry.path(), flags);
                let _ = fs::remove_file(entry.path());
            }
        }
        for dir in ["tmp", "runroot"] {
            let dir = self.dir.join(dir);
            unmount_below(&dir);
            fs::remove_dir_all(&dir).unwrap();
        }
        fs::remove_dir_all("/run/runc").unwrap();
        unmount_below(Path::new(SHARED_MEMORY));
        mount_on("tmpfs", Path::new(SHARED_MEMORY), None);
    }

    /// conmon and what it started.
    fn processes(&self) -> Vec<Pid> {
        let mark = self.dir.to_string_lossy().into_owned();
        fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let line = fs::read(entry.path().join("cmdline")).ok()?;
                let line = String::from_utf8_lossy(&line).into_owned();
                let ours = (line.contains("conmon") && line.contains(&mark))
                    || line.starts_with("/bin/httpd");
                ours.then(|| Pid::from_raw(pid))
            })
            .collect()
    }
}

fn unmount_below(dir: &Path) {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let mut below: Vec<_> = mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(1))
        .filter(|path| path.starts_with(&*dir.to_string_lossy()))
        .collect();
    below.reverse();
    for path in below {
        let flags = nix::mount::MntFlags::MNT_DETACH;
        let _ = nix::mount::umount2(path, flags);
    }
}

impl Drop for Podman {
    fn drop(&mut self) {
        // What a failed story left running.
        let _ = self.try_to("rm -f -t 0 --all");
    }
}
