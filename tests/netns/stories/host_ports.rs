//! Host ports: a port of the host leads to a port of a container, for
//! whoever asks, and for nobody once the container is gone.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use tartan_stories::inside::{inside, ip};
use tartan_stories::plugin::Fault;
use tartan_stories::talk::{self, End};
use tartan_stories::within::{seconds, within};
use tartan_stories::{
    Container, Host, Network, Outside, Port, story, tcp, udp, witness,
};

/// Of the host's own; IPv6 has nothing like it that could be translated.
const LOOPBACK: &str = "127.0.0.1";

fn shop(ports: &[&str]) -> Network {
    Network::named("shop").team("shop").with_ports(ports)
}

fn at(address: &str, port: u16) -> SocketAddr {
    SocketAddr::new(address.parse().unwrap(), port)
}

/// `from` is answered at `address` and the host port by `to`; it is seen
/// there as what this answers.
#[track_caller]
fn seen(from: &End, at: SocketAddr, to: &Container, port: Port) -> IpAddr {
    talk::asks(from, at, &to.end(), port)
        .unwrap_or_else(|error| panic!("{from} at {at}: {error}"))
}

#[track_caller]
fn refused(container: &Container, network: &Network) -> Fault {
    container.attach(network).expect_err("a refusal")
}

/// A port of each protocol, with the host's.
fn both() -> [(Port, u16); 2] {
    [(tcp(80), 8080), (udp(53), 5353)]
}

const BOTH: [&str; 2] = ["tcp 8080 > 80", "udp 5353 > 53"];

// From outside, at each address by which the host is known, of both
// families. The container sees who asks.
story!(a_host_port_is_reached_from_outside, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");

    let front = ambre.runs("front", &shop(&BOTH));

    for (port, number) in both() {
        let known = outside.known_host().iter().zip(outside.end().addresses);
        for (host, client) in known {
            let at = SocketAddr::new(*host, number);
            assert_eq!(seen(&outside.end(), at, &front, port), client);
        }
    }
});

// The host itself: at its addresses, and at 127.0.0.1.
story!(a_host_port_is_reached_by_the_host_itself, |world| {
    let ambre = world.host("ambre");

    let front = ambre.runs("front", &shop(&BOTH));

    for (port, number) in both() {
        for address in ambre.addresses() {
            let at = SocketAddr::new(address, number);
            assert_eq!(seen(&ambre.end(), at, &front, port), address);
        }
        let asked = seen(&ambre.end(), at(LOOPBACK, number), &front, port);
        assert!(ambre.addresses().contains(&asked), "{asked}");
    }
});

// Another container sees the port as anybody does, and is seen as itself.
// The container itself sees its own port, and is seen as the host.
story!(a_host_port_is_reached_by_containers_and_by_its_own, |world| {
    let ambre = world.host("ambre");
    let stock = ambre.runs("stock", &Network::named("shop").team("shop"));

    let front = ambre.runs("front", &shop(&BOTH));

    for (port, number) in both() {
        for address in ambre.addresses() {
            let at = SocketAddr::new(address, number);
            let own = seen(&stock.end(), at, &front, port);
            assert!(stock.addresses().contains(&own), "{own}");
            let host = seen(&front.end(), at, &front, port);
            assert!(ambre.addresses().contains(&host), "{host}");
        }
    }
});

// A port at one address of the host is at no other.
story!(a_host_port_at_one_address_is_at_no_other, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    let network = shop(&[
        "tcp 127.0.0.1 8080 > 80",
        "tcp 198.51.100.1 8081 > 80",
        "tcp 2001:db8::1 8082 > 80",
        "tcp 0.0.0.0 8083 > 80",
        "tcp :: 8084 > 80",
    ]);

    let front = ambre.runs("front", &network);

    let (host, far) = (ambre.end(), outside.end());
    seen(&host, at(LOOPBACK, 8080), &front, tcp(80));
    seen(&far, at("198.51.100.1", 8081), &front, tcp(80));
    seen(&host, at("2001:db8::1", 8082), &front, tcp(80));
    seen(&far, at("198.51.100.1", 8083), &front, tcp(80));
    seen(&far, at("2001:db8:100::1", 8084), &front, tcp(80));
    for (from, address, port) in [
        (&far, "198.51.100.1", 8080),
        (&host, "192.0.2.1", 8080),
        (&host, LOOPBACK, 8081),
        (&far, "2001:db8:100::1", 8082),
        (&far, "2001:db8:100::1", 8083),
        (&far, "198.51.100.1", 8084),
    ] {
        talk::asks_in_vain(from, at(address, port), &front.end(), tcp(80));
    }
});

