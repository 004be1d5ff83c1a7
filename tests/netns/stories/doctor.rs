//! What is wrong with a host is found, and doing literally what the finding
//! says puts it right.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tartan_stories::drift::given_up;
use tartan_stories::host::mount_on;
use tartan_stories::inside::{ip, run};
use tartan_stories::{Host, Network, need, story, tcp};

const OURS: &str = r#"{"cniVersion": "1.1.0", "name": "shop", "plugins": [
    {"type": "tartan-cni", "team": "shop"}]}"#;

/// A host that the doctor visits.
struct Visited<'a> {
    host: &'a Host,
    /// Plugins.
    bin: PathBuf,
    /// Networks.
    conf: PathBuf,
}

impl<'a> Visited<'a> {
    /// With a plugin and a network as they should be.
    fn new(host: &'a Host) -> Self {
        let dir = host.config().with_file_name("cni");
        let (bin, conf) = (dir.join("bin"), dir.join("net.d"));
        fs::create_dir_all(&bin).unwrap();
        fs::create_dir_all(&conf).unwrap();
        fs::copy(need::program("tartan-cni"), bin.join("tartan-cni")).unwrap();
        fs::write(conf.join("10-tartan.conflist"), OURS).unwrap();
        // Of the usual mode, where the harness has a stricter one.
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(host.run_dir(), mode).unwrap();
        Self { host, bin, conf }
    }

    /// What the doctor finds, but for what this kernel lacks.
    #[track_caller]
    fn finds(&self) -> Vec<Value> {
        let (bin, conf) = (self.bin.display(), self.conf.display());
        let said = self.host.tartan(&format!(
            "doctor -o json --cni-bin-dir {bin} --cni-conf-dir {conf}"
        ));
        let all: Value = serde_json::from_str(&said.stdout).unwrap();
        let all = all["findings"].as_array().unwrap().clone();
        assert_eq!(said.is_success(), all.is_empty(), "{said:?}");
        all.into_iter().filter(|f| f["id"] != "kernel-lacks").collect()
    }

    /// Nothing is wrong.
    #[track_caller]
    fn is_well(&self) {
        let found = self.finds();
        assert!(found.is_empty(), "{found:#?}");
    }

    /// Exactly this is wrong; what to do about it.
    #[track_caller]
    fn finds_only(&self, id: &str) -> String {
        let found = self.finds();
        let ids: Vec<_> = found.iter().map(|f| f["id"].clone()).collect();
        assert_eq!(ids, [id], "{found:#?}");
        found[0]["remedy"].as_str().unwrap().to_owned()
    }

    /// Does as a shell does, with the programs of Tartan at hand.
    #[track_caller]
    fn does(&self, line: &str) {
        let programs = need::program("tartan");
        let programs = programs.parent().unwrap().display();
        let path = std::env::var("PATH").unwrap();
        let mut shell = Command::new("sh");
        shell
            .args(["-ec", line])
            .envs(self.host.variables())
            .env("PATH", format!("{programs}:{path}"));
        run(self.host.netns(), &mut shell, b"").success(line);
    }

    /// This is found, and what the finding says puts it right.
    #[track_caller]
    fn is_cured_of(&self, id: &str) {
        let remedy = self.finds_only(id);
        self.does(&remedy);
        self.is_well();
    }
}

// Nothing is said of a host on which all is as it should be.
story!(a_host_that_is_well_is_told_so, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    visited.is_well();
    ambre.runs("front", &Network::named("shop").team("shop"));
    visited.is_well();
});

// Without an agent the doctor comes as well.
story!(without_an_agent_its_absence_is_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    ambre.stops_agent();

    let remedy = visited.finds_only("agent-absent");
    assert!(remedy.contains("start tartan-agent"), "{remedy}");
    ambre.starts_agent();
    visited.is_well();
});

// An agent that is stopped listens, and says nothing: that takes a minute
// to find out, so this is about one that speaks another language.
story!(something_else_behind_the_agents_socket_is_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    ambre.stops_agent();
    let socket = ambre.run_dir().join("agent.sock");
    fs::remove_file(&socket).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let deaf = std::thread::spawn(move || {
        for connection in listener.incoming().take(3).flatten() {
            drop(connection);
        }
    });

    visited.finds_only("agent-mute");

    ambre.starts_agent();
    // Whoever was not asked still waits.
    drop(deaf);
    visited.is_well();
});

