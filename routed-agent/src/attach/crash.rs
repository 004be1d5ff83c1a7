//! Dies on request: `TARTAN_CRASH_AT` names a step before which the agent
//! kills itself as `kill -9` would, so that a test can stand at each of them.

use std::fmt::Display;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The step to die before, if any.
#[derive(Clone, Debug, Default)]
pub(crate) struct CrashPoint(Option<String>);

impl CrashPoint {
    /// The step that the variable names; empty and absent mean none.
    pub(crate) fn named(step: Option<std::ffi::OsString>) -> Self {
        let step = step.and_then(|step| step.into_string().ok());
        Self(step.filter(|step| !step.is_empty()))
    }

    /// Dies where `step` is the one named.
    pub(crate) fn before(&self, step: impl Display) {
        let Some(named) = &self.0 else { return };
        if *named == step.to_string() {
            // Nothing is told to anybody: that is the point.
            let _ = kill(Pid::this(), Signal::SIGKILL);
        }
    }
}
