//! What of the configuration may change while containers run: how packets are
//! marked, and the MTU of new attachments. Acts, at the start and on SIGHUP.
//!
//! A file that cannot be used changes nothing: whoever edits a configuration
//! under a running agent must not lose it by a slip.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

use tartan_ebpf::{DataplaneSettings, MapError, Mark};
use tartan_hostnet::{Link, OpenError, ReadError, Rtnl};
use thiserror::Error;

use crate::chain;
use crate::config::{self, Config, Mtu};
use crate::endpoints::Mode;
use crate::host::Host;
use crate::nat;

/// MTU of a host without a default route: Ethernet's.
const PLAIN_MTU: u32 = 1500;

/// A configuration that was read and not taken over.
#[derive(Debug, Error)]
enum ReloadError {
    #[error("cannot write the programs' settings")]
    Settings(#[from] MapError),
    #[error("cannot open a netlink socket")]
    Netlink(#[from] OpenError),
    #[error("cannot read links and routes")]
    Links(#[from] ReadError),
}

/// Reads the configuration again; answers with what holds from now on.
pub(crate) async fn reload(host: &Arc<Host>, current: Config) -> Config {
    let (taking, kept) = (Arc::clone(host), current.clone());
    let run = move || reload_blocking(&taking, kept);
    // A panic there is told by the runtime; what was holds on.
    tokio::task::spawn_blocking(run).await.unwrap_or(current)
}

fn reload_blocking(host: &Host, current: Config) -> Config {
    let read = match Config::read(&host.places.config) {
        Ok(read) => read,
        Err(error) => {
            tracing::error!("configuration unchanged: {}", chain(&error));
            return current;
        }
    };
    for key in current.needs_restart(&read) {
        tracing::warn!("{key} has changed: it needs a new start of the agent");
    }
    match take_over(host, &read) {
        // What needs a new start is still as it was, and is told again.
        Ok(()) => Config { network: read.network, ..current },
        Err(error) => {
            tracing::error!("configuration unchanged: {}", chain(&error));
            current
        }
    }
}

/// What may fail comes first, each of it whole or not at all; then all that
/// is kept in memory. Translation follows: it is brought up to date by the
/// next sweep where it cannot be now.
fn take_over(host: &Host, config: &Config) -> Result<(), ReloadError> {
    let mut rtnl = Rtnl::open()?;
    let links = rtnl.links()?;
    let mtu = mtu(config, &mut rtnl, &links)?;
    host.dataplane.set_settings(&settings(config))?;
    host.mtu.store(mtu, Relaxed);
    *host.attach.write().unwrap_or_else(PoisonError::into_inner) =
        config.network.attach;
    host.nat.set(config.network.foreign_forward);
    tracing::info!(mtu, mark = ?config.network.mark, "configuration taken over");
    if let Err(error) = nat::reconcile(host, Mode::Apply) {
        tracing::warn!("the next sweep tries again: {}", chain(&error));
    }
    Ok(())
}

/// What the programs do to every packet.
pub(crate) fn settings(config: &Config) -> DataplaneSettings {
    let mark = match config.network.mark {
        config::Mark::Team => Mark::Team { mask: Mark::TEAM_MASK },
        config::Mark::Full => Mark::Full,
        config::Mark::Off => Mark::Off,
    };
    DataplaneSettings { mark }
}

/// The MTU of new attachments: as configured, or that of the link by which
/// this host reaches the rest of the world.
pub(crate) fn mtu(
    config: &Config,
    rtnl: &mut Rtnl,
    links: &[Link],
) -> Result<u32, ReadError> {
    if let Mtu::Bytes(bytes) = config.network.mtu {
        return Ok(bytes);
    }
    let way_out = rtnl.default_route_link()?;
    let link = links.iter().find(|link| Some(link.index) == way_out);
    Ok(link.map_or(PLAIN_MTU, |link| link.mtu))
}
