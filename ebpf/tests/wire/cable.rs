//! Two network namespaces, a veth pair between them, and the programs on the
//! host's end, attached by `tc` as anybody would.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::mount::{UnmountFlags, unmount};
use tartan_ebpf::{Dataplane, Direction, EndpointEntry, ensure_bpffs};
use tempfile::TempDir;

/// Name of the host's end, and of the container's.
pub(crate) const HOST_END: &str = "host-end";
pub(crate) const CONTAINER_END: &str = "eth0";

static NEXT: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Cable {
    pub(crate) dataplane: Dataplane,
    pub(crate) ifindex: u32,
    pub(crate) host: Namespace,
    pub(crate) container: Namespace,
    _bpffs: Bpffs,
}

impl Cable {
    /// Both ends are down.
    pub(crate) fn new(mac: &str) -> Self {
        let bpffs = Bpffs::new();
        let dataplane = Dataplane::open(bpffs.dir.path()).unwrap();
        let (host, container) = (Namespace::new(), Namespace::new());
        host.run(&[
            "ip",
            "link",
            "add",
            HOST_END,
            "mtu",
            "9000",
            "type",
            "veth",
            "peer",
            "name",
            CONTAINER_END,
            "mtu",
            "9000",
            "address",
            mac,
            "netns",
            &container.name,
        ]);
        host.run(&["tc", "qdisc", "add", "dev", HOST_END, "clsact"]);
        let hooks = ["ingress", "egress"];
        for (direction, hook) in Direction::ALL.into_iter().zip(hooks) {
            let pin = bpffs.dir.path().join(direction.as_str());
            let pin = pin.to_str().unwrap();
            let id = dataplane.identity(direction).id.to_string();
            run(&["bpftool", "prog", "pin", "id", &id, pin]);
            host.run(&[
                "tc",
                "filter",
                "add",
                "dev",
                HOST_END,
                hook,
                "bpf",
                "direct-action",
                "object-pinned",
                pin,
            ]);
        }
        let ifindex = host.ifindex();
        Self { dataplane, ifindex, host, container, _bpffs: bpffs }
    }

    pub(crate) fn up(&self) {
        self.container.run(&["ip", "link", "set", CONTAINER_END, "up"]);
        self.host.run(&["ip", "link", "set", HOST_END, "up"]);
    }

    /// Nobody speaks on this cable but the test.
    pub(crate) fn keep_quiet(&self) {
        for (netns, end) in
            [(&self.host, HOST_END), (&self.container, CONTAINER_END)]
        {
            let setting = format!("net.ipv6.conf.{end}.disable_ipv6=1");
            netns.run(&["sysctl", "-qw", &setting]);
        }
    }

    pub(crate) fn put_endpoint(&self, endpoint: &EndpointEntry) {
        self.dataplane.put_endpoint(self.ifindex, endpoint).unwrap();
    }

    /// Packets that the endpoint's counters have seen, by what became of them.
    pub(crate) fn seen(&self, way: Direction) -> (u64, u64) {
        let counters = self.dataplane.endpoint_counters(self.ifindex).unwrap();
        counters.map_or((0, 0), |it| {
            (it.passed(way).packets, it.dropped_in_all(way))
        })
    }
}

struct Bpffs {
    dir: TempDir,
}

impl Bpffs {
    fn new() -> Self {
        let dir = TempDir::with_prefix("tartan-wire-").unwrap();
        ensure_bpffs(dir.path()).expect("needs root");
        Self { dir }
    }
}

impl Drop for Bpffs {
    fn drop(&mut self) {
        let mounted: &Path = self.dir.path();
        unmount(mounted, UnmountFlags::DETACH).expect("it was mounted");
    }
}

/// A network namespace by name, gone with the test.
pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tartan-ebpf-{}-{number}", std::process::id());
        run(&["ip", "netns", "add", &name]);
        Self { name }
    }

    /// `ip netns exec` mounts another /sys; the pins here are not below it.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        run(&self.entering(arguments))
    }

    pub(crate) fn succeeds(&self, arguments: &[&str]) -> bool {
        output(&self.entering(arguments)).status.success()
    }

    fn entering<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let enter = ["ip", "netns", "exec", &self.name];
        [&enter[..], arguments].concat()
    }

    fn ifindex(&self) -> u32 {
        let links = self.run(&["ip", "-j", "link", "show", HOST_END]);
        let links: serde_json::Value = serde_json::from_str(&links).unwrap();
        u32::try_from(links[0]["ifindex"].as_u64().unwrap()).unwrap()
    }

    /// Sends frames from this end, as `send.py` reads them.
    #[expect(clippy::disallowed_methods, reason = "a sender in a namespace")]
    pub(crate) fn send(&self, end: &str, frames: &str) {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/wire/send.py");
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.name, "python3", script, end])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(frames.as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success());
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        run(&["ip", "netns", "delete", &self.name]);
    }
}

fn run(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "an independent witness")]
fn output(arguments: &[&str]) -> Output {
    Command::new(arguments[0]).args(&arguments[1..]).output().unwrap()
}

/// Polls until it is so.
#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        std::thread::yield_now();
    }
}
