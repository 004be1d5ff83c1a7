//! An endpoint is an entry in each of four maps. This writes and removes them
//! in the order in which no packet passes unchecked or uncounted. Acts.
//!
//! Made: counters, addresses, interface; from the last on packets pass.
//! Removed: interface, addresses, counters; from the first on they are dropped.

use crate::abi;
use crate::entry::EndpointEntry;
use crate::error::MapError;
use crate::maps::Maps;

/// The endpoints in maps that nobody else is writing.
pub(crate) struct Endpoints<'a> {
    maps: &'a mut Maps,
}

/// An address and what was known of it before.
type Before = (abi::Address, Option<abi::LocalAddress>);

impl<'a> Endpoints<'a> {
    pub(crate) fn of(maps: &'a mut Maps) -> Self {
        Self { maps }
    }

    pub(crate) fn put(
        &mut self,
        ifindex: u32,
        entry: &EndpointEntry,
    ) -> Result<(), MapError> {
        let before = self.entry(ifindex)?;
        self.make_counters(ifindex, before.as_ref(), entry)?;
        let mut written = Vec::new();
        let done =
            self.write_addresses(ifindex, entry, &mut written).and_then(|()| {
                self.maps.endpoint_by_ifindex.put(&ifindex, &entry.into())
            });
        if let Err(error) = done {
            self.undo(ifindex, before.as_ref(), &written);
            return Err(error);
        }
        let old_keys = before.iter().flat_map(EndpointEntry::keys);
        for key in old_keys.filter(|old| !entry.keys().any(|k| k == *old)) {
            self.remove_address(&key, ifindex)?;
        }
        Ok(())
    }

    /// Goes on after a failure, so that as little as possible stays, and gives
    /// the first one.
    pub(crate) fn remove(&mut self, ifindex: u32) -> Result<(), MapError> {
        let before = self.entry(ifindex)?;
        let mut done = self.maps.endpoint_by_ifindex.remove(&ifindex);
        for key in before.iter().flat_map(EndpointEntry::keys) {
            done = done.and(self.remove_address(&key, ifindex));
        }
        done.and(self.remove_counters(ifindex))
    }

    pub(crate) fn remove_stray_addresses(&mut self) -> Result<usize, MapError> {
        let mut removed = 0;
        for (key, owner) in self.maps.endpoint_by_address.entries()? {
            let entry = self.entry(owner.ifindex)?;
            let is_owned = entry.is_some_and(|it| it.keys().any(|k| k == key));
            if !is_owned {
                self.maps.endpoint_by_address.remove(&key)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn entry(&self, ifindex: u32) -> Result<Option<EndpointEntry>, MapError> {
        let found = self.maps.endpoint_by_ifindex.get(&ifindex)?;
        Ok(found.map(EndpointEntry::from))
    }

    /// The counts of an endpoint told anew go on. Another generation is
    /// another container, at a number used again.
    fn make_counters(
        &mut self,
        ifindex: u32,
        before: Option<&EndpointEntry>,
        entry: &EndpointEntry,
    ) -> Result<(), MapError> {
        if before.is_some_and(|b| b.generation == entry.generation) {
            return Ok(());
        }
        self.forget_carried(ifindex)?;
        self.maps.endpoint_traffic.put(&ifindex, Default::default())?;
        let made = self.maps.endpoint_drops.put(&ifindex, &Default::default());
        if made.is_err() && before.is_none() {
            report(ifindex, self.maps.endpoint_traffic.remove(&ifindex));
        }
        made
    }

    fn remove_counters(&mut self, ifindex: u32) -> Result<(), MapError> {
        let done = self.maps.endpoint_traffic.remove(&ifindex);
        let done = done.and(self.maps.endpoint_drops.remove(&ifindex));
        done.and(self.forget_carried(ifindex))
    }

    /// What maps of another layout counted for this number was another's.
    fn forget_carried(&mut self, ifindex: u32) -> Result<(), MapError> {
        let done = self.maps.endpoint_traffic_carried.remove(&ifindex);
        done.and(self.maps.endpoint_drops_carried.remove(&ifindex))
    }

    fn write_addresses(
        &mut self,
        ifindex: u32,
        entry: &EndpointEntry,
        written: &mut Vec<Before>,
    ) -> Result<(), MapError> {
        let value = entry.local_address(ifindex);
        for key in entry.keys() {
            let map = &mut self.maps.endpoint_by_address;
            let before = map.get(&key)?;
            map.put(&key, &value)?;
            written.push((key, before));
        }
        Ok(())
    }

    /// Best effort: what fails here is found by `remove_stray_addresses`.
    fn undo(
        &mut self,
        ifindex: u32,
        before: Option<&EndpointEntry>,
        written: &[Before],
    ) {
        for (key, owner) in written {
            let map = &mut self.maps.endpoint_by_address;
            let undone = match owner {
                Some(owner) => map.put(key, owner),
                None => map.remove(key),
            };
            report(ifindex, undone);
        }
        if before.is_none() {
            report(ifindex, self.remove_counters(ifindex));
        }
    }

    fn remove_address(
        &mut self,
        key: &abi::Address,
        ifindex: u32,
    ) -> Result<(), MapError> {
        let map = &mut self.maps.endpoint_by_address;
        match map.get(key)? {
            Some(owner) if owner.ifindex == ifindex => map.remove(key),
            _ => Ok(()),
        }
    }
}

fn report(ifindex: u32, undone: Result<(), MapError>) {
    if let Err(error) = undone {
        tracing::warn!(ifindex, %error, "an endpoint half made is left");
    }
}
