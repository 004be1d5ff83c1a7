//! The free addresses of blocks that serve the same containers, in the order
//! in which they are given: never used ones first, then the one that was
//! released longest ago. Pure; every question costs a look at the head of an
//! ordered set, however many addresses there are. Where ranges restrict what
//! is given, it goes on from there, past what this host released outside the
//! range: never through the range itself.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use tartan_model::ClassId;

use super::block::OwnSlot;
use super::query::{Demand, Place};
use crate::boot_time::BootTime;

/// A waiting line: by the moment of joining it.
type Line = BTreeSet<(BootTime, IpAddr)>;

/// What a group of blocks has to give.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    fresh: BTreeSet<IpAddr>,
    /// Released addresses by moment of release.
    released: Line,
    /// The same, apart for each class that had them.
    of_class: BTreeMap<ClassId, Line>,
    /// Those whose release the store has, by the moment it got it, then by the
    /// moment of release.
    committed: BTreeSet<(BootTime, BootTime, IpAddr)>,
}

impl Shelf {
    /// Puts a free address on the shelf; `slot` is its slot where it rests.
    pub(super) fn put(&mut self, address: IpAddr, slot: Option<&OwnSlot>) {
        let Some(slot) = slot else {
            self.fresh.insert(address);
            return;
        };
        let Some(released) = slot.released() else { return };
        self.released.insert((released, address));
        let class = slot.slot.class;
        self.of_class.entry(class).or_default().insert((released, address));
        if let Some(committed) = slot.committed {
            self.committed.insert((committed, released, address));
        }
    }

    /// Takes an address off the shelf; `slot` as it was when put there.
    pub(super) fn remove(&mut self, address: IpAddr, slot: Option<&OwnSlot>) {
        self.fresh.remove(&address);
        let Some(slot) = slot else { return };
        let Some(released) = slot.released() else { return };
        self.released.remove(&(released, address));
        let class = slot.slot.class;
        if let Some(line) = self.of_class.get_mut(&class) {
            line.remove(&(released, address));
            if line.is_empty() {
                self.of_class.remove(&class);
            }
        }
        if let Some(committed) = slot.committed {
            self.committed.remove(&(committed, released, address));
        }
    }

    /// The address to give next to a container of `class`, and the moment it
    /// was released if it ever was.
    pub(super) fn next(
        &self,
        class: ClassId,
        rest: Duration,
        now: BootTime,
        place: &Place<'_>,
    ) -> Option<(Option<BootTime>, IpAddr)> {
        if let Some(address) = self.fresh(place) {
            return Some((None, address));
        }
        let is_over = |since: BootTime| since.after(rest) <= now;
        let same = self
            .oldest_of(class, place)
            .filter(|(released, _)| is_over(*released));
        // Another class waits for the commit, and rests from there: until
        // then other hosts may judge the address by its old class.
        let any = self
            .committed
            .iter()
            .take_while(|(committed, ..)| is_over(*committed))
            .find(|(.., address)| place.gives(*address))
            .map(|(_, released, address)| (*released, *address));
        let oldest = [same, any].into_iter().flatten().min()?;
        Some((Some(oldest.0), oldest.1))
    }

    /// An address of a place that nobody ever had.
    fn fresh(&self, place: &Place<'_>) -> Option<IpAddr> {
        let Some(span) = place.span() else {
            return self.fresh.first().copied();
        };
        let mut fresh = self.fresh.range(span.first()..=span.last());
        fresh.find(|address| place.gives(**address)).copied()
    }

    /// The address of a place that `class` itself gave up longest ago, rested
    /// or not.
    pub(super) fn oldest_of(
        &self,
        class: ClassId,
        place: &Place<'_>,
    ) -> Option<(BootTime, IpAddr)> {
        let mut line = self.of_class.get(&class)?.iter();
        line.find(|(_, address)| place.gives(*address)).copied()
    }

    /// True where some class could be given an address of a place now.
    pub(super) fn has_any(
        &self,
        rest: Duration,
        now: BootTime,
        place: &Place<'_>,
    ) -> bool {
        let rested = self
            .released
            .iter()
            .take_while(|(released, _)| released.after(rest) <= now);
        let mut rested = rested.map(|(_, address)| *address);
        self.fresh(place).is_some() || rested.any(|ip| place.gives(ip))
    }

    /// How many addresses could be given now, counted no further than
    /// `enough`.
    pub(super) fn available(
        &self,
        rest: Duration,
        now: BootTime,
        enough: usize,
    ) -> usize {
        let missing = enough.saturating_sub(self.fresh.len());
        let rested = self
            .released
            .iter()
            .take(missing)
            .take_while(|(released, _)| released.after(rest) <= now);
        self.fresh.len().min(enough) + rested.count()
    }

    /// How many addresses that would do were released and are not given
    /// again.
    pub(super) fn waiting(&self, demand: &Demand<'_>) -> usize {
        let is_meant = |ip: IpAddr| demand.places.iter().any(|p| p.gives(ip));
        self.released.iter().filter(|(_, ip)| is_meant(*ip)).count()
    }

    /// How long until a container of `class` could have one of the waiting
    /// addresses; none where that hangs on a commit.
    pub(super) fn soonest(
        &self,
        class: ClassId,
        rest: Duration,
        now: BootTime,
        place: &Place<'_>,
    ) -> Option<Duration> {
        let same = self.oldest_of(class, place).map(|(released, _)| released);
        let mut all = self.committed.iter();
        let any = all.find(|(.., address)| place.gives(*address));
        let any = any.map(|(committed, ..)| *committed);
        let first = [same, any].into_iter().flatten().min()?;
        Some(first.after(rest).since(now))
    }
}
