//! What the plugin says to an agent, and what it makes of each answer. The
//! other end is held by the test: an agent that dies in the middle, or takes
//! a tombstone's place, is one that only a test can be.

use std::os::fd::{AsRawFd, OwnedFd};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use tartan_agent_api::plugin::{Action, Fault, Reply, Request};
use tartan_agent_api::seqpacket::Listener;
use tartan_model::Mac;

use crate::netns::{Netns, inode};
use crate::no_agent::{attached, attachment, left_behind};
use crate::plugin::Host;

const PATIENCE: Duration = Duration::from_secs(20);

/// The other end: answers one request after the other. `None` hangs up.
struct End(JoinHandle<Vec<Heard>>);

/// A request and what came beside it.
struct Heard {
    action: Action,
    /// Inode of the netns.
    netns: Option<u64>,
    /// How many links the netlink socket sees.
    links: Option<usize>,
}

impl End {
    fn of(host: &Host, answers: Vec<Option<Reply>>) -> Self {
        let listener = Listener::bind(&host.socket()).unwrap();
        Self(thread::spawn(move || {
            answers.into_iter().map(|reply| once(&listener, reply)).collect()
        }))
    }

    fn heard(self) -> Vec<Heard> {
        self.0.join().unwrap()
    }

    fn one(self) -> Heard {
        self.heard().remove(0)
    }
}

fn once(listener: &Listener, reply: Option<Reply>) -> Heard {
    let connection = listener.accept().unwrap();
    let (Request { action, .. }, beside) =
        connection.request(PATIENCE).unwrap();
    if let Some(reply) = reply {
        connection.answer(&reply).unwrap();
    }
    Heard {
        action,
        netns: beside.netns.map(|fd| inode_of(&fd)),
        links: beside.rtnl.map(|fd| links_of(&fd)),
    }
}

fn inode_of(fd: &OwnedFd) -> u64 {
    inode(&format!("/proc/self/fd/{}", fd.as_raw_fd()))
}

/// Asks for every link: RTM_GETLINK with NLM_F_REQUEST and NLM_F_DUMP, and
/// `struct ifinfomsg` of zeros (linux/rtnetlink.h). Counts RTM_NEWLINK.
fn links_of(rtnl: &OwnedFd) -> usize {
    const RTM_NEWLINK: u16 = 16;
    const RTM_GETLINK: u16 = 18;
    let mut request = 32u32.to_ne_bytes().to_vec();
    request.extend(RTM_GETLINK.to_ne_bytes());
    request.extend(0x301u16.to_ne_bytes());
    request.resize(32, 0);
    rustix::io::write(rtnl, &request).unwrap();
    let mut answer = vec![0; 1 << 16];
    let length = rustix::io::read(rtnl, &mut answer).unwrap();
    let mut left = &answer[..length];
    let mut links = 0;
    while left.len() >= 16 {
        let size = u32::from_ne_bytes(left[..4].try_into().unwrap());
        let kind = u16::from_ne_bytes(left[4..6].try_into().unwrap());
        links += usize::from(kind == RTM_NEWLINK);
        left = &left[(size as usize).next_multiple_of(4).min(left.len())..];
    }
    links
}

fn attached_reply() -> Option<Reply> {
    Some(Reply::Attached(Box::new(attached())))
}

fn fault(code: u32) -> Option<Reply> {
    let (msg, details) = ("no".into(), "why".into());
    Some(Reply::Fault(Fault { code, msg, details }))
}

fn config(version: &str, rest: &str) -> String {
    format!("{{\"cniVersion\":\"{version}\",\"name\":\"shop\"{rest}}}")
}

