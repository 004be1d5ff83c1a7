//! A host: a network namespace, directories of its own, and the real agent
//! running there in a mount namespace of its own.
//!
//! The agent's mount namespace is a private copy made at its start: the
//! namespaces of containers that come later are not to be seen in it. So each
//! story also shows that the descriptor beside a request is what counts.

use std::fs::{self, File};
use std::net::IpAddr;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::container::Container;
use crate::inside::{self, ip};
use crate::network::Network;
use crate::plugin::{Answer, Call};
use crate::process::{self, Outcome};
use crate::talk::End;
use crate::within::{seconds, within};
use crate::{need, witness};

/// A host. Clones are the same host.
#[derive(Clone, Debug)]
pub struct Host(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    number: usize,
    netns: PathBuf,
    dir: PathBuf,
    life: Mutex<Life>,
}

#[derive(Debug)]
struct Life {
    agent: Option<Child>,
    /// What the agent is run by, in place of directly.
    runner: Vec<String>,
    containers: Vec<Container>,
    boot: usize,
    starts: usize,
    program: Option<PathBuf>,
}

impl Host {
    /// A host whose agent has not been started yet.
    pub(crate) fn build(root: &Path, name: &str, number: usize) -> Self {
        let dir = root.join(name);
        let netns = inside::named(name);
        let life = Life {
            agent: None,
            runner: Vec::new(),
            containers: Vec::new(),
            boot: 1,
            starts: 0,
            program: None,
        };
        let host = Self(Arc::new(Inner {
            name: name.into(),
            number,
            netns,
            dir,
            life: Mutex::new(life),
        }));
        host.furnish();
        host
    }

    fn furnish(&self) {
        for dir in [self.run_dir(), self.state_dir(), self.bpf_dir()] {
            fs::create_dir_all(dir).expect("a directory");
        }
        mount_on("bpf", &self.bpf_dir(), None);
        // A file system of its own, so that a story can fill it.
        mount_on("tmpfs", &self.run_dir(), Some("size=16m,mode=700"));
        let config = format!(
            "host = \"{}\"\n[metrics]\nlisten = \"off\"\n",
            self.0.name
        );
        fs::write(self.config(), config).expect("a configuration");
        ip(self.netns(), "link set lo up");
        for address in self.addresses() {
            let nodad = if address.is_ipv6() { "nodad" } else { "" };
            ip(self.netns(), &format!("address add {address} dev lo {nodad}"));
        }
    }

    fn life(&self) -> MutexGuard<'_, Life> {
        self.0.life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where its network namespace is.
    pub fn netns(&self) -> &Path {
        &self.0.netns
    }

    /// Sockets, records, tombstones.
    pub fn run_dir(&self) -> PathBuf {
        self.0.dir.join("run")
    }

    /// The embedded store.
    pub fn state_dir(&self) -> PathBuf {
        self.0.dir.join("state")
    }

    /// Pinned eBPF.
    pub fn bpf_dir(&self) -> PathBuf {
        self.0.dir.join("bpf")
    }

    /// The agent's configuration.
    pub fn config(&self) -> PathBuf {
        self.0.dir.join("tartan.toml")
    }

    fn log(&self) -> PathBuf {
        self.0.dir.join("agent.log")
    }

