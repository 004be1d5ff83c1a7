//! What comes back from the file.

use tartan_store::{Revision, StoreId};

use super::*;

fn memory() -> Memory {
    Memory {
        store: Some(StoreId("a".to_owned())),
        revision: Revision(42),
        team: 7,
        apps: [(3, 9)].into(),
        named: [("shop".parse().unwrap(), Default::default())].into(),
        claims: Vec::new(),
        call: Some("c".to_owned()),
        agreed: None,
    }
}

#[test]
fn the_memory_comes_back_whole() {
    let dir = tempfile::tempdir().unwrap();
    let file = MemoryFile::in_state_dir(dir.path());
    assert_eq!(file.read().unwrap(), None);
    file.write(&memory()).unwrap();
    file.write(&memory()).unwrap();
    assert_eq!(file.read().unwrap(), Some(memory()));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_damaged_file_is_set_aside_and_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    let file = MemoryFile::in_state_dir(dir.path());
    file.write(&memory()).unwrap();
    let whole = std::fs::read(&file.0).unwrap();
    let newer = br#"{"v":2,"memory":{"store":null,"revision":1}}"#;
    let half = &whole[..whole.len() / 2];
    for bytes in [&b""[..], b"[]", b"{}", half, newer, &[0xff; 99]] {
        std::fs::write(&file.0, bytes).unwrap();
        assert_eq!(file.read().unwrap(), None);
        let aside = dir.path().join("seen.damaged");
        assert_eq!(std::fs::read(aside).unwrap(), bytes);
        assert_eq!(file.read().unwrap(), None, "it is gone");
    }
}
