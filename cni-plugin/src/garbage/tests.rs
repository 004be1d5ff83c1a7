//! A list, an empty list, no list.

use super::*;

fn valid_of(text: &str) -> Result<Vec<String>, GarbageError> {
    let document = Document::parse(text.as_bytes()).unwrap();
    let valid = valid(&document)?.into_iter();
    Ok(valid.map(|v| format!("{} {}", v.container, v.interface)).collect())
}

#[test]
fn c_101_either_key_serves_and_the_newer_one_counts() {
    let list = r#"[{"containerID":"c1","ifname":"eth0"}]"#;
    for text in [
        format!("{{\"cni.dev/valid-attachments\":{list}}}"),
        format!("{{\"cni.dev/attachments\":{list}}}"),
        format!(
            "{{\"cni.dev/attachments\":[],\"cni.dev/valid-attachments\":{list}}}"
        ),
    ] {
        assert_eq!(valid_of(&text).unwrap(), ["c1 eth0"], "{text}");
    }
}

#[test]
fn c_103_missing_is_refused_and_null_is_empty() {
    assert!(matches!(valid_of("{}"), Err(GarbageError::Missing)));
    for value in ["null", "[]"] {
        let text = format!("{{\"cni.dev/valid-attachments\":{value}}}");
        assert!(valid_of(&text).unwrap().is_empty());
    }
    // A null in the newer key stands before a list in the older one.
    let text = r#"{"cni.dev/valid-attachments":null,
        "cni.dev/attachments":[{"containerID":"c1","ifname":"eth0"}]}"#;
    assert!(valid_of(text).unwrap().is_empty());
}

#[test]
fn a_list_of_another_form_is_refused() {
    for value in ["{}", "7", "[7]", r#"[{"containerID":"c"}]"#, "[null]"] {
        let text = format!("{{\"cni.dev/valid-attachments\":{value}}}");
        let error = valid_of(&text).unwrap_err();
        assert!(matches!(error, GarbageError::Unreadable(_)), "{value}");
    }
}

#[test]
fn a_name_that_cannot_be_ours_protects_nothing() {
    let text = r#"{"cni.dev/valid-attachments":[
        {"containerID":"../x","ifname":"eth0"},
        {"containerID":"c2","ifname":"eth1"}]}"#;
    assert_eq!(valid_of(text).unwrap(), ["c2 eth1"]);
}