    /// What the agent wrote so far.
    pub fn agent_log(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Addresses of the host itself (RFC 5737, RFC 3849).
    pub fn addresses(&self) -> Vec<IpAddr> {
        let number = self.0.number;
        [format!("192.0.2.{number}"), format!("2001:db8::{number}")]
            .iter()
            .map(|text| text.parse().expect("an address"))
            .collect()
    }

    /// Its end of a conversation.
    pub fn end(&self) -> End {
        End {
            name: self.0.name.clone(),
            netns: self.0.netns.clone(),
            addresses: self.addresses(),
        }
    }

    /// Where its things are, as every program of Tartan learns it.
    pub fn variables(&self) -> Vec<(String, String)> {
        [
            ("TARTAN_RUN_DIR", self.run_dir()),
            ("TARTAN_STATE_DIR", self.state_dir()),
            ("TARTAN_BPF_DIR", self.bpf_dir()),
            ("TARTAN_CONFIG", self.config()),
        ]
        .into_iter()
        .map(|(name, dir)| (name.into(), dir.to_string_lossy().into_owned()))
        .collect()
    }

    /// A call of the plugin on this host: ours, or another that has
    /// `tartan-ipam` give the addresses.
    pub fn call(&self, verb: &str, network: &Network) -> Call {
        let mut config = network.config();
        let socket = json!(self.run_dir().join("cni.sock").to_string_lossy());
        let program = match config["type"].as_str() {
            Some("tartan-cni") => {
                config["agent"] = socket;
                need::program("tartan-cni")
            }
            Some(other) => {
                let program = format!("/usr/lib/cni/{other}").into();
                config["ipam"]["agent"] = socket;
                return self.calls(program, verb, &config);
            }
            None => panic!("a network without a type"),
        };
        self.calls(program, verb, &config)
    }

    /// A call of `tartan-ipam` itself, as another plugin makes it.
    pub fn call_ipam(&self, verb: &str, network: &Network) -> Call {
        let call = self.call(verb, network);
        Call { program: need::program("tartan-ipam"), ..call }
    }

    fn calls(&self, program: PathBuf, verb: &str, config: &Value) -> Call {
        let ours = need::program("tartan-ipam");
        let ours = ours.parent().expect("a directory").display();
        self.variables()
            .iter()
            .fold(
                Call::new(program, self.netns(), verb),
                |call, (name, value)| call.variable(name, value),
            )
            .variable("CNI_PATH", &format!("{ours}:/usr/lib/cni"))
            .variable("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .input(config)
    }

    /// Runs the command `tartan`; its arguments are separated by blanks.
    #[track_caller]
    pub fn tartan(&self, arguments: &str) -> Outcome {
        let mut command = Command::new(need::program("tartan"));
        command.args(arguments.split_whitespace()).envs(self.variables());
        inside::run(self.netns(), &mut command, b"")
    }

    /// What the command `tartan` lists, as JSON.
    #[track_caller]
    pub fn lists(&self, arguments: &str) -> Value {
        let said = self
            .tartan(&format!("{arguments} -o json"))
            .success(&format!("tartan {arguments}"));
        serde_json::from_str(&said).expect("JSON")
    }

    /// Starts the agent and waits until it says that it is ready.
    #[track_caller]
    pub fn starts_agent(&self) {
        self.starts_agent_with(&[]);
    }

    /// The same with further variables in its environment.
    #[track_caller]
    pub fn starts_agent_with(&self, variables: &[(&str, &str)]) {
        let notify = self.0.dir.join("notify");
        let _ = fs::remove_file(&notify);
        let socket = UnixDatagram::bind(&notify).expect("a notify socket");
        socket.set_nonblocking(true).expect("a notify socket");
        self.launches_agent(&notify, variables);
        within(seconds(30), &format!("{}: agent ready", self.name()), || {
            let mut word = [0; 256];
            let length = socket.recv(&mut word).unwrap_or(0);
            let ready = word[..length].starts_with(b"READY=1")
                || String::from_utf8_lossy(&word[..length])
                    .contains("\nREADY=1");
            let ended = self.agent_has_ended();
            assert!(
                ended.is_none(),
                "the agent of {} ended ({ended:?}):\n{}",
                self.name(),
                self.agent_log()
            );
            ready.then_some(())
        });
    }

    /// From its next start on, the agent is run by these words: programs that
    /// execute what follows them in the same process.
    pub fn runs_agent_by(&self, words: &[&str]) {
        self.life().runner = words.iter().map(ToString::to_string).collect();
    }

    /// Another build of the agent is installed here; none: the usual one.
    pub fn has_installed(&self, program: Option<PathBuf>) {
        self.life().program = program;
    }

    /// The agent's command, in namespaces of this host.
    fn agent(&self) -> Command {
        let boot = format!("{}-boot-{}", self.name(), self.life().boot);
        let program = self.life().program.clone();
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "nsenter"])
            .arg(format!("--net={}", self.netns().display()))
            .args(&self.life().runner)
            .arg(program.unwrap_or_else(|| need::program("tartan-agent")))
            .arg("--config")
            .arg(self.config())
            .envs(self.variables())
            .env("TARTAN_BOOT_ID", boot);
        command
    }

    /// Starts an agent beside the one that runs, and waits for its end.
    #[track_caller]
    pub fn tries_second_agent(&self) -> Outcome {
        process::run(&mut self.agent())
    }

