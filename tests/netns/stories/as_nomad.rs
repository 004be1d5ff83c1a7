//! Nomad, by what it sends (client/allocrunner/networking_cni.go, by go-cni):
//! arguments in no order, an ADD that is tried three times without a DEL
//! between, a DEL without arguments, each port for TCP and for UDP.

use serde_json::{Value, json};
use tartan_stories::chance::Dice;
use tartan_stories::plugin::{Answer, Call};
use tartan_stories::{
    Container, Host, leftover, story, stranger, tcp, udp, witness,
};

/// As in `/opt/cni/config/shop.conflist`, after Nomad has taken the plugin
/// out of the list.
fn shop() -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": "shop",
        "type": "tartan-cni",
        "teamFrom": "nomad-namespace",
        "teams": ["shop", "blog"],
        "capabilities": { "portMappings": true },
    })
}

fn call(host: &Host, verb: &str, task: &Container, config: &Value) -> Call {
    stranger::call(host, verb, config)
        .variable("CNI_CONTAINERID", task.name())
        .variable("CNI_IFNAME", "eth0")
        .variable("CNI_NETNS", &task.netns().to_string_lossy())
        .variable("CNI_PATH", "/opt/cni/bin")
}

/// An ADD of a job whose `cni` block names an app.
fn add(host: &Host, dice: &mut Dice, task: &Container) -> Call {
    add_of(host, dice, task, &shop())
}

fn add_of(
    host: &Host,
    dice: &mut Dice,
    task: &Container,
    config: &Value,
) -> Call {
    let arguments = stranger::shuffled(
        dice,
        &[
            ("IgnoreUnknown", "true"),
            ("TARTAN_APP", "front"),
            ("NOMAD_REGION", "global"),
            ("NOMAD_NAMESPACE", "shop"),
            ("NOMAD_JOB_ID", "till"),
            ("NOMAD_GROUP_NAME", "web"),
            ("NOMAD_ALLOC_ID", task.name()),
            ("CONSUL_IPTABLES_CONFIG", r#"{"ProxyUserID":"101","x":"a=b"}"#),
        ],
    );
    call(host, "ADD", task, config).variable("CNI_ARGS", &arguments)
}

const ALLOCATION: &str = "5f2b1c9e-7a43-4c0c-9d34-0d9f5b0f6f11";

// Whatever the order of the arguments: the namespace is the team, and the
// job's own argument the app. The second and third try answer as the first.
story!(nomad_tries_an_add_three_times, |world| {
    let ambre = world.host("ambre");
    let seed = Dice::seed();
    eprintln!("TARTAN_SEED={seed}");
    let mut dice = Dice::new(seed);
    let task = ambre.container(ALLOCATION);

    let first = add(&ambre, &mut dice, &task).answer().unwrap();
    for _ in 0..2 {
        let again = add(&ambre, &mut dice, &task).answer().unwrap();
        assert_eq!(again, first);
    }

    let answer = Answer(first);
    witness::confirms(ambre.netns(), task.netns(), "eth0", &answer).unwrap();
    let endpoints = ambre.lists("endpoint list");
    assert_eq!(endpoints[0]["class_name"], "shop/front", "{endpoints}");
    assert_eq!(endpoints.as_array().unwrap().len(), 1);
    call(&ambre, "DEL", &task, &shop()).answer().unwrap();
});

// The first try meets no agent, the second one that knows of no such app, the
// third succeeds; the DEL has neither arguments nor a previous result.
story!(nomad_tries_until_it_succeeds, |world| {
    let ambre = world.host("ambre");
    let mut dice = Dice::new(Dice::seed());
    let task = ambre.container(ALLOCATION);
    ambre.tartan("app delete shop/front").success("app delete");

    ambre.kills_agent();
    let away = add(&ambre, &mut dice, &task).answer().unwrap_err();
    assert_eq!(away.code, 11, "{away:?}");
    ambre.starts_agent();
    let unknown = add(&ambre, &mut dice, &task).answer().unwrap_err();
    assert_eq!(unknown.code, 7, "{unknown:?}");
    ambre.tartan("app create shop/front").success("app create");
    add(&ambre, &mut dice, &task).answer().unwrap();

    call(&ambre, "DEL", &task, &shop()).answer().unwrap();
    leftover::none_on(&ambre);
});

// Each port of a job is given for TCP and for UDP, in all three tries and in
// the DEL.
story!(nomad_gives_each_port_twice, |world| {
    let ambre = world.host("ambre");
    let mut dice = Dice::new(Dice::seed());
    let task = ambre.container(ALLOCATION);
    let mut config = shop();
    let port = |protocol: &str| {
        json!({ "HostPort": 23456, "ContainerPort": 80,
                "Protocol": protocol, "HostIP": ambre.addresses()[0] })
    };
    let ports = json!([port("tcp"), port("udp")]);
    config["runtimeConfig"] = json!({ "portMappings": ports });

    let tries: Vec<_> = (0..3)
        .map(|_| add_of(&ambre, &mut dice, &task, &config).answer().unwrap())
        .collect();
    let task_end = stranger::behind(task.netns(), &Answer(tries[0].clone()));

    assert!(tries.iter().all(|one| *one == tries[0]));
    for port in [tcp(80), udp(80)] {
        stranger::leads(&ambre, 23456, &task_end, port);
    }
    call(&ambre, "DEL", &task, &config).answer().unwrap();
    leftover::none_on(&ambre);
});

// A client of Nomad that starts again asks whether its networks are as they
// were, and deletes those of jobs that ended meanwhile.
story!(nomad_starts_again, |world| {
    let ambre = world.host("ambre");
    let mut dice = Dice::new(Dice::seed());
    let task = ambre.container(ALLOCATION);
    let answer = add(&ambre, &mut dice, &task).answer().unwrap();

    let mut known = shop();
    known["prevResult"] = answer;
    ambre.restarts_agent();
    call(&ambre, "CHECK", &task, &known).answer().unwrap();

    task.dies();
    call(&ambre, "DEL", &task, &shop()).answer().unwrap();
    call(&ambre, "DEL", &task, &shop()).answer().unwrap();
    leftover::none_on(&ambre);
});

// A job of a namespace that the network does not name is refused, and a job
// cannot take a team by an argument.
story!(nomad_jobs_have_the_team_of_their_namespace, |world| {
    let ambre = world.host("ambre");
    let task = ambre.container(ALLOCATION);
    for (arguments, says) in [
        ("NOMAD_NAMESPACE=world;IgnoreUnknown=true", "world"),
        ("NOMAD_NAMESPACE=shop;TARTAN_TEAM=blog", "blog"),
        ("IgnoreUnknown=true", "NOMAD_NAMESPACE"),
    ] {
        let add = call(&ambre, "ADD", &task, &shop());
        let refused = add.variable("CNI_ARGS", arguments).answer();
        let fault = refused.unwrap_err();
        assert_eq!(fault.code, 7, "{arguments}: {fault:?}");
        let said = format!("{} {}", fault.msg, fault.details);
        assert!(said.contains(says), "{arguments}: {fault:?}");
    }
    leftover::none_on(&ambre);
});
