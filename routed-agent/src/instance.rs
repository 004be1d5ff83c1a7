//! Which installation of Tartan this is: an id kept in the state directory,
//! made at first use, and the machine's. Another host that took the same name
//! differs in it, and so does a copied state directory on another machine.

use std::fs;
use std::io;
use std::path::Path;

use tartan_agent_api::whole_file;

/// Where the kernel gives out random ids.
const RANDOM_ID: &str = "/proc/sys/kernel/random/uuid";
/// Id of the machine (machine-id(5)); absent on some.
const MACHINE_ID: &str = "/etc/machine-id";

/// The instance of the installation whose state is in `state_dir`.
pub(crate) fn instance(state_dir: &Path) -> io::Result<String> {
    let path = state_dir.join("instance");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let own = match kept.trim() {
        "" => make(&path)?,
        id => id.to_owned(),
    };
    let machine = fs::read_to_string(MACHINE_ID).unwrap_or_default();
    Ok(format!("{own}@{}", machine.trim()))
}

fn make(path: &Path) -> io::Result<String> {
    let id = random_id()?;
    // Lost in a power cut, this host would be another to its own store.
    whole_file::replace_on_disk(path, id.as_bytes())?;
    Ok(id)
}

/// An id that nobody has.
pub(crate) fn random_id() -> io::Result<String> {
    Ok(fs::read_to_string(RANDOM_ID)?.trim().to_owned())
}