    /// Starts the agent without waiting for it.
    pub fn launches_agent(&self, notify: &Path, variables: &[(&str, &str)]) {
        let log = File::options().create(true).append(true).open(self.log());
        let agent = self
            .agent()
            .env("NOTIFY_SOCKET", notify)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("a log"))
            .spawn()
            .expect("unshare");
        let before = self.life().agent.replace(agent);
        self.life().starts += 1;
        assert!(before.is_none(), "{} has an agent already", self.name());
    }

    /// How the agent ended, where it has. It counts as stopped then.
    pub fn agent_has_ended(&self) -> Option<std::process::ExitStatus> {
        let mut life = self.life();
        let ended = life.agent.as_mut()?.try_wait().expect("a child");
        if ended.is_some() {
            life.agent = None;
        }
        ended
    }

    /// True where this host has ever had an agent.
    pub fn is_ours(&self) -> bool {
        self.life().starts > 0
    }

    /// The story has ended this host's life itself.
    pub fn is_left_alone(&self) {
        self.life().starts = 0;
    }

    /// True while the agent has neither ended nor been stopped.
    pub fn has_agent(&self) -> bool {
        self.agent_has_ended().is_none() && self.life().agent.is_some()
    }

    /// The agent's process.
    #[track_caller]
    pub fn agent_pid(&self) -> Pid {
        let life = self.life();
        process::pid_of(life.agent.as_ref().expect("a running agent"))
    }

    /// `kill -9`.
    pub fn kills_agent(&self) {
        let agent = self.life().agent.take();
        if let Some(mut agent) = agent {
            let _ = agent.kill();
            let _ = agent.wait();
        }
    }

    /// SIGTERM; the agent has to end cleanly.
    #[track_caller]
    pub fn stops_agent(&self) {
        if !self.has_agent() {
            return;
        }
        kill(self.agent_pid(), Signal::SIGTERM).expect("kill");
        let status =
            within(seconds(20), "the agent's end", || self.agent_has_ended());
        assert!(
            status.success(),
            "the agent of {} ended with {status}:\n{}",
            self.name(),
            self.agent_log()
        );
    }

    /// Kills the agent and starts it again.
    #[track_caller]
    pub fn restarts_agent(&self) {
        self.kills_agent();
        self.starts_agent();
    }

    /// The power goes: agent, containers, links, run directory and pins are
    /// lost; the state directory stays.
    pub fn loses_power(&self) {
        self.kills_agent();
        let containers = std::mem::take(&mut self.life().containers);
        containers.iter().for_each(Container::dies);
        self.clear();
        let ours = witness::links(self.netns());
        for link in ours.iter().filter(|link| link.name != "lo") {
            // The other end may have taken it along.
            let _ = inside::run(
                self.netns(),
                Command::new("ip").args(["link", "delete", &link.name]),
                b"",
            );
        }
        self.life().boot += 1;
    }

    /// Empties what lives in memory.
    fn clear(&self) {
        for dir in [self.run_dir(), self.bpf_dir()] {
            umount2(&dir, MntFlags::MNT_DETACH).expect("umount");
        }
        mount_on("bpf", &self.bpf_dir(), None);
        mount_on("tmpfs", &self.run_dir(), Some("size=16m,mode=700"));
    }

    /// A container that is on no network yet.
    pub fn container(&self, name: &str) -> Container {
        let container = Container::start(self, name);
        self.life().containers.push(container.clone());
        container
    }

    /// A container on a network.
    #[track_caller]
    pub fn runs(&self, name: &str, network: &Network) -> Container {
        let container = self.container(name);
        self.attaches(&container, network);
        container
    }

    /// ADD that has to succeed.
    #[track_caller]
    pub fn attaches(&self, container: &Container, network: &Network) -> Answer {
        container.attach(network).unwrap_or_else(|fault| {
            panic!("ADD of {} failed: {fault:?}", container.name())
        })
    }

    /// Its containers.
    pub fn containers(&self) -> Vec<Container> {
        self.life().containers.clone()
    }

    /// Makes the usual pool and teams.
    #[track_caller]
    pub fn is_furnished(&self) {
        for line in [
            "pool create default --cidr 10.77.0.0/16 --cidr fd00:77::/64",
            "team create shop",
            "team create blog",
            "app create shop/front",
            "app create shop/stock",
        ] {
            self.tartan(line).success(&format!("tartan {line}"));
        }
    }
}

/// Mounts a file system of `kind` on `dir`.
pub fn mount_on(kind: &str, dir: &Path, options: Option<&str>) {
    mount(Some(kind), dir, Some(kind), MsFlags::empty(), options)
        .unwrap_or_else(|error| panic!("mount {kind} on {dir:?}: {error}"));
}
