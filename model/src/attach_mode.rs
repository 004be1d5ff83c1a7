//! How the programs are attached to an attachment's link. Decides.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a link gets the programs that judge its packets.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum AttachMode {
    /// One filter for each direction in a block that all links share.
    #[default]
    SharedBlock,
    /// Filters of the link's own, in its clsact qdisc.
    Clsact,
    /// By BPF links, beside which others may attach programs and qdiscs.
    Tcx,
}

impl AttachMode {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::SharedBlock, Self::Clsact, Self::Tcx];

    /// As it is written in configurations.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SharedBlock => "shared-block",
            Self::Clsact => "clsact",
            Self::Tcx => "tcx",
        }
    }
}

impl fmt::Display for AttachMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
