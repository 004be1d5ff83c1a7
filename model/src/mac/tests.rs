//! MAC addresses as runtimes write them.

use super::*;

#[test]
fn a_mac_survives_its_text() {
    let mac: Mac = "92:d0:c6:0a:29:33".parse().unwrap();
    assert_eq!(mac.to_string(), "92:d0:c6:0a:29:33");
    assert!(mac.is_station());
}

#[test]
fn what_is_no_mac_is_refused() {
    for text in ["", "1:2:3:4:5:6", "02:00:00:00:00", "02:00:00:00:00:00:00"] {
        assert!(text.parse::<Mac>().is_err(), "{text:?}");
    }
}

#[test]
fn groups_and_zero_are_no_station() {
    assert!(!Mac([0; 6]).is_station());
    assert!(!Mac([0xff; 6]).is_station());
    assert!(Mac::local(7).is_station());
}
