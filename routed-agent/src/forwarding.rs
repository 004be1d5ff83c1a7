//! Makes the host a router, which it stays when the agent ends. Acts.
//!
//! A host that got its own address or default route by IPv6 router
//! advertisements would lose it with the switch: its links are told to go on
//! listening first.

use tartan_hostnet::{
    Forwarding, Link, SysctlError, forwarding, keep_advertisements,
    set_forwarding,
};
use tartan_model::Family;

use crate::attach::wire;
use crate::dataplane;

/// The families for which somebody switched it off, in words.
pub(crate) fn drift() -> Option<String> {
    let is_off =
        |family: &Family| matches!(forwarding(*family), Ok(Forwarding::Off));
    let off: Vec<_> = Family::ALL
        .into_iter()
        .filter(is_off)
        .map(|family| family.to_string())
        .collect();
    (!off.is_empty()).then(|| format!("off for {}", off.join(" and ")))
}

/// Switches forwarding on where it is off. A kernel without IPv6 carries IPv4
/// alone.
pub(crate) fn switch_on(links: &[Link]) -> Result<(), SysctlError> {
    for family in Family::ALL {
        match (family, forwarding(family)) {
            (_, Ok(Forwarding::On)) => {}
            (_, Ok(Forwarding::Off)) => switch(family, links)?,
            (Family::V6, Err(error)) if error.is_absent() => {
                tracing::warn!("this kernel has no IPv6: IPv4 alone");
            }
            (_, Err(error)) => return Err(error),
        }
    }
    Ok(())
}

fn switch(family: Family, links: &[Link]) -> Result<(), SysctlError> {
    if family == Family::V6 {
        for link in links.iter().filter(|link| has_routers(link)) {
            if keep_advertisements(&link.name)? {
                tracing::info!(link = link.name, "accept_ra from 1 to 2");
            }
        }
    }
    set_forwarding(family, Forwarding::On)?;
    tracing::info!(%family, "switched forwarding on");
    Ok(())
}

/// What comes by a link of ours comes from a container, which is no router;
/// and there is none behind the loopback link.
fn has_routers(link: &Link) -> bool {
    let groups = [wire::GROUP_LIVE, wire::GROUP_REAP.get()];
    let is_ours = groups.contains(&link.group) || dataplane::is_keeper(link);
    !is_ours && link.name != "lo"
}