story!(plugins_that_cannot_be_called_are_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    let plugin = visited.bin.join("tartan-cni");
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o644)).unwrap();
    visited.is_cured_of("plugin-not-executable");

    fs::remove_file(&plugin).unwrap();
    let remedy = visited.finds_only("plugin-missing");
    let built = need::program("tartan-cni").display().to_string();
    let literal = remedy.split(", or say").next().unwrap();
    let literal = literal.replace("target/*/plugin/tartan-cni", &built);
    let bin = visited.bin.display().to_string();
    visited.does(&literal.replace("/opt/cni/bin/", &bin));
    visited.is_well();

    // A plugin of another release.
    let other = "#!/bin/sh\necho tartan-cni 9.9.9\n";
    fs::write(&plugin, other).unwrap();
    let remedy = visited.finds_only("plugin-other-version");
    assert!(remedy.starts_with("install command, agent and plugins"));
    fs::copy(need::program("tartan-cni"), &plugin).unwrap();
    visited.is_well();
});

story!(networks_that_cannot_work_are_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    let file = visited.conf.join("10-tartan.conflist");

    fs::write(&file, OURS.replace("\"shop\"}", "\"till\"}")).unwrap();
    visited.is_cured_of("network-unknown-team");

    let pools = r#""team": "shop", "pools": ["large"]}"#;
    fs::write(&file, OURS.replace(r#""team": "shop"}"#, pools)).unwrap();
    let remedy = visited.finds_only("network-unknown-pool");
    visited.does(&remedy.replace("CIDR", "10.78.0.0/16"));
    visited.is_well();

    fs::write(visited.conf.join("05-broken.conf"), "{").unwrap();
    let remedy = visited.finds_only("network-unparsable");
    visited.does(remedy.split("move it away: ").nth(1).unwrap());
    visited.is_well();

    let bridge = r#"{"name": "bridge", "type": "bridge"}"#;
    fs::write(visited.conf.join("05-bridge.conf"), bridge).unwrap();
    visited.is_cured_of("network-shadowed");
    fs::remove_file(visited.conf.join("05-bridge.conf")).unwrap();

    fs::remove_file(visited.conf.join("00-tartan.conflist")).unwrap();
    let remedy = visited.finds_only("network-missing");
    assert!(remedy.contains("tartan init -o json"), "{remedy}");
    let fresh = ambre.config().with_file_name("fresh.toml");
    let line = format!("init -o json --config {}", fresh.display());
    let written: Value =
        serde_json::from_str(&ambre.tartan(&line).stdout).unwrap();
    fs::write(&file, written["conflist"].to_string()).unwrap();
    // It names a team of its own, to be made.
    visited.is_cured_of("network-unknown-team");
});

story!(what_stands_in_the_way_of_packets_is_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    let shop = Network::named("shop").team("shop");
    let front = ambre.runs("front", &shop);
    let stock = ambre.runs("stock", &shop);

    visited.does("nft add table inet theirs");
    visited.does(
        "nft 'add chain inet theirs forward \
         { type filter hook forward priority 0; policy drop; }'",
    );
    front.cannot_reach(&stock, tcp(80));
    let remedy = visited.finds_only("forward-drops");
    visited.does(&remedy.replace("\"tt*\"", "'\"tt*\"'"));
    front.reaches(&stock, tcp(80));
    visited.is_well();
    visited.does("nft delete table inet theirs");

    visited.does("iptables-legacy -P FORWARD DROP");
    let remedy = remedy_of(&visited, "iptables-legacy");
    visited.does(remedy.rsplit(": ").next().unwrap());
    front.reaches(&stock, tcp(80));
    is_not_found(&visited, "iptables-legacy");
    // Its tables stay as long as the host: translation tells of them too.
    let rest = visited.finds();
    assert!(rest.iter().all(|f| f["id"] == "worker-behind"), "{rest:#?}");
});

