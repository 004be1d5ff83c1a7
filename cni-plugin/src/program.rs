//! The two programs that share this crate. Decides.

use std::fmt;

/// Which program a runtime called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `tartan-cni`: makes an interface and gives it addresses.
    Cni,
    /// `tartan-ipam`: gives addresses to what another plugin makes. Its
    /// configuration is the `ipam` section of that plugin's.
    Ipam,
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cni => "tartan-cni",
            Self::Ipam => "tartan-ipam",
        })
    }
}
