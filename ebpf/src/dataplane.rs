//! The one handle on programs and maps: what the agent opens at its start and
//! every request uses. Acts.
//!
//! It is shared by threads. Reading takes no lock; whatever changes endpoints
//! takes turns, because an endpoint is entries in four maps. No change waits
//! for a grace period of the kernel.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aya::Ebpf;
use aya::programs::ProgramFd;
use tartan_model::ClassId;

use crate::abi;
use crate::counters::Direction;
use crate::endpoints::Endpoints;
use crate::entry::{DataplaneSettings, EndpointEntry};
use crate::error::MapError;
use crate::hash::refused;
use crate::maps::Maps;
use crate::migration::Migration;
use crate::migration_step::MigrationStep;
use crate::object::{self, LimiterProgram, OpenError, ProgramIdentity};
use crate::pins::{PinError, Pins};

/// The programs and maps of this host.
pub struct Dataplane {
    pub(crate) ebpf: Ebpf,
    pub(crate) bpf_dir: PathBuf,
    pub(crate) reader: Maps,
    writer: Mutex<Maps>,
    programs: [(ProgramFd, ProgramIdentity); abi::DIRECTIONS],
    limiter: [ProgramFd; 2],
    pins: Pins,
    migration: Migration,
}

impl Dataplane {
    /// As [`Self::prepare`] and [`Self::settle`], for whoever puts no program
    /// where packets pass.
    ///
    /// `bpf_dir` must be on a bpf file system; see [`crate::ensure_bpffs`].
    pub fn open(bpf_dir: &Path) -> Result<Self, OpenError> {
        let mut dataplane = Self::prepare(bpf_dir, |_| ())?;
        dataplane.settle(|_| ())?;
        Ok(dataplane)
    }

    /// Loads the programs, on the maps pinned under `bpf_dir` where a former
    /// agent left some of this layout. Where it left some of another, new ones
    /// get what those know; then the caller replaces the programs that packets
    /// meet, and calls [`Self::settle`]. Endpoints, counters and settings
    /// survive, whichever build made them. Other directories have other maps.
    ///
    /// `before` hears of each step before it is taken.
    pub fn prepare(
        bpf_dir: &Path,
        before: impl Fn(MigrationStep),
    ) -> Result<Self, OpenError> {
        let mut migration = object::look(bpf_dir)?;
        let mut ebpf = if migration.is_filling() {
            before(MigrationStep::Make);
            migration.take(MigrationStep::Make)?;
            let ebpf = object::load_maps(&migration.pins())?;
            before(MigrationStep::Copy);
            migration.take(MigrationStep::Copy)?;
            ebpf
        } else {
            object::load_maps(&migration.pins())?
        };
        let pins = migration.pins();
        let (reader, writer) = (Maps::open(&pins)?, Maps::open(&pins)?);
        object::load_programs(&mut ebpf)?;
        let [first, second] = Direction::ALL;
        let programs = [loaded(&ebpf, first)?, loaded(&ebpf, second)?];
        let [first, second] = LimiterProgram::ALL.map(LimiterProgram::as_str);
        let limiter = [
            object::descriptor(&ebpf, first)?,
            object::descriptor(&ebpf, second)?,
        ];
        if migration.is_filling() {
            before(MigrationStep::Offer);
            migration.take(MigrationStep::Offer)?;
        }
        let pins = Pins::held(&migration.pins())?;
        let writer = Mutex::new(writer);
        let bpf_dir = bpf_dir.to_owned();
        Ok(Self {
            ebpf,
            bpf_dir,
            reader,
            writer,
            programs,
            limiter,
            migration,
            pins,
        })
    }