// What leads elsewhere than to containers.
story!(routes_and_settings_in_the_way_of_packets_are_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    let there = ambre.netns();

    ip(there, "link add others0 type veth peer name others1");
    visited.does("sysctl -q -w net.ipv4.conf.others0.rp_filter=1");
    let remedy = visited.finds_only("rp-filter-strict");
    visited.does(remedy.split(" (").next().unwrap());
    visited.is_well();

    ip(there, "link set others0 up");
    // A part of the pool is a bridge's, whose containers have addresses of it.
    ip(there, "route add 10.77.128.0/24 dev others0");
    visited.is_well();
    ip(there, "route add 10.76.0.0/14 dev others0");
    let remedy = visited.finds_only("pool-overlaps-route");
    assert!(remedy.ends_with("give the network behind others0 others"));
    ip(there, "route del 10.76.0.0/14 dev others0");
    visited.is_well();

    // Without the agent, which would switch it on again at once.
    ambre.stops_agent();
    visited.does("sysctl -q -w net.ipv4.ip_forward=0");
    let found = visited.finds();
    let off = found.iter().find(|f| f["id"] == "forwarding-off").unwrap();
    visited.does(off["remedy"].as_str().unwrap());
    visited.finds_only("agent-absent");
    ambre.starts_agent();
    visited.is_well();
});

story!(a_host_without_a_pool_or_with_a_full_one_is_found, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    let visited = Visited::new(&ambre);
    ambre.tartan("team create shop").success("tartan team create");

    let remedy = visited.finds_only("pool-missing");
    visited.does(&remedy.replace("CIDR", "10.77.0.0/28"));
    visited.is_well();

    let plain = Network::named("shop").team("shop");
    for number in 0..14 {
        let name = format!("c{number}");
        if ambre.container(&name).attach(&plain).is_err() {
            break;
        }
    }
    let remedy = visited.finds_only("pool-nearly-full");
    let enlarge = remedy.split("make room: ").nth(1).unwrap();
    visited.does(&enlarge.replace("CIDR", "10.77.0.0/24"));
    visited.is_well();
});

story!(drift_that_was_given_up_is_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    let front = ambre.runs("front", &Network::named("shop").team("shop"));
    let link = front.result().host_link();
    let down = format!("link set {link} down");
    given_up(&ambre, ambre.netns(), "host_link", &down);

    let remedy = visited.finds_only("drift-given-up");
    visited.does(remedy.rsplit("then: ").next().unwrap());

    visited.is_well();
});

/// The remedy of one finding among others.
#[track_caller]
fn remedy_of(visited: &Visited<'_>, id: &str) -> String {
    let found = visited.finds();
    let it = found.iter().find(|finding| finding["id"] == id);
    let it = it.unwrap_or_else(|| panic!("no {id} in {found:#?}"));
    it["remedy"].as_str().unwrap().to_owned()
}

#[track_caller]
fn is_not_found(visited: &Visited<'_>, id: &str) {
    let found = visited.finds();
    assert!(found.iter().all(|f| f["id"] != id), "{found:#?}");
}

