//! Changes gathered to go to the kernel in one send. Pure.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use tartan_model::Mac;

use crate::filter::{BlockPair, FilterPlace, FilterSpec};
use crate::link::VethSpec;
use crate::operation::{LinkChange, LinkRef, Operation};
use crate::route::Route;
use crate::rule::Rule;
use crate::shaper::Shaper;
use crate::tc_change::TcChange;

/// Changes in the order in which the kernel shall make them.
///
/// The kernel makes each by itself: one that is refused neither undoes those
/// before it nor stops those behind it. `'fd` is the life of the namespaces
/// and programs that changes name by descriptor.
#[derive(Debug, Default)]
pub struct Batch<'fd> {
    operations: Vec<Operation>,
    descriptors: PhantomData<BorrowedFd<'fd>>,
}

impl<'fd> Batch<'fd> {
    /// A batch that changes nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// The changes gathered.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    pub(crate) fn into_operations(self) -> Vec<Operation> {
        self.operations
    }

    fn push(&mut self, operation: Operation) -> &mut Self {
        self.operations.push(operation);
        self
    }

    fn tc(&mut self, change: TcChange) -> &mut Self {
        self.push(Operation::Tc(change))
    }

    fn set(&mut self, index: u32, change: LinkChange) -> &mut Self {
        self.push(Operation::SetLink { index, change })
    }

    /// Makes a veth pair, both ends down. [`Rtnl::apply`](crate::Rtnl::apply)
    /// echoes the host's end, with the number of the container's.
    pub fn veth(&mut self, spec: &VethSpec<'fd>) -> &mut Self {
        self.push(Operation::AddVeth {
            index: spec.index,
            group: spec.group,
            host: spec.host.clone(),
            container: spec.container.clone(),
            netns: spec.netns.map(|ns| ns.as_fd().as_raw_fd()),
        })
    }

    /// Gives a link one more name, at most 127 bytes long.
    pub fn alt_name(&mut self, index: u32, name: &str) -> &mut Self {
        let link = self.link_ref(index);
        self.push(Operation::AddAltName { link, name: name.into() })
    }

    /// A link made in this batch goes by its name, any other by its number.
    fn link_ref(&self, wanted: u32) -> LinkRef {
        let mut made = self.operations.iter().filter_map(Operation::made);
        match made.find(|(index, _)| *index == wanted) {
            Some((_, name)) => LinkRef::Name(name.to_owned()),
            None => LinkRef::Index(wanted),
        }
    }

    /// Lets a link's packets be judged by two shared blocks. Refused where
    /// the link has such a qdisc already.
    pub fn clsact(&mut self, index: u32, blocks: BlockPair) -> &mut Self {
        let blocks = Some(blocks);
        self.tc(TcChange::AddClsact { index, blocks })
    }

    /// Gives a link a clsact qdisc whose filters are its own.
    pub fn own_clsact(&mut self, index: u32) -> &mut Self {
        self.tc(TcChange::AddClsact { index, blocks: None })
    }

    /// Makes an ifb, down.
    pub fn ifb(&mut self, index: u32, name: &str) -> &mut Self {
        self.push(Operation::AddIfb { index, name: name.into() })
    }

    /// Shapes what goes out by a link, instead of what shaped it before.
    pub fn shaper(&mut self, index: u32, shaper: Shaper) -> &mut Self {
        self.tc(TcChange::PutShaper { index, shaper })
    }

    /// Shapes what goes out by a link no longer.
    pub fn delete_shaper(&mut self, index: u32) -> &mut Self {
        self.tc(TcChange::DeleteShaper { index })
    }

    /// Gives a link a tree of classes. Refused where it has one.
    pub fn tree(&mut self, index: u32, handle: u16) -> &mut Self {
        self.tc(TcChange::AddTree { index, handle })
    }

    /// Makes or changes a class of a tree, with the queue behind it. `class`
    /// has the tree's number in its upper half.
    pub fn class(
        &mut self,
        index: u32,
        class: u32,
        shaper: Shaper,
    ) -> &mut Self {
        let bytes = shaper.queue;
        self.tc(TcChange::PutClass { index, class, shaper });
        self.tc(TcChange::PutWaitingRoom { index, class, bytes })
    }

    /// Takes a class away, with what waits in it.
    pub fn delete_class(&mut self, index: u32, class: u32) -> &mut Self {
        self.tc(TcChange::DeleteClass { index, class })
    }

    /// Takes a link's clsact qdisc away, whatever it looks into.
    pub fn delete_clsact(&mut self, index: u32) -> &mut Self {
        self.push(Operation::DeleteClsact { index })
    }

    /// Gives a link a MAC address.
    pub fn mac(&mut self, index: u32, mac: Mac) -> &mut Self {
        self.set(index, LinkChange::Mac(mac))
    }

    /// Says how large a link's packets may be.
    pub fn mtu(&mut self, index: u32, bytes: u32) -> &mut Self {
        self.set(index, LinkChange::Mtu(bytes))
    }

    /// Sets a link up.
    pub fn up(&mut self, index: u32) -> &mut Self {
        self.set(index, LinkChange::Up)
    }

    /// Sets a link down.
    pub fn down(&mut self, index: u32) -> &mut Self {
        self.set(index, LinkChange::Down)
    }

    /// Lets a link have no automatic link-local address; before `up`.
    pub fn no_link_local(&mut self, index: u32) -> &mut Self {
        self.set(index, LinkChange::NoLinkLocal)
    }

    /// Gives a link an address, alone on its subnet.
    pub fn address(&mut self, index: u32, address: IpAddr) -> &mut Self {
        self.push(Operation::AddAddress { index, address })
    }

    /// Takes an address away.
    pub fn delete_address(&mut self, index: u32, address: IpAddr) -> &mut Self {
        self.push(Operation::DeleteAddress { index, address })
    }

    /// Says for good which MAC address an address behind a link has.
    pub fn neighbour(
        &mut self,
        index: u32,
        address: IpAddr,
        mac: Mac,
    ) -> &mut Self {
        self.push(Operation::SetNeighbour { index, address, mac })
    }

    /// Adds a route. Refused where there is one to its destination.
    pub fn route(&mut self, route: &Route) -> &mut Self {
        self.push(Operation::AddRoute(route.clone()))
    }

    /// Adds a route, or puts it in the place of the one to its destination
    /// that has its metric.
    pub fn replace_route(&mut self, route: &Route) -> &mut Self {
        self.push(Operation::ReplaceRoute(route.clone()))
    }

    /// Deletes a route.
    pub fn delete_route(&mut self, route: &Route) -> &mut Self {
        self.push(Operation::DeleteRoute(route.clone()))
    }

    /// Adds a rule. Refused where it is there.
    pub fn rule(&mut self, rule: &Rule) -> &mut Self {
        self.push(Operation::AddRule(rule.clone()))
    }

    /// Deletes a rule.
    pub fn delete_rule(&mut self, rule: &Rule) -> &mut Self {
        self.push(Operation::DeleteRule(rule.clone()))
    }

    /// Renames a link.
    pub fn rename(&mut self, index: u32, name: &str) -> &mut Self {
        self.set(index, LinkChange::Name(name.into()))
    }

    /// Puts a link into a group.
    pub fn group(&mut self, index: u32, group: u32) -> &mut Self {
        self.set(index, LinkChange::Group(group))
    }

    /// Deletes a link, and its peer.
    pub fn delete(&mut self, index: u32) -> &mut Self {
        self.push(Operation::DeleteLink { index })
    }

    /// Deletes all links of a group, and their peers. An empty group is
    /// [`is_absent`](crate::BatchError::is_absent).
    pub fn delete_group(&mut self, group: NonZeroU32) -> &mut Self {
        self.push(Operation::DeleteGroup { group })
    }

    /// Puts a program somewhere, instead of the one with its priority and
    /// handle: no packet passes in between.
    pub fn put_filter(
        &mut self,
        place: FilterPlace,
        filter: &FilterSpec<'fd>,
    ) -> &mut Self {
        self.tc(TcChange::PutFilter {
            place,
            priority: filter.priority,
            handle: filter.handle,
            name: filter.name.into(),
            program: filter.program.as_raw_fd(),
            task: filter.task,
        })
    }

    /// Takes a program away.
    pub fn delete_filter(
        &mut self,
        place: FilterPlace,
        priority: u16,
        handle: u32,
    ) -> &mut Self {
        self.tc(TcChange::DeleteFilter { place, priority, handle })
    }
}

#[cfg(test)]
mod tests;
