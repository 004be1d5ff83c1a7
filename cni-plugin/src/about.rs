//! What a plugin says to a person who starts it. Decides.

use std::ffi::OsString;

use crate::call::Answer;
use crate::program::Program;
use crate::version::Version;

/// Exit code of wrong usage.
const WRONG_USAGE: u8 = 2;

const CNI_HELP: &str = r#"
A container runtime calls this program; people have `tartan`.

The call is in the environment (CNI_COMMAND: ADD, DEL, CHECK, GC, STATUS or
VERSION; CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS) and in a network
configuration on standard input:

  {"cniVersion": "1.1.0", "name": "shop", "type": "tartan-cni",
   "team": "payments", "app": "api"}

TARTAN_RUN_DIR says where the agent's socket is (/run/tartan).
"#;

const IPAM_HELP: &str = r#"
Another CNI plugin (bridge, ptp, macvlan ...) calls this program for the
addresses of the interfaces that it makes; people have `tartan`.

The call is in the environment (CNI_COMMAND: ADD, DEL, CHECK, GC, STATUS or
VERSION; CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS). The configuration
of that plugin is on standard input, and its "ipam" section is this program's.
What is written for host-local is understood: "ranges", "subnet", "rangeStart",
"rangeEnd", "gateway", "routes" and "resolvConf" choose among the addresses of
the pools that exist (tartan pool list):

  {"cniVersion": "1.0.0", "name": "shop", "type": "bridge",
   "bridge": "shop0", "isGateway": true,
   "ipam": {"type": "tartan-ipam", "subnet": "10.77.8.0/24",
            "routes": [{"dst": "0.0.0.0/0"}]}}

TARTAN_RUN_DIR says where the agent's socket is (/run/tartan), or "agent" in
the section.
"#;

/// Answers a start without `CNI_COMMAND`, by the words that were typed.
pub fn answer(program: Program, words: &[OsString]) -> Answer {
    let help = match program {
        Program::Cni => CNI_HELP,
        Program::Ipam => IPAM_HELP,
    };
    let words: Vec<_> = words.iter().map(|word| word.to_str()).collect();
    match words[..] {
        // As the plugins of the reference do.
        [] => Answer { err: about(program), ..Answer::default() },
        [Some("--version" | "-V")] => Answer::done(name(program)),
        [Some("--help" | "-h")] => {
            Answer { out: about(program) + help, ..Answer::default() }
        }
        _ => Answer {
            err: format!("{program} takes no such arguments\n\n{help}"),
            code: WRONG_USAGE,
            ..Answer::default()
        },
    }
}

fn name(program: Program) -> String {
    format!("CNI {program} plugin v{}", env!("CARGO_PKG_VERSION"))
}

fn about(program: Program) -> String {
    let versions = Version::ALL.map(Version::as_str).join(", ");
    format!("{}\nCNI protocol versions supported: {versions}\n", name(program))
}