// The agent is away, so that nothing of it is in use.
story!(directories_that_cannot_be_used_are_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    ambre.stops_agent();
    let run_dir = ambre.run_dir();

    fs::set_permissions(&run_dir, fs::Permissions::from_mode(0o777)).unwrap();
    visited.does(&remedy_of(&visited, "run-dir-open"));
    is_not_found(&visited, "run-dir-open");

    visited.does(&format!("mount -o remount,ro {}", run_dir.display()));
    visited.does(&remedy_of(&visited, "dir-not-writable"));
    is_not_found(&visited, "dir-not-writable");

    visited.does(&format!("umount {}", ambre.bpf_dir().display()));
    visited.does(&remedy_of(&visited, "bpf-dir-no-bpffs"));
    is_not_found(&visited, "bpf-dir-no-bpffs");

    mount_on("ramfs", &run_dir, None);
    let remedy = remedy_of(&visited, "run-dir-not-tmpfs");
    visited.does(remedy.split("then: ").nth(1).unwrap());
    is_not_found(&visited, "run-dir-not-tmpfs");

    let state = ambre.state_dir();
    let filler = state.join("filler");
    mount_on("tmpfs", &state, Some("size=1m"));
    fs::write(&filler, vec![0; 1020 * 1024]).unwrap();
    let remedy = remedy_of(&visited, "disk-nearly-full");
    assert!(remedy.starts_with("make room"), "{remedy}");
    fs::remove_file(&filler).unwrap();
    is_not_found(&visited, "disk-nearly-full");
    visited.does(&format!("umount {}", state.display()));

    fs::write(ambre.config(), "[netwrok]\nmtu = 1400\n").unwrap();
    let remedy = remedy_of(&visited, "config-unusable");
    visited.does(remedy.rsplit("new one: ").next().unwrap());
    is_not_found(&visited, "config-unusable");

    let moved = run_dir.with_file_name("moved");
    let missing = |name: &str, dir: &Path| {
        let line =
            format!("{name}={} tartan doctor -o json || true", dir.display());
        let mut shell = Command::new("sh");
        let program = need::program("tartan");
        let programs = program.parent().unwrap().display().to_string();
        shell.args(["-c", &line]).envs(ambre.variables()).env(
            "PATH",
            format!("{programs}:{}", std::env::var("PATH").unwrap()),
        );
        run(ambre.netns(), &mut shell, b"").success("tartan doctor")
    };
    assert!(missing("TARTAN_RUN_DIR", &moved).contains("run-dir-absent"));
    assert!(missing("TARTAN_STATE_DIR", &moved).contains("state-dir-absent"));
});

story!(a_damaged_store_is_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    ambre.stops_agent();
    let file = ambre.state_dir().join("store/store.db");
    fs::write(&file, "rubbish").unwrap();

    let remedy = remedy_of(&visited, "store-damaged");
    let literal = remedy.split("teams: ").nth(1).unwrap();
    visited.does(literal.split(';').next().unwrap());
    is_not_found(&visited, "store-damaged");
    for side in ["store.db-wal", "store.db-shm"] {
        let _ = fs::remove_file(file.with_file_name(side));
    }
    ambre.starts_agent();
    ambre.is_furnished();
});

// What an agent left, and what others call as we call ours.
story!(leftovers_are_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    ambre.stops_agent();

    ip(ambre.netns(), "link add tt0000000000009 type veth peer name peer9");
    let line = "link property add dev tt0000000000009 altname \
                tartan,0000000000009,shop,lost,eth0";
    ip(ambre.netns(), line);
    let remedy = remedy_of(&visited, "links-of-nobody");
    let literal = remedy.rsplit("remove them: ").next().unwrap();
    visited.does(&literal.replace("NAME", "tt0000000000009"));
    is_not_found(&visited, "links-of-nobody");

    ip(ambre.netns(), "link delete tartan0");
    ip(ambre.netns(), "link add tartan0 type veth peer name other0");
    visited.does(&remedy_of(&visited, "name-taken"));
    is_not_found(&visited, "name-taken");

    let store = ambre.state_dir().join("store/store.db");
    visited.does(&format!("touch -d '1 hour' {}", store.display()));
    let remedy = remedy_of(&visited, "clock-set-back");
    visited.does(remedy.split("is right: ").nth(1).unwrap());
    is_not_found(&visited, "clock-set-back");

    ambre.starts_agent();
    visited.is_well();
});

story!(a_host_address_within_a_pool_is_found, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    ip(ambre.netns(), "address add 10.77.200.1/32 dev lo");

    let remedy = visited.finds_only("pool-overlaps-address");
    visited.does(remedy.rsplit("containers: ").next().unwrap());
    ip(ambre.netns(), "address del 10.77.200.1/32 dev lo");

    visited.is_well();
});

// Who is not root is told so.
story!(who_is_not_root_is_told_so, |world| {
    let ambre = world.host("ambre");
    let visited = Visited::new(&ambre);
    let program = need::program("tartan");
    let copy = ambre.config().with_file_name("tartan-for-all");
    fs::copy(program, &copy).unwrap();
    let line = format!(
        "setpriv --reuid 65534 --clear-groups {} doctor -o json || true",
        copy.display()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).envs(ambre.variables());
    let said = run(ambre.netns(), &mut shell, b"").success(&line);
    assert!(said.contains("not-root"), "{said}");
    assert!(said.contains("sudo tartan doctor"), "{said}");
    visited.is_well();
});
