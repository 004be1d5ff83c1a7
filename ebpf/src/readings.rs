//! What the programs counted, read from the maps. Acts.

use std::collections::BTreeMap;

use aya::maps::{Array, MapData, PerCpuArray};
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
        let maps = &self.reader;
        let cpus = maps.endpoint_traffic.get(&ifindex)?;
        let drops = maps.endpoint_drops.get(&ifindex)?;
        let (Some(cpus), Some(drops)) = (cpus, drops) else {
            return Ok(None);
        };
        let before = maps.endpoint_traffic_carried.get(&ifindex)?;
        let cpus: Vec<_> = cpus.iter().copied().chain(before).collect();
        let before = maps.endpoint_drops_carried.get(&ifindex)?;
        let drops: Vec<_> = [drops].into_iter().chain(before).collect();
        Ok(Some(EndpointCounters::sum(&cpus, &drops)))
    }

    /// What was counted for each pair of classes that met.
    pub fn class_counters(&self) -> Result<Vec<ClassCount>, MapError> {
        let mut live = BTreeMap::new();
        for (pair, cpus) in self.reader.class_counters.entries()? {
            live.insert(key(&pair), (pair, cpus.to_vec()));
        }
        let mut carried = BTreeMap::new();
        for (pair, sum) in self.reader.class_counters_carried.entries()? {
            carried.insert(key(&pair), (pair, sum));
        }
        for (key, (pair, sum)) in carried {
            live.entry(key).or_insert((pair, Vec::new())).1.push(sum);
        }
        let counts = live.values().map(|(pair, all)| class_count(pair, all));
        Ok(counts.flatten().collect())
    }

    /// What passed or was dropped in this direction while there was no room
    /// for one more pair of classes; it is in no [`ClassCount`].
    pub fn uncounted_classes(
        &self,
        direction: Direction,
    ) -> Result<Traffic, MapError> {
        let maps = &self.reader;
        let live = &maps.class_counter_overflow;
        let carried = &maps.class_counter_overflow_carried;
        slot((live, carried), "class_counter_overflow", direction.number())
    }

    /// What was dropped, by direction and reason: each of them, also those
    /// that did not occur.
    pub fn drops(&self) -> Result<Vec<DropCount>, MapError> {
        let mut all = Vec::new();
        for direction in Direction::ALL {
            for reason in DropReason::ALL {
                let index =
                    direction.number() * abi::DROP_REASONS + reason.number();
                let maps = (&self.reader.drops, &self.reader.drops_carried);
                let Traffic { packets, bytes } = slot(maps, "drops", index)?;
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

type Slots<'a> =
    (&'a PerCpuArray<MapData, abi::Traffic>, &'a Array<MapData, abi::Traffic>);

fn slot(
    (live, carried): Slots<'_>,
    name: &'static str,
    index: usize,
) -> Result<Traffic, MapError> {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    live.get(&index, 0)
        .and_then(|cpus| Ok((cpus, carried.get(&index, 0)?)))
        .map(|(cpus, before)| {
            let all: Vec<_> = cpus.iter().copied().chain([before]).collect();
            Traffic::sum(&all)
        })
        .map_err(|source| refused("read", name, source))
}

fn key(pair: &abi::ClassPair) -> (u32, u32, u8, u8) {
    (pair.local, pair.peer, pair.direction, pair.verdict)
}
