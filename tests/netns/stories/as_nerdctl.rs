//! nerdctl, by what it sends (pkg/ocihook/ocihook.go): before each ADD a DEL
//! with an empty namespace, the containerd namespace in the id, a static IPv4
//! address in the arguments and an IPv6 address as a capability.

use serde_json::{Value, json};
use tartan_stories::chance::Dice;
use tartan_stories::plugin::{Answer, Call};
use tartan_stories::{
    Container, Host, leftover, story, stranger, tcp, witness,
};

const ID: &str =
    "default-1f3a6cf4b9d27a90c5e8d1b2a3948576c0ffee00112233445566778899aabbcc";

/// nerdctl's own keys are at the top of its list, which no plugin sees.
fn shop() -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": "shop",
        "type": "tartan-cni",
        "team": "shop",
        "capabilities": { "ips": true, "portMappings": true },
    })
}

/// The hook's DEL says all that its ADD says, but for the namespace.
fn delete(host: &Host, config: &Value) {
    call(host, "DEL", config).empty("CNI_NETNS").answer().unwrap();
}

/// The hook's ADD; the namespace is that of a process.
fn add(host: &Host, container: &Container, config: &Value) -> Call {
    let netns = container.netns().to_string_lossy();
    call(host, "ADD", config).variable("CNI_NETNS", &netns)
}

fn call(host: &Host, verb: &str, config: &Value) -> Call {
    let mut dice = Dice::new(Dice::seed());
    let arguments = stranger::shuffled(
        &mut dice,
        &[
            ("IgnoreUnknown", "1"),
            ("NERDCTL_CNI_DHCP_HOSTNAME", "front"),
            ("IP", "10.77.3.9"),
            ("MAC", "92:d0:c6:0a:29:33"),
        ],
    );
    stranger::call(host, verb, config)
        .variable("CNI_CONTAINERID", ID)
        .variable("CNI_IFNAME", "eth0")
        .variable("CNI_ARGS", &arguments)
}

// Started three times: each time DEL and ADD, and the same addresses, which
// have not rested.
story!(nerdctl_deletes_before_each_add, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let mut config = shop();
    config["runtimeConfig"] = json!({
        "ips": ["fd00:77::9"],
        "portMappings": [{ "HostPort": 8080, "ContainerPort": 80,
                           "Protocol": "tcp", "HostIP": "0.0.0.0" }],
    });

    for _ in 0..3 {
        delete(&ambre, &config);
        let answer = Answer(add(&ambre, &front, &config).answer().unwrap());
        let told: Vec<_> =
            answer.addresses().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["10.77.3.9", "fd00:77::9"]);
        assert_eq!(answer.mac(), "92:d0:c6:0a:29:33");
        witness::confirms(ambre.netns(), front.netns(), "eth0", &answer)
            .unwrap();
        let end = stranger::behind(front.netns(), &answer);
        stranger::leads(&ambre, 8080, &end, tcp(80));
    }

    front.dies();
    delete(&ambre, &config);
    leftover::none_on(&ambre);
});
