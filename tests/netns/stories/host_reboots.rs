//! A host that lost its power, and one that only lost its run directory.

use std::fs;

use tartan_stories::within::seconds;
use tartan_stories::{Network, leftover, story, tcp, within, witness};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

// After a reboot what the old boot held is void; nothing leaks.
story!(a_reboot_frees_what_the_old_boot_held, |world| {
    let ambre = world.host("ambre");
    for n in 0..5 {
        ambre.runs(&format!("c{n}"), &shop());
    }
    within(seconds(10), "all is published", || {
        (leftover::held(&ambre).len() == 10).then_some(())
    });

    ambre.loses_power();
    ambre.starts_agent();

    assert_eq!(leftover::held(&ambre).len(), 0, "all of it is void");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    front.reaches(&stock, tcp(80));
    let teams = ambre.lists("team list");
    assert!(teams.to_string().contains("shop"), "the state stayed: {teams}");
});

// Runtimes call DEL after a reboot for what they remember, with a path that
// leads nowhere or no path at all.
story!(a_del_after_a_reboot_succeeds, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let before = front.result();

    ambre.loses_power();
    ambre.starts_agent();
    let stock = ambre.runs("stock", &shop());
    let call = front.call("DEL", &shop().with("prevResult", before.0), "eth0");
    call.answer().expect("DEL with a path that leads nowhere");
    call.variable("CNI_NETNS", "").answer().expect("DEL without a path");

    let result = stock.result();
    witness::confirms(ambre.netns(), stock.netns(), "eth0", &result).unwrap();
});

// A lost run directory in the same boot is no reboot. Containers
// are known by their links; nobody gets their addresses.
story!(a_lost_run_directory_is_no_reboot, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let stock = ambre.runs("stock", &shop());
    let result = front.result();

    ambre.kills_agent();
    for dir in fs::read_dir(ambre.run_dir()).unwrap().flatten() {
        let path = dir.path();
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    ambre.starts_agent();

    front.reaches(&stock, tcp(80));
    for n in 0..20 {
        let guest = ambre.runs(&format!("c{n}"), &shop());
        let taken = guest
            .addresses()
            .iter()
            .any(|address| result.addresses().contains(address));
        assert!(!taken, "an address was given twice");
    }
    front.check(&shop()).unwrap();
    witness::confirms(ambre.netns(), front.netns(), "eth0", &result).unwrap();
});
