//! The dataplane's way to the packets: the shared blocks of our links hold
//! the two programs, and a pair of links of our own keeps the blocks alive
//! while no container is there. Acts.
//!
//! Everything here is idempotent and stays when the agent ends: a filter is
//! replaced in one step, so that no packet passes between two programs.

use tartan_ebpf::{Dataplane, Direction, MapError, MigrationStep};
use tartan_hostnet::{
    Batch, BatchError, Filter, FilterPlace, FilterSpec, FilterTask, Link,
    LinkIndexes, OpenError, ReadError, Rtnl, VethEnd, VethSpec,
};
use tartan_model::{ClassId, Mac};
use thiserror::Error;

use crate::attach::wire::{self, BLOCKS};

/// The pair that keeps the blocks: down, without addresses.
pub(crate) const KEEPER: [&str; 2] = ["tartan0", "tartan1"];
/// The name by which the keeper is known as ours.
const KEEPER_ALT_NAME: &str = "tartan-keeper";
/// Where in a block our filter sits: first, and alone at its priority.
pub(crate) const PRIORITY: u16 = 1;
pub(crate) const HANDLE: u32 = 1;
/// Smallest MTU of IPv4 (RFC 791); nothing ever passes through the keeper.
const KEEPER_MTU: u32 = 1500;

