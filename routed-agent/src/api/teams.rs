//! Teams: entered in the registry and removed from it. Acts.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use tartan_agent_api::people::Done;
use tartan_agent_api::people::classes::{NewTeam, TeamView};
use tartan_model::{AppNumber, ClassId, Team, TeamName};

use super::refusal::{Attempt, Question, Refusal, attempt};
use super::{Answer, done};
use crate::host::Host;
use crate::registry::{Freshness, RegistryError, Snapshot};

/// How often the ledger is looked at while the store is behind.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How long the store may be behind: changes are gathered for 20 ms.
const LONGEST_SETTLING: Duration = Duration::from_secs(1);

/// All teams.
pub(super) async fn list(State(host): State<Arc<Host>>) -> Json<Vec<TeamView>> {
    let registry = host.registry.snapshot();
    let teams = registry.teams.values();
    Json(teams.map(|team| view(&host, &registry, team)).collect())
}

/// One team.
pub(super) async fn show(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Answer<TeamView> {
    let asked = attempt("show the team", &name);
    let name = parse(&asked, &name)?;
    let registry = host.registry.snapshot();
    let team = registry.teams.get(&name);
    let team =
        team.ok_or_else(|| asked.registry(&RegistryError::UnknownTeam(name)))?;
    Ok(Json(view(&host, &registry, team)))
}

/// Enters a team.
pub(super) async fn create(
    State(host): State<Arc<Host>>,
    Question(NewTeam { name }): Question<NewTeam>,
) -> Answer<TeamView> {
    let asked = attempt("create the team", &name);
    let entered = host.registry.create_team(&name).await;
    let entered = entered.map_err(|error| asked.registry(&error))?;
    if entered.freshness == Freshness::Found {
        let hint = format!("tartan team show {name} shows it.");
        return Err(asked.conflict("it exists already", hint));
    }
    Ok(Json(view(&host, &host.registry.snapshot(), &entered.value)))
}

/// Removes a team.
pub(super) async fn delete(
    State(host): State<Arc<Host>>,
    Path(name): Path<String>,
) -> Answer<Done> {
    let asked = attempt("delete the team", &name);
    let name = parse(&asked, &name)?;
    let class = host.registry.snapshot().class_of(&name, None);
    refuse_if_attached(&asked, class.map_or(0, |c| of_team(&host, c)))?;
    settle(&host).await;
    let deleted = host.registry.delete_team(&name).await;
    deleted.map_err(|error| asked.registry(&error))?;
    Ok(done(format!("team {name} deleted; its number is not given again")))
}

/// Refuses where containers of this host still have the class: what they
/// hold may not be in the store yet.
pub(super) fn refuse_if_attached(
    asked: &Attempt,
    endpoints: usize,
) -> Result<(), Refusal> {
    if endpoints == 0 {
        return Ok(());
    }
    Err(asked.conflict(
        format!("containers of this host have its class: {endpoints}"),
        "End them first: tartan endpoint list shows them.",
    ))
}

/// Waits until the store knows what this host has released, so that what was
/// ended a moment ago does not stand in the way. Where the store is slow, it
/// is asked as it is.
pub(super) async fn settle(host: &Host) {
    let is_behind = || host.addresses.look(|ledger| !ledger.dirty().is_empty());
    let settled = async {
        while is_behind() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    // Running out of time is an answer as well.
    let _ = tokio::time::timeout(LONGEST_SETTLING, settled).await;
}

fn view(host: &Host, registry: &Snapshot, team: &Team) -> TeamView {
    let cluster = registry.settings.cluster;
    let class = ClassId::new(cluster, team.number, AppNumber::NONE);
    let apps = registry.apps.keys().filter(|(of, _)| *of == team.name);
    TeamView {
        name: team.name.clone(),
        number: team.number,
        class,
        apps: apps.count(),
        endpoints: of_team(host, class),
    }
}

/// Endpoints of a team on this host, whatever their app.
fn of_team(host: &Host, class: ClassId) -> usize {
    let records = host.attachments.all();
    let of_team = records.iter().map(|record| record.class().team_class());
    of_team.filter(|team| *team == class.team_class()).count()
}

pub(super) fn parse(asked: &Attempt, name: &str) -> Result<TeamName, Refusal> {
    name.parse()
        .map_err(|error: tartan_model::names::NameError| asked.invalid(&error))
}
