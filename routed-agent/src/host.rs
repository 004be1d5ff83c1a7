//! The host: everything that the parts of the agent share, bundled once.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError, RwLock};

use tartan_agent_api::Places;
use tartan_agent_api::run_dir::RunDir;
use tartan_ebpf::Dataplane;
use tartan_hostnet::LinkIndexes;
use tartan_model::{AttachMode, BootId, HostName};
use tartan_store::Store;

use crate::addresses::Addresses;
use crate::attach::crash::CrashPoint;
use crate::attachments::Attachments;
use crate::claims::Claims;
use crate::clock::Generations;
use crate::drift::Drift;
use crate::limiter::{Limiter, Means};
use crate::metrics::Metrics;
use crate::nat::Translator;
use crate::reaper::Reaper;
use crate::registry::Registry;
use crate::seen::Seen;

/// This host, shared by every thread and task of the agent.
pub(crate) struct Host {
    /// Its name in the store.
    pub(crate) name: HostName,
    /// Where its things are.
    pub(crate) places: Places,
    /// Which installation of Tartan this is.
    pub(crate) instance: String,
    /// Which boot this is.
    pub(crate) boot: BootId,
    /// The store, whichever engine it has.
    pub(crate) store: Store,
    /// Programs and maps in the kernel.
    pub(crate) dataplane: Dataplane,
    /// Teams, apps, pools and settings, as last seen.
    pub(crate) registry: Registry,
    /// What this host has seen of the store.
    pub(crate) seen: Arc<Seen>,
    /// How it stands with what this host owns.
    pub(crate) claims: Claims,
    /// What others changed of ours.
    pub(crate) drift: Drift,
    /// Which address belongs to whom.
    pub(crate) addresses: Arc<Addresses>,
    /// Who is attached.
    pub(crate) attachments: Attachments,
    /// Masquerade and host ports.
    pub(crate) nat: Translator,
    /// Records and tombstones on the tmpfs.
    pub(crate) run: RunDir,
    /// The device by which those send that have a limit.
    pub(crate) limiter: Limiter,
    /// Deletes links, off the way of every request.
    pub(crate) reaper: Reaper,
    /// Interface indexes for new host ends.
    pub(crate) indexes: LinkIndexes,
    /// Lives of attachments.
    pub(crate) generations: Generations,
    /// Largest packet of a new attachment, in bytes; see [`Host::mtu`].
    pub(crate) mtu: AtomicU32,
    /// How new links get the programs, where their network does not say.
    pub(crate) attach: RwLock<AttachMode>,
    /// Where to die, in tests.
    pub(crate) crash: CrashPoint,
    /// What is counted.
    pub(crate) metrics: Metrics,
}

impl Host {
    /// Largest packet of a new attachment, in bytes.
    pub(crate) fn mtu(&self) -> u32 {
        self.mtu.load(Relaxed)
    }
}

impl Host {
    /// How a new link gets the programs.
    pub(crate) fn attach(&self) -> AttachMode {
        *self.attach.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the limiter needs to make its device.
    pub(crate) fn limiter_means(&self) -> Means<'_> {
        Means { dataplane: &self.dataplane, indexes: &self.indexes }
    }
}
