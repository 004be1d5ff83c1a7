//! Records of all ages and in all states of decay.

use tartan_store::Revision;

use super::*;

const BLOCK: &str = r#"{"v":1,"pool":"default","host":"node-1","epoch":3,
    "boot":"b-1","affinity":"any","slots":{}}"#;

fn entry(value: &str) -> Entry {
    Entry {
        key: Key::new(&["blocks", "4", "0a4d0000-28"]),
        value: value.as_bytes().to_vec(),
        created: Revision(1),
        modified: Revision(2),
        lease: None,
    }
}

#[test]
fn i_019_white_space_and_carriage_returns_are_tolerated() {
    let text = format!(" \r\n{}\r\n\n", BLOCK.replace('\n', "\r\n"));
    let claimed = decode_block(&entry(&text)).unwrap();
    assert_eq!(claimed.prefix, "10.77.0.0/28".parse().unwrap());
    assert_eq!(claimed.revision, Revision(2));
}

#[test]
fn i_019_an_empty_or_torn_record_is_an_error_that_names_its_key() {
    for text in ["", "{", &BLOCK[..40], "null", "\0\0\0", "[]"] {
        let error = decode_block(&entry(text)).unwrap_err();
        assert!(error.to_string().contains("0a4d0000-28"), "{text:?}");
    }
}

#[test]
fn a_record_of_a_newer_build_is_refused() {
    let newer = BLOCK.replace("\"v\":1", "\"v\":9");
    let error = decode_block(&entry(&newer)).unwrap_err();
    assert!(matches!(error, RecordError::Newer { found: 9, .. }), "{error}");
}

#[test]
fn what_is_written_can_be_read() {
    let key = Key::new(&["blocks", "4", "0a4d0000-28"]);
    let record: BlockRecord = decode(&entry(BLOCK)).unwrap();
    let text = String::from_utf8(encode(&key, &record).unwrap()).unwrap();
    assert_eq!(decode::<BlockRecord>(&entry(&text)).unwrap(), record);
}
