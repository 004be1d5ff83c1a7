//! How fast one end sends to another, by the word of iperf3.

use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::process::{Child, Command};

use serde_json::Value;

use crate::inside;
use crate::need;
use crate::process;
use crate::talk::{End, Port};

/// What is sent where one wants to see a limit: well above those of stories.
const FLOOD: &str = "60M";

/// Bits per second that arrive at each of the addresses of `to` when `from`
/// sends as much as it can (TCP), or `FLOOD` (UDP), for some seconds.
#[track_caller]
pub fn paces(from: &End, to: &End, port: Port) -> Vec<(IpAddr, f64)> {
    let pace = |address: &IpAddr| (*address, pace(from, to, *address, port));
    to.addresses.iter().map(pace).collect()
}

/// The same at one address.
#[track_caller]
pub fn pace(from: &End, to: &End, address: IpAddr, port: Port) -> f64 {
    need::need_tool("iperf3");
    let (number, flood) = match port {
        Port::Tcp(number) => (number, ""),
        Port::Udp(number) => (number, "-u -l 1200 -b "),
    };
    let flood =
        if flood.is_empty() { String::new() } else { flood.to_owned() + FLOOD };
    let mut server = serve(to, address, number);
    let line = format!("-c {address} -p {number} -t 2 -J {flood}");
    let mut command = Command::new("iperf3");
    command.args(line.split_whitespace());
    let said = inside::run(&from.netns, &mut command, b"");
    let _ = server.wait();
    let said = said.success(&format!("iperf3 {line} of {from}"));
    let said: Value = serde_json::from_str(&said).expect("JSON of iperf3");
    let sums = &said["end"];
    // What arrived, as the server told the client.
    ["sum_received", "sum"]
        .iter()
        .find_map(|key| {
            let sum = &sums[*key];
            let lost = sum["lost_percent"].as_f64().unwrap_or(0.0);
            let bits = sum["bits_per_second"].as_f64()?;
            let is_sum = *key == "sum";
            Some(if is_sum { bits * (1.0 - lost / 100.0) } else { bits })
        })
        .unwrap_or_else(|| panic!("iperf3 tells no pace: {sums}"))
}

/// A server for one client, once it listens.
#[track_caller]
fn serve(at: &End, address: IpAddr, port: u16) -> Child {
    let mut command = Command::new("iperf3");
    let line = format!("-s -1 --forceflush -B {address} -p {port}");
    command.args(line.split_whitespace());
    let mut server = inside::inside(&at.netns, || process::spawn(&mut command));
    let said = server.stdout.take().expect("its output");
    let mut lines = BufReader::new(said).lines().map_while(Result::ok);
    let listens = lines.any(|line| line.starts_with("Server listening"));
    assert!(listens, "iperf3 {line} of {at} does not listen");
    // It goes on talking, and nobody listens: it ends all the same.
    std::thread::spawn(move || lines.for_each(drop));
    server
}