    /// The names under which maps should be pinned and nothing is. A file of
    /// another map there is not noticed here; [`Self::pin_again`] replaces it.
    pub fn lost_pins(&self) -> Vec<&'static str> {
        self.pins.lost()
    }

    /// Pins the maps anew where their pins were lost, on a bpf file system
    /// that is mounted where there is none any more.
    pub fn pin_again(&self) -> Result<(), PinError> {
        self.pins.again()
    }

    /// True from [`Self::prepare`] to [`Self::settle`], where there is
    /// anything to take over or to remove.
    pub fn is_migrating(&self) -> bool {
        !self.migration.is_over()
    }

    /// Takes over what maps of other layouts counted, and removes them. To be
    /// called when no packet meets a program of theirs any more. Until then
    /// readings lack what they counted.
    pub fn settle(
        &mut self,
        before: impl Fn(MigrationStep),
    ) -> Result<(), OpenError> {
        if !self.is_migrating() {
            return Ok(());
        }
        let steps = if self.migration.is_whole() {
            &[MigrationStep::RemoveOld][..]
        } else {
            &[
                MigrationStep::TakeOver,
                MigrationStep::Settle,
                MigrationStep::RemoveOld,
            ]
        };
        for step in steps {
            before(*step);
            self.migration.take(*step)?;
        }
        self.pins = Pins::held(&self.migration.pins())?;
        Ok(())
    }

    /// The program for packets that the container sends: clsact ingress of the
    /// host's end.
    pub fn from_container(&self) -> BorrowedFd<'_> {
        self.program(Direction::FromContainer)
    }

    /// The program for packets to the container: clsact egress of the host's
    /// end.
    pub fn to_container(&self) -> BorrowedFd<'_> {
        self.program(Direction::ToContainer)
    }

    /// The program of this direction.
    pub fn program(&self, direction: Direction) -> BorrowedFd<'_> {
        self.programs[direction.number()].0.as_fd()
    }

    /// A program of the limiter.
    pub fn limiter_program(&self, which: LimiterProgram) -> BorrowedFd<'_> {
        let [limited, limit_class] = &self.limiter;
        match which {
            LimiterProgram::Limited => limited.as_fd(),
            LimiterProgram::LimitClass => limit_class.as_fd(),
        }
    }

    /// How the kernel names the program, to be compared with what is attached.
    pub fn identity(&self, direction: Direction) -> ProgramIdentity {
        self.programs[direction.number()].1
    }

    /// Tells the programs of an endpoint, or tells them anew. From the return
    /// on its packets are judged; before it they are dropped. Counters go on
    /// where the generation is the same. A full map changes nothing.
    pub fn put_endpoint(
        &self,
        ifindex: u32,
        endpoint: &EndpointEntry,
    ) -> Result<(), MapError> {
        Endpoints::of(&mut self.write()).put(ifindex, endpoint)
    }

    /// Has the programs forget an endpoint, with its counters: its packets are
    /// dropped from here on. Absent is success. An address stays known where
    /// it has gone to another interface meanwhile.
    pub fn remove_endpoint(&self, ifindex: u32) -> Result<(), MapError> {
        Endpoints::of(&mut self.write()).remove(ifindex)
    }

    /// Removes addresses that no endpoint has, which an agent killed within a
    /// change leaves behind. Gives their number. For the start of an agent.
    pub fn remove_stray_addresses(&self) -> Result<usize, MapError> {
        Endpoints::of(&mut self.write()).remove_stray_addresses()
    }

    /// The endpoint at this interface.
    pub fn endpoint(
        &self,
        ifindex: u32,
    ) -> Result<Option<EndpointEntry>, MapError> {
        let found = self.reader.endpoint_by_ifindex.get(&ifindex)?;
        Ok(found.map(EndpointEntry::from))
    }

    /// True where the maps know `endpoint` at this interface, and its
    /// addresses too.
    pub fn holds(
        &self,
        ifindex: u32,
        endpoint: &EndpointEntry,
    ) -> Result<bool, MapError> {
        if self.endpoint(ifindex)?.as_ref() != Some(endpoint) {
            return Ok(false);
        }
        let wanted = endpoint.local_address(ifindex);
        for key in endpoint.keys() {
            let found = self.reader.endpoint_by_address.get(&key)?;
            if found != Some(wanted) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All endpoints, by interface.
    pub fn endpoints(&self) -> Result<Vec<(u32, EndpointEntry)>, MapError> {
        let mut all = self.reader.endpoint_by_ifindex.entries()?;
        all.sort_unstable_by_key(|(ifindex, _)| *ifindex);
        all.dedup_by_key(|(ifindex, _)| *ifindex);
        Ok(all.into_iter().map(|(key, value)| (key, value.into())).collect())
    }

    /// Makes these all the addresses, beyond endpoints, whose class is not the
    /// world: the host's own ([`ClassId::HOST`]) and the gateway's. Where
    /// they are more than the map holds, nothing is changed.
    pub fn set_known_addresses(
        &self,
        known: &[(IpAddr, ClassId)],
    ) -> Result<(), MapError> {
        let wanted: BTreeMap<_, _> = known
            .iter()
            .map(|(address, class)| ((*address).into(), class.bits()))
            .collect();
        let map = &mut self.write().class_by_address;
        map.must_hold(wanted.len())?;
        for (key, _) in map.entries()? {
            if !wanted.contains_key(&key) {
                map.remove(&key)?;
            }
        }
        for (key, class) in wanted {
            let value = abi::KnownAddress { class, ..Default::default() };
            map.put(&key, &value)?;
        }
        Ok(())
    }

    /// Makes these the settings of all endpoints, from the next packet on.
    pub fn set_settings(
        &self,
        settings: &DataplaneSettings,
    ) -> Result<(), MapError> {
        let value = abi::Settings::from(settings);
        self.write()
            .settings
            .set(0, value, 0)
            .map_err(|source| refused("write", "settings", source))
    }

    /// A thread that panicked while it held the lock has left the maps as a
    /// killed agent would; going on repairs them.
    fn write(&self) -> MutexGuard<'_, Maps> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn loaded(
    ebpf: &Ebpf,
    direction: Direction,
) -> Result<(ProgramFd, ProgramIdentity), OpenError> {
    let name = direction.as_str();
    let identity = object::identity(ebpf, name)?;
    Ok((object::descriptor(ebpf, name)?, identity))
}
