//! Brings the agent up, keeps it up, and ends it. Acts; the order is the
//! point:
//!
//! 1. alone: one agent per run directory, by a lock that dies with it;
//! 2. memory: records and tombstones of the run directory, the store, pools
//!    and classes, the blocks this host owns;
//! 3. kernel: maps, programs, shared blocks;
//! 4. adoption: everything that lives stays, what was half made is undone,
//!    tombstones are replayed;
//! 5. only then the sockets, so that no plugin meets a half-known host.
//!
//! Tasks: publish, head-room, following the registry, claims, the memory of
//! the store (in [`crate::addresses`], [`crate::follow`], [`crate::claims`] and
//! [`crate::seen`]), the API, metrics. They are
//! aborted with the runtime; each is idempotent, and what it had not yet said
//! to the store the next agent says.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use nix::fcntl::{Flock, FlockArg};
use tartan_agent_api::Places;
use tartan_agent_api::record::Record;
use tartan_agent_api::run_dir::{RunDir, RunDirError};
use tartan_ebpf::{BpffsError, Dataplane, MapError, MigrationStep};
use tartan_hostnet::{Link, LinkIndexes, ReadError, Rtnl, SysctlError};
use tartan_ipam::{AgentState, Ledger};
use tartan_model::names::NameError;
use tartan_model::{BootId, Generation, HostName};
use tartan_store::{
    EtcdCertificate, EtcdLogin, EtcdSettings, EtcdTls, Store, StoreError,
};
use thiserror::Error;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::addresses::{
    Addresses, Mirror, MirrorError, keep_head_room, keep_published,
};
use crate::adopt::{self, AdoptError};
use crate::attach::crash::CrashPoint;
use crate::attach::{hooks, wire};
use crate::attachments::Attachments;
use crate::claims::{self, Claims};
use crate::clock::{Generations, boot_id};
use crate::config::{Config, Listen, StoreConfig};
use crate::dataplane::{self, InstallError, KnowError};
use crate::drift::{self, Doors, Drift};
use crate::host::Host;
use crate::limiter::{Limiter, LimiterError, Means};
use crate::metrics::{self, Metrics};
use crate::nat::Translator;
use crate::plugin_socket::{self, Door, ServeError};
use crate::reaper::{self, Reaper};
use crate::registry::{Registry, RegistryError};
use crate::seen::{Seen, SeenError, keep_written};
use crate::{
    api, chain, follow, forwarding, holders, instance, reload, removal, sweep,
};

/// How long one request to etcd may take.
const STORE_DEADLINE: Duration = Duration::from_secs(5);
/// How long the start waits for the store to confirm this host's blocks. Then
/// it goes on without: with what the run directory mirrors after a restart,
/// and with error 11 ("try again later") for every ADD after a reboot.
const CONFIRM_PATIENCE: Duration = Duration::from_secs(5);
/// How long tasks may take to end. A stop is due within 5 s.
const GRACE: Duration = Duration::from_secs(3);

