//! What a configuration may say.

use super::*;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(Path::new("tartan.toml"), text)
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    for (text, key, nearest) in [
        ("hots = 'a'", "hots", "host"),
        (
            "[store]\netdc = ['http://127.0.0.1:2379']",
            "store.etdc",
            "store.etcd",
        ),
        ("[network]\nmut = 1500", "network.mut", "network.mtu"),
        ("[metrcs]\nlisten = 'off'", "metrcs", "metrics.listen"),
    ] {
        let message = parse(text).unwrap_err().to_string();
        assert!(message.contains(&format!("'{key}'")), "{message}");
        assert!(message.contains(&format!("'{nearest}'")), "{message}");
    }
}

#[test]
fn half_of_a_login_or_of_a_certificate_is_refused() {
    for (keys, given, missing) in [
        ("username = 'a'", "username", "password_file"),
        ("password_file = '/a'", "password_file", "username"),
        ("ca = '/a'\ncert = '/b'", "cert", "key"),
        ("ca = '/a'\nkey = '/b'", "key", "cert"),
        ("cert = '/a'\nkey = '/b'", "cert", "ca"),
    ] {
        let text = format!("[store]\netcd = []\n{keys}");
        let message = parse(&text).unwrap_err().to_string();
        let wanted = format!("'store.{given}' without 'store.{missing}'");
        assert!(message.contains(&wanted), "{message}");
    }
    let whole = "username = 'a'\npassword_file = '/a'\nca = '/b'";
    assert!(parse(&format!("[store]\netcd = []\n{whole}")).is_ok());
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    for text in [
        "host = 1",
        "host = '../a'",
        "[network]\nmtu = 'big'",
        "[network]\nmtu = 1279",
        "[network]\nmark = 'some'",
        "[metrics]\nlisten = 'nowhere'",
        "network = 3",
        "not toml",
    ] {
        assert!(parse(text).is_err(), "{text:?} was accepted");
    }
}

#[test]
fn an_empty_file_means_the_defaults() {
    let config = parse("").unwrap();
    assert_eq!(config.network.mtu, Mtu::Auto);
    assert_eq!(
        config.metrics.listen,
        Listen::At("127.0.0.1:9440".parse().unwrap())
    );
    assert!(config.store.is_none());
}

#[test]
fn a_variable_wins_over_the_file_and_the_file_over_the_default() {
    let config = parse("run_dir = '/file/run'\nstate_dir = '/file/s'").unwrap();
    let places = config.places(|name| {
        (name == "TARTAN_RUN_DIR").then(|| "/variable/run".into())
    });
    assert_eq!(places.run_dir, Path::new("/variable/run"));
    assert_eq!(places.state_dir, Path::new("/file/s"));
    assert_eq!(places.bpf_dir, Path::new("/sys/fs/bpf/tartan"));
}

#[test]
fn a_configuration_that_was_named_has_to_be_there() {
    let path = Path::new("/nowhere/tartan.toml");
    let error = Config::read(path).unwrap_err();
    assert!(matches!(error, ConfigError::Read { .. }), "{error:?}");
}

#[test]
fn what_was_built_on_needs_a_new_start() {
    let first = parse("host = 'a'\n[network]\nmtu = 1400").unwrap();
    for (text, keys) in [
        ("host = 'a'\n[network]\nmtu = 1300\nmark = 'full'", &[][..]),
        ("host = 'b'\nrun_dir = '/r'", &["host", "run_dir"]),
        (
            "host = 'a'\nstate_dir = '/s'\nbpf_dir = '/b'",
            &["state_dir", "bpf_dir"],
        ),
        ("host = 'a'\n[store]\netcd = []", &["[store]"]),
        ("host = 'a'\n[metrics]\nlisten = 'off'", &["[metrics]"]),
    ] {
        let other = parse(text).unwrap();
        assert_eq!(first.needs_restart(&other), keys, "{text}");
    }
}

/// The keys that the page about configuration tells of.
fn documented() -> Vec<&'static str> {
    let page = include_str!("../../../docs/configuration.md");
    let rows = page.lines().skip_while(|line| !line.starts_with("| `"));
    let rows = rows.take_while(|line| line.starts_with("| `"));
    let keys = |row: &'static str| row.split('|').nth(1).unwrap_or_default();
    rows.map(keys)
        .flat_map(|cell| cell.split(','))
        .map(|key| key.trim().trim_matches('`'))
        .collect()
}

#[test]
fn every_key_that_is_told_is_known_and_every_known_one_is_told() {
    let (told, known) = (documented(), tartan_agent_api::config_keys::KNOWN);
    for key in &told {
        assert!(known.contains(key), "{key} is told and not known");
    }
    for key in known {
        assert!(told.contains(key), "{key} is known and not told");
    }
    let file = "[network]\nattach = 'tcx'\nmtu = 1400\nmark = 'full'\n\
                foreign_forward = 'leave'";
    assert!(parse(file).is_ok());
}
