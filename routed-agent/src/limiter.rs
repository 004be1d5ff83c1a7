//! The limiter: the device by which those containers send that have a limit.
//! Acts.
//!
//! One ifb for the whole host, made when the first limit is asked for, with a
//! tree of classes at its root: one class for each attachment whose sending is
//! limited, found by its number alone. A second filter behind `from_container`
//! redirects their packets to it, and theirs only; it is at the host's side of
//! the link, where no container has a say. The packets come back where they
//! were taken, judged and counted once.
//!
//! Whoever takes a number of a class gives it back; the numbers in use are
//! those of the records.

use std::collections::BTreeSet;
use std::num::NonZeroU16;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tartan_agent_api::record::Record;
use tartan_ebpf::{Dataplane, LimiterProgram};
use tartan_hostnet::{
    Batch, BatchError, FilterPlace, FilterSpec, FilterTask, Link, LinkIndexes,
    Queue, QueueKind, ReadError, Rtnl,
};
use thiserror::Error;

use crate::attach::shaping::{self, TREE};
use crate::attach::wire::BLOCKS;

/// The device.
pub(crate) const DEVICE: &str = "tartan-ifb";
/// The name by which it is known as ours.
const ALT_NAME: &str = "tartan-limiter";
/// Behind `from_container`, which is at priority 1.
pub(crate) const PRIORITY: u16 = 2;
const HANDLE: u32 = 1;

