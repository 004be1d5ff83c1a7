//! Whether we may look at all, and what this kernel has. The decisions are
//! pure; [`read`] is thin.

use super::finding::{Case, Finding, Severity};
use super::ground;

/// The oldest kernel that the agent is built for: netlink's strict checks and
/// what the programs use of eBPF are there.
const OLDEST: (u32, u32) = (5, 15);
/// The first kernel with TCX.
const TCX: (u32, u32) = (6, 6);

/// A part of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feature {
    Btf,
    Clsact,
    ClsBpf,
    Tcx,
    NfTables,
    Htb,
    Ifb,
    NetCls,
}

impl Feature {
    const ALL: [Self; 8] = [
        Self::Btf,
        Self::Clsact,
        Self::ClsBpf,
        Self::Tcx,
        Self::NfTables,
        Self::Htb,
        Self::Ifb,
        Self::NetCls,
    ];

    /// Its option in the kernel's configuration; none: told otherwise.
    fn option(self) -> Option<&'static str> {
        match self {
            Self::Btf => Some("CONFIG_DEBUG_INFO_BTF"),
            Self::Clsact => Some("CONFIG_NET_SCH_INGRESS"),
            Self::ClsBpf => Some("CONFIG_NET_CLS_BPF"),
            Self::Tcx => None,
            Self::NfTables => Some("CONFIG_NF_TABLES"),
            Self::Htb => Some("CONFIG_NET_SCH_HTB"),
            Self::Ifb => Some("CONFIG_IFB"),
            Self::NetCls => Some("CONFIG_CGROUP_NET_CLASSID"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Btf => "BTF",
            Self::Clsact => "clsact",
            Self::ClsBpf => "cls_bpf",
            Self::Tcx => "TCX",
            Self::NfTables => "nf_tables",
            Self::Htb => "htb",
            Self::Ifb => "ifb",
            Self::NetCls => "net_cls",
        }
    }

    /// What is lost without it.
    fn lost(self) -> (Severity, &'static str) {
        match self {
            Self::Btf => (Severity::Lack, "tools cannot name types of maps"),
            Self::Clsact | Self::ClsBpf => (
                Severity::Failure,
                "no program can see packets, and no container is attached",
            ),
            Self::Tcx => (
                Severity::Lack,
                "other programs cannot share our links by attach = \"tcx\"",
            ),
            Self::NfTables => (
                Severity::Lack,
                "no masquerade and no ports of the host for containers",
            ),
            Self::Htb | Self::Ifb => {
                (Severity::Lack, "bandwidth of containers has no limits")
            }
            Self::NetCls => (
                Severity::Lack,
                "the class is not written to the container's cgroup",
            ),
        }
    }
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    NotRoot,
    TooOld { release: String },
    Lacks { feature: Feature, release: String },
}

impl Case for Kernel {
    fn finding(&self) -> Finding {
        match self {
            Self::NotRoot => Finding {
                id: "not-root",
                severity: Severity::Warning,
                object: "tartan doctor".to_owned(),
                why: "without root it sees a part only".to_owned(),
                remedy: "run: sudo tartan doctor".to_owned(),
            },
            Self::TooOld { release } => Finding {
                id: "kernel-too-old",
                severity: Severity::Failure,
                object: format!("kernel {release}"),
                why: format!(
                    "the agent needs Linux {}.{} or later",
                    OLDEST.0, OLDEST.1
                ),
                remedy: "install a later kernel and boot it".to_owned(),
            },
            Self::Lacks { feature, release } => {
                let (severity, lost) = feature.lost();
                let option = feature.option().unwrap_or("Linux 6.6 or later");
                Finding {
                    id: "kernel-lacks",
                    severity,
                    object: format!("kernel {release}"),
                    why: format!("it has no {}: {lost}", feature.name()),
                    remedy: format!("boot a kernel with {option}"),
                }
            }
        }
    }
}

/// What is read.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) is_root: bool,
    pub(super) release: String,
    /// The configuration of the kernel; none where it is not to be had.
    pub(super) config: Option<String>,
    pub(super) has_btf: bool,
}

/// Reads them.
pub(super) fn read() -> Facts {
    let release =
        ground::says("/proc/sys/kernel/osrelease").unwrap_or_default();
    let boot = format!("/boot/config-{release}");
    let config = ground::output(&["zcat", "/proc/config.gz"])
        .or_else(|| ground::says(boot));
    let uid = ground::says("/proc/self/status").and_then(|status| {
        let line = status.lines().find_map(|l| l.strip_prefix("Uid:"))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    });
    Facts {
        is_root: uid.as_deref() == Some("0"),
        release,
        config,
        has_btf: std::path::Path::new("/sys/kernel/btf/vmlinux").exists(),
    }
}

/// Decides.
pub(super) fn decide(facts: &Facts) -> Vec<Kernel> {
    let mut all = Vec::new();
    let release = || facts.release.clone();
    if !facts.is_root {
        all.push(Kernel::NotRoot);
    }
    let version = version(&facts.release);
    if version.is_some_and(|found| found < OLDEST) {
        all.push(Kernel::TooOld { release: release() });
    }
    for feature in Feature::ALL {
        let is_there = match (feature.option(), &facts.config) {
            _ if feature == Feature::Btf && facts.has_btf => true,
            (Some(option), Some(config)) => has(config, option),
            // Not known: nothing is said.
            (Some(_), None) => true,
            (None, _) => version.is_none_or(|found| found >= TCX),
        };
        if !is_there {
            all.push(Kernel::Lacks { feature, release: release() });
        }
    }
    all
}

fn has(config: &str, option: &str) -> bool {
    config.lines().any(|line| {
        line.strip_prefix(option)
            .is_some_and(|rest| rest == "=y" || rest == "=m")
    })
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// One of each, for the manual.
#[cfg(test)]
pub(super) fn examples() -> Vec<Kernel> {
    let release = || "RELEASE".to_owned();
    let lacks = Feature::ALL
        .map(|feature| Kernel::Lacks { feature, release: release() });
    [Kernel::NotRoot, Kernel::TooOld { release: release() }]
        .into_iter()
        .chain(lacks)
        .collect()
}

#[cfg(test)]
mod tests;
