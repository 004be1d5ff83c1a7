//! What a container promises that is attached more than once: each of its
//! addresses is as good as the others, whichever came first.

use std::thread;

use tartan_stories::plugin::Answer;
use tartan_stories::talk::{self, End};
use tartan_stories::{Container, Network, Port, story, tcp, udp, witness};

fn shop() -> Network {
    Network::named("shop").team("shop")
}

fn blog() -> Network {
    Network::named("blog").team("blog")
}

/// A container as others reach it at the addresses of `answer`.
fn at(container: &Container, answer: &Answer) -> End {
    End { addresses: answer.addresses(), ..container.end() }
}

/// Each reaches the other.
#[track_caller]
fn reach_each_other(one: &End, other: &End, port: Port) {
    talk::reaches(one, other, port);
    talk::reaches(other, one, port);
}

/// Our default routes and rules in a container, of both families.
fn ways_out(container: &Container) -> Vec<String> {
    ["-4", "-6"]
        .iter()
        .flat_map(|family| {
            let routes = "route show table all default proto 116";
            [format!("ip -j {family} {routes}"), rules(family)]
        })
        .flat_map(|line| ours(&witness::says(container.netns(), &line)))
        .collect()
}

fn rules(family: &str) -> String {
    format!("ip -N -j -d {family} rule show")
}

/// `ip rule` shows those of others too. Flags come and go with the carrier.
fn ours(said: &serde_json::Value) -> Vec<String> {
    let all = said.as_array().expect("a list").iter();
    all.filter(|one| one["protocol"] == "116" || one["dst"] == "default")
        .map(|one| {
            ["dst", "src", "dev", "table", "metric"]
                .map(|key| one[key].to_string())
                .join(" ")
        })
        .collect()
}

// Two networks. A reply leaves by the interface whose address was
// asked; by the other one it would be a spoofed address.
story!(a_container_on_two_networks_is_reached_on_both, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop());
    let front = ambre.runs("front", &shop());

    let second = at(&front, &front.attach_as("eth1", &blog()).unwrap());

    for end in [stock.end(), ambre.end()] {
        for port in [tcp(80), udp(53)] {
            talk::reaches(&end, &front.end(), port);
            talk::reaches(&end, &second, port);
        }
        talk::reaches(&front.end(), &end, tcp(80));
    }
});

// The same network under two interface names, and a third one.
story!(interfaces_of_one_network_are_each_reached, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop());
    let front = ambre.runs("front", &shop());

    for interface in ["eth1", "eth2"] {
        let answer = front.attach_as(interface, &shop()).unwrap();
        talk::reaches(&stock.end(), &at(&front, &answer), tcp(80));
    }

    talk::reaches(&stock.end(), &front.end(), tcp(80));
});

// The second goes: the first is as it was.
story!(an_attachment_that_goes_leaves_the_first, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop());
    let front = ambre.runs("front", &shop());
    let before = ways_out(&front);
    let second = at(&front, &front.attach_as("eth1", &blog()).unwrap());
    assert!(ways_out(&front).len() > before.len());

    front.detach_as("eth1", &blog()).unwrap();

    assert_eq!(ways_out(&front), before);
    talk::cannot_reach(&stock.end(), &second, tcp(80));
    reach_each_other(&stock.end(), &front.end(), tcp(80));
});

// The first goes, and with it the container's way out: the second takes it
// over, until there is a first again.
story!(an_attachment_that_goes_leaves_the_second, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop());
    let front = ambre.runs("front", &shop());
    let second = at(&front, &front.attach_as("eth1", &blog()).unwrap());

    front.detach(&shop()).unwrap();
    reach_each_other(&stock.end(), &second, tcp(80));

    ambre.attaches(&front, &shop());
    talk::reaches(&stock.end(), &second, tcp(80));
    reach_each_other(&stock.end(), &front.end(), tcp(80));
    front.detach(&shop()).unwrap();
    front.detach_as("eth1", &blog()).unwrap();
    assert!(ways_out(&front).is_empty(), "{:?}", ways_out(&front));
});

// Some runtimes attach a container to all its networks at once.
story!(attachments_made_at_the_same_time_are_each_reached, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop());
    let front = ambre.container("front");
    let interfaces = ["eth0", "eth1", "eth2", "eth3"];

    let answers: Vec<_> = thread::scope(|scope| {
        let attach = |name| {
            let front = &front;
            scope.spawn(move || front.attach_as(name, &shop()).unwrap())
        };
        let all = interfaces.map(attach);
        all.map(|one| one.join().unwrap()).into()
    });

    for answer in &answers {
        talk::reaches(&stock.end(), &at(&front, answer), tcp(80));
    }
});

// A DEL without a namespace leaves the container's end to be deleted later;
// an ADD that comes before that has its way out all the same.
story!(what_an_earlier_life_left_is_not_in_the_way, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &shop());
    let front = ambre.runs("front", &shop());

    let gone = front.call("DEL", &shop(), "eth0").variable("CNI_NETNS", "");
    gone.answer().unwrap();
    let answer = front.attach_as("eth1", &shop()).unwrap();

    reach_each_other(&stock.end(), &at(&front, &answer), tcp(80));
    front.detach_as("eth1", &shop()).unwrap();
    assert!(ways_out(&front).is_empty(), "{:?}", ways_out(&front));
});
