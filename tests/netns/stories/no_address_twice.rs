//! No address is ever had by two, none is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::thread;

use tartan_stories::chance::Dice;
use tartan_stories::plugin::{Answer, Fault};
use tartan_stories::within::{seconds, until_fine};
use tartan_stories::{Container, Host, Network, leftover, story, tcp, witness};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

// Thirty-two at once, then all of them off at once.
story!(thirty_two_are_attached_at_once, |world| {
    let ambre = world.host("ambre");
    let all: Vec<_> =
        (0..32).map(|n| ambre.container(&format!("c{n}"))).collect();

    at_once(&all, |container| {
        ambre.attaches(container, &shop());
    });

    let mut seen = BTreeSet::new();
    for container in &all {
        let result = container.result();
        witness::confirms(ambre.netns(), container.netns(), "eth0", &result)
            .unwrap();
        for address in result.addresses() {
            assert!(seen.insert(address), "{address} was given twice");
        }
    }
    assert_eq!(seen.len(), 64);
    all[0].reaches(&all[31], tcp(80));
    at_once(&all, |container| container.detach(&shop()).unwrap());
    leftover::none_on(&ambre);
});

fn at_once(all: &[Container], act: impl Fn(&Container) + Sync) {
    let act = &act;
    thread::scope(|scope| {
        for container in all {
            scope.spawn(move || act(container));
        }
    });
}

// A pool that is full says so by name, keeps nothing of what it
// refused, and goes on as soon as an address may be had again.
story!(a_full_pool_says_so_and_recovers, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    ambre.tartan("settings set address_rest 1s").success("settings");
    ambre.tartan("pool create small --cidr 10.66.0.0/29").success("pool");
    ambre.tartan("team create shop").success("team");
    let network =
        shop().version("1.1.0").with("pools", serde_json::json!(["small"]));

    let mut guests = Vec::new();
    let fault = loop {
        let guest = ambre.container(&format!("c{}", guests.len()));
        match guest.attach(&network) {
            Ok(_) => guests.push(guest),
            Err(fault) => break fault,
        }
        assert!(guests.len() <= 8, "a /29 has eight addresses");
    };

    assert!(guests.len() >= 6, "only {} of a /29 were given", guests.len());
    let given = guests.len();
    for figure in [
        "pool small (10.66.0.0/29)".to_owned(),
        format!("{given} of 6 addresses in use here"),
        format!("most by class shop ({given})"),
        format!("by network shop ({given})"),
        "oldest shop,c0,eth0".to_owned(),
        format!("newest shop,c{},eth0", given - 1),
    ] {
        assert!(fault.msg.contains(&figure), "{figure}: {fault:?}");
    }
    let remedy = "tartan pool enlarge small";
    assert!(fault.details.contains(remedy), "{fault:?}");
    let shown = ambre.lists("pool show small");
    let whole = &shown["cidrs"][0]["whole"];
    assert_eq!((&whole["used"], &whole["size"]), (&given.into(), &6.into()));
    assert_eq!(whole["oldest"]["container"], "c0");
    let status = ambre.call("STATUS", &network).answer().unwrap_err();
    assert_eq!(status.code, 50, "{status:?}");

    guests[0].detach(&network).unwrap();
    let last = ambre.container("last");
    until_fine(seconds(30), "an address has rested", || {
        last.attach(&network).map(drop).map_err(|fault| fault.msg)
    });
    guests[1].detach(&network).unwrap();
    until_fine(seconds(30), "STATUS is content again", || {
        let status = ambre.call("STATUS", &network).answer();
        status.map(drop).map_err(|fault| fault.msg)
    });
});

// No IPv6 address is kept where there is no IPv4 address left.
story!(both_families_or_none, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    let line = "pool create narrow --cidr 10.66.0.0/30 --cidr fd00:66::/64";
    ambre.tartan(line).success("pool");
    ambre.tartan("team create shop").success("team");
    let network = shop().with("pools", serde_json::json!(["narrow"]));

    let mut given = 0;
    for n in 0..6 {
        let guest = ambre.container(&format!("c{n}"));
        if let Ok(answer) = guest.attach(&network) {
            assert_eq!(answer.addresses().len(), 2, "one per family");
            given += 1;
        }
    }

    assert!((2..=4).contains(&given), "{given} of a /30");
    assert_eq!(leftover::held(&ambre).len(), 2 * given, "nothing half given");
});

// An address rests before it is used again.
story!(a_released_address_rests, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop());
    let before: BTreeSet<_> = front.addresses().into_iter().collect();
    front.detach(&shop()).unwrap();

    for n in 0..30 {
        let guest = ambre.runs(&format!("c{n}"), &shop());
        let given = guest.addresses();
        assert!(
            given.iter().all(|address| !before.contains(address)),
            "{given:?} has not rested"
        );
    }
});

// A thousand steps by dice, the agent being killed among them, held against
// a model. TARTAN_SEED repeats the dice.
story!(a_thousand_random_steps_lose_and_double_nothing, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    ambre.tartan("settings set address_rest 1s").success("settings");
    ambre.is_furnished();
    let seed = Dice::seed();
    eprintln!("TARTAN_SEED={seed}");
    let mut game = Game::new(&ambre, seed);

    for number in 0..steps() {
        game.step(number);
    }

    game.everything_is_as_modelled();
});

