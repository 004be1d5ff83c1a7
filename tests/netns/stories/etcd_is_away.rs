//! A host whose store is etcd, and etcd goes away.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{
    Host, Network, World, inside, leftover, need, process, story, tcp,
};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// etcd in a host's namespace, with data of its own.
pub(crate) struct Etcd {
    host: Host,
    data: String,
    process: Option<Child>,
}

const URL: &str = "http://127.0.0.1:2379";

impl Etcd {
    pub(crate) fn on(world: &World, host: &Host) -> Self {
        ["etcd", "etcdctl"].iter().for_each(|tool| need::need_tool(tool));
        let data = world.directory("etcd").to_string_lossy().into_owned();
        let mut etcd = Self { host: host.clone(), data, process: None };
        etcd.comes();
        let config = format!(
            "host = \"{}\"\n[store]\netcd = [\"{URL}\"]\n\
             [metrics]\nlisten = \"off\"\n",
            host.name()
        );
        fs::write(host.config(), config).unwrap();
        etcd
    }

    pub(crate) fn comes(&mut self) {
        let process = inside::inside(self.host.netns(), || {
            Command::new("etcd")
                .args(["--data-dir", &self.data, "--log-level", "error"])
                .args(["--listen-client-urls", URL])
                .args(["--advertise-client-urls", URL])
                .args(["--listen-peer-urls", "http://127.0.0.1:2380"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        });
        self.process = Some(process);
        until_fine(seconds(30), "etcd answers", || {
            let mut ask = Command::new("etcdctl");
            ask.args(["--endpoints", URL, "endpoint", "health"]);
            let said = inside::inside(self.host.netns(), || {
                process::spawn(ask.env("ETCDCTL_API", "3"))
            });
            let said = process::finish(said, b"", "etcdctl");
            if said.is_success() { Ok(()) } else { Err(said.stderr) }
        });
    }

    pub(crate) fn goes(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

impl Etcd {
    /// It stands still and keeps its connections: nobody learns that it is
    /// away.
    fn stops(&self) {
        self.signal("-STOP");
    }

    fn goes_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(sent.success());
    }
}

impl Etcd {
    /// Writes over every block, as somebody else's tool would.
    pub(crate) fn every_block(&self, change: impl Fn(&str) -> String) {
        let keys = self.etcdctl(&[
            "get",
            "--keys-only",
            "--prefix",
            "/tartan/blocks/",
        ]);
        for key in keys.lines().filter(|line| !line.is_empty()) {
            let value = self.etcdctl(&["get", "--print-value-only", key]);
            self.etcdctl(&["put", key, &change(value.trim_end())]);
        }
    }

    fn etcdctl(&self, arguments: &[&str]) -> String {
        let mut ask = Command::new("etcdctl");
        ask.args(["--endpoints", URL]).args(arguments);
        let said = inside::inside(self.host.netns(), || {
            process::spawn(ask.env("ETCDCTL_API", "3"))
        });
        process::finish(said, b"", "etcdctl").success("etcdctl")
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.goes();
    }
}

/// Ends a story that still needs its store: containers off, agent stopped.
pub(crate) fn ends(host: &Host) {
    host.containers().iter().for_each(|container| container.detach_all());
    leftover::none_on(host);
    host.stops_agent();
    host.is_left_alone();
}

// ADD and DEL go on in the blocks that the host has.
story!(adds_go_on_while_etcd_is_away, |world| {
    let ambre = world.bare_host("ambre");
    let mut etcd = Etcd::on(world, &ambre);
    ambre.starts_agent();
    ambre.is_furnished();
    let front = ambre.runs("front", &shop());

    etcd.goes();
    let stock = ambre.runs("stock", &shop());
    front.reaches(&stock, tcp(80));
    front.detach(&shop()).unwrap();
    let status = shop().version("1.1.0");
    ambre.call("STATUS", &status).answer().expect("an ADD would succeed");

    etcd.comes();
    let pool = "pool create more --cidr 10.99.0.0/16";
    until_fine(seconds(30), "the agent has found etcd again", || {
        let made = ambre.tartan(pool);
        let there = ambre.lists("pool list").to_string().contains("more");
        if there { Ok(()) } else { Err(made.stderr) }
    });
    ends(&ambre);
});

// An agent that starts again in the same boot goes on from what
// the run directory mirrors.
story!(an_agent_restarts_while_etcd_is_away, |world| {
    let ambre = world.bare_host("ambre");
    let mut etcd = Etcd::on(world, &ambre);
    ambre.starts_agent();
    ambre.is_furnished();
    let front = ambre.runs("front", &shop());

    etcd.goes();
    ambre.restarts_agent();
    let stock = ambre.runs("stock", &shop());

    front.reaches(&stock, tcp(80));
    front.check(&shop()).unwrap();
    let taken = stock.addresses().iter().any(|a| front.addresses().contains(a));
    assert!(!taken, "an address was given twice");
    etcd.comes();
    ends(&ambre);
});

// After a reboot nothing is given before the store was read once.
story!(a_host_reboots_while_etcd_is_away, |world| {
    let ambre = world.bare_host("ambre");
    let mut etcd = Etcd::on(world, &ambre);
    ambre.starts_agent();
    ambre.is_furnished();
    ambre.runs("front", &shop());

    etcd.goes();
    ambre.loses_power();
    ambre.starts_agent();
    let stock = ambre.container("stock");
    let fault = stock.attach(&shop()).unwrap_err();
    assert_eq!(fault.code, 11, "{fault:?}");

    etcd.comes();
    until_fine(seconds(60), "the store has been read", || {
        stock.attach(&shop()).map(drop).map_err(|fault| fault.msg)
    });
    ends(&ambre);
});

// An ADD that needs a block waits for etcd; a DEL does not wait for the ADD.
story!(dels_do_not_stand_behind_adds_that_wait_for_etcd, |world| {
    let ambre = world.bare_host("ambre");
    let etcd = Etcd::on(world, &ambre);
    ambre.starts_agent();
    ambre.is_furnished();
    let blog = Network::named("blog").team("blog");
    let leaving = ["a", "b", "c"].map(|name| ambre.runs(name, &shop()));
    let coming: Vec<_> =
        (0..12).map(|n| ambre.container(&format!("blog{n}"))).collect();

    etcd.stops();
    let longest = std::thread::scope(|scope| {
        let (ended, first) = std::sync::mpsc::channel();
        for container in &coming {
            let (ended, blog) = (ended.clone(), &blog);
            scope.spawn(move || {
                // Only the first is heard.
                let _ = ended.send(container.attach(blog).is_ok());
            });
        }
        // One has waited to its end: the others wait now.
        assert!(!first.recv().unwrap(), "there was a block without etcd");
        let took = leaving.map(|container| {
            let began = Instant::now();
            container.detach(&shop()).unwrap();
            began.elapsed()
        });
        etcd.goes_on();
        took.into_iter().max().unwrap()
    });

    assert!(longest < seconds(2), "a DEL took {longest:?}");
    ends(&ambre);
});
