//! Settings that cannot work are named before etcd is asked.

use super::*;

fn settings(endpoint: &str) -> EtcdSettings {
    EtcdSettings::new(vec![endpoint.to_owned()], "/tartan")
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let tls = EtcdTls { ca: "/nowhere/ca.pem".into(), client: None };
    let with_tls = |endpoint| EtcdSettings {
        tls: Some(tls.clone()),
        ..settings(endpoint)
    };
    let table = [
        (settings("http://[::1]:2379"), ""),
        (EtcdSettings::new(Vec::new(), "/t"), "there is no endpoint"),
        (settings("localhost:2379"), "begins with neither"),
        (settings("https://localhost:2379"), "needs a ca file"),
        (with_tls("http://localhost:2379"), "is not encrypted"),
        (with_tls("https://localhost:2379"), "cannot read /nowhere/ca.pem"),
    ];
    for (settings, wanted) in table {
        let said = match settings.check() {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        };
        assert_eq!(said.is_empty(), wanted.is_empty(), "{said}");
        assert!(said.contains(wanted), "'{said}' is not '{wanted}'");
    }
}
