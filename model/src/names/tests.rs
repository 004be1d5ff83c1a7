//! What a name may be, as tables.

use super::*;

#[test]
fn names_that_could_leave_a_directory_are_refused() {
    for text in ["", ".", "..", "a/b", "/", "../a", "a\0b", "a b", "-a", ".a"] {
        assert!(text.parse::<ContainerId>().is_err(), "{text:?}");
        assert!(text.parse::<NetworkName>().is_err(), "{text:?}");
        assert!(text.parse::<TeamName>().is_err(), "{text:?}");
    }
}

#[test]
fn ids_of_real_runtimes_are_accepted() {
    for text in [
        "default-c2",                           // ctr
        "parent.child",                         // Mesos, nested
        "0d9c6f5e-6c30-4bd0-9f0c-2c65d7b5a5f1", // Nomad
        &"a1".repeat(32),                       // containerd, podman
    ] {
        assert!(text.parse::<ContainerId>().is_ok(), "{text:?}");
    }
}

#[test]
fn interface_names_follow_the_kernel() {
    for text in ["eth0", "a", "x-y_z.1", "123456789012345"] {
        assert!(text.parse::<InterfaceName>().is_ok(), "{text:?}");
    }
    for text in
        ["", ".", "..", "a/b", "a:b", "a b", "eth%d", "1234567890123456"]
    {
        assert!(text.parse::<InterfaceName>().is_err(), "{text:?}");
    }
}

#[test]
fn a_team_cannot_take_a_reserved_word() {
    assert!("world".parse::<TeamName>().is_err());
    assert!("worldwide".parse::<TeamName>().is_ok());
}

#[test]
fn a_class_name_is_a_team_or_a_team_and_an_app() {
    let class: ClassName = "payments/api".parse().unwrap();
    assert_eq!(class.to_string(), "payments/api");
    assert_eq!("payments".parse::<ClassName>().unwrap().app, None);
    assert!("payments/api/x".parse::<ClassName>().is_err());
}
