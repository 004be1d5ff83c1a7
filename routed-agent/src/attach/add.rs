//! ADD: attaches a container. Acts, step by step, and undoes what it did when
//! a step fails.

use std::collections::BTreeSet;
use std::net::IpAddr;

use nix::errno::Errno;
use tartan_agent_api::plugin::{Add, Attached, Link};
use tartan_agent_api::record::{self, Record, RecordState};
use tartan_agent_api::run_dir::RunDirError;
use tartan_agent_api::seqpacket::Connection;
use tartan_ebpf::MapError;
use tartan_hostnet::{BatchError, Echo, Rtnl};
use tartan_ipam::{AssignError, AssignRequest};
use tartan_model::{ClassId, Generation, InterfaceName, Mac, RangeError};
use thiserror::Error;

use crate::addresses::AddressError;
use crate::attach::authorise::{ClassRefused, Verdict, authorise};
use crate::attach::furnish::furnish;
use crate::attach::hooks::{self, HookError};
use crate::attach::inside::Inside;
use crate::attach::steps::{ADD_ANSWER, AddStep};
use crate::attach::sticky::{self, StickyError};
use crate::attach::{delete, host_end, net_cls, shape, wire};
use crate::attachments::Claim;
use crate::endpoints::{self, Mode};
use crate::host::Host;
use crate::limiter::LimiterError;
use crate::nat::{NatError, PortError};
use crate::registry::{Origin, RegistryError};
use crate::wait::Wait;
use crate::{follow, foreign, fullness};