// The link of a container with host ports lets packets of 127.0.0.0/8 pass;
// the container cannot reach by it what listens there.
story!(no_container_reaches_the_loopback_of_its_host, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop(&["tcp 8080 > 80"]));
    let link = front.result().host_link();
    let path = format!("/proc/sys/net/ipv4/conf/{link}/route_localnet");
    let found = inside(ambre.netns(), || std::fs::read_to_string(&path));
    assert_eq!(found.unwrap().trim(), "1");
    let server = inside(ambre.netns(), || UdpSocket::bind("127.0.0.1:99"));
    let server = server.unwrap();
    server.set_read_timeout(Some(Duration::from_millis(700))).unwrap();

    // Its own loopback link is down: 127.0.0.1 is free to be sent away.
    ip(front.netns(), "route add 127.0.0.1 via 169.254.1.1 dev eth0 onlink");
    for key in ["all", "eth0"] {
        let path = format!("/proc/sys/net/ipv4/conf/{key}/route_localnet");
        inside(front.netns(), || std::fs::write(&path, "1")).unwrap();
    }
    let source = front.addresses()[0];
    let client = inside(front.netns(), || UdpSocket::bind((source, 0)));
    let client = client.unwrap();
    for rules in ["as they are", "flushed by somebody"] {
        client.send_to(b"knock", "127.0.0.1:99").unwrap();
        let heard = server.recv_from(&mut [0; 16]);
        assert!(heard.is_err(), "rules {rules}: the host hears {heard:?}");
        witness::says(ambre.netns(), "nft flush ruleset");
    }
});

// Of two containers that ask for one port the second is refused, by name;
// it is free once the first is gone.
story!(a_host_port_has_one_holder, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop(&["tcp 8080 > 80"]));
    let stock = ambre.container("stock");
    let others = ["tcp 8080 > 90", "tcp 0.0.0.0 8080 > 80"];
    for port in others.into_iter().chain(["tcp 192.0.2.1 8080 > 80"]) {
        let fault = refused(&stock, &shop(&[port]));
        assert!(fault.msg.contains("tcp 8080 is taken by"), "{fault:?}");
        assert!(fault.msg.contains("front"), "{fault:?}");
    }
    ambre.attaches(&stock, &shop(&["udp 8080 > 80", "tcp 8081 > 80"]));
    stock.detach(&shop(&[])).unwrap();

    front.detach(&shop(&[])).unwrap();

    ambre.attaches(&stock, &shop(&["tcp 8080 > 80"]));
    seen(&ambre.end(), at("192.0.2.1", 8080), &stock, tcp(80));
});

// Asking again changes nothing.
story!(the_same_attachment_keeps_its_ports, |world| {
    let ambre = world.host("ambre");
    let network = shop(&["tcp 8080 > 80"]);
    let front = ambre.runs("front", &network);
    let before = (front.result(), witness::translated(ambre.netns()));

    let again = ambre.attaches(&front, &network);

    assert_eq!((again, witness::translated(ambre.netns())), before);
    front.check(&network).unwrap();
});

// Many at once, one port: one has it.
story!(of_many_that_ask_at_once_one_has_the_port, |world| {
    let ambre = world.host("ambre");
    let names = ["a", "b", "c", "d", "e", "f"];
    let containers = names.map(|name| ambre.container(name));
    let network = shop(&["tcp 8080 > 80"]);

    let attached: Vec<bool> = thread::scope(|scope| {
        let ask = |container| {
            let network = &network;
            scope.spawn(move || Container::attach(container, network).is_ok())
        };
        let asked: Vec<_> = containers.iter().map(ask).collect();
        asked.into_iter().map(|ended| ended.join().unwrap()).collect()
    });

    assert_eq!(attached.iter().filter(|has| **has).count(), 1);
    // For both families the port, and the container that may meet itself.
    assert_eq!(witness::translated(ambre.netns()).len(), 4);
});

// A port at an address of a family that the container has not.
story!(a_host_port_needs_an_address_of_its_family, |world| {
    let ambre = world.bare_host("ambre");
    ambre.starts_agent();
    for line in ["pool create default --cidr 10.77.0.0/16", "team create shop"]
    {
        ambre.tartan(line).success(line);
    }
    let front = ambre.container("front");

    let fault = refused(&front, &shop(&["tcp 2001:db8::1 80 > 80"]));

    assert_eq!(fault.code, 7, "{fault:?}");
    assert!(fault.msg.contains("[2001:db8::1]:80"), "{fault:?}");
    ambre.attaches(&front, &shop(&["tcp 80 > 80"]));
});

/// A client that sends without a pause from one port, until it is answered
/// by who says `name`.
#[track_caller]
fn is_answered_by(client: &UdpSocket, at: SocketAddr, name: &[u8]) {
    let what = format!("an answer of {}", String::from_utf8_lossy(name));
    within(seconds(30), &what, || {
        client.send_to(b"who?", at).ok();
        let mut heard = [0; 16];
        let length = client.recv(&mut heard).ok()?;
        (heard[..length] == *name).then_some(())
    });
}

/// A server in a container, which ends with this value.
struct Server {
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Relaxed);
        self.thread.take().map(thread::JoinHandle::join);
    }
}

