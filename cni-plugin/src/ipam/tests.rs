//! Sections and requests, right and wrong.

use super::*;
use crate::document::Document;
use crate::netconf::NetConf;

fn read(
    program: Program,
    version: Version,
    text: &str,
) -> Result<Ipam, IpamError> {
    let document = Document::parse(text.as_bytes()).unwrap();
    let asked = Asked::of(&document).unwrap();
    let conf = NetConf::of(program, &document).unwrap();
    Ipam::of(program, conf.ipam.as_ref(), &asked, version)
}

fn ipam(text: &str) -> Result<Ipam, IpamError> {
    read(Program::Ipam, Version::V1_1_0, text)
}

/// An error with what lies beneath it.
fn whole(error: &dyn std::error::Error) -> String {
    let beneath = error.source().map(whole).unwrap_or_default();
    format!("{error}: {beneath}")
}

fn spans(ipam: &Ipam) -> Vec<String> {
    ipam.ranges.all().map(|range| range.span().to_string()).collect()
}

#[test]
fn a_section_of_host_locals_is_understood() {
    let text = r#"{"ipam":{"type":"tartan-ipam","dataDir":"/x",
        "resolvConf":"/etc/resolv.conf",
        "ranges":[[{"subnet":"10.1.0.0/24","rangeStart":"10.1.0.9"}],
                  [{"subnet":"fd00::/64","gateway":"fd00::ff"}]],
        "routes":[{"dst":"0.0.0.0/0"},{"dst":"10.0.0.0/8","gw":"10.1.0.7"}]}}"#;
    let read = ipam(text).unwrap();
    assert_eq!(
        spans(&read),
        ["10.1.0.9-10.1.0.254", "fd00::1-fd00::ffff:ffff:ffff:ffff"]
    );
    assert_eq!(read.routes.len(), 2);
    assert_eq!(read.resolv_conf, Some("/etc/resolv.conf".into()));
    let nothing = [
        "{}",
        r#"{"ipam":{}}"#,
        r#"{"ipam":{"subnet":"","ranges":[],"routes":null}}"#,
        r#"{"runtimeConfig":{"ipRanges":[[{"subnet":""}]]}}"#,
    ];
    for text in nothing {
        assert_eq!(ipam(text).unwrap(), Ipam::default(), "{text}");
    }
}

#[test]
fn i_011_the_order_of_ranges_is_host_locals() {
    let text = r#"{"ipam":{"subnet":"10.1.0.0/24","rangeEnd":"10.1.0.9",
        "ranges":[[{"subnet":"10.2.0.0/30"}]]},
        "runtimeConfig":{"ipRanges":[[{"subnet":"10.3.0.0/30",
            "rangeStart":"","rangeEnd":"","gateway":""}]]}}"#;
    assert_eq!(
        spans(&ipam(text).unwrap()),
        ["10.3.0.1-10.3.0.2", "10.1.0.1-10.1.0.9", "10.2.0.1-10.2.0.2"]
    );
}

#[test]
fn i_011_what_cannot_be_is_refused() {
    for (section, said) in [
        (r#""rangeStart":"10.1.0.9""#, "no \"subnet\""),
        (r#""subnet":"10.1.0.9/24""#, "not accepted"),
        (r#""subnet":7"#, "\"ipam.subnet\""),
        (r#""ranges":[{"subnet":"10.1.0.0/24"}]"#, "\"ipam.ranges\""),
        (r#""ranges":[[]]"#, "not accepted"),
        (
            r#""ranges":[[{"subnet":"10.1.0.0/24","rangestart":"a"}]]"#,
            "rangestart",
        ),
        (r#""routes":[{"dst":"x"}]"#, "\"ipam.routes\""),
        (r#""resolvConf":"resolv.conf""#, "not an absolute path"),
        (r#""rangestart":"10.1.0.9""#, "\"ipam.rangestart\" is not supported"),
        (r#""mtu":9"#, "\"ipam.mtu\" is not supported: 9"),
    ] {
        let text = format!("{{\"ipam\":{{{section}}}}}");
        let refused = whole(&ipam(&text).unwrap_err());
        assert!(refused.contains(said), "{section}: {refused}");
    }
    let asked = r#"{"runtimeConfig":{"ipRanges":[{"subnet":"10.1.0.0/24"}]}}"#;
    assert!(matches!(ipam(asked), Err(IpamError::Asked(_))));
}

const TWICE: &str = r#"{"ipam":{"ranges":[[{"subnet":"10.1.0.0/24"}],
    [{"subnet":"10.2.0.0/24"}]]}}"#;

#[test]
fn v_06_two_addresses_of_a_family_need_a_version_that_can_tell_them() {
    for version in Version::ALL {
        let read = read(Program::Ipam, version, TWICE);
        let is_old = version.has_one_address_per_family();
        assert_eq!(read.is_err(), is_old, "{version}");
    }
}

#[test]
fn an_interface_of_tartan_cni_has_one_address_per_family_and_one_gateway() {
    let cni = |text| read(Program::Cni, Version::V1_1_0, text);
    let error = cni(TWICE).unwrap_err();
    assert!(matches!(error, IpamError::OnePerFamily(Family::V4)), "{error}");
    let route = r#"{"ipam":{"routes":[{"dst":"0.0.0.0/0","gw":"10.1.0.1"}]}}"#;
    assert!(matches!(cni(route), Err(IpamError::RouteBy { .. })));
    assert!(cni(r#"{"ipam":{"routes":[{"dst":"0.0.0.0/0"}]}}"#).is_ok());
    let pools = cni(r#"{"ipam":{"pools":["a"]}}"#);
    assert!(matches!(pools, Err(IpamError::Unknown { .. })));
}
