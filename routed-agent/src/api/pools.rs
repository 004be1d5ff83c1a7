//! Pools: made, drained, enlarged and deleted in the store; shown with what this host
//! has of them. Acts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use tartan_agent_api::people::Done;
use tartan_agent_api::people::pools::{
    CidrView, Enlarge, HostUse, NewPool, PoolView,
};
use tartan_ipam::pools::{Flow, Holders};
use tartan_ipam::{Usage, pools};
use tartan_model::{Family, Pool, PoolName};

use super::refusal::{Attempt, Question, Refusal, attempt};
use super::teams::settle;
use super::{Answer, done};
use crate::clock::boot_time;
use crate::endpoints::Mode;
use crate::host::Host;
use crate::{chain, nat};
use crate::{follow, fullness};

/// All pools.
pub(super) async fn list(State(host): State<Arc<Host>>) -> Json<Vec<PoolView>> {
    Json(views(&host))
}

/// One pool.
pub(super) async fn show(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Answer<PoolView> {
    let asked = attempt("show the pool", &name);
    let name = parse(&asked, &name)?;
    let mut shown =
        view_of(&host, &name).ok_or_else(|| unknown(&asked, &name))?;
    let elsewhere = pools::elsewhere(&host.store, &host.name).await;
    // A store that is away leaves what this host knows by itself.
    let elsewhere = elsewhere.unwrap_or_default();
    for cidr in &mut shown.cidrs {
        cidr.whole = fullness::whole(&host, &name, cidr.family, &elsewhere);
    }
    Ok(Json(shown))
}

/// Makes a pool.
pub(super) async fn create(
    State(host): State<Arc<Host>>,
    Question(new): Question<NewPool>,
) -> Answer<PoolView> {
    let asked = attempt("create the pool", &new.name);
    let pool = Pool {
        v: Pool::VERSION,
        name: new.name.clone(),
        cidrs: new.cidrs,
        block_length4: new.block_length4.unwrap_or(Pool::BLOCK_LENGTH_4),
        block_length6: new.block_length6.unwrap_or(Pool::BLOCK_LENGTH_6),
        affinity: new.affinity,
        nat_outgoing: new.nat_outgoing,
        draining: false,
    };
    let made = pools::create(&host.store, &pool).await;
    made.map_err(|error| asked.pool(&error))?;
    host.registry.heard(|now| now.pools.contains_key(&pool.name)).await;
    translate(&host).await;
    Ok(Json(view(&pool, &usage(&host))))
}

/// Has translation know the pools before anybody is told of a change. What
/// fails is in `tartan status`, and tried again.
async fn translate(host: &Arc<Host>) {
    let host = Arc::clone(host);
    let run = move || nat::reconcile(&host, Mode::Apply);
    if let Ok(Err(error)) = tokio::task::spawn_blocking(run).await {
        tracing::warn!("{}", chain(&error));
    }
}

/// Lets a pool give nothing new.
pub(super) async fn drain(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Answer<Done> {
    let asked = attempt("drain the pool", &name);
    let name = parse(&asked, &name)?;
    set_flow(&host, &asked, &name, Flow::Draining).await?;
    settle(&host).await;
    let left = pools::holders(&host.store, &name).await;
    let left = left.map_err(|error| asked.pool(&error))?;
    let left = match left.0.len() {
        0 => format!("none of it is left; tartan pool delete {name} ends it"),
        1 => format!("1 address of it is left: {left}"),
        count => format!("{count} addresses of it are left: {left}"),
    };
    Ok(done(format!("pool {name} gives nothing new; {left}")))
}

/// Lets a drained pool give again.
pub(super) async fn undrain(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Answer<Done> {
    let asked = attempt("undrain the pool", &name);
    let name = parse(&asked, &name)?;
    set_flow(&host, &asked, &name, Flow::Open).await?;
    Ok(done(format!("pool {name} gives addresses again")))
}

async fn set_flow(
    host: &Host,
    asked: &Attempt,
    name: &PoolName,
    flow: Flow,
) -> Result<(), Refusal> {
    let set = pools::set_flow(&host.store, name, flow).await;
    set.map_err(|error| asked.pool(&error))?;
    let is_so = |pool: &Pool| pool.draining == (flow == Flow::Draining);
    host.registry.heard(|now| now.pools.get(name).is_none_or(is_so)).await;
    follow::feed(host);
    Ok(())
}

/// Gives a pool wider prefixes.
pub(super) async fn enlarge(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
    Question(Enlarge { cidrs }): Question<Enlarge>,
) -> Answer<PoolView> {
    let asked = attempt("enlarge the pool", &name);
    let name = parse(&asked, &name)?;
    let done = pools::enlarge(&host.store, &name, &cidrs).await;
    done.map_err(|error| asked.pool(&error))?;
    let is_so = |p: &Pool| cidrs.iter().all(|c| p.cidrs.contains(c));
    host.registry.heard(|now| now.pools.get(&name).is_none_or(is_so)).await;
    follow::feed(&host);
    view_of(&host, &name).map(Json).ok_or_else(|| unknown(&asked, &name))
}

/// Deletes a pool that is not used.
pub(super) async fn delete(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Answer<Done> {
    let asked = attempt("delete the pool", &name);
    let name = parse(&asked, &name)?;
    // What this host gave may not be in the store yet.
    let held = held_here(&host, &name);
    if !held.0.is_empty() {
        let pool = name.clone();
        let in_use = pools::ChangePoolError::InUse { pool, holders: held };
        return Err(asked.pool(&in_use));
    }
    settle(&host).await;
    let deleted = pools::delete(&host.store, &name).await;
    deleted.map_err(|error| asked.pool(&error))?;
    host.registry.heard(|now| !now.pools.contains_key(&name)).await;
    Ok(done(format!("pool {name} deleted")))
}

/// All pools as they are now.
pub(super) fn views(host: &Host) -> Vec<PoolView> {
    let usage = usage(host);
    let registry = host.registry.snapshot();
    registry.pools.values().map(|pool| view(pool, &usage)).collect()
}

fn view_of(host: &Host, name: &PoolName) -> Option<PoolView> {
    let registry = host.registry.snapshot();
    registry.pools.get(name).map(|pool| view(pool, &usage(host)))
}

fn usage(host: &Host) -> Vec<Usage> {
    host.addresses.look(|ledger| ledger.usage(boot_time()))
}

fn held_here(host: &Host, name: &PoolName) -> Holders {
    let claims = host.addresses.look(tartan_ipam::Ledger::claims);
    Holders::of(claims.iter().filter(|c| c.record.pool == *name))
}

fn view(pool: &Pool, usage: &[Usage]) -> PoolView {
    let cidrs = pool.cidrs.iter().map(|cidr| CidrView {
        cidr: *cidr,
        family: cidr.family(),
        block_length: pool.block_length(cidr.family()),
        here: here(pool, cidr.family(), usage),
        whole: None,
    });
    PoolView {
        name: pool.name.clone(),
        affinity: pool.affinity,
        draining: pool.draining,
        nat_outgoing: pool.nat_outgoing,
        cidrs: cidrs.collect(),
    }
}

fn here(pool: &Pool, family: Family, usage: &[Usage]) -> HostUse {
    let number = |count: u128| u64::try_from(count).unwrap_or(u64::MAX);
    usage
        .iter()
        .find(|usage| usage.pool == pool.name && usage.family == family)
        .map(|usage| HostUse {
            blocks: usage.blocks,
            size: number(usage.size),
            used: number(usage.used),
            resting: number(usage.resting),
            free: number(usage.free),
        })
        .unwrap_or_default()
}

fn parse(asked: &Attempt, name: &str) -> Result<PoolName, Refusal> {
    name.parse()
        .map_err(|error: tartan_model::names::NameError| asked.invalid(&error))
}

fn unknown(asked: &Attempt, name: &PoolName) -> Refusal {
    asked.pool(&pools::ChangePoolError::Unknown(name.clone()))
}
