//! What is no configuration, of every kind.

use proptest::prelude::*;

use super::*;

#[test]
fn c_030_what_is_no_object_is_refused_and_said() {
    let deep = "[".repeat(100_000);
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(10_000_000));
    for (bytes, said) in [
        (&b""[..], "empty"),
        (b" \n\t", "empty"),
        (b"null", "is null"),
        (b"[]", "is a list"),
        (b"7", "is a number"),
        (b"\"x\"", "is a string"),
        (b"true", "is a boolean"),
        (b"{", "as JSON"),
        (b"{}{}", "as JSON"),
        (b"{\"a\":1,}", "as JSON"),
        (b"\0\0\0", "as JSON"),
        (b"{\"a\":\"\0\"}", "as JSON"),
        (b"{\"a\":\"\xff\"}", "as JSON"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"\xff\xfe{\0}\0", "as JSON"),
        (deep.as_bytes(), "as JSON"),
        (long.as_bytes(), "longer than"),
    ] {
        let start = String::from_utf8_lossy(bytes.get(..9).unwrap_or(bytes));
        let error = Document::parse(bytes).unwrap_err().to_string();
        assert!(error.contains(said), "{start}: {error}");
    }
}

#[test]
fn c_030_a_key_that_is_there_twice_is_named_at_any_depth() {
    for text in [
        r#"{"team":"a","team":"b"}"#,
        r#"{"x":{"team":1,"team":1}}"#,
        r#"{"x":[{"team":1,"team":1}]}"#,
        r#"{"team":1,"\u0074eam":2}"#,
    ] {
        let Err(DocumentError::NotJson(source)) =
            Document::parse(text.as_bytes())
        else {
            panic!("{text} was read");
        };
        let said = source.to_string();
        assert!(said.contains("key \"team\" is there twice"), "{said}");
    }
}

#[test]
fn a_null_is_absent_and_a_wrong_type_names_its_key() {
    let document = Document::parse(br#"{"a":null,"b":"x"}"#).unwrap();
    assert_eq!(document.field::<u32>("a").unwrap(), None);
    assert_eq!(document.field::<u32>("c").unwrap(), None);
    assert_eq!(document.field::<String>("b").unwrap(), Some("x".into()));
    let error = document.field::<u32>("b").unwrap_err();
    assert_eq!(error.to_string(), "cannot read \"b\" of network config");
    assert_eq!(document.written("a"), Some(&Value::Null));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
        let _ = Document::parse(&bytes);
    }

    #[test]
    fn what_has_each_key_once_is_read_as_serde_json_reads_it(
        keys in prop::collection::btree_set("[a-c]{1,3}", 0..5),
        number: i64,
    ) {
        let map: Map<_, _> =
            keys.into_iter().map(|key| (key, number.into())).collect();
        let text = serde_json::to_vec(&map).unwrap();
        prop_assert_eq!(Document::parse(&text).unwrap(), Document(map));
    }
}
