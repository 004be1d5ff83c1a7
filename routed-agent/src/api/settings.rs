//! Settings of the cluster: shown and changed. Acts.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use tartan_agent_api::people::Done;
use tartan_agent_api::people::settings::{NewValue, SettingView};
use tartan_model::Settings;

use super::refusal::{Question, attempt};
use super::{Answer, done};
use crate::host::Host;
use crate::registry::{RegistryError, Setting};

/// All settings.
pub(super) async fn show(
    State(host): State<Arc<Host>>,
) -> Json<Vec<SettingView>> {
    let now = &host.registry.snapshot().settings;
    let default = Settings::default();
    let views = Setting::ALL.map(|setting| SettingView {
        key: setting.to_string(),
        value: setting.get(now),
        default: setting.get(&default),
        meaning: setting.meaning().to_owned(),
        takes: setting.takes().to_owned(),
    });
    Json(views.into())
}

/// Changes one.
pub(super) async fn set(
    State(host): State<Arc<Host>>,
    Path(key): Path<String>,
    Question(NewValue { value }): Question<NewValue>,
) -> Answer<Done> {
    let asked = attempt("set", &key);
    let setting: Setting = key
        .parse()
        .map_err(|error| asked.registry(&RegistryError::Setting(error)))?;
    let changed = host.registry.set(setting, &value).await;
    changed.map_err(|error| asked.registry(&error))?;
    Ok(done(match value.is_empty() {
        true => format!("{setting} is cleared"),
        false => format!("{setting} is {value}"),
    }))
}
