//! Why the registry could not be read or changed.

use std::path::PathBuf;
use std::time::Duration;

use tartan_ipam::records::RecordError;
use tartan_model::{AppName, ClassId, TeamName};
use tartan_store::{Key, StoreError};
use thiserror::Error;

use super::numbers::NumberError;
use super::setting::SettingError;

/// A change of the registry that was not made, or a registry that could not
/// be read.
#[derive(Debug, Error)]
pub(crate) enum RegistryError {
    #[error("the store did not do it")]
    Store(#[from] StoreError),
    #[error(transparent)]
    Damaged(#[from] RecordError),
    #[error("cannot use the mirror {path}")]
    Mirror {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("team '{0}' is not in the registry")]
    UnknownTeam(TeamName),
    #[error("app '{app}' of team '{team}' is not in the registry")]
    UnknownApp { team: TeamName, app: AppName },
    #[error("{owner} has number {number}")]
    OtherNumber { owner: String, number: u16 },
    #[error(transparent)]
    Number(#[from] NumberError),
    #[error("every number was given once already; the last was {last}")]
    NumbersUsedUp { last: u16 },
    #[error("team '{team}' still has apps: {count}")]
    TeamHasApps { team: TeamName, count: usize },
    #[error("containers still have addresses under class {class}: {count}")]
    InUse { class: ClassId, count: usize },
    #[error(
        "it is part of the class of every team, and there are teams: {count}"
    )]
    ClusterInUse { count: usize },
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error(
        "the store was restored from a copy, and not every host has said yet \
         which numbers it has seen"
    )]
    Restored,
    #[error("the store did not answer within {0:?}")]
    TooLong(Duration),
    #[error("others changed {key} each time")]
    Contended { key: Key },
}
