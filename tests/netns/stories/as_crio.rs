//! CRI-O, by what it sends (ocicni): arguments in one order, the pod's
//! annotations, aliases as a map, a DEL with the configuration of its ADD, a
//! GC whose list is `null` where there is no pod, STATUS.

use serde_json::{Value, json};
use tartan_stories::plugin::{Answer, Call};
use tartan_stories::{
    Container, Host, leftover, story, stranger, tcp, witness,
};

fn shop(annotations: &Value) -> Value {
    json!({
        "cniVersion": "1.1.0",
        "name": "shop",
        "type": "tartan-cni",
        "teamFrom": "k8s-namespace",
        "teams": ["shop", "blog"],
        "capabilities": {
            "aliases": true,
            "portMappings": true,
            "io.kubernetes.cri.pod-annotations": true,
        },
        "runtimeConfig": {
            "aliases": { "shop": ["front", "front.shop.svc"] },
            "cgroupPath": "/kubepods/besteffort/pod-of-front",
            "io.kubernetes.cri.pod-annotations": annotations,
        },
    })
}

fn call(host: &Host, verb: &str, pod: &Container, config: &Value) -> Call {
    let arguments = format!(
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME={0};\
         K8S_POD_INFRA_CONTAINER_ID={0};K8S_POD_UID=uid-of-{0}",
        pod.name()
    );
    stranger::call(host, verb, config)
        .variable("CNI_CONTAINERID", pod.name())
        .variable("CNI_IFNAME", "eth0")
        .variable("CNI_NETNS", &pod.netns().to_string_lossy())
        .variable("CNI_ARGS", &arguments)
}

// A pod whose network's file was changed after its ADD is deleted as the file
// was; annotations that are not ours are left alone.
story!(crio_deletes_with_the_configuration_that_was, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let config = shop(&json!({
        "tartan/app": "front",
        "kubernetes.io/config.source": "api",
    }));

    let answer = call(&ambre, "ADD", &front, &config).answer().unwrap();
    let endpoints = ambre.lists("endpoint list");
    assert_eq!(endpoints[0]["class_name"], "shop/front", "{endpoints}");
    let mut cached = config;
    cached["prevResult"] = answer;
    call(&ambre, "CHECK", &front, &cached).answer().unwrap();
    ambre.restarts_agent();

    call(&ambre, "DEL", &front, &cached).answer().unwrap();
    leftover::none_on(&ambre);
});

// The host's address of a port is always there, and mostly empty.
story!(crio_asks_for_a_port_and_a_rate, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let mut config = shop(&json!({}));
    config["runtimeConfig"]["portMappings"] = json!([{
        "hostPort": 8080, "containerPort": 80,
        "protocol": "tcp", "hostIP": "",
    }]);
    config["runtimeConfig"]["bandwidth"] = json!({
        "ingressRate": 8_000_000, "ingressBurst": u32::MAX,
        "egressRate": 8_000_000, "egressBurst": u32::MAX,
    });

    let answer = call(&ambre, "ADD", &front, &config).answer().unwrap();
    let end = stranger::behind(front.netns(), &Answer(answer));

    stranger::leads(&ambre, 8080, &end, tcp(80));
    call(&ambre, "DEL", &front, &config).answer().unwrap();
    leftover::none_on(&ambre);
});

// GC of a network with pods, then with none.
story!(crio_collects_garbage_with_null, |world| {
    let ambre = world.host("ambre");
    let config = shop(&json!({}));
    for name in ["front", "stock"] {
        let pod = ambre.container(name);
        call(&ambre, "ADD", &pod, &config).answer().unwrap();
    }
    let collect = |list: Value| {
        let mut config = shop(&json!({}));
        config.as_object_mut().unwrap().remove("runtimeConfig");
        config["cni.dev/valid-attachments"] = list.clone();
        config["cni.dev/attachments"] = list;
        let mut call = stranger::call(&ambre, "GC", &config);
        for name in ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME"] {
            call = call.empty(name);
        }
        call.answer().unwrap();
    };

    collect(json!([{ "containerID": "front", "ifname": "eth0" }]));
    assert_eq!(leftover::held(&ambre).len(), 2);
    collect(Value::Null);

    leftover::none_on(&ambre);
});

// STATUS of the default network, many times, while pods come and go.
story!(crio_asks_for_the_status_of_its_network, |world| {
    let ambre = world.host("ambre");
    let front = ambre.container("front");
    let config = shop(&json!({}));
    let status = || {
        let asked = stranger::call(&ambre, "STATUS", &config);
        asked.empty("CNI_CONTAINERID").empty("CNI_NETNS").answer()
    };

    assert!(status().unwrap().is_null());
    call(&ambre, "ADD", &front, &config).answer().unwrap();
    assert_eq!(witness::our_routes(ambre.netns()).len(), 2);
    ambre.kills_agent();
    assert_eq!(status().unwrap_err().code, 51);
    ambre.starts_agent();
    assert!(status().unwrap().is_null());

    call(&ambre, "DEL", &front, &config).answer().unwrap();
    leftover::none_on(&ambre);
});
