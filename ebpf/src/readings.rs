//! What the programs counted, read from the maps. Acts.

use std::collections::BTreeMap;

use aya::maps::{MapData, PerCpuArray};
use tartan_model::ClassId;

use crate::abi;
use crate::counters::{
    ClassCount, Direction, DropCount, EndpointCounters, Traffic, Verdict,
};
use crate::dataplane::Dataplane;
use crate::error::MapError;
use crate::hash::refused;
use crate::reason::DropReason;

impl Dataplane {
    /// What was counted for the endpoint at this interface.
    pub fn endpoint_counters(
        &self,
        ifindex: u32,
    ) -> Result<Option<EndpointCounters>, MapError> {
        let cpus = self.reader.endpoint_traffic.get(&ifindex)?;
        let drops = self.reader.endpoint_drops.get(&ifindex)?;
        Ok(cpus.zip(drops).map(|(c, d)| EndpointCounters::sum(&c, &d)))
    }

    /// What was counted for each pair of classes that met.
    pub fn class_counters(&self) -> Result<Vec<ClassCount>, MapError> {
        let mut all = BTreeMap::new();
        for (pair, cpus) in self.reader.class_counters.entries()? {
            let key = (pair.local, pair.peer, pair.direction, pair.verdict);
            all.extend(class_count(&pair, &cpus).map(|count| (key, count)));
        }
        Ok(all.into_values().collect())
    }

    /// What passed or was dropped in this direction while there was no room
    /// for one more pair of classes; it is in no [`ClassCount`].
    pub fn uncounted_classes(
        &self,
        direction: Direction,
    ) -> Result<Traffic, MapError> {
        slot(
            &self.reader.class_counter_overflow,
            "class_counter_overflow",
            direction.number(),
        )
    }

    /// What was dropped, by direction and reason: each of them, also those
    /// that did not occur.
    pub fn drops(&self) -> Result<Vec<DropCount>, MapError> {
        let mut all = Vec::new();
        for direction in Direction::ALL {
            for reason in DropReason::ALL {
                let index =
                    direction.number() * abi::DROP_REASONS + reason.number();
                let Traffic { packets, bytes } =
                    slot(&self.reader.drops, "drops", index)?;
                all.push(DropCount { direction, reason, packets, bytes });
            }
        }
        Ok(all)
    }
}

/// A pair written by a program that knows more numbers than we do is none.
fn class_count(
    pair: &abi::ClassPair,
    cpus: &[abi::Traffic],
) -> Option<ClassCount> {
    Some(ClassCount {
        local: ClassId::from_bits(pair.local),
        peer: ClassId::from_bits(pair.peer),
        direction: Direction::from_number(pair.direction)?,
        verdict: Verdict::from_number(pair.verdict)?,
        traffic: Traffic::sum(cpus),
    })
}

fn slot(
    map: &PerCpuArray<MapData, abi::Traffic>,
    name: &'static str,
    index: usize,
) -> Result<Traffic, MapError> {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    map.get(&index, 0)
        .map(|cpus| Traffic::sum(&cpus))
        .map_err(|source| refused("read", name, source))
}