#[test]
fn an_add_carries_all_that_was_asked_for_and_the_netns_itself() {
    let host = Host::new();
    let netns = Netns::new();
    let path = netns.path();
    let end = End::of(&host, vec![attached_reply()]);
    let rest = r#","team":"payments","app":"front","createApps":true,
        "pools":["fast","default"],"mtu":1400,"runtimeConfig":
        {"mac":"02:00:00:00:00:09","ips":["10.4.2.9/24"]}"#;
    let variables = [
        ("CNI_COMMAND", "ADD"),
        ("CNI_CONTAINERID", "c1"),
        ("CNI_NETNS", path.as_str()),
        ("CNI_IFNAME", "eth0"),
        ("CNI_ARGS", "IgnoreUnknown=1;TARTAN_APP=api;IP=10.9.9.9"),
    ];
    let input = config("1.1.0", rest);
    host.call(&variables, input.as_bytes()).result();
    let heard = end.one();
    assert_eq!(heard.netns, Some(netns.inode()));
    assert_eq!(heard.links, Some(netns.links()));
    let Action::Add(add) = heard.action else { panic!("not an ADD") };
    assert_eq!(add.attachment, attachment());
    assert_eq!(add.netns_path, path);
    assert_eq!(add.class.team.unwrap().as_str(), "payments");
    assert_eq!(add.class.app.unwrap().as_str(), "front");
    assert_eq!(add.class.requested_app.as_deref(), Some("api"));
    let pools: Vec<_> = add.pools.iter().map(|pool| pool.as_str()).collect();
    assert_eq!(pools, ["fast", "default"]);
    assert_eq!(
        add.addresses,
        ["10.4.2.9".parse::<std::net::IpAddr>().unwrap()]
    );
    assert_eq!(add.mac, Some(Mac::local(9)));
    assert_eq!(add.mtu, Some(1400));
}

fn added(version: &str, rest: &str) -> Value {
    let host = Host::new();
    let netns = Netns::new();
    let end = End::of(&host, vec![attached_reply()]);
    let ended = host.verb("ADD", &netns.path(), &config(version, rest));
    end.one();
    let path = netns.path();
    let text = ended.result().to_string().replace(&path, "NETNS");
    serde_json::from_str(&text).unwrap()
}

fn current(version: &str) -> Value {
    json!({
        "cniVersion": version,
        "interfaces": [
            {"name": "tt0000000000007", "mac": "02:00:00:00:00:01",
             "mtu": 1450},
            {"name": "eth0", "mac": "02:00:00:00:00:02", "mtu": 1450,
             "sandbox": "NETNS"},
        ],
        "ips": [
            {"address": "10.4.2.1/32", "gateway": "169.254.1.1",
             "interface": 1},
            {"address": "fd00::1/128", "gateway": "fe80::1",
             "interface": 1},
        ],
        "routes": [
            {"dst": "0.0.0.0/0", "gw": "169.254.1.1"},
            {"dst": "::/0", "gw": "fe80::1"},
        ],
    })
}

#[test]
fn c_044_a_result_is_in_the_version_that_was_asked_for() {
    for version in ["1.0.0", "1.1.0"] {
        assert_eq!(added(version, ""), current(version));
    }
    for version in ["0.3.0", "0.3.1", "0.4.0"] {
        let mut expected = current(version);
        for (index, family) in ["4", "6"].into_iter().enumerate() {
            expected["interfaces"][index]
                .as_object_mut()
                .unwrap()
                .remove("mtu");
            expected["ips"][index]["version"] = family.into();
        }
        expected["dns"] = json!({});
        assert_eq!(added(version, ""), expected);
    }
    for version in ["0.1.0", "0.2.0"] {
        assert_eq!(
            added(version, ""),
            json!({
                "cniVersion": version,
                "ip4": {"ip": "10.4.2.1/32", "gateway": "169.254.1.1",
                        "routes": [{"dst": "0.0.0.0/0", "gw": "169.254.1.1"}]},
                "ip6": {"ip": "fd00::1/128", "gateway": "fe80::1",
                        "routes": [{"dst": "::/0", "gw": "fe80::1"}]},
                "dns": {},
            })
        );
    }
}

#[test]
fn c_042_c_144_a_chain_goes_on_with_our_part_and_our_dns() {
    let before = r#","prevResult":{"cniVersion":"1.1.0","interfaces":
        [{"name":"br0"}],"ips":[{"address":"192.0.2.2/24","interface":0}],
        "dns":{"domain":"old"}}"#;
    let result = added("1.1.0", before);
    let each = |list: &str, key: &str| -> Vec<Value> {
        let list = result[list].as_array().unwrap();
        list.iter().map(|item| item[key].clone()).collect()
    };
    let names = ["br0", "tt0000000000007", "eth0"];
    assert_eq!(each("interfaces", "name"), names);
    assert_eq!(each("ips", "interface"), [0, 2, 2]);
    assert_eq!(result["dns"], json!({"domain": "old"}));
    let ours = format!("{before},\"dns\":{{\"domain\":\"new\"}}");
    assert_eq!(added("1.1.0", &ours)["dns"], json!({"domain": "new"}));
    let none = format!("{before},\"dns\":{{\"nameservers\":[]}}");
    assert_eq!(added("1.1.0", &none).get("dns"), None);
}

