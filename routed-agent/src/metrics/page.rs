//! A reading as text for tools: OpenMetrics 1.0, which Prometheus reads. Pure.
//!
//! Labels are few by construction: classes, reasons, pools. Nothing is
//! labelled by container or address.

use std::fmt;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use tartan_ebpf::ClassCount;

use super::Metrics;
use super::reading::Reading;
use crate::drift::Kind;

/// Names and values.
pub(super) type Labels = Vec<(&'static str, String)>;

/// What a plugin asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Delete,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Failed,
}

impl From<bool> for Outcome {
    fn from(is_done: bool) -> Self {
        if is_done { Self::Done } else { Self::Failed }
    }
}

/// Labels of a plugin's request.
pub(super) fn request(operation: Operation, outcome: Outcome) -> Labels {
    let operation = match operation {
        Operation::Add => "add",
        Operation::Delete => "delete",
    };
    let outcome = match outcome {
        Outcome::Done => "done",
        Outcome::Failed => "failed",
    };
    vec![("operation", operation.into()), ("outcome", outcome.into())]
}

/// The text of `/metrics`.
pub(super) fn page(
    metrics: &Metrics,
    reading: &Reading,
) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("tartan");
    registry.register(
        "request_seconds",
        "Requests of CNI plugins, from their arrival to their answer",
        metrics.requests.clone(),
    );
    traffic(&mut registry, reading);
    drops(&mut registry, reading);
    host(&mut registry, reading);
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

fn traffic(registry: &mut Registry, reading: &Reading) {
    let labels = |count: &ClassCount| -> Labels {
        vec![
            ("class", reading.registry.label(count.local)),
            ("peer", reading.registry.label(count.peer)),
            ("direction", count.direction.as_str().to_owned()),
            ("verdict", count.verdict.as_str().to_owned()),
        ]
    };
    let rows = |what: fn(&ClassCount) -> u64| -> Vec<(Labels, u64)> {
        let classes = reading.classes.iter();
        classes.map(|count| (labels(count), what(count))).collect()
    };
    counters(
        registry,
        ("class_packets", "Packets by class of container and peer"),
        rows(|count| count.traffic.packets),
    );
    counters(
        registry,
        ("class_bytes", "Bytes by class of container and peer"),
        rows(|count| count.traffic.bytes),
    );
    let uncounted = reading.uncounted.iter().map(|(direction, traffic)| {
        let labels = vec![("direction", direction.as_str().to_owned())];
        (labels, traffic.packets)
    });
    counters(
        registry,
        (
            "class_uncounted_packets",
            "Packets of pairs of classes for which there was no room",
        ),
        uncounted.collect(),
    );
}

fn drops(registry: &mut Registry, reading: &Reading) {
    let rows = reading.drops.iter().map(|drop| {
        let labels = vec![
            ("direction", drop.direction.as_str().to_owned()),
            ("reason", drop.reason.as_str().to_owned()),
        ];
        (labels, drop.packets)
    });
    counters(
        registry,
        ("dropped_packets", "Packets not passed, by reason"),
        rows.collect(),
    );
}

fn host(registry: &mut Registry, reading: &Reading) {
    let state = |name: &str| vec![("state", name.to_owned())];
    gauges(
        registry,
        ("attachments", "Attachments of this host"),
        vec![
            (state("ready"), reading.ready as u128),
            (state("adding"), reading.adding as u128),
        ],
    );
    let addresses = reading.usage.iter().flat_map(|usage| {
        let counts = [
            ("used", usage.used),
            ("resting", usage.resting),
            ("free", usage.free),
        ];
        counts.map(|(state, count)| {
            let labels = vec![
                ("pool", usage.pool.to_string()),
                ("family", usage.family.to_string()),
                ("state", state.to_owned()),
            ];
            (labels, count)
        })
    });
    gauges(
        registry,
        ("pool_addresses", "Addresses of this host's blocks of each pool"),
        addresses.collect(),
    );
    counters(
        registry,
        ("reaper_failures", "Deletions of links that had to be repeated"),
        vec![(Vec::new(), reading.reaper_failures)],
    );
    drift(registry, reading);
    let version = vec![("version", env!("CARGO_PKG_VERSION").to_owned())];
    gauges(registry, ("build", "This build"), vec![(version, 1)]);
}

fn drift(registry: &mut Registry, reading: &Reading) {
    let rows = |counts: &[(Kind, u64)]| -> Vec<(Labels, u64)> {
        let labels = |kind: Kind| vec![("kind", kind.to_string())];
        counts.iter().map(|(kind, n)| (labels(*kind), *n)).collect()
    };
    let found = &reading.drift;
    counters(
        registry,
        ("drift_repairs", "What others changed of ours, and was repaired"),
        rows(&found.repaired),
    );
    counters(
        registry,
        ("drift_failures", "The same that could not be repaired"),
        rows(&found.failed),
    );
    counters(
        registry,
        ("drift_given_up", "The same that was changed again and again"),
        rows(&found.given_up),
    );
    gauges(
        registry,
        ("drift_left_alone", "Things that are not repaired for now"),
        vec![(Vec::new(), found.left as u128)],
    );
}

fn counters(
    registry: &mut Registry,
    (name, help): (&str, &str),
    rows: Vec<(Labels, u64)>,
) {
    let family = Family::<Labels, Counter>::default();
    for (labels, value) in rows {
        // Classes without a name that share a label add up.
        family.get_or_create(&labels).inc_by(value);
    }
    registry.register(name, help, family);
}

fn gauges(
    registry: &mut Registry,
    (name, help): (&str, &str),
    rows: Vec<(Labels, u128)>,
) {
    let family = Family::<Labels, Gauge>::default();
    for (labels, value) in rows {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        family.get_or_create(&labels).set(value);
    }
    registry.register(name, help, family);
}

#[cfg(test)]
mod tests;