/// Answers each datagram with `name`.
fn serves(container: &Container, name: &'static [u8]) -> Server {
    let server =
        inside(container.netns(), || UdpSocket::bind("0.0.0.0:53")).unwrap();
    server.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&is_over);
    let thread = thread::spawn(move || {
        while !ends.load(Relaxed) {
            if let Ok((_, whose)) = server.recv_from(&mut [0; 16]) {
                let _ = server.send_to(name, whose);
            }
        }
    });
    Server { is_over, thread: Some(thread) }
}

fn talkative(outside: &Outside) -> UdpSocket {
    let client = inside(outside.netns(), || UdpSocket::bind("0.0.0.0:4000"));
    let client = client.unwrap();
    client.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    client
}

// A client of UDP that never pauses is one connection for ever: before the
// port is there, with the first container, with its successor.
story!(a_client_that_keeps_sending_reaches_the_next_container, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    let network = shop(&["udp 5353 > 53"]);
    let at = at("198.51.100.1", 5353);
    let client = talkative(&outside);
    let first = ambre.runs("first", &shop(&["udp 1 > 1"]));
    for _ in 0..5 {
        client.send_to(b"anybody?", at).unwrap();
    }
    first.detach(&shop(&[])).unwrap();

    ambre.attaches(&first, &network);
    let server = serves(&first, b"first");
    is_answered_by(&client, at, b"first");
    drop(server);
    first.detach(&network).unwrap();
    client.send_to(b"still there?", at).unwrap();
    let second = ambre.runs("second", &network);
    let _server = serves(&second, b"second");

    is_answered_by(&client, at, b"second");
});

// The same where nobody called DEL.
story!(a_client_that_keeps_sending_is_not_kept_by_a_dead_one, |world| {
    let ambre = world.host("ambre");
    let outside = Outside::of(&ambre, "outside");
    let network = shop(&["udp 5353 > 53"]);
    let at = at("198.51.100.1", 5353);
    let client = talkative(&outside);
    let first = ambre.runs("first", &network);
    let server = serves(&first, b"first");
    is_answered_by(&client, at, b"first");
    drop(server);

    first.dies();
    first.is_forgotten();
    let second = ambre.container("second");
    within(seconds(30), "the port is free", || {
        client.send_to(b"still there?", at).unwrap();
        second.attach(&network).ok()
    });
    let _server = serves(&second, b"second");

    is_answered_by(&client, at, b"second");
});

// A thousand ports of one container; then none.
story!(a_thousand_host_ports_come_and_go, |world| {
    let ambre = world.host("ambre");
    let ports: Vec<_> =
        (10_000..11_000).map(|port| format!("tcp {port} > 80")).collect();
    let ports: Vec<_> = ports.iter().map(String::as_str).collect();

    let front = ambre.runs("front", &shop(&ports));

    assert_eq!(witness::translated(ambre.netns()).len(), 2 * 1001);
    for port in [10_000, 10_500, 10_999] {
        seen(&ambre.end(), at("192.0.2.1", port), &front, tcp(80));
    }
    front.detach(&shop(&[])).unwrap();
    assert_eq!(witness::translated(ambre.netns()), Vec::<String>::new());
});

/// An agent that was killed comes back to what it had.
#[track_caller]
fn holds_after_restart(ambre: &Host, front: &Container) {
    ambre.restarts_agent();
    seen(&ambre.end(), at("192.0.2.1", 8080), front, tcp(80));
    let other = ambre.container("other");
    let fault = refused(&other, &shop(&["tcp 8080 > 80"]));
    assert!(fault.msg.contains("front"), "{fault:?}");
}

// Ports go on without the agent, and it knows who has them when it is back;
// also where it finds no run directory.
story!(host_ports_outlive_the_agent, |world| {
    let ambre = world.host("ambre");
    let front = ambre.runs("front", &shop(&["tcp 8080 > 80"]));

    ambre.kills_agent();
    seen(&ambre.end(), at(LOOPBACK, 8080), &front, tcp(80));
    ambre.starts_agent();
    holds_after_restart(&ambre, &front);

    ambre.kills_agent();
    std::fs::remove_dir_all(ambre.run_dir().join("attachments")).unwrap();
    ambre.starts_agent();
    let other = ambre.container("another");
    let fault = refused(&other, &shop(&["tcp 8080 > 80"]));
    assert!(fault.msg.contains("front"), "{fault:?}");
    seen(&ambre.end(), at(LOOPBACK, 8080), &front, tcp(80));
});

// The lines of SCTP are made; the kernel of these tests has no such sockets.
story!(a_host_port_of_sctp_is_an_element_too, |world| {
    let ambre = world.host("ambre");

    let front = ambre.runs("front", &shop(&["sctp 9999 > 99"]));

    let found = witness::translated(ambre.netns()).join("\n");
    for part in ["sctp", "9999", "99", &front.addresses()[0].to_string()] {
        assert!(found.contains(part), "{part} in {found}");
    }
});
