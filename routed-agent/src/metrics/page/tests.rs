//! What a scrape looks like.

use std::sync::Arc;
use std::time::Duration;

use tartan_ebpf::{Direction, DropCount, DropReason, Traffic, Verdict};
use tartan_ipam::Usage;
use tartan_model::Family as AddressFamily;

use super::*;
use crate::registry::Snapshot;

fn class(count: u64) -> ClassCount {
    ClassCount {
        local: "002a:0007".parse().unwrap(),
        peer: "0000:0003".parse().unwrap(),
        direction: Direction::FromContainer,
        verdict: Verdict::Passed,
        traffic: Traffic { packets: count, bytes: 100 * count },
    }
}

#[test]
fn classes_are_written_by_name() {
    let registry = Snapshot::for_tests(&[("payments", 42, &[("api", 7)])]);
    let reading = Reading {
        registry: Arc::new(registry),
        classes: vec![class(3)],
        ..Reading::default()
    };
    let text = page(&Metrics::default(), &reading).unwrap();
    let labels = "class=\"payments/api\",peer=\"world\",\
                  direction=\"from_container\",verdict=\"passed\"";
    for line in [
        format!("tartan_class_packets_total{{{labels}}} 3"),
        format!("tartan_class_bytes_total{{{labels}}} 300"),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn drops_attachments_addresses_and_requests_are_told() {
    let metrics = Metrics::default();
    metrics.observe_add(Duration::from_micros(700), true);
    metrics.observe_delete(Duration::from_secs(2), false);
    let reading = Reading {
        drops: vec![DropCount {
            direction: Direction::ToContainer,
            reason: DropReason::NoEndpoint,
            packets: 5,
            bytes: 300,
        }],
        usage: vec![Usage {
            pool: "default".parse().unwrap(),
            family: AddressFamily::V6,
            blocks: 1,
            size: 16,
            used: 1,
            resting: 2,
            free: 13,
        }],
        ready: 4,
        ..Reading::default()
    };
    let text = page(&metrics, &reading).unwrap();
    for line in [
        "tartan_dropped_packets_total\
         {direction=\"to_container\",reason=\"no_endpoint\"} 5",
        "tartan_attachments{state=\"ready\"} 4",
        "tartan_attachments{state=\"adding\"} 0",
        "tartan_pool_addresses{pool=\"default\",family=\"IPv6\",state=\"free\"} 13",
        "tartan_request_seconds_count{operation=\"add\",outcome=\"done\"} 1",
        "tartan_request_seconds_bucket\
         {le=\"0.001\",operation=\"add\",outcome=\"done\"} 1",
        "tartan_request_seconds_sum\
         {operation=\"delete\",outcome=\"failed\"} 2.0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
