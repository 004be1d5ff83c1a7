//! A pinned hash map, one value or one per CPU, with errors in our words.
//! Acts, and decides nothing: what to write is up to its callers.

use std::io;
use std::path::Path;
use std::sync::OnceLock;

use aya::Pod;
use aya::maps::{
    HashMap, Map, MapData, MapError as KernelError, PerCpuHashMap, PerCpuValues,
};
use aya::util::nr_cpus;

use crate::error::MapError;

/// `BPF_ANY` of include/uapi/linux/bpf.h: make or replace.
const ANY: u64 = 0;
/// `E2BIG`: what the kernel says of a full hash.
const E2BIG: i32 = 7;
/// `ENOSPC`: what it says of some others.
const ENOSPC: i32 = 28;

/// Opens the map pinned as `name`; its key and value must have the sizes of
/// the types wanted.
pub(crate) fn open_pinned<M>(
    pins: &Path,
    name: &'static str,
) -> Result<M, KernelError>
where
    M: TryFrom<Map, Error = KernelError>,
{
    let data = MapData::from_pin(pins.join(name))?;
    M::try_from(Map::from_map_data(data)?)
}

/// A hash with one value per key.
pub(crate) struct Hash<K: Pod, V: Pod> {
    name: &'static str,
    capacity: u32,
    map: HashMap<MapData, K, V>,
}

impl<K: Pod, V: Pod> Hash<K, V> {
    pub(crate) fn open(
        pins: &Path,
        name: &'static str,
    ) -> Result<Self, KernelError> {
        let capacity = capacity(pins, name)?;
        Ok(Self { name, capacity, map: open_pinned(pins, name)? })
    }

    /// Fails where so many entries do not fit.
    pub(crate) fn must_hold(&self, entries: usize) -> Result<(), MapError> {
        if entries > self.capacity as usize {
            let (map, capacity) = (self.name, self.capacity);
            return Err(MapError::Full { map, capacity });
        }
        Ok(())
    }

    pub(crate) fn get(&self, key: &K) -> Result<Option<V>, MapError> {
        match self.map.get(key, 0) {
            Ok(value) => Ok(Some(value)),
            Err(KernelError::KeyNotFound) => Ok(None),
            Err(source) => Err(refused("read", self.name, source)),
        }
    }

    pub(crate) fn put(&mut self, key: &K, value: &V) -> Result<(), MapError> {
        self.map
            .insert(key, value, ANY)
            .map_err(|source| full_or_refused(self.name, self.capacity, source))
    }

    /// Absent is success.
    pub(crate) fn remove(&mut self, key: &K) -> Result<(), MapError> {
        absent_is_gone(self.name, self.map.remove(key))
    }

    /// All entries. One that was made or removed meanwhile may be missing or
    /// be there twice.
    pub(crate) fn entries(&self) -> Result<Vec<(K, V)>, MapError> {
        let entries: Result<_, _> = self.map.iter().collect();
        entries.map_err(|source| refused("list", self.name, source))
    }
}

/// A hash with one value per key and CPU, written by the programs.
pub(crate) struct PerCpuHash<K: Pod, V: Pod> {
    name: &'static str,
    capacity: u32,
    map: PerCpuHashMap<MapData, K, V>,
}

impl<K: Pod, V: Pod> PerCpuHash<K, V> {
    pub(crate) fn open(
        pins: &Path,
        name: &'static str,
    ) -> Result<Self, KernelError> {
        let capacity = capacity(pins, name)?;
        Ok(Self { name, capacity, map: open_pinned(pins, name)? })
    }

    pub(crate) fn get(
        &self,
        key: &K,
    ) -> Result<Option<PerCpuValues<V>>, MapError> {
        match self.map.get(key, 0) {
            Ok(values) => Ok(Some(values)),
            Err(KernelError::KeyNotFound) => Ok(None),
            Err(source) => Err(refused("read", self.name, source)),
        }
    }

    /// Makes or replaces the entry, with the same value for each CPU.
    pub(crate) fn put(&mut self, key: &K, value: V) -> Result<(), MapError> {
        per_cpu(value)
            .and_then(|values| self.map.insert(key, values, ANY))
            .map_err(|source| full_or_refused(self.name, self.capacity, source))
    }

    /// Absent is success.
    pub(crate) fn remove(&mut self, key: &K) -> Result<(), MapError> {
        absent_is_gone(self.name, self.map.remove(key))
    }

    /// All entries, with the same reserve as [`Hash::entries`].
    pub(crate) fn entries(
        &self,
    ) -> Result<Vec<(K, PerCpuValues<V>)>, MapError> {
        let entries: Result<_, _> = self.map.iter().collect();
        entries.map_err(|source| refused("list", self.name, source))
    }
}

/// A failure that has no better word than the kernel's.
pub(crate) fn refused(
    operation: &'static str,
    map: &'static str,
    source: KernelError,
) -> MapError {
    MapError::Refused { operation, map, source }
}

fn capacity(pins: &Path, name: &'static str) -> Result<u32, KernelError> {
    Ok(MapData::from_pin(pins.join(name))?.info()?.max_entries())
}

fn per_cpu<V: Pod>(value: V) -> Result<PerCpuValues<V>, KernelError> {
    // Possible processors are fixed at boot: read once, not for every ADD.
    static CPUS: OnceLock<usize> = OnceLock::new();
    let cpus = match CPUS.get() {
        Some(cpus) => *cpus,
        None => {
            let read = nr_cpus().map_err(|(_, error)| error)?;
            *CPUS.get_or_init(|| read)
        }
    };
    Ok(PerCpuValues::try_from(vec![value; cpus])?)
}

fn full_or_refused(
    map: &'static str,
    capacity: u32,
    source: KernelError,
) -> MapError {
    match errno(&source) {
        Some(E2BIG | ENOSPC) => MapError::Full { map, capacity },
        _ => refused("write", map, source),
    }
}

fn absent_is_gone(
    map: &'static str,
    removed: Result<(), KernelError>,
) -> Result<(), MapError> {
    match removed {
        Err(error) if is(&error, io::ErrorKind::NotFound) => Ok(()),
        other => {
            other.map_err(|source| refused("remove an entry of", map, source))
        }
    }
}

fn io_error(error: &KernelError) -> Option<&io::Error> {
    if let KernelError::SyscallError(failed) = error {
        return Some(&failed.io_error);
    }
    None
}

fn is(error: &KernelError, kind: io::ErrorKind) -> bool {
    io_error(error).is_some_and(|error| error.kind() == kind)
}

fn errno(error: &KernelError) -> Option<i32> {
    io_error(error).and_then(io::Error::raw_os_error)
}
