//! What is there after a replacement, and after one that failed.

use std::os::unix::fs::PermissionsExt;

use super::*;

type Replace = fn(&Path, &[u8]) -> io::Result<()>;

const BOTH: [Replace; 2] = [replace, replace_on_disk];

#[test]
fn the_new_file_is_there_whole_and_roots_alone() {
    for replace in BOTH {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("seen.json");
        fs::write(&path, "an older and longer one").unwrap();
        replace(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_failed_replacement_leaves_nothing_behind() {
    for replace in BOTH {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken.json");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("in the way"), "").unwrap();
        replace(&path, b"new").unwrap_err();
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}

#[test]
fn only_regular_files_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    replace(&at("whole"), b"all").unwrap();
    assert_eq!(read(&at("whole")).unwrap(), b"all");
    std::os::unix::fs::symlink("/dev/zero", at("link")).unwrap();
    std::os::unix::fs::symlink(at("whole"), at("other")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    for name in ["link", "other", "directory", "pipe"] {
        assert!(read(&at(name)).is_err(), "{name}");
    }
    let absent = read(&at("nothing")).unwrap_err();
    assert_eq!(absent.kind(), io::ErrorKind::NotFound);
}
