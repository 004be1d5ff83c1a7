//! The path of a control group, as runtimes tell it (`cgroupPath`).

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest path that is taken: PATH_MAX of include/uapi/linux/limits.h.
const MOST_BYTES: usize = 4096;

/// A path below the root of a hierarchy of control groups, such as
/// `/kubepods/pod1/c2`: no step up, nothing empty in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CgroupPath(String);

/// A text that is no such path.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("'{0}' is no path of a control group such as /kubepods/pod1")]
pub struct ParseCgroupPathError(String);

impl CgroupPath {
    /// The path from the hierarchy's root on, without the first stroke.
    pub fn below_root(&self) -> &Path {
        Path::new(self.0.trim_start_matches('/'))
    }
}

impl FromStr for CgroupPath {
    type Err = ParseCgroupPathError;

    fn from_str(text: &str) -> Result<Self, ParseCgroupPathError> {
        let is_name = |part: &str| {
            let is_dots = part == "." || part == "..";
            !part.is_empty() && !is_dots && !part.contains('\0')
        };
        let below = text.strip_prefix('/').filter(|_| text.len() <= MOST_BYTES);
        match below.is_some_and(|below| below.split('/').all(is_name)) {
            true => Ok(Self(text.to_owned())),
            false => Err(ParseCgroupPathError(text.chars().take(80).collect())),
        }
    }
}

impl TryFrom<String> for CgroupPath {
    type Error = ParseCgroupPathError;

    fn try_from(text: String) -> Result<Self, ParseCgroupPathError> {
        text.parse()
    }
}

impl From<CgroupPath> for String {
    fn from(path: CgroupPath) -> Self {
        path.0
    }
}

impl fmt::Display for CgroupPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
