//! The command as people start it, where no agent is needed: usage, an agent
//! that is down, completion, a starting configuration.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::path::Path;
use std::process::{Command, Output};

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

#[expect(clippy::disallowed_methods, reason = "the command is what is tested")]
fn tartan(run_dir: &Path, arguments: &[&str]) -> Ran {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_tartan"))
            .args(arguments)
            .env("TARTAN_RUN_DIR", run_dir)
            .env("TARTAN_CONFIG", run_dir.join("tartan.toml"))
            .output()
            .unwrap();
    Ran {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

fn in_empty_dir(arguments: &[&str]) -> Ran {
    tartan(tempfile::tempdir().unwrap().path(), arguments)
}

#[test]
fn wrong_usage_ends_with_2_and_says_what_is_right() {
    for (arguments, says) in [
        (&["tema", "list"][..], "team"),
        (&["team", "create"], "NAME"),
        (&["team", "create", "Payments"], "a-z"),
        (&["app", "create", "payments"], "payments/APP"),
        (&["pool", "create", "default"], "--cidr"),
        (&["pool", "create", "p", "--cidr", "10.77.0.1/16"], "10.77.0.0/16"),
        (&["ip", "show", "10.77.0"], "IP address"),
        (&["team", "list", "-o", "xml"], "json"),
        (&["completion", "tcsh"], "bash"),
        (&["endpoint", "show"], "ID"),
    ] {
        let ran = in_empty_dir(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.stderr.contains(says), "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
}

#[test]
fn an_agent_that_is_down_is_named_by_its_socket_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("agent.sock");
    for arguments in [
        &["status"][..],
        &["team", "create", "payments"],
        &["ip", "check", "--fix"],
        &["gc"],
    ] {
        let ran = tartan(dir.path(), arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}");
        assert!(ran.stderr.contains(socket.to_str().unwrap()));
        assert!(ran.stderr.contains("systemctl start tartan-agent"));
        assert!(!ran.stderr.contains("panicked"));
        assert_eq!(ran.stdout, "", "{arguments:?}");
    }
}

#[test]
fn the_socket_is_where_the_configuration_says_and_a_flag_wins() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("tartan.toml");
    std::fs::write(&config, "run_dir = \"/nowhere/a\"\n").unwrap();
    let config = config.to_str().unwrap();
    let nothing = Path::new("");
    let ran = tartan(nothing, &["status", "--config", config]);
    assert!(ran.stderr.contains("/nowhere/a/agent.sock"), "{}", ran.stderr);
    let flag = ["status", "--config", config, "--run-dir", "/nowhere/b"];
    let ran = tartan(nothing, &flag);
    assert!(ran.stderr.contains("/nowhere/b/agent.sock"), "{}", ran.stderr);
}

#[test]
fn an_unknown_key_of_the_configuration_is_named_with_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("tartan.toml");
    std::fs::write(&config, "run_dri = \"/nowhere\"\n").unwrap();
    let config = config.to_str().unwrap();
    let ran = tartan(Path::new(""), &["status", "--config", config]);
    assert_eq!(ran.code, Some(1));
    for word in ["run_dri", "'run_dir'", config] {
        assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
    }
}

#[test]
fn completion_knows_every_type() {
    for shell in ["bash", "zsh", "fish"] {
        let ran = in_empty_dir(&["completion", shell]);
        assert_eq!(ran.code, Some(0));
        for word in ["pool", "endpoint", "settings", "reserve"] {
            assert!(ran.stdout.contains(word), "{shell} {word}");
        }
    }
}

#[test]
fn init_writes_once_and_says_what_comes_next() {
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("etc/tartan.toml");
    let config = config.to_str().unwrap();
    let ran = tartan(dir.path(), &["init", "--config", config]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains("tartan pool create default"));
    assert!(ran.stdout.contains("\"type\": \"tartan-cni\""));

    std::fs::write(config, "mine").unwrap();
    let ran = tartan(dir.path(), &["init", "--config", config]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("--force"));
    assert_eq!(std::fs::read_to_string(config).unwrap(), "mine");

    let forced = ["init", "--force", "--config", config, "-o", "json"];
    let ran = tartan(dir.path(), &forced);
    assert_eq!(ran.code, Some(0));
    let said: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(said["configuration"], config);
    let written = std::fs::read_to_string(config).unwrap();
    assert!(written.contains("[metrics]"));
}

#[test]
fn every_help_can_be_read_and_the_version_is_told() {
    for arguments in [
        &["--help"][..],
        &["pool", "--help"],
        &["pool", "create", "--help"],
        &["ip", "check", "--help"],
        &["endpoint", "show", "--help"],
        &["init", "--help"],
    ] {
        let ran = in_empty_dir(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}");
        assert!(ran.stdout.contains("Usage: tartan"), "{arguments:?}");
    }
    let version = in_empty_dir(&["--version"]);
    let expected = format!("tartan {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(version.stdout, expected);
}

#[test]
fn the_manual_has_a_page_for_every_command_and_every_program() {
    let dir = tempfile::tempdir().unwrap();
    let man = dir.path().join("man");
    let ran = tartan(dir.path(), &["man", man.to_str().unwrap()]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    for (page, says) in [
        ("man1/tartan.1", "tartan\\-pool(1)"),
        ("man1/tartan-pool-create.1", "\\-\\-cidr"),
        ("man5/tartan.toml.5", "network.mtu"),
        ("man8/tartan-agent.8", "SIGHUP"),
        ("man8/tartan-cni.8", "CNI_COMMAND"),
    ] {
        let text = std::fs::read_to_string(man.join(page)).unwrap();
        assert!(text.contains(says), "{page}: {text}");
        assert!(text.lines().any(|line| line == ".SH NAME"), "{page}");
        assert!(!text.contains('@'), "{page}");
    }
}
