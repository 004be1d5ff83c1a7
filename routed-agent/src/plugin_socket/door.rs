//! The listening socket that the workers share, which can be opened anew
//! while they wait on it. Acts.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tartan_agent_api::seqpacket::Listener;

/// Where plugins come in.
#[derive(Debug)]
pub(crate) struct Door {
    path: PathBuf,
    listener: Mutex<Arc<Listener>>,
}

impl Door {
    /// Opens it at `path`.
    pub(crate) fn open(path: PathBuf) -> io::Result<Self> {
        let listener = Mutex::new(Arc::new(Listener::bind(&path)?));
        Ok(Self { path, listener })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it anew, in place of the one that lost its file. Who waits on
    /// that one is woken once everybody who came by it has been let in.
    pub(crate) fn open_again(&self) -> io::Result<()> {
        let fresh = Arc::new(Listener::bind(&self.path)?);
        let mut listener =
            self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *listener, fresh);
        before.close();
        Ok(())
    }

    /// The socket to wait on.
    pub(super) fn listener(&self) -> Arc<Listener> {
        let listener =
            self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&listener)
    }

    /// True where it was opened anew since `listener` was taken.
    pub(super) fn has_moved(&self, listener: &Arc<Listener>) -> bool {
        !Arc::ptr_eq(listener, &self.listener())
    }
}
