//! Being more stubborn than the agent: damage that stays.

use std::path::Path;
use std::process::Command;

use crate::host::Host;
use crate::inside;
use crate::within::{seconds, within};

/// Changes something again and again by `ip`, until the agent leaves it
/// alone and says so.
#[track_caller]
pub fn given_up(host: &Host, netns: &Path, kind: &str, arguments: &str) {
    let left = || {
        let all = host.lists("events");
        let all = all.as_array().expect("a list").iter();
        all.filter(|e| e["kind"] == kind && e["outcome"] == "given-up").count()
    };
    let before = left();
    let damage = || {
        let mut ip = Command::new("ip");
        ip.args(arguments.split_whitespace());
        // Refused, as long as it is not repaired.
        let _ = inside::run(netns, &mut ip, b"");
    };
    within(seconds(60), &format!("{kind} is given up"), || {
        damage();
        (left() > before).then_some(())
    });
    // It may have come back with something else that was repaired.
    damage();
}
