//! What comes back from the mirror, and what does not.

use tartan_model::{Affinity, Epoch};

use super::*;

fn claimed(prefix: &str) -> Claimed {
    Claimed {
        prefix: prefix.parse().unwrap(),
        record: BlockRecord {
            v: BlockRecord::VERSION,
            pool: "default".parse().unwrap(),
            host: "ambre".parse().unwrap(),
            epoch: Epoch(1),
            boot: BootId::new("b-1"),
            affinity: Affinity::Any,
            slots: Default::default(),
        },
        revision: Revision(7),
    }
}

fn mirror(dir: &Path, boot: &str) -> Mirror {
    Mirror::in_run_dir(dir, BootId::new(boot)).unwrap()
}

#[test]
fn what_another_boot_mirrored_is_void() {
    let dir = tempfile::tempdir().unwrap();
    mirror(dir.path(), "b-1").put(&claimed("10.77.0.0/28")).unwrap();
    let same = mirror(dir.path(), "b-1").all().unwrap();
    assert_eq!(same, [claimed("10.77.0.0/28")]);
    assert_eq!(mirror(dir.path(), "b-2").all().unwrap(), []);
    assert_eq!(mirror(dir.path(), "b-1").all().unwrap(), [], "it is gone");
}

#[test]
fn a_claim_is_mirrored_for_this_boot_whatever_boot_the_store_knows() {
    let dir = tempfile::tempdir().unwrap();
    let now = mirror(dir.path(), "b-2");
    now.put(&claimed("10.77.0.0/28")).unwrap();
    assert_eq!(now.all().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_read_costs_nobody_else_anything() {
    let dir = tempfile::tempdir().unwrap();
    let mirror = mirror(dir.path(), "b-1");
    mirror.put(&claimed("10.77.0.0/28")).unwrap();
    mirror.put(&claimed("fd00:77::/124")).unwrap();
    let blocks = dir.path().join("blocks");
    fs::create_dir(blocks.join("4-0a4d0010-28.json")).unwrap();
    for (name, bytes) in [
        ("4-0a4d0020-28.json", &b""[..]),
        ("4-0a4d0030-28.json", b"{\"prefix\":"),
        ("4-0a4d0040-28.json", &[0xff; 99]),
        ("nonsense", b"[]"),
    ] {
        fs::write(blocks.join(name), bytes).unwrap();
    }
    assert_eq!(mirror.all().unwrap().len(), 2);
}