/// `TARTAN_STEPS`, for soaks; else a thousand.
fn steps() -> usize {
    std::env::var("TARTAN_STEPS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1000)
}

/// Names of the steps of the agent before which it is killed now and then.
const CRASHES: &[&str] = &[
    "add:assign",
    "add:record-adding",
    "add:create-links",
    "add:classify",
    "add:container-side",
    "add:host-side",
    "add:record-ready",
    "add:answer",
    "del:declassify",
    "del:link-down",
    "del:remove-record",
    "del:release",
    "del:answer",
];

/// What a runtime knows, and what must therefore be true.
struct Game<'a> {
    host: &'a Host,
    dice: Dice,
    guests: Vec<Container>,
    /// What the ADD of each attached guest answered.
    attached: BTreeMap<usize, Answer>,
}

impl<'a> Game<'a> {
    fn new(host: &'a Host, seed: u64) -> Self {
        let guests =
            (0..12).map(|n| host.container(&format!("c{n}"))).collect();
        let dice = Dice::new(seed);
        Self { host, dice, guests, attached: BTreeMap::new() }
    }

    fn network(&self) -> Network {
        shop().version("1.1.0")
    }

    fn step(&mut self, number: usize) {
        let guest = self.dice.below(self.guests.len());
        match self.dice.below(100) {
            0..45 => self.add(guest),
            45..80 => self.delete(guest),
            80..90 => self.check(guest),
            90..95 => self.collect_garbage(),
            95..97 => self.host.restarts_agent(),
            97..99 => self.crash(guest),
            _ => self.rebirth(guest),
        }
        if number % 50 == 49 {
            self.everything_is_as_modelled();
        }
    }

    fn add(&mut self, guest: usize) {
        let answer = self.guests[guest].attach(&self.network());
        let answer = answer.unwrap_or_else(|fault| {
            panic!("ADD of c{guest}: {fault:?}");
        });
        if let Some(before) = self.attached.get(&guest) {
            assert_eq!(*before, answer, "the same attachment again");
        }
        for (other, theirs) in &self.attached {
            let shared = *other != guest
                && theirs
                    .addresses()
                    .iter()
                    .any(|address| answer.addresses().contains(address));
            assert!(!shared, "c{guest} has an address of c{other}");
        }
        self.attached.insert(guest, answer);
    }

    fn delete(&mut self, guest: usize) {
        self.guests[guest]
            .detach(&self.network())
            .unwrap_or_else(|fault| panic!("DEL of c{guest}: {fault:?}"));
        self.attached.remove(&guest);
    }

    fn check(&mut self, guest: usize) {
        let attached = self.attached.contains_key(&guest);
        if attached {
            self.guests[guest]
                .check(&self.network())
                .unwrap_or_else(|fault| panic!("CHECK c{guest}: {fault:?}"));
        }
    }

    /// The runtime forgets one guest, and tells which it knows.
    fn collect_garbage(&mut self) {
        if let Some(lost) = self.attached.keys().next().copied() {
            self.guests[lost].is_forgotten();
            self.attached.remove(&lost);
        }
        collect(self.host, &self.network(), &self.guests).unwrap();
    }

    /// The agent dies within a request; the runtime cleans up after it.
    fn crash(&mut self, guest: usize) {
        let step = *self.dice.choose(CRASHES);
        self.host.kills_agent();
        self.host.starts_agent_with(&[("TARTAN_CRASH_AT", step)]);
        if step.starts_with("del:") {
            self.delete(guest);
        } else if !self.attached.contains_key(&guest) {
            let failed = self.guests[guest].attach(&self.network());
            assert!(failed.is_err(), "{step}: the agent was killed");
        }
        self.host.restarts_agent();
        if !self.attached.contains_key(&guest) {
            self.delete(guest);
        }
    }

    /// A guest dies without DEL; another takes its place under its name.
    fn rebirth(&mut self, guest: usize) {
        self.guests[guest].is_born_again();
        self.delete(guest);
    }

    fn everything_is_as_modelled(&self) {
        let what = "the kernel, the ledger and the model agree";
        until_fine(seconds(30), what, || self.agrees());
        for (guest, answer) in &self.attached {
            let netns = self.guests[*guest].netns();
            witness::confirms(self.host.netns(), netns, "eth0", answer)
                .unwrap_or_else(|why| panic!("c{guest}: {why}"));
        }
    }

    fn agrees(&self) -> Result<(), String> {
        let modelled: BTreeSet<IpAddr> =
            self.attached.values().flat_map(Answer::addresses).collect();
        let routed = witness::our_routes(self.host.netns());
        let routed: BTreeSet<IpAddr> =
            routed.into_iter().map(|(address, _)| address).collect();
        let held: BTreeSet<IpAddr> = leftover::held(self.host)
            .iter()
            .filter_map(|entry| entry["address"].as_str()?.parse().ok())
            .collect();
        let links = witness::links(self.host.netns());
        let links = links.iter().filter(|link| link.is_of_attachment()).count();
        let same = modelled == routed
            && modelled == held
            && links == self.attached.len();
        if same {
            return Ok(());
        }
        Err(format!(
            "modelled {modelled:?}, routed {routed:?}, held {held:?}, \
             {links} links"
        ))
    }
}

/// GC with what the runtime knows.
fn collect(
    host: &Host,
    network: &Network,
    known: &[Container],
) -> Result<(), Fault> {
    let valid: Vec<_> = known
        .iter()
        .flat_map(|container| container.valid_attachments(network))
        .collect();
    let network = network
        .clone()
        .with("cni.dev/valid-attachments", serde_json::json!(valid));
    host.call("GC", &network).answer().map(drop)
}
