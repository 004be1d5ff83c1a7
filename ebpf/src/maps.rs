//! One handle on each pinned map. Acts.

use std::path::Path;

use aya::maps::{Array, MapData, MapError as KernelError, PerCpuArray};

use crate::abi;
use crate::hash::{Hash, PerCpuHash, open_pinned};
use crate::object::OpenError;

/// The maps, under the names they have in `bpf/maps.h`.
pub(crate) struct Maps {
    pub(crate) endpoint_by_ifindex: Hash<u32, abi::Endpoint>,
    pub(crate) endpoint_by_address: Hash<abi::Address, abi::LocalAddress>,
    pub(crate) class_by_address: Hash<abi::Address, abi::KnownAddress>,
    pub(crate) endpoint_traffic: PerCpuHash<u32, abi::EndpointTraffic>,
    pub(crate) endpoint_drops: Hash<u32, abi::EndpointDrops>,
    pub(crate) class_counters: PerCpuHash<abi::ClassPair, abi::Traffic>,
    pub(crate) class_counter_overflow: PerCpuArray<MapData, abi::Traffic>,
    pub(crate) drops: PerCpuArray<MapData, abi::Traffic>,
    pub(crate) settings: Array<MapData, abi::Settings>,
    pub(crate) endpoint_traffic_carried: Hash<u32, abi::EndpointTraffic>,
    pub(crate) endpoint_drops_carried: Hash<u32, abi::EndpointDrops>,
    pub(crate) class_counters_carried: Hash<abi::ClassPair, abi::Traffic>,
    pub(crate) class_counter_overflow_carried: Array<MapData, abi::Traffic>,
    pub(crate) drops_carried: Array<MapData, abi::Traffic>,
}

/// Their names, which are those of their pins.
pub(crate) const NAMES: [&str; 14] = [
    "endpoint_by_ifindex",
    "endpoint_by_address",
    "class_by_address",
    "endpoint_traffic",
    "endpoint_drops",
    "class_counters",
    "class_counter_overflow",
    "drops",
    "endpoint_traffic_carried",
    "endpoint_drops_carried",
    "class_counters_carried",
    "class_counter_overflow_carried",
    "drops_carried",
    "settings",
];

impl Maps {
    /// Opens all of them; fails where one has not the layout of [`abi`].
    pub(crate) fn open(pins: &Path) -> Result<Self, OpenError> {
        let from = Opener { pins };
        Ok(Self {
            endpoint_by_ifindex: from
                .take("endpoint_by_ifindex", Hash::open)?,
            endpoint_by_address: from
                .take("endpoint_by_address", Hash::open)?,
            class_by_address: from.take("class_by_address", Hash::open)?,
            endpoint_traffic: from
                .take("endpoint_traffic", PerCpuHash::open)?,
            endpoint_drops: from.take("endpoint_drops", Hash::open)?,
            class_counters: from.take("class_counters", PerCpuHash::open)?,
            class_counter_overflow: from
                .take("class_counter_overflow", open_pinned)?,
            drops: from.take("drops", open_pinned)?,
            settings: from.take("settings", open_pinned)?,
            endpoint_traffic_carried: from
                .take("endpoint_traffic_carried", Hash::open)?,
            endpoint_drops_carried: from
                .take("endpoint_drops_carried", Hash::open)?,
            class_counters_carried: from
                .take("class_counters_carried", Hash::open)?,
            class_counter_overflow_carried: from
                .take("class_counter_overflow_carried", open_pinned)?,
            drops_carried: from.take("drops_carried", open_pinned)?,
        })
    }
}

struct Opener<'a> {
    pins: &'a Path,
}

impl Opener<'_> {
    fn take<M>(
        &self,
        map: &'static str,
        open: impl FnOnce(&Path, &'static str) -> Result<M, KernelError>,
    ) -> Result<M, OpenError> {
        open(self.pins, map).map_err(|source| {
            let dir = self.pins.to_owned();
            if is_layout(&source) {
                OpenError::Layout { map, dir }
            } else {
                OpenError::Map { map, dir, source }
            }
        })
    }
}

fn is_layout(error: &KernelError) -> bool {
    matches!(
        error,
        KernelError::InvalidKeySize { .. }
            | KernelError::InvalidValueSize { .. }
            | KernelError::InvalidMapType { .. }
    )
}
