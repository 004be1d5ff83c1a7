//! The networks of `examples/`: each is handed to the plugin as its runtime
//! would, with what its runtime would say of a container.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tartan_stories::plugin::{Answer, Call};
use tartan_stories::{Container, Host, World, leftover, story, stranger};
use tartan_stories::{need, witness};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

/// Every configuration of a network, by runtime and file.
fn networks() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for runtime in fs::read_dir(examples()).unwrap().flatten() {
        let name = runtime.file_name().to_string_lossy().into_owned();
        for file in fs::read_dir(runtime.path()).into_iter().flatten() {
            let path = file.unwrap().path();
            let extension = path.extension().unwrap_or_default();
            if extension == "conf" || extension == "conflist" {
                found.push((name.clone(), path));
            }
        }
    }
    found.retain(|(_, path)| is_json(path));
    found.sort();
    found
}

/// Other programs have files that end in `.conf` too.
fn is_json(path: &Path) -> bool {
    fs::read_to_string(path).unwrap().starts_with('{')
}

/// What the plugin gets of a file: the list's name and version go into its
/// first plugin. None where that is not ours.
fn config(path: &Path) -> Option<Value> {
    let text = fs::read_to_string(path).unwrap();
    let list: Value = serde_json::from_str(&text).unwrap();
    let Some(mut plugin) = list["plugins"].get(0).cloned() else {
        return Some(list);
    };
    for key in ["name", "cniVersion"] {
        plugin[key] = list[key].clone();
    }
    (plugin["type"] == "tartan-cni").then_some(plugin)
}

/// What a runtime adds for a container: arguments, and keys of the
/// configuration.
fn said(runtime: &str) -> (String, Value) {
    let arguments = match runtime {
        "nomad" => {
            let app = in_example("nomad/till.nomad.hcl", "\"TARTAN_APP\"");
            let team = in_example("nomad/till.nomad.hcl", "namespace");
            format!(
                "TARTAN_APP={app};NOMAD_NAMESPACE={team};IgnoreUnknown=true"
            )
        }
        "kubernetes" | "crio" => {
            let team = in_example("kubernetes/pod.yaml", "namespace");
            format!(
                "IgnoreUnknown=1;K8S_POD_NAMESPACE={team};K8S_POD_NAME=till"
            )
        }
        "podman" => "IgnoreUnknown=1;K8S_POD_NAME=till;IP=10.77.3.9".into(),
        "nerdctl" => "IP=10.77.3.9;IgnoreUnknown=1".into(),
        _ => String::new(),
    };
    let keys = match runtime {
        "kubernetes" | "crio" => {
            let app = in_example("kubernetes/pod.yaml", "tartan/app");
            let annotations = json!({ "tartan/app": app });
            let key = "io.kubernetes.cri.pod-annotations";
            json!({ "runtimeConfig": { key: annotations } })
        }
        "mesos" => json!({ "args": { "org.apache.mesos": { "network_info": {
            "name": "shop",
            "labels": { "labels": [
                { "key": "tartan.team", "value": "payments" },
                { "key": "tartan.app", "value": "api" },
            ] },
        } } } }),
        _ => json!({}),
    };
    (arguments, keys)
}

/// The value of the line of an example that begins with `key`.
fn in_example(path: &str, key: &str) -> String {
    let text = fs::read_to_string(examples().join(path)).unwrap();
    let line = text.lines().find(|line| line.trim().starts_with(key));
    let line = line.unwrap_or_else(|| panic!("{path} has no {key}"));
    let value = line.trim()[key.len()..].trim_matches([' ', ':', '=', '"']);
    value.to_owned()
}

/// A host with what the examples name.
fn furnished(world: &World) -> Host {
    let ambre = world.host("ambre");
    for line in ["team create payments", "app create payments/api"] {
        ambre.tartan(line).success(line);
    }
    ambre
}

fn call(host: &Host, verb: &str, task: &Container, config: &Value) -> Call {
    stranger::call(host, verb, config)
        .variable("CNI_CONTAINERID", task.name())
        .variable("CNI_IFNAME", "eth0")
        .variable("CNI_NETNS", &task.netns().to_string_lossy())
}

// Each example attaches a container of payments/api, and takes it off again.
story!(each_example_is_a_network, |world| {
    let ambre = furnished(world);
    let mut runtimes = Vec::new();
    for (runtime, path) in networks() {
        let Some(mut config) = config(&path) else { continue };
        let (arguments, keys) = said(&runtime);
        for (key, value) in keys.as_object().unwrap() {
            config[key] = value.clone();
        }
        let task = ambre.container(&format!("task-of-{runtime}"));

        let versions =
            Call::new(need::program("tartan-cni"), ambre.netns(), "");
        let versions = versions.variable("CNI_COMMAND", "VERSION");
        versions.input(&config).answer().unwrap();
        if config["cniVersion"] == "1.1.0" {
            stranger::call(&ambre, "STATUS", &config).answer().unwrap();
        }
        let add = call(&ambre, "ADD", &task, &config);
        let answer = add.variable("CNI_ARGS", &arguments).answer().unwrap();
        let endpoints = ambre.lists("endpoint list");

        assert_eq!(endpoints[0]["class_name"], "payments/api", "{runtime}");
        let mut told = Answer(answer).addresses();
        let mut there = witness::addresses(task.netns(), "eth0");
        told.sort();
        there.sort();
        assert_eq!(told, there, "{runtime}");
        call(&ambre, "DEL", &task, &config).answer().unwrap();
        leftover::none_on(&ambre);
        runtimes.push(runtime);
    }
    runtimes.dedup();
    let ours = ["containerd", "crio", "kubernetes", "mesos", "nerdctl"];
    for runtime in ours.iter().chain(&["nomad", "podman"]) {
        assert!(runtimes.iter().any(|one| one == runtime), "no {runtime}");
    }
});

// What a new user copies from `tartan init` is a network as well.
story!(the_network_that_init_shows_can_be_used, |world| {
    let ambre = furnished(world);
    let config_file = world.directory("init").join("tartan.toml");
    let line = format!("init -o json --config {}", config_file.display());
    let said = ambre.tartan(&line).success("tartan init");
    let said: Value = serde_json::from_str(&said).unwrap();
    let list = &said["conflist"];
    let mut config = list["plugins"][0].clone();
    for key in ["name", "cniVersion"] {
        config[key] = list[key].clone();
    }
    let task = ambre.container("task");

    call(&ambre, "ADD", &task, &config).answer().unwrap();
    let endpoints = ambre.lists("endpoint list");

    assert_eq!(endpoints[0]["class_name"], "payments/api");
    call(&ambre, "DEL", &task, &config).answer().unwrap();
    leftover::none_on(&ambre);
});
