//! What was typed after `cargo xtask`. Decides, does nothing.

/// What `cargo xtask help` prints.
pub(crate) const USAGE: &str = "\
usage: cargo xtask VERB

  fmt      write every file as rustfmt would
  lint     clippy and rustfmt, a warning is a failure
  tidy     the rules of the house that a compiler does not know
  docs     API documentation, and links between the pages of docs/
  plugin   build tartan-cni and tartan-ipam as shipped: static, small
  abi      note the layouts of ebpf/bpf/abi.h after raising ABI_VERSION
  help     this text";

/// A chore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Format.
    Fmt,
    /// Clippy and the format.
    Lint,
    /// Our own rules.
    Tidy,
    /// Documentation.
    Docs,
    /// The plugins as they are shipped.
    Plugin,
    /// Note the layouts shared with the kernel.
    Abi,
    /// Say what there is.
    Help,
}

impl Verb {
    /// Reads the arguments; the error says what is wrong with them.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, String> {
        match arguments {
            [] => Err("a verb is missing".to_owned()),
            [verb] => Self::named(verb),
            [verb, extra, ..] => {
                Err(format!("'{verb}' takes no argument, but got '{extra}'"))
            }
        }
    }

    fn named(verb: &str) -> Result<Self, String> {
        Ok(match verb {
            "fmt" => Self::Fmt,
            "lint" => Self::Lint,
            "tidy" => Self::Tidy,
            "docs" => Self::Docs,
            "plugin" => Self::Plugin,
            "abi" => Self::Abi,
            "help" | "-h" | "--help" => Self::Help,
            other => return Err(format!("there is no chore '{other}'")),
        })
    }
}

#[cfg(test)]
mod tests;
