//! Each place, alone and against another.

use super::*;
use crate::document::Document;

fn said(arguments: &str, config: &str) -> Result<Said, LabelsError> {
    let document = Document::parse(config.as_bytes()).unwrap();
    let asked = Asked::of(&document).unwrap();
    Said::by(&Arguments::parse(arguments).unwrap(), &asked)
}

const MESOS: &str = r#"{"args":{"org.apache.mesos":{"network_info":{
    "name":"n","ip_addresses":[{"protocol":"IPv4"}],"groups":["g"],
    "labels":{"labels":[{"key":"x"},{"key":"tartan.app","value":"api"},
    {"key":"tartan.team","value":"web"}]},
    "port_mappings":[{"host_port":1,"container_port":2}]}}}}"#;
const CNI: &str = r#"{"args":{"cni":{"labels":[
    {"key":"tartan.app","value":"api"},{"key":"tartan.team","value":"web"}]}}}"#;
const ANNOTATION: &str = r#"{"runtimeConfig":{
    "io.kubernetes.cri.pod-annotations":
    {"tartan/app":"api","tartan/team":"web"}}}"#;

#[test]
fn a_team_and_an_app_are_found_in_each_place() {
    for (arguments, config) in [
        ("TARTAN_APP=api;TARTAN_TEAM=web", "{}"),
        ("", MESOS),
        ("", CNI),
        ("", ANNOTATION),
        ("TARTAN_APP=api", ANNOTATION),
    ] {
        let said = said(arguments, config).unwrap();
        assert_eq!(said.app.unwrap().name, "api", "{config}");
        assert_eq!(said.team.unwrap().name, "web", "{config}");
    }
}

#[test]
fn places_that_disagree_are_both_named() {
    let error = said("TARTAN_APP=front", MESOS).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the request contradicts itself: TARTAN_APP of CNI_ARGS is \"front\", \
         Mesos label tartan.app is \"api\""
    );
}

#[test]
fn nothing_and_nothing_but_an_empty_value_are_the_same() {
    assert_eq!(said("", "{}").unwrap(), Said::default());
    assert_eq!(said("TARTAN_APP=", "{}").unwrap(), Said::default());
    let config = r#"{"args":null,"runtimeConfig":null}"#;
    assert_eq!(said("", config).unwrap(), Said::default());
}

#[test]
fn namespaces_come_from_arguments() {
    let text = "K8S_POD_NAMESPACE=shop;NOMAD_NAMESPACE=blog;IgnoreUnknown=1";
    let said = said(text, "{}").unwrap();
    assert_eq!(said.k8s_namespace.unwrap().name, "shop");
    assert_eq!(said.nomad_namespace.unwrap().name, "blog");
}
