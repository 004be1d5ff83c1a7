//! The class where programs of others find it: in the container's control
//! group.

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tartan_stories::host::mount_on;
use tartan_stories::{Network, World, story};

/// A hierarchy of net_cls, which is one for the whole machine: the story has a
/// group of its own in it.
struct NetCls {
    group: PathBuf,
    name: String,
}

impl NetCls {
    fn mounted(world: &World) -> Self {
        let root = world.directory("net_cls");
        mount_on("cgroup", &root, Some("net_cls"));
        let name = format!("tartan-story-{}", std::process::id());
        let group = root.join(&name);
        fs::create_dir_all(&group).expect("a group");
        Self { group, name }
    }
}

impl Drop for NetCls {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.group);
    }
}

// The whole class, as tc and net_cls write a handle; a group that is not there,
// a path that leads up and a name of systemd's are no reason to refuse.
story!(the_class_is_told_to_the_control_group, |world| {
    let net_cls = NetCls::mounted(world);
    let ambre = world.host("ambre");
    let shop = |path: &str| {
        Network::named("shop")
            .team("shop")
            .app("front")
            .with("runtimeConfig", json!({ "cgroupPath": path }))
    };

    ambre.runs("front", &shop(&format!("/{}", net_cls.name)));
    ambre.runs("gone", &shop("/tartan-story-nowhere"));
    ambre.runs("up", &shop(&format!("/../{}", net_cls.name)));
    ambre.runs("unit", &shop("shop.slice:cri-containerd:1"));

    let told = fs::read_to_string(net_cls.group.join("net_cls.classid"));
    let shown = ambre.lists("endpoint show front");
    let class = shown["endpoint"]["class"].as_str().expect("a class");
    let halves = class.split_once(':').expect("two halves");
    let half = |text| u32::from_str_radix(text, 16).expect("a number");
    let expected = half(halves.0) << 16 | half(halves.1);
    assert_eq!(told.expect("a class").trim(), expected.to_string());
});
