//! What comes back from the mirror.

use super::*;
use crate::registry::snapshot::Origin;

#[test]
fn a_snapshot_comes_back_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::in_run_dir(dir.path());
    let mut written = Snapshot::for_tests(&[("payments", 42, &[("api", 7)])]);
    written.settings.address_rest_seconds = 5;
    written.revision = Revision(9);
    mirror.write(&written).unwrap();

    let read = mirror.read().unwrap();
    assert_eq!(read.label("002a:0007".parse().unwrap()), "payments/api");
    (written.origin, written.serial) = (Origin::Mirror, read.serial);
    assert_eq!(read, written);
}

#[test]
fn an_absent_or_damaged_mirror_is_an_empty_registry() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = Mirror::in_run_dir(dir.path());
    assert_eq!(mirror.read().unwrap(), Snapshot::default());
    for bytes in ["", "{}", "{\"v\":1", "[1,2]"] {
        std::fs::write(dir.path().join("registry.json"), bytes).unwrap();
        assert_eq!(mirror.read().unwrap(), Snapshot::default());
    }
}
