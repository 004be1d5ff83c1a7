//! Earlier results in every version.

use super::*;
use crate::encode::encode;
use crate::version::Version;

fn document(previous: &str) -> Document {
    let text = format!("{{\"prevResult\":{previous}}}");
    Document::parse(text.as_bytes()).unwrap()
}

fn addresses(previous: &str) -> Result<Vec<String>, PreviousError> {
    let eth0 = "eth0".parse().unwrap();
    let found = addresses_of(&document(previous), &eth0)?;
    Ok(found.iter().map(ToString::to_string).collect())
}

const OLDEST: &str = r#"{"ip4":{"ip":"10.1.2.3/24","gateway":"10.1.2.1",
    "routes":[{"dst":"0.0.0.0/0"}]},"ip6":{"ip":"fd00::3/64","gateway":"",
    "routes":[{"dst":"::/0","gw":"fd00::1"}]},"dns":{}}"#;
const OLDER: &str = r#"{"cniVersion":"0.4.0","interfaces":[
    {"name":"tt1"},{"name":"eth0","mac":"02:00:00:00:00:01",
    "sandbox":"/run/netns/x"}],"ips":[
    {"version":"4","interface":1,"address":"10.1.2.3/32","gateway":"169.254.1.1"},
    {"version":"6","interface":1,"address":"fd00::3/128"},
    {"version":"4","interface":0,"address":"10.9.9.9/32"}],"dns":{}}"#;

#[test]
fn c_081_a_check_needs_a_previous_result() {
    let eth0 = "eth0".parse().unwrap();
    for text in ["{}", r#"{"prevResult":null}"#] {
        let document = Document::parse(text.as_bytes()).unwrap();
        let error = addresses_of(&document, &eth0).unwrap_err();
        assert_eq!(error.to_string(), "required prevResult missing");
    }
}

#[test]
fn c_081_the_addresses_of_our_interface_are_found_in_any_version() {
    assert_eq!(addresses(OLDEST).unwrap(), ["10.1.2.3", "fd00::3"]);
    assert_eq!(addresses(OLDER).unwrap(), ["10.1.2.3", "fd00::3"]);
    let current = OLDER.replace(r#""version":"4","#, "");
    assert_eq!(addresses(&current).unwrap(), ["10.1.2.3", "fd00::3"]);
}

#[test]
fn c_082_what_later_plugins_added_is_tolerated() {
    let text = r#"{"interfaces":[{"name":"eth0","sandbox":"/other/path",
        "mac":"aa:bb:cc:00:00:01","later":1},{"name":"ifb0"}],"ips":[
        {"interface":0,"address":"10.1.2.3/32"}],
        "routes":[{"dst":"192.0.2.0/24","table":7,"x":1}],"later":true}"#;
    assert_eq!(addresses(text).unwrap(), ["10.1.2.3"]);
}

#[test]
fn c_083_a_result_without_our_interface_is_an_error() {
    let text = r#"{"interfaces":[{"name":"eth1","sandbox":"/x"},
        {"name":"eth0","sandbox":""}],"ips":[]}"#;
    let error = addresses(text).unwrap_err();
    let said = "prevResult lists no interface eth0 in a sandbox";
    assert_eq!(error.to_string(), said);
}

#[test]
fn an_index_that_points_nowhere_is_nobodys() {
    for index in ["-1", "7"] {
        let text = format!(
            "{{\"interfaces\":[{{\"name\":\"eth0\",\"sandbox\":\"/x\"}}],\
             \"ips\":[{{\"interface\":{index},\"address\":\"10.0.0.1/32\"}}]}}"
        );
        assert!(addresses(&text).unwrap().is_empty());
    }
}

#[test]
fn v_05_families_become_lists_v4_first() {
    let outcome = chained(&document(OLDEST)).unwrap();
    assert!(outcome.interfaces.is_empty());
    let text = serde_json::to_value(encode(&outcome, Version::V0_4_0).unwrap())
        .unwrap();
    assert_eq!(
        text,
        serde_json::json!({
            "cniVersion": "0.4.0",
            "ips": [
                {"version": "4", "address": "10.1.2.3/24",
                 "gateway": "10.1.2.1"},
                {"version": "6", "address": "fd00::3/64"},
            ],
            "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0", "gw": "fd00::1"}],
            "dns": {},
        })
    );
}

#[test]
fn c_062_no_previous_result_is_an_empty_one() {
    for text in ["null", "{}"] {
        assert_eq!(chained(&document(text)).unwrap(), Outcome::default());
    }
}

#[test]
fn what_is_no_result_is_refused() {
    for text in ["[]", "7", "\"x\""] {
        let error = chained(&document(text)).unwrap_err().to_string();
        assert!(error.ends_with("not an object"), "{error}");
    }
    for text in [r#"{"ips":[{"address":"x"}]}"#, r#"{"ips":{}}"#] {
        let error = chained(&document(text)).unwrap_err().to_string();
        assert_eq!(error, "cannot read \"prevResult\" of network config");
    }
}
