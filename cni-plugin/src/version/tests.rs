//! Versions, exactly.

use super::*;

#[test]
fn c_001_an_absent_version_is_0_1_0() {
    assert_eq!(Version::of_config(""), Ok(Version::V0_1_0));
}

#[test]
fn c_126_only_an_equal_number_is_a_version() {
    for version in Version::ALL {
        assert_eq!(Version::of_config(version.as_str()), Ok(version));
    }
    for text in ["1.1", "v1.1.0", "1.1.0 ", "01.1.0", "1.1.0-rc1", "0.3", "x"] {
        assert!(Version::of_config(text).is_err(), "{text}");
    }
}

#[test]
fn c_031_details_say_both_sides() {
    let error = Version::of_config("9.9.9").unwrap_err();
    assert_eq!(error.to_string(), "incompatible CNI versions");
    assert_eq!(
        error.details(),
        "config is \"9.9.9\", plugin supports [\"0.1.0\" \"0.2.0\" \"0.3.0\" \
         \"0.3.1\" \"0.4.0\" \"1.0.0\" \"1.1.0\"]"
    );
}

#[test]
fn c_080_c_100_c_122_a_verb_needs_its_version() {
    use Verb::{Add, Check, CollectGarbage, Delete, Status};
    for version in Version::ALL {
        let allows = |verb| version.allow(verb).is_ok();
        assert!(allows(Add) && allows(Delete));
        assert_eq!(allows(Check), version >= Version::V0_4_0);
        assert_eq!(allows(CollectGarbage), version >= Version::V1_1_0);
        assert_eq!(allows(Status), version >= Version::V1_1_0);
    }
    let error = Version::V0_3_1.allow(Check).unwrap_err();
    assert_eq!(error.to_string(), "config version does not allow CHECK");
    let error = Version::V1_0_0.allow(CollectGarbage).unwrap_err();
    assert_eq!(error.to_string(), "config version does not allow GC");
    let error = Version::V1_0_0.allow(Status).unwrap_err();
    assert_eq!(error.to_string(), "config version does not allow STATUS");
}
