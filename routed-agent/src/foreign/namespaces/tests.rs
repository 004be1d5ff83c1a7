//! What the tables of mounts say.

use super::*;

#[test]
fn a_mounted_namespace_is_read_from_a_line_of_mountinfo() {
    let line = "317 28 0:4 net:[4026532243] /run/netns/c\\0401 rw shared:160 \
                - nsfs nsfs rw";
    let place = PathBuf::from("run/netns/c 1");
    assert_eq!(mounted_netns(line), Some((4_026_532_243, place)));
    for other in [
        "",
        "317 28 0:4",
        "28 1 8:1 / / rw - ext4 /dev/sda1 rw",
        "317 28 0:4 mnt:[4026532243] /run/x rw - nsfs nsfs rw",
        "317 28 0:4 net:[x] /run/x rw - nsfs nsfs rw",
        "317 28 0:4 net:[4026532243] /run/\\9 rw - nsfs nsfs rw",
    ] {
        assert_eq!(mounted_netns(other), None, "{other}");
    }
}

#[test]
fn a_namespace_that_a_process_is_in_is_not_gone() {
    let here = NetNs::current().unwrap();
    let own = std::process::id().try_into().unwrap();
    assert_eq!(of(own), inode(&here));
    assert_eq!(of(0), None);
}

#[test]
fn what_cannot_be_looked_into_is_nobodys_end() {
    let gone = |blind: &[u64]| Gone {
        missing: [7].into(),
        blind: blind.iter().copied().collect(),
    };
    assert!(gone(&[]).is_proven(7, None));
    assert!(gone(&[40]).is_proven(7, Some(41)));
    assert!(!gone(&[40]).is_proven(7, Some(40)));
    assert!(!gone(&[40]).is_proven(7, None));
    assert!(!gone(&[]).is_proven(8, None));
}

#[test]
fn a_remembered_path_that_leads_nowhere_hinders_no_proof() {
    let dir = tempfile::tempdir().unwrap();
    let circle = dir.path().join("circle");
    std::os::unix::fs::symlink(&circle, &circle).unwrap();
    let looked = gone([u64::MAX].into(), &[circle.clone()].into());
    // Who may not look at all processes proves nothing, but not for that.
    if let Err(LookError::Read { path, .. } | LookError::Enter { path, .. }) =
        looked
    {
        assert_ne!(path, circle);
    }
}
