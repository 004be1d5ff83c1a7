//! The two sockets of this agent, and opening them anew where somebody took
//! their files away. Acts.
//!
//! A socket without its file still listens, and nobody can find it. Who has
//! connected before is served all the same.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::api::{self, ApiError};
use crate::host::Host;
use crate::plugin_socket::Door;

/// Both sockets.
#[derive(Debug)]
pub(crate) struct Doors {
    plugins: Arc<Door>,
    people: Mutex<Option<JoinHandle<()>>>,
    people_at: std::path::PathBuf,
    runtime: Handle,
}

impl Doors {
    /// Those that are open.
    pub(crate) fn new(
        host: &Host,
        plugins: Arc<Door>,
        people: JoinHandle<()>,
    ) -> Self {
        Self {
            plugins,
            people: Mutex::new(Some(people)),
            people_at: host.places.people_socket(),
            runtime: Handle::current(),
        }
    }

    /// Serves people no more, for good.
    pub(crate) fn close_people(&self) -> Option<JoinHandle<()>> {
        let mut people =
            self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let serving = people.take();
        serving.as_ref().inspect(|serving| serving.abort());
        serving
    }

    pub(super) fn plugins_drift(&self) -> Option<String> {
        missing(self.plugins.path())
    }

    pub(super) fn people_drift(&self) -> Option<String> {
        missing(&self.people_at)
    }

    pub(super) fn open_plugins(&self) -> Result<(), io::Error> {
        self.plugins.open_again()
    }

    pub(super) fn open_people(&self, host: &Arc<Host>) -> Result<(), ApiError> {
        let mut people =
            self.people.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(before) = people.as_ref() else { return Ok(()) };
        let serving = self.runtime.block_on(api::serve(Arc::clone(host)))?;
        before.abort();
        *people = Some(self.runtime.spawn(serving));
        Ok(())
    }
}

fn missing(path: &Path) -> Option<String> {
    (!path.exists()).then(|| format!("no {}", path.display()))
}
