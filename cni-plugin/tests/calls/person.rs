//! Calls of people, and VERSION.

use std::path::Path;

use serde_json::json;

use crate::plugin::{Ended, Host, run};

fn typed(arguments: &[&str]) -> Ended {
    let program = Path::new(env!("CARGO_BIN_EXE_tartan-cni"));
    run(program, arguments, &[], b"")
}

#[test]
fn c_029_without_a_verb_it_says_what_it_is_and_succeeds() {
    let ended = typed(&[]);
    assert_eq!((ended.code, ended.out.as_str()), (0, ""));
    let about = format!(
        "CNI tartan-cni plugin v{}\nCNI protocol versions supported: 0.1.0, \
         0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(ended.err, about);
    let empty = Host::new().call(&[("CNI_COMMAND", "")], b"");
    assert_eq!((empty.code, empty.err), (0, about));
}

#[test]
fn it_has_help_and_a_version_and_refuses_anything_else() {
    let version = typed(&["--version"]);
    assert!(version.out.starts_with("CNI tartan-cni plugin v"), "{version:?}");
    let help = typed(&["--help"]);
    assert!(help.out.contains("CNI_COMMAND"), "{help:?}");
    assert_eq!((version.code, help.code), (0, 0));
    let wrong = typed(&["ADD"]);
    assert_eq!((wrong.code, wrong.out.as_str()), (2, ""));
}

#[test]
fn c_124_c_125_version_needs_nothing_and_lists_all() {
    for (variables, input) in [
        (&[("CNI_COMMAND", "VERSION")][..], &b""[..]),
        (&[("CNI_COMMAND", "VERSION")], b"garbage"),
        (
            &[
                ("CNI_COMMAND", "VERSION"),
                ("CNI_CONTAINERID", ""),
                ("CNI_NETNS", "dummy"),
                ("CNI_IFNAME", "dummy"),
                ("CNI_PATH", "dummy"),
            ],
            br#"{"cniVersion":"1.0.0"}"#,
        ),
    ] {
        let ended = Host::new().call(variables, input);
        assert_eq!(
            ended.result(),
            json!({
                "cniVersion": "1.1.0",
                "supportedVersions": ["0.1.0", "0.2.0", "0.3.0", "0.3.1",
                                      "0.4.0", "1.0.0", "1.1.0"],
            })
        );
    }
}
