//! cnitool, by what it sends (cnitool/cmd): an id made of the namespace's
//! path, capabilities as a person wrote them, and a `gc` without any list.

use serde_json::{Value, json};
use tartan_stories::plugin::{Answer, Call};
use tartan_stories::{Container, Host, story, stranger, witness};

fn shop() -> Value {
    json!({
        "cniVersion": "1.1.0",
        "name": "shop",
        "type": "tartan-cni",
        "team": "shop",
        "capabilities": { "ips": true, "mac": true },
        "runtimeConfig": { "ips": ["10.77.3.9/24"], "mac": "92:d0:c6:0a:29:33" },
    })
}

fn call(host: &Host, verb: &str, container: &Container) -> Call {
    stranger::call(host, verb, &shop())
        .variable("CNI_CONTAINERID", "cnitool-77383ca0a0715733ca6f")
        .variable("CNI_IFNAME", "eth0")
        .variable("CNI_NETNS", &container.netns().to_string_lossy())
}

// `cnitool gc` says that everything of the network shall go, and sends no
// list. A plugin cannot tell that from a fault: it refuses.
story!(cnitool_collects_garbage_without_a_list, |world| {
    let ambre = world.host("ambre");
    let probe = ambre.container("probe");
    let answer = Answer(call(&ambre, "ADD", &probe).answer().unwrap());

    let mut collect = stranger::call(&ambre, "GC", &shop());
    for name in ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"] {
        collect = collect.empty(name);
    }
    let refused = collect.answer().unwrap_err();

    assert_eq!(refused.code, 7, "{refused:?}");
    assert_eq!(answer.mac(), "92:d0:c6:0a:29:33");
    assert_eq!(answer.addresses()[0].to_string(), "10.77.3.9");
    witness::confirms(ambre.netns(), probe.netns(), "eth0", &answer).unwrap();
    call(&ambre, "DEL", &probe).answer().unwrap();
});
