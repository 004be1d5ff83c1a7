//! A pinned map of any build: its layout is read from the map itself. Acts,
//! and decides nothing; `migration` says what goes where.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use aya::maps::{MapData, MapError as KernelError};
use aya::util::nr_cpus;
use thiserror::Error;

use crate::abi;
use crate::btf::{Btf, BtfError};
use crate::shape::Shape;

/// Of `enum bpf_map_type`: hashes and arrays, whose entries can be listed.
const LISTED: [u32; 6] = [1, 2, 5, 6, 9, 10];
/// Of them, those whose entries are there from the beginning.
const ARRAYS: [u32; 2] = [2, 6];
/// How long the kernel may say that it has no memory at hand: a hash that
/// allocates as it fills gets more a moment later.
const REFILL: Duration = Duration::from_secs(5);

/// A map that cannot be used.
#[derive(Debug, Error)]
pub enum PinnedError {
    /// The pin cannot be opened.
    #[error("cannot open it")]
    Open(#[source] Box<KernelError>),
    /// Its layout or its entries cannot be read.
    #[error("cannot read it")]
    Read(#[source] io::Error),
    /// An entry cannot be written.
    #[error("cannot write it")]
    Write(#[source] io::Error),
    /// Its description cannot be followed.
    #[error("cannot tell its layout")]
    Layout(#[from] BtfError),
}

/// An entry: its key, and a value for each CPU, or one.
pub(crate) type Entry = (Vec<u8>, Vec<Vec<u8>>);

/// A pinned map.
pub(crate) struct PinnedMap {
    map: abi::RawMap,
    pub(crate) key: Shape,
    pub(crate) value: Shape,
}

impl PinnedMap {
    /// Opens it; none where nothing is pinned there, or what is there cannot
    /// be listed.
    pub(crate) fn open(pin: &Path) -> Result<Option<Self>, PinnedError> {
        if !pin.try_exists().map_err(PinnedError::Read)? {
            return Ok(None);
        }
        let data = MapData::from_pin(pin)
            .map_err(|source| PinnedError::Open(Box::new(source)))?;
        let map = data.fd().as_fd().try_clone_to_owned();
        let cpus = nr_cpus().map_err(|(_, error)| PinnedError::Read(error))?;
        let map = map.and_then(|map| abi::RawMap::new(map, cpus));
        let map = map.map_err(PinnedError::Read)?;
        let info = map.info();
        if !LISTED.contains(&info.kind) {
            return Ok(None);
        }
        let types = match info.btf {
            0 => return Err(BtfError::Damaged.into()),
            id => abi::type_description(id).map_err(PinnedError::Read)?,
        };
        let types = Btf::parse(&types)?;
        let shapes = types
            .shape(info.key_type)
            .and_then(|key| Ok((key, types.shape(info.value_type)?)));
        let (key, value) = match shapes {
            // Nothing that one build could tell another.
            Err(BtfError::Kind { .. }) => return Ok(None),
            found => found?,
        };
        let is_described = key.size() == info.key_size as usize
            && value.size() == info.value_size as usize;
        if !is_described {
            return Err(BtfError::Damaged.into());
        }
        Ok(Some(Self { map, key, value }))
    }

    /// True where all entries are there from the beginning.
    pub(crate) fn is_array(&self) -> bool {
        ARRAYS.contains(&self.map.info().kind)
    }

    /// All entries, by key.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, PinnedError> {
        let mut all = Vec::new();
        let mut last = None::<Vec<u8>>;
        // Where entries go meanwhile, the kernel begins again and again.
        for _ in 0..=self.map.info().max_entries.saturating_mul(2) {
            let next = self.map.key_behind(last.as_deref());
            let Some(key) = next.map_err(PinnedError::Read)? else { break };
            let found = self.map.value(&key).map_err(PinnedError::Read)?;
            all.extend(found.map(|value| (key.clone(), self.split(&value))));
            last = Some(key);
        }
        all.sort_unstable();
        all.dedup_by(|one, other| one.0 == other.0);
        Ok(all)
    }

    /// Makes or replaces an entry. Where there are fewer values than CPUs, the
    /// others get zero.
    pub(crate) fn put(
        &self,
        key: &[u8],
        values: &[Vec<u8>],
    ) -> Result<(), PinnedError> {
        let deadline = Instant::now() + REFILL;
        let written = self.join(values)?;
        loop {
            match self.map.put(key, &written) {
                Err(error)
                    if error.kind() == io::ErrorKind::OutOfMemory
                        && Instant::now() < deadline =>
                {
                    thread::yield_now();
                }
                done => return done.map_err(PinnedError::Write),
            }
        }
    }

    fn split(&self, value: &[u8]) -> Vec<Vec<u8>> {
        let size = self.value.size();
        let stride = self.stride();
        value.chunks(stride.max(1)).map(|cpu| cpu[..size].to_vec()).collect()
    }

    fn join(&self, values: &[Vec<u8>]) -> Result<Vec<u8>, PinnedError> {
        let cpus = match self.map.is_per_cpu() {
            true => {
                nr_cpus().map_err(|(_, error)| PinnedError::Write(error))?
            }
            false => 1,
        };
        let stride = self.stride();
        let mut all = Vec::with_capacity(cpus * stride);
        for value in values.iter().take(cpus) {
            all.extend_from_slice(value);
            all.resize(all.len().next_multiple_of(stride.max(1)), 0);
        }
        all.resize(cpus * stride, 0);
        Ok(all)
    }

    /// From one CPU's value to the next.
    fn stride(&self) -> usize {
        let size = self.value.size();
        if self.map.is_per_cpu() { size.next_multiple_of(8) } else { size }
    }
}
