//! Codes and messages as runtimes see them.

use super::*;

fn object(failure: impl Into<Failure>) -> serde_json::Value {
    let fault = Fault::from(failure.into());
    let text = printed(&fault, Version::V0_4_0);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn e_01_an_error_object_has_the_version_and_a_number_as_code() {
    let error = EnvironmentError::Container("../a".into());
    assert_eq!(
        object(error),
        serde_json::json!({
            "cniVersion": "0.4.0",
            "code": 4,
            "msg": "invalid characters in containerID",
            "details": "../a",
        })
    );
}

#[test]
fn e_01_details_that_say_nothing_are_left_out() {
    let object = object(NetworkError::NoName);
    assert_eq!(object.get("details"), None);
    assert_eq!(object["code"], 7);
}

#[test]
fn a_message_goes_down_to_the_cause() {
    let source = io::Error::from(io::ErrorKind::NotFound);
    let path = "/run/netns/x".into();
    let object = object(NetnsError::Open { path, source });
    let said = "cannot open CNI_NETNS /run/netns/x: entity not found";
    assert_eq!(object["msg"], said);
    assert_eq!(object["code"], 4);
}

#[test]
fn e_02_an_absent_agent_means_try_again() {
    let absent = || CallError::Absent {
        path: "/run/tartan/cni.sock".into(),
        source: io::ErrorKind::ConnectionRefused.into(),
    };
    assert_eq!(object(AgentError::Silent(absent()))["code"], 11);
    for (remaining, code) in
        [(Remaining::Nothing, 50), (Remaining::Containers, 51)]
    {
        let failure = Failure::NotReady { remaining, source: absent() };
        assert_eq!(object(failure)["code"], code);
    }
}

#[test]
fn what_the_agent_says_passes_unchanged() {
    let fault = Fault {
        code: 101,
        msg: "pool default has no address left".into(),
        details: "tartan pool show default".into(),
    };
    let failure = Failure::from(AgentError::Refused(fault.clone()));
    assert_eq!(Fault::from(failure), fault);
}

#[test]
fn a_fault_of_our_own_is_still_an_error_object() {
    let text = unforeseen(Program::Cni, "index \"out\" of bounds\n");
    let object: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(object["code"], 999);
    assert_eq!(object["cniVersion"], "1.1.0");
}
