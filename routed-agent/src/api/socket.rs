//! The file of the people's socket: 0660 root:tartan, or root alone where the
//! group does not exist. Acts.

use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::unistd::Group;
use thiserror::Error;
use tokio::net::UnixListener;

/// The group whose members may ask.
pub(super) const GROUP: &str = "tartan";

/// People cannot be served.
#[derive(Debug, Error)]
pub(crate) enum ApiError {
    #[error("cannot {op} {path}")]
    Socket {
        op: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// Listens at `path`, in place of whoever listened before: the caller is the
/// only agent of its run directory. The socket gets its name when its mode is
/// right, so that it is never open to more than it should.
pub(super) fn listen(path: &Path) -> Result<UnixListener, ApiError> {
    let error = |op: &'static str| {
        let path = path.to_owned();
        move |source| ApiError::Socket { op, path, source }
    };
    let unnamed = path.with_extension("sock.new");
    match std::fs::remove_file(&unnamed) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(error("replace")(source));
        }
        _ => {}
    }
    let listener = UnixListener::bind(&unnamed).map_err(error("bind"))?;
    restrict(&unnamed).map_err(error("restrict"))?;
    std::fs::rename(&unnamed, path).map_err(error("name"))?;
    Ok(listener)
}

fn restrict(path: &Path) -> io::Result<()> {
    let mode = match Group::from_name(GROUP)? {
        Some(group) => {
            chown(path, None, Some(group.gid.as_raw()))?;
            0o660
        }
        None => 0o600,
    };
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode))
}
