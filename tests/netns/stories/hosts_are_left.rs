//! Tartan is taken off a host.

use std::fs;

use tartan_stories::{Host, Network, story, tcp, witness};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

/// What eyes that are not ours still see of us in the kernel and on disks.
fn remains(host: &Host) -> Vec<String> {
    let links = witness::links(host.netns());
    let ours = links.iter().map(|link| link.name.clone());
    let ours = ours.filter(|name| name != "lo" && !name.starts_with("others"));
    let routes = witness::our_routes(host.netns());
    let tables = witness::says(host.netns(), "nft -j list tables");
    let tables = tables["nftables"].as_array().cloned().unwrap_or_default();
    let tables = tables.iter().filter(|it| it["table"]["name"] == "tartan");
    let dirs = [host.run_dir(), host.state_dir(), host.bpf_dir()];
    let files = dirs.iter().filter_map(|dir| fs::read_dir(dir).ok());
    // A bpf file system shows these two by itself.
    let files = files.flatten().flatten().filter(|entry| {
        !entry.file_name().to_string_lossy().ends_with(".debug")
    });
    ours.chain(routes.into_iter().map(|(address, _)| address.to_string()))
        .chain(tables.map(ToString::to_string))
        .chain(files.map(|entry| entry.path().display().to_string()))
        .collect()
}

// Living containers keep it; so does an agent that runs. Then all goes, but
// what is somebody else's.
story!(uninstall_leaves_nothing_of_ours, |world| {
    let ambre = world.host("ambre");
    tartan_stories::inside::ip(
        ambre.netns(),
        "link add others0 type veth peer name others1",
    );
    let web = shop().with("ipMasq", true.into());
    let front = ambre.runs("front", &web);
    let stock = ambre.runs("stock", &shop());
    front.reaches(&stock, tcp(80));

    let early = ambre.tartan("uninstall --yes");
    assert!(early.stderr.contains("stop"), "{early:?}");
    ambre.stops_agent();
    let living = ambre.tartan("uninstall --yes");
    assert!(!living.is_success());
    assert!(living.stderr.contains("front"), "{living:?}");
    front.reaches(&stock, tcp(80));
    let shown = ambre.tartan("uninstall").success("tartan uninstall");
    assert!(shown.contains("tartan0"), "{shown}");
    front.reaches(&stock, tcp(80));

    ambre.tartan("uninstall --yes --force").success("tartan uninstall");

    assert_eq!(remains(&ambre), Vec::<String>::new());
    assert!(witness::link(ambre.netns(), "others0").is_some());
    ambre.is_left_alone();
});