/// The agent could not come up.
#[derive(Debug, Error)]
pub(crate) enum StartError {
    #[error("cannot make directory {path}")]
    Directory {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot lock {path}")]
    Lock {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("another agent uses {path}: stop it, or choose another run_dir")]
    Taken { path: PathBuf },
    #[error("cannot read this host's name or boot id")]
    Identity(#[source] io::Error),
    #[error("the kernel's host name cannot be used; set host = \"...\"")]
    Name(#[from] NameError),
    #[error("cannot use the run directory")]
    RunDir(#[from] RunDirError),
    #[error("cannot use the mirror of claims")]
    Mirror(#[from] MirrorError),
    #[error("cannot use the memory of the store")]
    Seen(#[from] SeenError),
    #[error("cannot open the store")]
    Store(#[from] StoreError),
    #[error("cannot follow the registry")]
    Registry(#[from] RegistryError),
    #[error("cannot have a bpf file system for bpf_dir")]
    Bpffs(#[from] BpffsError),
    #[error("cannot load the programs")]
    Programs(#[from] tartan_ebpf::OpenError),
    #[error("cannot write the programs' settings")]
    Maps(#[from] MapError),
    #[error("cannot open a netlink socket")]
    Netlink(#[from] tartan_hostnet::OpenError),
    #[error("cannot read links and routes")]
    Links(#[from] ReadError),
    #[error("cannot put the programs where packets pass")]
    Install(#[from] InstallError),
    #[error("cannot take over the limiter")]
    Limiter(#[from] LimiterError),
    #[error("cannot tell the programs of this host")]
    Know(#[from] KnowError),
    #[error("cannot switch forwarding on")]
    Forwarding(#[from] SysctlError),
    #[error("cannot start the reaper")]
    Reaper(#[from] reaper::StartError),
    #[error("cannot adopt what is there")]
    Adopt(#[from] AdoptError),
    #[error("cannot listen on {path}")]
    Listen {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("cannot serve the plugins' socket")]
    Serve(#[from] ServeError),
    #[error("cannot watch for what others change")]
    Drift(#[from] drift::StartError),
    #[error("cannot serve people")]
    Api(#[from] api::ApiError),
    #[error("cannot serve metrics")]
    Metrics(#[from] metrics::MetricsError),
    #[error("cannot start a thread or take signals")]
    Process(#[source] io::Error),
}

/// Runs the agent until it is told to end.
pub(crate) async fn run(
    config: Config,
    places: Places,
) -> Result<(), StartError> {
    let _alone = alone(&places)?;
    let host = Arc::new(build(&config, places).await?);
    host.addresses.adopt_mirror()?;
    follow::feed(&host);
    confirm(&host).await;
    let adopting = Arc::clone(&host);
    tokio::task::spawn_blocking(move || adopt::adopt(&adopting))
        .await
        .map_err(|error| StartError::Process(io::Error::other(error)))??;
    let tasks = [
        tokio::spawn(keep_published(Arc::clone(&host.addresses))),
        tokio::spawn(keep_head_room(Arc::clone(&host.addresses))),
        tokio::spawn(follow::keep_following(Arc::clone(&host))),
        tokio::spawn(claims::keep(Arc::clone(&host))),
        tokio::spawn(keep_written(Arc::clone(&host.seen))),
        tokio::spawn(holders::keep(Arc::clone(&host))),
        tokio::spawn(removal::keep(Arc::clone(&host))),
        tokio::spawn(removal::keep_saying(Arc::clone(&host))),
    ];
    let people = tokio::spawn(api::serve(Arc::clone(&host)).await?);
    let metrics = match config.metrics.listen {
        Listen::Off => None,
        Listen::At(at) => {
            let serving = metrics::serve(Arc::clone(&host), at).await?;
            Some(tokio::spawn(serving))
        }
    };
    sweep::start(&host).map_err(StartError::Process)?;
    let plugins = listen(&host)?;
    let doors = Arc::new(Doors::new(&host, plugins, people));
    drift::start(&host, &doors)?;
    announce(&host);
    until_ended(&host, config).await.map_err(StartError::Process)?;
    tracing::info!("ending; attachments, filters and maps stay");
    let people = doors.close_people();
    let ending = end(&host, tasks.into_iter().chain(metrics).chain(people));
    if !tokio::time::timeout(GRACE, ending).await.unwrap_or(false) {
        tracing::warn!("the store does not answer; the next agent tells it");
    }
    Ok(host.seen.write()?)
}

/// Ends the tasks, then says to the store what is left to say: two that
/// publish would refuse each other's writes. Answers whether all was said.
async fn end(host: &Host, tasks: impl Iterator<Item = JoinHandle<()>>) -> bool {
    let tasks: Vec<_> = tasks.collect();
    tasks.iter().for_each(JoinHandle::abort);
    for task in tasks {
        // Aborted, as it should be.
        let _ = task.await;
    }
    let is_all_said = host.addresses.publish_all().await;
    removal::say(host, AgentState::Ended).await;
    is_all_said
}

async fn confirm(host: &Host) {
    let confirmed = claims::confirm(host);
    match tokio::time::timeout(CONFIRM_PATIENCE, confirmed).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!("{}", chain(&error)),
        Err(_) => tracing::warn!("the store does not answer; going on"),
    }
}

/// Makes sure that no agent runs here, as long as the answer is kept.
pub(crate) fn alone(
    places: &Places,
) -> Result<Flock<std::fs::File>, StartError> {
    make_directory(&places.run_dir)?;
    let path = places.run_dir.join("agent.lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        // A pipe in its place would keep the start for ever.
        .custom_flags(nix::libc::O_NONBLOCK)
        .open(&path)
        .map_err(|source| StartError::Lock { path: path.clone(), source })?;
    let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|_| StartError::Taken { path })?;
    make_directory(&places.state_dir)?;
    Ok(lock)
}

fn make_directory(dir: &Path) -> Result<(), StartError> {
    let made =
        std::fs::DirBuilder::new().recursive(true).mode(0o755).create(dir);
    made.map_err(|source| StartError::Directory {
        path: dir.to_owned(),
        source,
    })
}

async fn build(config: &Config, places: Places) -> Result<Host, StartError> {
    let boot = boot_id(std::env::var_os("TARTAN_BOOT_ID"))
        .map_err(StartError::Identity)?;
    let name = host_name(config)?;
    let run = RunDir::at(&places.run_dir);
    run.create()?;
    let records = adopt::records(&run, &boot)?;
    let mirror = Mirror::in_run_dir(&places.run_dir, boot.clone())?;
    let seen = Arc::new(Seen::in_state_dir(&places.state_dir)?);
    let store = open_store(config, &places, &boot).await?;
    let instance = match &config.store {
        // A store of this host's own knows one installation: itself.
        None => store.identity().await?.to_string(),
        Some(_) => instance::instance(&places.state_dir)
            .map_err(StartError::Identity)?,
    };
    let registry = Registry::start(&store, &places, &seen).await?;
    let addresses = Arc::new(Addresses::new(
        Ledger::new(name.clone(), boot.clone()),
        store.clone(),
        (mirror, Arc::clone(&seen)),
        tokio::runtime::Handle::current(),
    ));
    let mut rtnl = Rtnl::open()?;
    let links = rtnl.links()?;
    let indexes = LinkIndexes::above(&links);
    let crash = CrashPoint::named(std::env::var_os("TARTAN_CRASH_AT"));
    let remains = Remains { indexes: &indexes, records: &records };
    let dataplane = kernel(config, &places, &mut rtnl, &remains, &crash)?;
    let means = Means { dataplane: &dataplane, indexes: &indexes };
    let limiter = Limiter::start(&mut rtnl, means, &records)?;
    Ok(Host {
        attach: config.network.attach.into(),
        limiter,
        mtu: reload::mtu(config, &mut rtnl, &links)?.into(),
        generations: Generations::above(highest(&records, &run, &links)),
        attachments: Attachments::new(run.clone(), records),
        crash,
        reaper: Reaper::start()?,
        metrics: Metrics::default(),
        claims: Claims::default(),
        nat: Translator::new(config.network.foreign_forward),
        drift: Drift::new().map_err(StartError::Process)?,
        seen,
        name,
        instance,
        places,
        boot,
        store,
        dataplane,
        registry,
        addresses,
        run,
        indexes,
    })
}

fn host_name(config: &Config) -> Result<HostName, StartError> {
    match &config.host {
        Some(name) => Ok(name.clone()),
        None => {
            let name = std::fs::read_to_string("/proc/sys/kernel/hostname")
                .map_err(StartError::Identity)?;
            Ok(name.trim().parse()?)
        }
    }
}

async fn open_store(
    config: &Config,
    places: &Places,
    boot: &BootId,
) -> Result<Store, StoreError> {
    match &config.store {
        None => Store::open_embedded(&places.state_dir, boot).await,
        Some(given) => Store::connect_etcd(etcd(given)).await,
    }
}

fn etcd(given: &StoreConfig) -> EtcdSettings {
    let login = match (&given.username, &given.password_file) {
        (Some(username), Some(password_file)) => Some(EtcdLogin {
            username: username.clone(),
            password_file: password_file.clone(),
        }),
        _ => None,
    };
    let client = match (&given.cert, &given.key) {
        (Some(cert), Some(key)) => {
            Some(EtcdCertificate { cert: cert.clone(), key: key.clone() })
        }
        _ => None,
    };
    EtcdSettings {
        endpoints: given.etcd.clone(),
        prefix: given.prefix.clone(),
        login,
        tls: given.ca.clone().map(|ca| EtcdTls { ca, client }),
        deadline: STORE_DEADLINE,
    }
}

/// What a former agent has left.
struct Remains<'a> {
    indexes: &'a LinkIndexes,
    records: &'a [Record],
}

/// Maps, programs, shared blocks, forwarding. Where another build's maps are
/// at work, its programs are replaced only when the new maps know every
/// endpoint, and what the old ones counted is taken over behind that.
fn kernel(
    config: &Config,
    places: &Places,
    rtnl: &mut Rtnl,
    remains: &Remains<'_>,
    crash: &CrashPoint,
) -> Result<Dataplane, StartError> {
    tartan_ebpf::ensure_bpffs(&places.bpf_dir)?;
    let before = |step: MigrationStep| crash.before(step);
    let mut dataplane = Dataplane::prepare(&places.bpf_dir, before)?;
    let is_migrating = dataplane.is_migrating();
    dataplane.set_settings(&reload::settings(config))?;
    dataplane::know_host(rtnl, &dataplane)?;
    dataplane::install(rtnl, &dataplane, remains.indexes, before)?;
    if is_migrating {
        hooks::replace_all(&dataplane, rtnl, remains.records);
    }
    dataplane.settle(before)?;
    if is_migrating {
        tracing::info!("maps of another layout taken over");
    }
    forwarding::switch_on(&rtnl.links()?)?;
    Ok(dataplane)
}

/// The highest generation that anything still speaks of.
fn highest(records: &[Record], run: &RunDir, links: &[Link]) -> Generation {
    let recorded = records.iter().map(Record::generation);
    let buried = run.tombstones().unwrap_or_default();
    let buried = buried.iter().flatten().map(|stone| stone.generation);
    let linked = links
        .iter()
        .flat_map(|link| &link.alt_names)
        .filter_map(|name| wire::read_alt_name(name))
        .map(|(generation, _)| generation);
    recorded.chain(buried).chain(linked).max().unwrap_or(Generation(0))
}

fn listen(host: &Arc<Host>) -> Result<Arc<Door>, StartError> {
    let path = host.places.plugin_socket();
    let door = Door::open(path.clone())
        .map_err(|source| StartError::Listen { path, source })?;
    let door = Arc::new(door);
    plugin_socket::serve(host, &door)?;
    Ok(door)
}

fn announce(host: &Host) {
    tracing::info!(
        host = %host.name,
        store = host.store.engine_name(),
        plugins = %host.places.plugin_socket().display(),
        people = %host.places.people_socket().display(),
        attachments = host.attachments.count(),
        mtu = host.mtu(),
        "ready"
    );
    let ready = [sd_notify::NotifyState::Ready];
    if let Err(error) = sd_notify::notify(&ready) {
        tracing::debug!(%error, "nobody is told of readiness");
    }
}

/// Waits for SIGTERM or SIGINT; on SIGHUP reads the configuration again.
async fn until_ended(host: &Arc<Host>, mut config: Config) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hang_up.recv() => {
                config = reload::reload(host, config).await;
            }
        }
    }
}
