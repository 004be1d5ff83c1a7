//! Docker 20.10 with everything of its own: data, state, socket, its own
//! containerd, a bridge in the host's namespace.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tartan_stories::process::Outcome;
use tartan_stories::within::seconds;
use tartan_stories::{Host, World, inside, need, within};

use crate::cgroup::Parent;
use crate::{image, machine};

/// Docker on a host.
#[derive(Debug)]
pub(crate) struct Docker {
    host: Host,
    dir: PathBuf,
    process: Child,
    parent: Parent,
}

impl Docker {
    /// Docker on `host`, running, with the image of busybox. A host that did
    /// not forward until now has its forwarding switched on by Docker, which
    /// then drops what it does not know.
    #[track_caller]
    pub(crate) fn on(world: &World, host: &Host) -> Self {
        ["dockerd", "docker"].iter().for_each(|tool| need::need_tool(tool));
        machine::is_private(world);
        let dir = world.directory("docker");
        inside::inside(host.netns(), || {
            std::fs::write("/proc/sys/net/ipv4/ip_forward", "0").unwrap();
        });
        let parent = Parent::new();
        let process = start(host, &dir, &parent);
        let docker = Self { host: host.clone(), dir, process, parent };
        within(seconds(60), "docker answers", || {
            docker.try_to("version").is_success().then_some(())
        });
        let image = image::pack(world);
        docker.does(&format!("load -q -i {}", image.display()));
        docker
    }

    /// Runs the command `docker`; arguments are separated by blanks.
    #[track_caller]
    pub(crate) fn try_to(&self, arguments: &str) -> Outcome {
        let mut command = Command::new("docker");
        command
            .arg("--host")
            .arg(format!("unix://{}", self.dir.join("sock").display()))
            .args(arguments.split_whitespace())
            .env("HOME", &self.dir);
        inside::run(self.host.netns(), &mut command, b"")
    }

    /// The same, which has to succeed.
    #[track_caller]
    pub(crate) fn does(&self, arguments: &str) -> String {
        self.try_to(arguments).success(&format!("docker {arguments}"))
    }

    /// Runs a container that serves one page.
    #[track_caller]
    pub(crate) fn runs(&self, name: &str, options: &str) {
        self.does(&format!(
            "run -d --name {name} {options} --cgroup-parent {} \
             --security-opt seccomp=unconfined {} \
             /bin/httpd -f -p 80 -h /www",
            self.parent.path(),
            image::BUSYBOX,
        ));
    }
}

fn start(host: &Host, dir: &std::path::Path, parent: &Parent) -> Child {
    let log = std::fs::File::create(dir.join("log")).unwrap();
    let place = |name: &str| dir.join(name).display().to_string();
    let mut command = Command::new("dockerd");
    command
        .args(["--data-root", &place("data"), "--exec-root", &place("exec")])
        .args(["--pidfile", &place("pid")])
        .args(["--host", &format!("unix://{}", place("sock"))])
        .args(["--containerd", "", "--storage-driver", "vfs"])
        .args(["--bip", "172.30.0.1/24", "--userland-proxy=false"])
        .args(["--cgroup-parent", &parent.path()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log);
    inside::inside(host.netns(), || command.spawn().expect("dockerd"))
}

impl Drop for Docker {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.process.id().cast_signed());
        let _ = kill(pid, Signal::SIGTERM);
        let _ = self.process.wait();
    }
}
