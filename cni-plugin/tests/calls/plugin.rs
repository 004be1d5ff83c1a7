//! How a call is made, and what came of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tartan_agent_api::places;
use tempfile::TempDir;

/// A run directory, and calls that are made with it.
pub(crate) struct Host {
    run_dir: TempDir,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Host {
    pub(crate) fn new() -> Self {
        Self { run_dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn run_dir(&self) -> &Path {
        self.run_dir.path()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        places::plugin_socket(self.run_dir())
    }

    /// Calls the plugin with these variables and no others.
    pub(crate) fn call(
        &self,
        variables: &[(&str, &str)],
        input: &[u8],
    ) -> Ended {
        let program = Path::new(env!("CARGO_BIN_EXE_tartan-cni"));
        let run_dir = self.run_dir().to_str().unwrap();
        let mut all = vec![("TARTAN_RUN_DIR", run_dir)];
        all.extend(variables);
        run(program, &[], &all, input)
    }

    /// A call of `verb` for interface `eth0` of container `c1`.
    pub(crate) fn verb(&self, verb: &str, netns: &str, input: &str) -> Ended {
        let variables = [
            ("CNI_COMMAND", verb),
            ("CNI_CONTAINERID", "c1"),
            ("CNI_NETNS", netns),
            ("CNI_IFNAME", "eth0"),
        ];
        self.call(&variables, input.as_bytes())
    }

    /// Everything below the run directory.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut left = vec![self.run_dir().to_owned()];
        while let Some(dir) = left.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    left.push(path.clone());
                }
                files.push(path);
            }
        }
        files.sort();
        files
    }
}

/// Runs a plugin.
#[expect(
    clippy::disallowed_methods,
    reason = "a plugin is a process, and these tests are about it"
)]
pub(crate) fn run(
    program: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
    input: &[u8],
) -> Ended {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A plugin may end without having read everything.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ended {
    /// The result of a call that succeeded.
    pub(crate) fn result(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }

    /// That the call succeeded and printed nothing.
    pub(crate) fn is_quiet(&self) {
        assert_eq!((self.code, self.out.as_str()), (0, ""), "{self:?}");
    }

    /// The error object of a call that failed: its code and its message.
    pub(crate) fn error(&self) -> (u64, String) {
        let object = self.error_object();
        let code = object["code"].as_u64().unwrap();
        (code, object["msg"].as_str().unwrap().to_owned())
    }

    /// The error object of a call that failed.
    pub(crate) fn error_object(&self) -> Value {
        assert_eq!(self.code, 1, "{self:?}");
        let object: Value = serde_json::from_str(&self.out).unwrap();
        assert!(object["cniVersion"].is_string(), "{object}");
        assert_eq!(self.err, "", "{self:?}");
        object
    }
}
