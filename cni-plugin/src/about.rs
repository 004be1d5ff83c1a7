//! What the plugin says to a person who starts it. Decides.

use std::fmt::Write;

use crate::version::Version;

/// What a person typed, where no runtime called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Nothing: what is this?
    What,
    /// `--version`
    Version,
    /// `--help`
    Help,
    /// Anything else.
    Unknown,
}

impl Question {
    /// Reads the arguments, the program's name left out.
    pub fn of(arguments: &[String]) -> Self {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        match arguments[..] {
            [] => Self::What,
            ["--version" | "-V"] => Self::Version,
            ["--help" | "-h"] => Self::Help,
            _ => Self::Unknown,
        }
    }
}

/// The first line of all.
pub fn name() -> String {
    format!("CNI tartan-cni plugin v{}", env!("CARGO_PKG_VERSION"))
}

/// Name and versions, as the plugins of the reference say it.
pub fn about() -> String {
    let versions = Version::ALL.map(Version::as_str).join(", ");
    format!("{}\nCNI protocol versions supported: {versions}\n", name())
}

/// How it is used.
pub fn help() -> String {
    let mut text = about();
    let _ = write!(
        text,
        "\n\
         A container runtime calls this program; people have `tartan`.\n\n\
         The call is in the environment (CNI_COMMAND: ADD, DEL, CHECK, GC, \n\
         STATUS or VERSION; CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME, CNI_ARGS)\n\
         and in a network configuration on standard input:\n\n  \
         {{\"cniVersion\": \"1.1.0\", \"name\": \"shop\", \"type\": \
         \"tartan-cni\",\n   \"team\": \"payments\", \"app\": \"api\"}}\n\n\
         TARTAN_RUN_DIR says where the agent's socket is (/run/tartan).\n"
    );
    text
}
