//! The run directory on good and bad days.

use super::*;

fn attachment() -> Attachment {
    "shop,c1,eth0".parse().unwrap()
}

fn fresh() -> (tempfile::TempDir, RunDir) {
    let dir = tempfile::tempdir().unwrap();
    let run = RunDir::at(dir.path());
    run.create().unwrap();
    (dir, run)
}

#[test]
fn a_tombstone_is_found_again_and_removed_twice() {
    let (_dir, run) = fresh();
    run.put_tombstone(&attachment(), Generation(7)).unwrap();
    let found = run.tombstones().unwrap().remove(0).unwrap();
    assert_eq!(found.generation, Generation(7));
    run.remove_tombstone(&attachment()).unwrap();
    run.remove_tombstone(&attachment()).unwrap();
    assert!(run.tombstones().unwrap().is_empty());
}

#[test]
fn truncated_empty_and_garbage_records_are_named_and_set_aside() {
    let (dir, run) = fresh();
    for (name, bytes) in
        [("a", &b""[..]), ("b", b"{\"v\":1"), ("c", b"\0\xff\xfe")]
    {
        fs::write(dir.path().join("attachments").join(name), bytes).unwrap();
    }
    let found = run.records().unwrap();
    assert_eq!(found.len(), 3);
    for record in found {
        let Err(RunDirError::Damaged { path, .. }) = record else {
            panic!("a damaged record was read: {record:?}");
        };
        run.set_aside(&path).unwrap();
    }
    assert!(run.records().unwrap().is_empty());
    let aside = fs::read_dir(dir.path().join("damaged")).unwrap();
    assert_eq!(aside.count(), 3);
}

#[test]
fn a_half_written_file_was_never_said() {
    let (dir, run) = fresh();
    let path = dir.path().join("attachments").join("shop,c1,eth0.tmp");
    fs::write(&path, b"{").unwrap();
    assert!(run.records().unwrap().is_empty());
    assert!(!path.exists());
}

#[test]
fn no_record_is_no_error() {
    let (_dir, run) = fresh();
    assert!(run.record(&attachment()).unwrap().is_none());
    run.remove_record(&attachment()).unwrap();
}

#[test]
fn what_is_no_regular_file_is_told_and_not_opened() {
    let (dir, run) = fresh();
    let attachments = dir.path().join("attachments");
    fs::create_dir(attachments.join("x.tmp")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", attachments.join("y.json"))
        .unwrap();
    let found = run.records().unwrap();
    assert_eq!(found.len(), 2);
    assert!(
        found.iter().all(|f| { matches!(f, Err(RunDirError::Damaged { .. })) })
    );
}

#[test]
fn a_tombstone_of_another_version_is_not_read() {
    let (_dir, run) = fresh();
    run.put_tombstone(&attachment(), Generation(7)).unwrap();
    let path = file(&run.tombstones, &attachment());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"v\":1", "\"v\":2")).unwrap();
    let found = run.tombstones().unwrap().remove(0);
    assert!(matches!(found, Err(RunDirError::Damaged { .. })), "{found:?}");
}