#[test]
fn what_a_request_says_of_names_goes_before_the_networks_list_by_list() {
    let network = r#","dns":{"nameservers":["192.0.2.53"],
        "domain":"shop.test","search":["shop.test"]}"#;
    // containerd sends all three, with capitals.
    for (asked, expected) in [
        (
            r#"{"Servers":["192.0.2.54"],"Searches":[],"Options":["ndots:2"]}"#,
            json!({"nameservers": ["192.0.2.54"], "domain": "shop.test",
                   "search": ["shop.test"], "options": ["ndots:2"]}),
        ),
        (
            r#"{"servers":[],"searches":["a.test"],"options":[]}"#,
            json!({"nameservers": ["192.0.2.53"], "domain": "shop.test",
                   "search": ["a.test"]}),
        ),
    ] {
        let runtime = format!(r#","runtimeConfig":{{"dns":{asked}}}"#);
        let result = added("1.1.0", &format!("{network}{runtime}"));
        assert_eq!(result["dns"], expected, "{asked}");
        let result = added("1.1.0", &runtime);
        assert_ne!(result["dns"], expected, "{asked}");
    }
}

#[test]
fn masquerade_and_host_ports_are_asked_of_the_agent() {
    let host = Host::new();
    let netns = Netns::new();
    let end = End::of(&host, vec![attached_reply()]);
    let input = config(
        "1.1.0",
        r#","ipMasq":true,"runtimeConfig":{"portMappings":[
            {"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}"#,
    );
    let ended = host.verb("ADD", &netns.path(), &input);
    let asked = serde_json::to_value(&end.one().action).unwrap();
    ended.result();
    assert_eq!(ended.err, "", "{ended:?}");
    let found = asked.to_string();
    for part in [r#""masquerade":"yes""#, r#""port":8080"#, r#""to":80"#] {
        assert!(found.contains(part), "{part} in {found}");
    }
}

#[test]
fn what_the_agent_refuses_is_refused_in_its_words() {
    let netns = Netns::new();
    let check = config("1.1.0", ",\"prevResult\":{}");
    let gc = config("1.1.0", ",\"cni.dev/valid-attachments\":null");
    let plain = config("1.1.0", "");
    for (verb, input, code) in [
        ("ADD", &plain, 101),
        ("DEL", &plain, 11),
        ("CHECK", &check, 100),
        ("GC", &gc, 104),
        ("STATUS", &plain, 50),
    ] {
        let host = Host::new();
        let end = End::of(&host, vec![fault(code)]);
        let object = host.verb(verb, &netns.path(), input).error_object();
        end.one();
        let expected = json!({"cniVersion": "1.1.0", "code": code,
                              "msg": "no", "details": "why"});
        assert_eq!(object, expected, "{verb}");
    }
}

#[test]
fn c_087_c_106_check_gc_status_and_del_print_nothing() {
    let netns = Netns::new();
    let check = config("1.1.0", ",\"prevResult\":{}");
    let gc = config("1.1.0", ",\"cni.dev/valid-attachments\":null");
    let plain = config("1.1.0", "");
    for (verb, input) in
        [("DEL", &plain), ("CHECK", &check), ("GC", &gc), ("STATUS", &plain)]
    {
        let host = Host::new();
        let end = End::of(&host, vec![Some(Reply::Done)]);
        host.verb(verb, &netns.path(), input).is_quiet();
        end.one();
    }
}

#[test]
fn a_check_carries_the_addresses_of_its_interface() {
    let host = Host::new();
    let netns = Netns::new();
    let end = End::of(&host, vec![Some(Reply::Done)]);
    let previous = r#","prevResult":{"interfaces":[{"name":"tt7"},
        {"name":"eth0","sandbox":"/x","mac":"changed:by:tuning"}],"ips":
        [{"address":"10.4.2.1/32","interface":1,"version":"4"}]}"#;
    let input = config("0.4.0", previous);
    host.verb("CHECK", &netns.path(), &input).is_quiet();
    let heard = end.one();
    assert_eq!(heard.netns, Some(netns.inode()));
    let Action::Check(check) = heard.action else { panic!("not a CHECK") };
    assert_eq!(check.attachment, attachment());
    let expected: std::net::IpAddr = "10.4.2.1".parse().unwrap();
    assert_eq!(check.addresses, [expected]);
}