/// A limit could not be set.
#[derive(Debug, Error)]
pub(crate) enum LimiterError {
    #[error("cannot look for link {DEVICE}")]
    Look(#[from] ReadError),
    #[error("link {DEVICE} exists and is not ours")]
    Foreign,
    #[error("cannot make link {DEVICE} (is the kernel's module ifb there?)")]
    Make(#[source] BatchError),
    #[error("cannot put the limiter's programs where packets pass")]
    Filters(#[source] BatchError),
    #[error("cannot make the class of the attachment")]
    Class(#[source] BatchError),
    #[error("all {} classes of the limiter are taken", u16::MAX)]
    Full,
}

/// What making the device takes.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) dataplane: &'a Dataplane,
    pub(crate) indexes: &'a LinkIndexes,
}

/// The limiter of this host.
#[derive(Debug)]
pub(crate) struct Limiter(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The device, once somebody needed it.
    device: Option<u32>,
    taken: BTreeSet<NonZeroU16>,
}

impl Limiter {
    /// With the numbers that records have. The device that a former agent
    /// made gets this build's programs; where there is none, none is made.
    pub(crate) fn start(
        rtnl: &mut Rtnl,
        means: Means<'_>,
        records: &[Record],
    ) -> Result<Self, LimiterError> {
        let taken = records.iter().filter_map(|r| r.limit_class).collect();
        let limiter = Self(Mutex::new(State { device: None, taken }));
        if device(rtnl)?.is_some() {
            limiter.mend(rtnl, means)?;
        }
        Ok(limiter)
    }

    /// A number for a class; the lowest that nobody has.
    pub(crate) fn take(&self) -> Result<NonZeroU16, LimiterError> {
        let mut state = self.state();
        let mut all = (1..=u16::MAX).filter_map(NonZeroU16::new);
        let free = all.find(|number| !state.taken.contains(number));
        let number = free.ok_or(LimiterError::Full)?;
        state.taken.insert(number);
        Ok(number)
    }

    /// The number of an attachment that is adopted.
    pub(crate) fn reserve(&self, number: NonZeroU16) {
        self.state().taken.insert(number);
    }

    /// Nobody has the number any more.
    pub(crate) fn give_back(&self, number: NonZeroU16) {
        self.state().taken.remove(&number);
    }

    /// Makes the class of an attachment, and the device where it is missing.
    pub(crate) fn put_class(
        &self,
        rtnl: &mut Rtnl,
        means: Means<'_>,
        record: &Record,
    ) -> Result<(), LimiterError> {
        if let Some(device) = self.known_device() {
            match rtnl.apply(shaping::put_class(device, record)) {
                // Somebody took the device away: it is made again.
                Err(error) if error.is_absent() => {}
                done => return done.map(drop).map_err(LimiterError::Class),
            }
        }
        let device = self.mend(rtnl, means)?;
        let batch = shaping::put_class(device, record);
        rtnl.apply(batch).map(drop).map_err(LimiterError::Class)
    }

    /// Takes a class away; absent is success.
    pub(crate) fn delete_class(
        &self,
        rtnl: &mut Rtnl,
        number: NonZeroU16,
    ) -> Result<(), LimiterError> {
        let Some(link) = device(rtnl)? else { return Ok(()) };
        let mut batch = Batch::new();
        batch.delete_class(link.index, shaping::class(number));
        match rtnl.apply(batch) {
            Err(error) if !error.is_absent() => Err(LimiterError::Class(error)),
            _ => Ok(()),
        }
    }

    /// Takes a class away that is nobody's. Answers whether it was.
    pub(crate) fn delete_stray(
        &self,
        rtnl: &mut Rtnl,
        number: NonZeroU16,
    ) -> Result<bool, LimiterError> {
        // Held, so that nobody takes the number meanwhile.
        let state = self.state();
        if state.taken.contains(&number) {
            return Ok(false);
        }
        self.delete_class(rtnl, number).map(|()| true)
    }

    /// Makes the device and puts this build's programs in, over what may be
    /// there of both.
    pub(crate) fn mend(
        &self,
        rtnl: &mut Rtnl,
        means: Means<'_>,
    ) -> Result<u32, LimiterError> {
        let mut state = self.state();
        let index = match device(rtnl)? {
            Some(link) => complete(rtnl, &link)?,
            None => {
                let index = means.indexes.next();
                let mut batch = Batch::new();
                batch.ifb(index, DEVICE).alt_name(index, ALT_NAME);
                batch.no_link_local(index).up(index).tree(index, TREE);
                rtnl.apply(batch).map_err(LimiterError::Make)?;
                index
            }
        };
        put_filters(rtnl, means.dataplane, index)?;
        state.device = Some(index);
        Ok(index)
    }

    fn known_device(&self) -> Option<u32> {
        self.state().device
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The device, where it is.
pub(crate) fn device(rtnl: &mut Rtnl) -> Result<Option<Link>, LimiterError> {
    match rtnl.link_named(DEVICE)? {
        Some(link) if !link.is_called(ALT_NAME) => Err(LimiterError::Foreign),
        found => Ok(found),
    }
}

/// True where the device is there, with everything that packets meet.
pub(crate) fn is_whole(
    rtnl: &mut Rtnl,
    queues: &[Queue],
) -> Result<bool, LimiterError> {
    let Some(link) = device(rtnl)? else { return Ok(false) };
    let tree = FilterPlace::Tree { link: link.index, handle: TREE };
    let named = |name: &'static str| {
        move |filter: &tartan_hostnet::Filter| {
            filter.name.as_deref() == Some(name)
        }
    };
    let [limited, limit_class] =
        LimiterProgram::ALL.map(LimiterProgram::as_str);
    let has_tree = has_tree(queues, link.index);
    let classifies =
        has_tree && rtnl.filters(tree)?.iter().any(named(limit_class));
    let block = FilterPlace::Block(BLOCKS.ingress);
    let redirects = rtnl.filters(block)?.iter().any(|filter| {
        named(limited)(filter) && filter.redirects_to == Some(link.index)
    });
    Ok(link.is_up && classifies && redirects)
}

fn has_tree(queues: &[Queue], link: u32) -> bool {
    queues.iter().any(|queue| {
        let is_root = queue.link == link && queue.parent == Queue::ROOT;
        is_root && queue.kind == QueueKind::Classes
    })
}

/// A device that is there lacks nothing but what somebody took away.
fn complete(rtnl: &mut Rtnl, link: &Link) -> Result<u32, LimiterError> {
    let index = link.index;
    let mut batch = Batch::new();
    if !has_tree(&rtnl.queues()?, index) {
        batch.tree(index, TREE);
    }
    batch.up(index);
    rtnl.apply(batch).map_err(LimiterError::Make)?;
    Ok(index)
}

/// The tree's first: a packet that is redirected then finds its class.
fn put_filters(
    rtnl: &mut Rtnl,
    dataplane: &Dataplane,
    index: u32,
) -> Result<(), LimiterError> {
    let tree = FilterPlace::Tree { link: index, handle: TREE };
    let block = FilterPlace::Block(BLOCKS.ingress);
    let mut batch = Batch::new();
    for (place, which, task) in [
        (tree, LimiterProgram::LimitClass, FilterTask::Classify),
        (block, LimiterProgram::Limited, FilterTask::Redirect(index)),
    ] {
        batch.put_filter(
            place,
            &FilterSpec {
                priority: PRIORITY,
                handle: HANDLE,
                name: which.as_str(),
                program: dataplane.limiter_program(which),
                task,
            },
        );
    }
    rtnl.apply(batch).map(drop).map_err(LimiterError::Filters)
}
