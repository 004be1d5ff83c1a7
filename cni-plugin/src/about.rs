//! What the plugin says to a person who starts it. Decides.

use std::ffi::OsString;

use crate::call::Answer;
use crate::version::Version;

/// Exit code of wrong usage.
const WRONG_USAGE: u8 = 2;

const HELP: &str = r#"
A container runtime calls this program; people have `tartan`.

The call is in the environment (CNI_COMMAND: ADD, DEL, CHECK, GC, STATUS or
VERSION; CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS) and in a network
configuration on standard input:

  {"cniVersion": "1.1.0", "name": "shop", "type": "tartan-cni",
   "team": "payments", "app": "api"}

TARTAN_RUN_DIR says where the agent's socket is (/run/tartan).
"#;

/// Answers a start without `CNI_COMMAND`, by the words that were typed.
pub fn answer(words: &[OsString]) -> Answer {
    let words: Vec<_> = words.iter().map(|word| word.to_str()).collect();
    match words[..] {
        // As the plugins of the reference do.
        [] => Answer { err: about(), ..Answer::default() },
        [Some("--version" | "-V")] => Answer::done(name()),
        [Some("--help" | "-h")] => {
            Answer { out: about() + HELP, ..Answer::default() }
        }
        _ => Answer {
            err: format!("tartan-cni takes no such arguments\n\n{HELP}"),
            code: WRONG_USAGE,
            ..Answer::default()
        },
    }
}

fn name() -> String {
    format!("CNI tartan-cni plugin v{}", env!("CARGO_PKG_VERSION"))
}

fn about() -> String {
    let versions = Version::ALL.map(Version::as_str).join(", ");
    format!("{}\nCNI protocol versions supported: {versions}\n", name())
}
