//! Apps of teams: entered in the registry and removed from it. Acts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use tartan_agent_api::people::Done;
use tartan_agent_api::people::classes::{AppView, NewApp};
use tartan_model::{App, AppName, ClassId, TeamName};

use super::refusal::{Attempt, Question, Refusal, attempt};
use super::teams::{self, refuse_if_attached, settle};
use super::{Answer, done};
use crate::host::Host;
use crate::registry::{Freshness, RegistryError, Snapshot};

/// All apps.
pub(super) async fn list(State(host): State<Arc<Host>>) -> Json<Vec<AppView>> {
    let registry = host.registry.snapshot();
    let apps = registry.apps.values();
    Json(apps.filter_map(|app| view(&host, &registry, app)).collect())
}

/// One app.
pub(super) async fn show(
    State(host): State<Arc<Host>>,
    Path((team, name)): Path<(String, String)>,
) -> Answer<AppView> {
    let asked = attempt("show the app", format!("{team}/{name}"));
    let (team, app) = parse(&asked, &team, &name)?;
    let registry = host.registry.snapshot();
    let found = registry.apps.get(&(team.clone(), app.clone()));
    let shown = found.and_then(|app| view(&host, &registry, app));
    let unknown = RegistryError::UnknownApp { team, app };
    shown.map(Json).ok_or_else(|| asked.registry(&unknown))
}

/// Enters an app.
pub(super) async fn create(
    State(host): State<Arc<Host>>,
    Question(NewApp { team, name }): Question<NewApp>,
) -> Answer<AppView> {
    let asked = attempt("create the app", format!("{team}/{name}"));
    let entered = host.registry.create_app(&team, &name).await;
    let entered = entered.map_err(|error| asked.registry(&error))?;
    if entered.freshness == Freshness::Found {
        let hint = format!("tartan app show {team}/{name} shows it.");
        return Err(asked.conflict("it exists already", hint));
    }
    let registry = host.registry.snapshot();
    let unknown = RegistryError::UnknownTeam(team);
    view(&host, &registry, &entered.value)
        .map(Json)
        .ok_or_else(|| asked.registry(&unknown))
}

/// Removes an app.
pub(super) async fn delete(
    State(host): State<Arc<Host>>,
    Path((team, name)): Path<(String, String)>,
) -> Answer<Done> {
    let asked = attempt("delete the app", format!("{team}/{name}"));
    let (team, name) = parse(&asked, &team, &name)?;
    let class = host.registry.snapshot().class_of(&team, Some(&name));
    refuse_if_attached(&asked, class.map_or(0, |c| of_app(&host, c)))?;
    settle(&host).await;
    let deleted = host.registry.delete_app(&team, &name).await;
    deleted.map_err(|error| asked.registry(&error))?;
    let app = format!("{team}/{name}");
    Ok(done(format!("app {app} deleted; its number is not given again")))
}

/// None where the team is gone meanwhile.
fn view(host: &Host, registry: &Snapshot, app: &App) -> Option<AppView> {
    let team = registry.teams.get(&app.team)?;
    let cluster = registry.settings.cluster;
    let class = ClassId::new(cluster, team.number, app.number);
    Some(AppView {
        team: app.team.clone(),
        name: app.name.clone(),
        number: app.number,
        class,
        endpoints: of_app(host, class),
    })
}

fn of_app(host: &Host, class: ClassId) -> usize {
    let records = host.attachments.all();
    records.iter().filter(|record| record.class() == class).count()
}

fn parse(
    asked: &Attempt,
    team: &str,
    app: &str,
) -> Result<(TeamName, AppName), Refusal> {
    let team = teams::parse(asked, team)?;
    let app =
        app.parse().map_err(|error: tartan_model::names::NameError| {
            asked.invalid(&error)
        })?;
    Ok((team, app))
}
