//! The manual page of the agent tells what the agent understands.

use std::process::Command;

const PAGE: &str = include_str!("../../docs/man/tartan-agent.8");

#[test]
#[expect(clippy::disallowed_methods, reason = "the program is what is tested")]
fn every_flag_is_in_the_manual() {
    let mut agent = Command::new(env!("CARGO_BIN_EXE_tartan-agent"));
    let help = agent.arg("--help").output().unwrap().stdout;
    let help = String::from_utf8(help).unwrap();
    let flags: Vec<_> = help
        .split_whitespace()
        .filter(|word| word.starts_with("--"))
        .map(|word| word.replacen("--", "\\-\\-", 1))
        .collect();

    assert!(flags.len() > 5, "{help}");
    for flag in flags {
        assert!(PAGE.contains(&flag), "{flag} is not in the manual");
    }
}
