//! `CNI_ARGS` of each runtime.

use proptest::prelude::*;

use super::*;

#[test]
fn what_runtimes_send_is_read_in_any_order() {
    for text in [
        "IgnoreUnknown=1;K8S_POD_NAME=c1;MAC=92:d0:c6:0a:29:33;IP=10.77.0.9",
        "IP=10.77.0.9;MAC=92:d0:c6:0a:29:33;K8S_POD_NAME=c1;IgnoreUnknown=1",
        "K8S_POD_NAME=c1;IP=10.77.0.9;;MAC=92:d0:c6:0a:29:33;",
    ] {
        let arguments = Arguments::parse(text).unwrap();
        assert_eq!(arguments.get("IP"), Some("10.77.0.9"));
        assert_eq!(arguments.get("MAC"), Some("92:d0:c6:0a:29:33"));
        assert_eq!(arguments.get("K8S_POD_NAME"), Some("c1"));
    }
}

#[test]
fn a_value_may_hold_an_equals_sign_and_an_unknown_key_harms_nothing() {
    let text = r#"CONSUL_IPTABLES_CONFIG={"a":"b=c"};TARTAN_APP=api"#;
    let arguments = Arguments::parse(text).unwrap();
    let config = arguments.get("CONSUL_IPTABLES_CONFIG");
    assert_eq!(config, Some(r#"{"a":"b=c"}"#));
    assert_eq!(arguments.get("TARTAN_APP"), Some("api"));
}

#[test]
fn empty_is_absent() {
    assert_eq!(Arguments::parse("").unwrap(), Arguments::default());
    assert_eq!(Arguments::parse("IP=").unwrap().get("IP"), None);
}

#[test]
fn what_is_no_pair_and_what_contradicts_itself_is_refused() {
    let error = Arguments::parse("IP=10.0.0.1;x").unwrap_err();
    assert_eq!(error.to_string(), "CNI_ARGS has an invalid pair \"x\"");
    assert!(Arguments::parse("A=1;A=1").is_ok());
    let error = Arguments::parse("A=1;A=2").unwrap_err();
    let said = "CNI_ARGS gives A two values, \"1\" and \"2\"";
    assert_eq!(error.to_string(), said);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text: String) {
        let _ = Arguments::parse(&text);
    }
}