/// The programs could not be put where packets pass.
#[derive(Debug, Error)]
pub(crate) enum InstallError {
    #[error("cannot open a netlink socket")]
    Open(#[from] OpenError),
    #[error("cannot look for link {}", KEEPER[0])]
    Look(#[from] ReadError),
    #[error("link {} exists and is not ours", KEEPER[0])]
    Foreign,
    #[error("cannot make the links that keep the shared blocks")]
    Keeper(#[source] BatchError),
    #[error("cannot put program {program} into block {block}")]
    Filter {
        program: &'static str,
        block: u32,
        #[source]
        source: BatchError,
    },
}

/// Makes the keeper where it is missing, and puts this build's programs into
/// both blocks, in place of another's. Whoever attaches programs in another way
/// replaces them here too: behind this no packet may meet an old one.
pub(crate) fn install(
    rtnl: &mut Rtnl,
    dataplane: &Dataplane,
    indexes: &LinkIndexes,
    before: impl Fn(MigrationStep),
) -> Result<(), InstallError> {
    match rtnl.link_named(KEEPER[0])? {
        None => make_keeper(rtnl, indexes).map_err(InstallError::Keeper)?,
        Some(link) if link.is_called(KEEPER_ALT_NAME) => {
            if rtnl.blocks(link.index)? != Some(BLOCKS) {
                clsact_again(rtnl, link.index).map_err(InstallError::Keeper)?;
            }
        }
        Some(_) => return Err(InstallError::Foreign),
    }
    for (block, direction) in programs() {
        before(MigrationStep::Replace(direction));
        let program = direction.as_str();
        let filter = FilterSpec {
            priority: PRIORITY,
            handle: HANDLE,
            name: program,
            program: dataplane.program(direction),
            task: FilterTask::Judge,
        };
        let place = FilterPlace::Block(block);
        rtnl.put_filter(place, &filter).map_err(|source| {
            InstallError::Filter { program, block, source }
        })?;
    }
    Ok(())
}

/// What is wrong with the keeper, in words; none where it is as it should
/// be.
pub(crate) fn keeper_drift(
    rtnl: &mut Rtnl,
) -> Result<Option<String>, ReadError> {
    let Some(link) = rtnl.link_named(KEEPER[0])? else {
        return Ok(Some(format!("no link {}", KEEPER[0])));
    };
    if !link.is_called(KEEPER_ALT_NAME) {
        let name = KEEPER[0];
        return Ok(Some(format!("{name} without its alternative name")));
    }
    let blocks = rtnl.blocks(link.index)?;
    let found = blocks.map_or("no clsact".to_owned(), |b| b.to_string());
    let name = KEEPER[0];
    Ok((blocks != Some(BLOCKS)).then(|| format!("{name} with {found}")))
}

/// What is wrong with the filters, in words; none where both blocks lead to
/// the programs of this agent.
pub(crate) fn filter_drift(
    rtnl: &mut Rtnl,
    dataplane: &Dataplane,
) -> Result<Option<String>, ReadError> {
    for (block, direction) in programs() {
        let id = dataplane.identity(direction).id;
        let filters = rtnl.filters(FilterPlace::Block(block))?;
        let is_ours = |filter: &Filter| {
            filter.program_id == Some(id) && filter.is_direct_action
        };
        // The first is asked first, and says what becomes of a packet.
        if !filters.iter().min_by_key(|f| f.priority).is_some_and(is_ours) {
            let name = direction.as_str();
            return Ok(Some(format!("{name} not first in block {block:#x}")));
        }
    }
    Ok(None)
}

/// Which program belongs into which block.
fn programs() -> [(u32, Direction); 2] {
    [
        (BLOCKS.ingress, Direction::FromContainer),
        (BLOCKS.egress, Direction::ToContainer),
    ]
}

/// What giving a link our clsact qdisc took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClsactMade {
    /// It had none, or ours already: nothing else was touched.
    Added,
    /// It had another's: the link is down, without its routes and neighbours,
    /// and is the caller's to set up.
    InPlaceOfAnother,
}

/// The clsact qdisc of a link with our blocks, in the place of any other. A
/// link between two qdiscs would let packets pass unjudged: it is set down
/// first, and stays down where ours is refused.
pub(crate) fn clsact_again(
    rtnl: &mut Rtnl,
    index: u32,
) -> Result<ClsactMade, BatchError> {
    let mut batch = Batch::new();
    batch.clsact(index, BLOCKS);
    match rtnl.apply(batch) {
        Err(error) if error.is_exists() => {}
        done => return done.map(|_| ClsactMade::Added),
    }
    if rtnl.blocks(index).is_ok_and(|found| found == Some(BLOCKS)) {
        return Ok(ClsactMade::Added);
    }
    let mut batch = Batch::new();
    batch.down(index);
    rtnl.apply(batch)?;
    let mut batch = Batch::new();
    batch.delete_clsact(index).clsact(index, BLOCKS);
    rtnl.apply(batch).map(|_| ClsactMade::InPlaceOfAnother)
}

/// The programs could not be told of the host.
#[derive(Debug, Error)]
pub(crate) enum KnowError {
    #[error("cannot read the host's addresses")]
    Read(#[from] ReadError),
    #[error("cannot write the host's addresses into the kernel's map")]
    Write(#[from] MapError),
}

/// Tells the programs the host's own addresses and the gateways, so that what
/// goes there is not counted as the world.
pub(crate) fn know_host(
    rtnl: &mut Rtnl,
    dataplane: &Dataplane,
) -> Result<(), KnowError> {
    let own = rtnl.all_addresses()?;
    let gateways = [wire::GATEWAY_4, wire::GATEWAY_6];
    let all = own.into_iter().chain(gateways);
    let known: Vec<_> = all.map(|it| (it, ClassId::HOST)).collect();
    Ok(dataplane.set_known_addresses(&known)?)
}

/// True where the keeper's first end is ours, not somebody's of that name.
pub(crate) fn is_ours(link: &Link) -> bool {
    link.is_called(KEEPER_ALT_NAME)
}

/// True for an end of the keeper.
pub(crate) fn is_keeper(link: &Link) -> bool {
    KEEPER.contains(&link.name.as_str())
}

fn make_keeper(
    rtnl: &mut Rtnl,
    indexes: &LinkIndexes,
) -> Result<(), BatchError> {
    let index = indexes.next();
    let end = |name: &str, seed| VethEnd {
        name: name.to_owned(),
        mac: Mac::local(seed),
        mtu: KEEPER_MTU,
    };
    let mut batch = Batch::new();
    batch.veth(&VethSpec {
        index,
        group: 0,
        host: end(KEEPER[0], 0),
        container: end(KEEPER[1], 1),
        netns: None,
    });
    batch.alt_name(index, KEEPER_ALT_NAME);
    batch.clsact(index, BLOCKS);
    rtnl.apply(batch).map(drop)
}