#[test]
fn a_gc_carries_the_list_and_no_netns() {
    let host = Host::new();
    let end = End::of(&host, vec![Some(Reply::Done)]);
    let list = r#","cni.dev/valid-attachments":
        [{"containerID":"c1","ifname":"eth0"}],"cni.dev/attachments":[]"#;
    let input = config("1.1.0", list);
    let gc = [
        ("CNI_COMMAND", "GC"),
        ("CNI_CONTAINERID", ""),
        ("CNI_NETNS", ""),
        ("CNI_IFNAME", ""),
    ];
    host.call(&gc, input.as_bytes()).is_quiet();
    let heard = end.one();
    assert_eq!(heard.netns, None);
    let Action::CollectGarbage(gc) = heard.action else { panic!("not a GC") };
    assert_eq!(gc.network.as_str(), "shop");
    assert_eq!(gc.valid.len(), 1);
}

#[test]
fn an_add_whose_agent_dies_over_it_says_try_again() {
    let host = Host::new();
    let netns = Netns::new();
    let end = End::of(&host, vec![None]);
    let ended = host.verb("ADD", &netns.path(), &config("1.1.0", ""));
    end.one();
    assert_eq!(ended.error().0, 11);
}

#[test]
fn an_answer_to_another_question_is_an_error() {
    let host = Host::new();
    let netns = Netns::new();
    let end = End::of(&host, vec![Some(Reply::Done), attached_reply()]);
    let plain = config("1.1.0", "");
    assert_eq!(host.verb("ADD", &netns.path(), &plain).error().0, 5);
    assert_eq!(host.verb("STATUS", "", &plain).error().0, 5);
    end.heard();
}

#[test]
fn a_del_carries_the_netns_where_there_is_one_that_is_not_ours() {
    let netns = Netns::new();
    for (path, expected) in [
        (netns.path().as_str(), Some(netns.inode())),
        ("", None),
        ("/run/netns/gone", None),
        ("/dev/null", None),
        ("/proc/self/ns/net", None),
    ] {
        let host = Host::new();
        let end = End::of(&host, vec![Some(Reply::Done)]);
        host.verb("DEL", path, &config("1.1.0", "")).is_quiet();
        let heard = end.one();
        assert_eq!(heard.netns, expected, "{path}");
        assert_eq!(heard.links, expected.map(|_| netns.links()), "{path}");
    }
}

#[test]
fn a_del_tries_the_socket_again_and_takes_its_tombstone_back() {
    let (host, run_dir) = left_behind();
    let end = End::of(&host, vec![None, Some(Reply::Done)]);
    host.verb("DEL", "", &config("1.1.0", "")).is_quiet();
    assert_eq!(end.heard().len(), 2);
    assert!(run_dir.tombstones().unwrap().is_empty());
}

#[test]
fn a_del_that_the_returned_agent_refuses_is_refused() {
    let (host, run_dir) = left_behind();
    let end = End::of(&host, vec![None, fault(11)]);
    let ended = host.verb("DEL", "", &config("1.1.0", ""));
    end.heard();
    assert_eq!(ended.error().0, 11);
    assert_eq!(run_dir.tombstones().unwrap().len(), 1);
}

#[test]
fn a_del_whose_agent_is_lost_twice_leaves_its_tombstone() {
    let (host, run_dir) = left_behind();
    let end = End::of(&host, vec![None, None]);
    host.verb("DEL", "", &config("1.1.0", "")).is_quiet();
    end.heard();
    assert_eq!(run_dir.tombstones().unwrap().len(), 1);
}
