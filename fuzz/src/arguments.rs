//! `CNI_ARGS`, and what they say about class, addresses and MAC address where
//! the configuration says nothing.

use cni_plugin::arguments::Arguments;
use cni_plugin::labels::Said;
use cni_plugin::netconf::Asked;
use cni_plugin::request::Wish;
use cni_plugin::version::Version;

use crate::promise;

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let arguments = match Arguments::parse(text) {
        Ok(arguments) => arguments,
        Err(error) => {
            return promise::is_bounded(error.to_string().len(), bytes.len());
        }
    };
    for key in ["IP", "MAC", "TARTAN_TEAM", "TARTAN_APP", ""] {
        let Some(value) = arguments.get(key) else { continue };
        assert!(!value.is_empty() && !value.contains(';'), "{value:?}");
        let pair = format!("{key}={value}");
        assert!(text.split(';').any(|part| part == pair), "{pair}");
    }
    let asked = Asked::default();
    let said = Said::by(&arguments, &asked);
    assert!(said.is_ok(), "one place contradicts itself: {said:?}");
    let Ok(wish) = Wish::of(&arguments, &asked, Version::LATEST) else {
        return;
    };
    promise::are_one_per_family(&wish.addresses);
    assert!(wish.mac.is_none_or(|mac| mac.is_station()), "{:?}", wish.mac);
    assert!(wish.ports.is_empty(), "CNI_ARGS open no port");
}
