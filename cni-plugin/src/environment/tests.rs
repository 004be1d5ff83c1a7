//! Environments as runtimes send them, and broken ones.

use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Call, EnvironmentError> {
    Call::read(&|name| {
        let found = variables.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| OsString::from(value))
    })
}

fn with<'a>(
    verb: &'a str,
    changed: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut all = changed.to_vec();
    all.extend([
        ("CNI_COMMAND", verb),
        ("CNI_CONTAINERID", "c1"),
        ("CNI_NETNS", "/run/netns/x"),
        ("CNI_IFNAME", "eth0"),
        ("CNI_PATH", "/opt/cni/bin"),
    ]);
    all
}

#[test]
fn c_020_each_verb_takes_its_variables() {
    let Ok(Call::Add(added)) = read(&with("ADD", &[("CNI_ARGS", "A=1")]))
    else {
        panic!("no ADD");
    };
    assert_eq!(added.subject.container.as_str(), "c1");
    assert_eq!(added.subject.interface.as_str(), "eth0");
    assert_eq!(added.netns, "/run/netns/x");
    assert_eq!(added.arguments, "A=1");
    for verb in Verb::ALL {
        let call = read(&with(verb.as_str(), &[])).unwrap();
        assert_eq!(call.verb(), verb);
    }
}

#[test]
fn c_022_container_ids_have_the_form_of_the_specification() {
    for id in ["a", "parent.child.grandchild", "default-c2", "0_-.z"] {
        assert!(read(&with("ADD", &[("CNI_CONTAINERID", id)])).is_ok(), "{id}");
    }
    for id in ["../a", ".a", "-a", "_a", "a/b", "a b", "a\n", "é", "a,b"] {
        let error = read(&with("ADD", &[("CNI_CONTAINERID", id)])).unwrap_err();
        assert_eq!(error.to_string(), "invalid characters in containerID");
        assert_eq!(error.details(), id);
    }
    let long = "a".repeat(300);
    let error = read(&with("ADD", &[("CNI_CONTAINERID", &long)])).unwrap_err();
    assert_eq!(error.to_string(), "CNI_CONTAINERID is too long");
}

#[test]
fn c_023_interface_names_are_the_kernels() {
    for name in ["eth0", "a", "fifteen-bytes-x"] {
        assert!(read(&with("ADD", &[("CNI_IFNAME", name)])).is_ok(), "{name}");
    }
    for name in [".", "..", "a/b", "a:1", "a b", "a\tb", "sixteen-bytes-xx"] {
        let error = read(&with("ADD", &[("CNI_IFNAME", name)])).unwrap_err();
        assert_eq!(error, EnvironmentError::Interface(name.into()));
    }
}

#[test]
fn c_025_missing_env_lists_all() {
    let error = read(&[("CNI_COMMAND", "ADD")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME] missing"
    );
}

#[test]
fn c_026_each_verb_needs_its_own_variables() {
    for (verb, missing) in [
        ("ADD", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME"),
        ("CHECK", "CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME"),
        ("DEL", "CNI_CONTAINERID,CNI_IFNAME"),
    ] {
        let error = read(&[("CNI_COMMAND", verb)]).unwrap_err();
        let expected = format!("required env variables [{missing}] missing");
        assert_eq!(error.to_string(), expected);
    }
    for verb in ["GC", "STATUS", "VERSION"] {
        assert!(read(&[("CNI_COMMAND", verb)]).is_ok(), "{verb}");
    }
}

#[test]
fn c_026_no_verb_needs_a_path() {
    for verb in ["ADD", "CHECK", "DEL", "GC", "STATUS", "VERSION"] {
        assert!(read(&with(verb, &[("CNI_PATH", "")])).is_ok(), "{verb}");
    }
}

#[test]
fn c_027_set_and_empty_is_missing() {
    let error = read(&with("ADD", &[("CNI_NETNS", "")])).unwrap_err();
    assert_eq!(error, EnvironmentError::Missing(vec!["CNI_NETNS"]));
    let Ok(Call::Delete(deleted)) = read(&with("DEL", &[("CNI_NETNS", "")]))
    else {
        panic!("no DEL");
    };
    assert_eq!(deleted.netns, None);
}

#[test]
fn c_028_an_unknown_verb_is_named() {
    for verb in ["add", "ADDX", "NOPE", " ADD"] {
        let error = read(&[("CNI_COMMAND", verb)]).unwrap_err();
        assert_eq!(error.to_string(), format!("unknown CNI_COMMAND: {verb}"));
    }
}

#[test]
fn c_032_the_override_has_the_forms_of_the_skeleton() {
    for (value, expected) in [
        ("1", OwnNetns::Accept),
        ("TRUE", OwnNetns::Accept),
        ("true", OwnNetns::Accept),
        ("0", OwnNetns::Refuse),
        ("", OwnNetns::Refuse),
        ("yes", OwnNetns::Refuse),
    ] {
        let variables = with("ADD", &[("CNI_NETNS_OVERRIDE", value)]);
        let Ok(Call::Add(added)) = read(&variables) else { panic!("no ADD") };
        assert_eq!(added.own_netns, expected, "{value}");
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_by_name() {
    use std::os::unix::ffi::OsStringExt;
    for name in ["CNI_COMMAND", "CNI_CONTAINERID", "CNI_IFNAME", "CNI_NETNS"] {
        let error = Call::read(&|asked| {
            let value = with("ADD", &[]);
            let value = value.iter().find(|(key, _)| *key == asked)?.1;
            Some(match asked == name {
                true => OsString::from_vec(vec![b'a', 0xff]),
                false => value.into(),
            })
        });
        let Err(EnvironmentError::NotText { name: named, .. }) = error else {
            panic!("{name}: {error:?}");
        };
        assert_eq!(named, name);
    }
}