/// Why a container was not attached.
#[derive(Debug, Error)]
pub(crate) enum AddError {
    #[error("the plugin has gone, and nobody waits for the answer")]
    Abandoned,
    #[error("the store has not been read since the host's boot")]
    NothingRead,
    #[error("it needs the store, and so do too many others")]
    NeedsStore,
    #[error("cannot give a class")]
    Class(#[from] ClassRefused),
    #[error("cannot enter the app in the registry")]
    Registry(#[from] RegistryError),
    #[error("cannot give an address")]
    Address(#[from] AddressError),
    #[error("cannot give the addresses of a workload")]
    Sticky(#[from] StickyError),
    #[error("cannot keep the record")]
    Record(#[from] RunDirError),
    #[error("cannot have its host ports")]
    HostPorts(#[from] PortError),
    #[error("cannot translate for the container")]
    Translate(#[from] NatError),
    #[error("cannot make ranges of the pools")]
    Ranges(#[from] RangeError),
    #[error("the attachment was made by another plugin of this network")]
    OtherLink,
    #[error("interface '{0}' exists in the container already")]
    InterfaceExists(InterfaceName),
    #[error("cannot limit what the container sends")]
    Limit(#[from] LimiterError),
    #[error("cannot attach the programs")]
    Attach(#[from] HookError),
    #[error("no index is left for the host's end")]
    NoIndex,
    #[error("cannot write the class into the kernel")]
    Classify(#[from] MapError),
    #[error("cannot wire the container")]
    Wire(#[from] BatchError),
    #[error("cannot remove what an earlier life left")]
    EarlierLife(#[from] delete::DeleteError),
}

impl AddError {
    /// True where the ADD may succeed once it waits for the store.
    pub(crate) fn needs_store(&self) -> bool {
        matches!(
            self,
            Self::NeedsStore
                | Self::Address(AddressError::Assign(AssignError::NeedsBlock(
                    _
                )))
        )
    }
}

/// An ADD as it came.
pub(crate) struct Asked<'a> {
    pub(crate) wish: &'a Add,
    /// Who waits for the answer.
    pub(crate) caller: &'a Connection,
    pub(crate) wait: Wait,
}

/// An ADD on its way.
struct Adding<'a> {
    host: &'a Host,
    /// Netlink in the host's netns.
    rtnl: &'a mut Rtnl,
    claim: &'a Claim<'a>,
    wish: &'a Add,
    inside: &'a mut Inside,
    record: Record,
    wait: Wait,
}

/// Attaches the container as `wish` says. An attachment that exists and is
/// whole is answered as it is: some runtimes ask twice. One that needs the
/// store and must not wait for it is not begun.
pub(crate) fn add(
    host: &Host,
    rtnl: &mut Rtnl,
    asked: &Asked<'_>,
    inside: &mut Inside,
) -> Result<Attached, AddError> {
    let wish = asked.wish;
    follow::feed(host);
    // Before anything that may wait: a DEL that is sent after this ADD, and
    // even after its plugin was killed, then finds it done or not begun.
    let claim = host.attachments.claim(&wish.attachment);
    let class = class(host, wish, asked.wait)?;
    if asked.caller.is_abandoned() {
        return Err(AddError::Abandoned);
    }
    if let Some(record) = claim.record() {
        let is_same = record.netns_cookie == inside.cookie
            && record.link() == wish.link
            && record.class() == class
            && shape::answers(&record, wish)
            && lives(rtnl, &record, inside);
        if is_same {
            return Ok(record.attached);
        }
        if record.link() != wish.link && lives(rtnl, &record, inside) {
            return Err(AddError::OtherLink);
        }
        delete::remove(host, rtnl, &claim, &record)?;
        delete::vacate(&record, Some(&mut *inside));
        host.reaper.drain();
    }
    let mut record = plan(host, wish, class, inside.cookie);
    if wish.link == Link::Foreign {
        record.foreign = Some(foreign::begun(asked.caller, inside));
    }
    let claim = &claim;
    let wait = asked.wait;
    let mut adding = Adding { host, rtnl, claim, wish, inside, record, wait };
    adding.run()?;
    host.crash.before(ADD_ANSWER);
    Ok(adding.record.attached)
}

/// True where the attachment is there. What can be seen of one on a link that
/// another plugin made is its netns.
fn lives(rtnl: &mut Rtnl, record: &Record, inside: &mut Inside) -> bool {
    match record.link() {
        Link::Ours => host_end::is_wired(rtnl, record) && inside.holds(record),
        Link::Foreign => record.netns_cookie == inside.cookie,
    }
}

fn class(host: &Host, wish: &Add, wait: Wait) -> Result<ClassId, AddError> {
    let registry = host.registry.snapshot();
    if registry.origin == Origin::Nowhere {
        return Err(AddError::NothingRead);
    }
    match authorise(&wish.class, &registry)? {
        Verdict::Class(class) => Ok(class),
        Verdict::CreateApp(_, _) if wait == Wait::Never => {
            Err(AddError::NeedsStore)
        }
        Verdict::CreateApp(team, app) => {
            Ok(host.registry.create_app_blocking(&team, &app)?)
        }
    }
}

/// The record of the attachment to be; its addresses come with the first
/// step.
fn plan(host: &Host, wish: &Add, class: ClassId, cookie: u64) -> Record {
    let generation = host.generations.next();
    Record {
        v: record::VERSION,
        attachment: wish.attachment.clone(),
        state: RecordState::Adding,
        boot: host.boot.clone(),
        netns_path: wish.netns_path.clone(),
        netns_cookie: cookie,
        host_index: match wish.link {
            Link::Ours => host.indexes.next(),
            Link::Foreign => 0,
        },
        container_index: 0,
        attach: wish.attach.unwrap_or_else(|| host.attach()),
        limits: wish.limits,
        limit_class: None,
        attached: Attached {
            generation,
            host_link: match wish.link {
                Link::Ours => generation.host_link_name(),
                Link::Foreign => String::new(),
            },
            host_mac: wire::HOST_MAC,
            mac: wish.mac.unwrap_or(Mac::local(generation.0)),
            mtu: wish.mtu.unwrap_or_else(|| host.mtu()),
            addresses: Vec::new(),
            class,
        },
        translation: wish.translation.clone(),
        foreign: None,
    }
}

/// Whether what an earlier step took may be given back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Undone {
    Goes,
    /// It may not: the record could not be removed, and names it.
    RecordStays,
}

impl Adding<'_> {
    fn run(&mut self) -> Result<(), AddError> {
        let steps = AddStep::of(self.wish.link);
        for (done, step) in steps.iter().copied().enumerate() {
            self.host.crash.before(step);
            if let Err(error) = self.take(step) {
                // The failed step may have done a part: it is undone as well.
                for step in steps.iter().take(done + 1).rev() {
                    if self.undo(*step) == Undone::RecordStays {
                        break;
                    }
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn take(&mut self, step: AddStep) -> Result<(), AddError> {
        match step {
            AddStep::Assign => self.assign(),
            AddStep::TakePorts => self.take_ports(),
            AddStep::RecordAdding => Ok(self.claim.put(&self.record)?),
            AddStep::Limit => self.limit(),
            AddStep::CreateLinks => self.create_links(),
            AddStep::Attach => {
                let dataplane = &self.host.dataplane;
                Ok(hooks::put(dataplane, self.rtnl, &self.record)?)
            }
            AddStep::Classify => Ok(self.host.dataplane.put_endpoint(
                self.record.host_index,
                &shape::entry(&self.record),
            )?),
            AddStep::ContainerSide => {
                Ok(furnish(self.host, &mut self.inside.rtnl, &self.record)?)
            }
            AddStep::HostSide => {
                self.rtnl.apply(wire::host_side(&self.record))?;
                Ok(())
            }
            AddStep::Translate => self.translate(),
            AddStep::RecordReady => self.ready(),
        }
    }

    /// Takes a step back. Goes on whatever happens: what cannot be undone now
    /// is found by the next sweep, for the record tells of it. What a record
    /// names that stays is nobody else's.
    fn undo(&mut self, step: AddStep) -> Undone {
        let attachment = &self.record.attachment;
        let generation = self.generation();
        match step {
            AddStep::Assign => {
                self.host.addresses.release(attachment, generation);
                if let Some(number) = self.record.limit_class {
                    self.host.limiter.give_back(number);
                }
            }
            AddStep::TakePorts => self.host.nat.give_back(&self.record),
            AddStep::RecordAdding => {
                if let Err(error) = self.claim.remove() {
                    tracing::warn!(%attachment, %error, "record stays");
                    return Undone::RecordStays;
                }
            }
            AddStep::Limit => {
                host_end::unlimit(self.host, self.rtnl, &self.record);
            }
            AddStep::CreateLinks => {
                host_end::retire(self.host, self.rtnl, &self.record);
            }
            AddStep::Attach => host_end::detach(self.host, &self.record),
            AddStep::Classify => {
                host_end::declassify(self.host, &self.record);
            }
            AddStep::ContainerSide => {
                delete::vacate(&self.record, Some(self.inside));
            }
            AddStep::Translate => {
                let registry = self.host.registry.snapshot();
                self.host.nat.remove(&registry, &self.record);
            }
            // They go with the links.
            AddStep::HostSide | AddStep::RecordReady => {}
        }
        Undone::Goes
    }

    fn assign(&mut self) -> Result<(), AddError> {
        let (wish, link) = (self.wish, self.wish.link);
        let pools = shape::pools(&wish.pools, &wish.ranges);
        let registry = self.host.registry.snapshot();
        let request = AssignRequest {
            attachment: self.record.attachment.clone(),
            generation: self.generation(),
            class: self.record.class(),
            ranges: shape::ranges(link, &wish.ranges, &pools, &registry)?,
            pools,
            requested: wish.addresses.clone(),
            netns_cookie: self.record.foreign_netns(),
            unclaimable: BTreeSet::new(),
        };
        foreign::make_way(self.host, &request);
        let addresses = self.addresses(&request)?;
        let given = addresses.into_iter();
        let given = given.map(|ip| shape::given_on(link, ip, &request.ranges));
        self.record.attached.addresses = given.collect();
        if self.record.limits.from_container.is_some() {
            self.record.limit_class = Some(self.host.limiter.take()?);
        }
        Ok(())
    }

    fn limit(&mut self) -> Result<(), AddError> {
        if self.record.limit_class.is_none() {
            return Ok(());
        }
        let means = self.host.limiter_means();
        let limiter = &self.host.limiter;
        Ok(limiter.put_class(self.rtnl, means, &self.record)?)
    }

    fn addresses(
        &self,
        request: &AssignRequest,
    ) -> Result<Vec<IpAddr>, AddError> {
        match &self.wish.sticky {
            Some(_) if self.wait == Wait::Never => Err(AddError::NeedsStore),
            Some(name) => {
                Ok(sticky::assign(self.host, request, name, self.wait)?)
            }
            None => {
                let given = self.host.addresses.assign(request, self.wait);
                Ok(given.map_err(|e| fullness::explained(self.host, e))?)
            }
        }
    }

    fn create_links(&mut self) -> Result<(), AddError> {
        let mut tries = 0..8;
        loop {
            let batch = wire::links(&self.record, &self.inside.netns);
            let error = match self.rtnl.apply(batch) {
                Ok(echoes) => {
                    self.record.container_index =
                        peer_index(&echoes).ok_or(AddError::NoIndex)?;
                    return Ok(());
                }
                Err(error) => error,
            };
            tries.next().ok_or(AddError::NoIndex)?;
            let name = self.record.attachment.interface();
            let inside = self.inside.rtnl.link_named(name.as_str());
            match inside {
                // The end of an earlier life may still wait for the reaper.
                Ok(Some(_)) if tries.len() == 7 => self.host.reaper.drain(),
                Ok(Some(_)) => {
                    return Err(AddError::InterfaceExists(name.clone()));
                }
                // Another program took the index: the record says the next.
                _ if is_taken(&error) => {
                    self.record.host_index = self.host.indexes.next();
                    self.claim.put(&self.record)?;
                }
                _ => return Err(error.into()),
            }
        }
    }

    fn take_ports(&mut self) -> Result<(), AddError> {
        let nat = &self.host.nat;
        let taken = match nat.take_ports(&self.record) {
            Err(taken @ PortError::Taken { .. }) => taken,
            taken => return Ok(taken?),
        };
        // Its holder may have died without a DEL since the last sweep.
        if endpoints::reconcile(self.host, self.rtnl, Mode::Apply).is_err() {
            return Err(taken.into());
        }
        Ok(nat.take_ports(&self.record)?)
    }

    fn translate(&self) -> Result<(), AddError> {
        let registry = self.host.registry.snapshot();
        Ok(self.host.nat.put(&registry, &self.record)?)
    }

    fn ready(&mut self) -> Result<(), AddError> {
        if let Some(group) = &self.wish.cgroup
            && let Err(error) = net_cls::tell(self.record.class(), group)
        {
            let attachment = &self.record.attachment;
            tracing::warn!(%attachment, %group, "class not told: {error}");
        }
        self.record.state = RecordState::Ready;
        self.claim.put(&self.record)?;
        let attachment = &self.record.attachment;
        self.host.addresses.confirm(attachment, self.generation());
        Ok(())
    }

    fn generation(&self) -> Generation {
        self.record.generation()
    }
}

/// Number of the container's end, as the kernel told it when it made both.
fn peer_index(echoes: &[Echo]) -> Option<u32> {
    echoes.iter().find_map(|echo| echo.link.peer_index)
}

/// True where another link has the index or the name.
fn is_taken(error: &BatchError) -> bool {
    error.is_exists() || error.errno() == Some(Errno::EBUSY as i32)
}
