//! Calls of a CNI plugin as a runtime makes them: environment, JSON on
//! standard input, JSON on standard output.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::inside;
use crate::process::Outcome;

/// What a runtime asks of a plugin.
#[derive(Clone, Debug)]
pub struct Call {
    /// The plugin's program.
    pub program: PathBuf,
    /// The namespace it runs in: the host's.
    pub netns: PathBuf,
    /// Its environment; nothing else is in it.
    pub environment: Vec<(String, String)>,
    /// Its standard input.
    pub input: Vec<u8>,
}

impl Call {
    /// The call of `verb` for nobody in particular.
    pub fn new(program: PathBuf, netns: &Path, verb: &str) -> Self {
        let netns = netns.to_owned();
        let call =
            Self { program, netns, environment: Vec::new(), input: Vec::new() };
        call.variable("CNI_COMMAND", verb).variable("CNI_PATH", "/usr/lib/cni")
    }

    /// With a variable set; an empty value takes it away.
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.environment.push((name.into(), value.into()));
        }
        self
    }

    /// With a variable that is set and empty.
    pub fn empty(mut self, name: &str) -> Self {
        self = self.variable(name, "");
        self.environment.push((name.into(), String::new()));
        self
    }

    /// With this on standard input.
    pub fn input(mut self, input: &Value) -> Self {
        self.input = input.to_string().into_bytes();
        self
    }

    /// The command that this call comes to.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.environment.iter().cloned());
        command
    }

    /// Makes the call; what the plugin said, whatever it was.
    #[track_caller]
    pub fn make(&self) -> Outcome {
        inside::run(&self.netns, &mut self.command(), &self.input)
    }

    /// Makes the call and reads the answer.
    #[track_caller]
    pub fn answer(&self) -> Result<Value, Fault> {
        read(&self.make())
    }
}

/// Reads a plugin's answer. An answer that is neither a result nor an error
/// object of the specification ends the story.
#[track_caller]
pub fn read(outcome: &Outcome) -> Result<Value, Fault> {
    let parse = || {
        serde_json::from_str(&outcome.stdout)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {outcome:?}"))
    };
    if outcome.is_success() {
        let silent = outcome.stdout.trim().is_empty();
        return Ok(if silent { Value::Null } else { parse() });
    }
    let said: Value = parse();
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    let code = said["code"]
        .as_u64()
        .unwrap_or_else(|| panic!("an error without a code: {outcome:?}"));
    Err(Fault { code, msg: text("msg"), details: text("details") })
}

/// An error object of the CNI specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Kind of failure.
    pub code: u64,
    /// What failed.
    pub msg: String,
    /// More of it.
    pub details: String,
}

/// What an ADD answered, in whichever version.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer(pub Value);

impl Answer {
    /// The addresses, IPv4 first as they were answered.
    pub fn addresses(&self) -> Vec<IpAddr> {
        let new = self.0["ips"].as_array().into_iter().flatten();
        let old = ["ip4", "ip6"].map(|key| &self.0[key]["ip"]);
        new.map(|entry| &entry["address"])
            .chain(old)
            .filter_map(Value::as_str)
            .map(|text| {
                let address = text.split('/').next().unwrap_or_default();
                address.parse().expect("an address")
            })
            .collect()
    }

    /// Name of the host's end: the interface without a sandbox.
    pub fn host_link(&self) -> String {
        self.interface(|entry| {
            entry["sandbox"].as_str().is_none_or(str::is_empty)
        })["name"]
            .as_str()
            .expect("a name")
            .to_owned()
    }

    /// MAC address of the container's end.
    pub fn mac(&self) -> String {
        self.interface(|entry| {
            entry["sandbox"].as_str().is_some_and(|path| !path.is_empty())
        })["mac"]
            .as_str()
            .expect("a MAC address")
            .to_owned()
    }

    fn interface(&self, is: impl Fn(&Value) -> bool) -> &Value {
        self.0["interfaces"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|entry| is(entry))
            .unwrap_or_else(|| panic!("no such interface in {}", self.0))
    }
}
