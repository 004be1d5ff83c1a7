//! One run of the command: where the agent is, and how to print. Acts where
//! the configuration has to be read.

use std::path::PathBuf;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tartan_agent_api::{Places, config_keys};

use crate::agent::Agent;
use crate::arguments::Arguments;
use crate::fault::Fault;
use crate::output::{self, Format, Shown};

/// What every verb needs.
#[derive(Debug)]
pub(crate) struct Session {
    run_dir: Option<PathBuf>,
    config: PathBuf,
    format: Format,
}

impl Session {
    /// From flags and variables; reads nothing.
    pub(crate) fn new(arguments: &Arguments) -> Self {
        let variable = |name: &str| std::env::var_os(name);
        let places = Places::from_variables(variable);
        let is_set = variable("TARTAN_RUN_DIR").is_some_and(|v| !v.is_empty());
        let given = arguments.run_dir.clone();
        Self {
            run_dir: given.or_else(|| is_set.then_some(places.run_dir)),
            config: arguments.config.clone().unwrap_or(places.config),
            format: arguments.output,
        }
    }

    /// The configuration of this host.
    pub(crate) fn config(&self) -> &std::path::Path {
        &self.config
    }

    /// Where the agent's socket is, where flag or variable say so.
    pub(crate) fn run_dir(&self) -> Option<&std::path::Path> {
        self.run_dir.as_deref()
    }

    /// How to print.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Reads from the agent.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, Fault> {
        self.agent()?.call("GET", path, None::<&()>)
    }

    /// Has the agent make or do something.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Fault> {
        self.agent()?.call("POST", path, Some(body))
    }

    /// Has the agent set something.
    pub(crate) fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Fault> {
        self.agent()?.call("PUT", path, Some(body))
    }

    /// Has the agent remove something.
    pub(crate) fn delete<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<T, Fault> {
        self.agent()?.call("DELETE", path, None::<&()>)
    }

    /// Prints an answer in the form that was asked for.
    pub(crate) fn print(
        &self,
        value: &(impl Serialize + Shown),
    ) -> Result<(), Fault> {
        output::print(value, self.format)
    }

    /// Prints one line for eyes, the value for programs.
    pub(crate) fn report(
        &self,
        value: &impl Serialize,
        line: &str,
    ) -> Result<(), Fault> {
        output::report(value, line, self.format)
    }

    fn agent(&self) -> Result<Agent, Fault> {
        let run_dir = match &self.run_dir {
            Some(given) => given.clone(),
            None => self.configured_run_dir()?,
        };
        let places = Places { run_dir, ..Places::default() };
        Agent::at(places.people_socket())
    }

    /// `run_dir` of the configuration; the default where it says nothing.
    fn configured_run_dir(&self) -> Result<PathBuf, Fault> {
        let default = Places::default().run_dir;
        let text = match std::fs::read_to_string(&self.config) {
            Ok(text) => text,
            // Who may not read the usual one, or has none, asks the agent at
            // its usual place. A file that was named has to be there.
            Err(_) if self.config == Places::default().config => {
                return Ok(default);
            }
            Err(source) => {
                let path = self.config.clone();
                return Err(Fault::NoConfig { path, source });
            }
        };
        let table: toml::Table =
            text.parse().map_err(|source| Fault::Config {
                path: self.config.clone(),
                source: Box::new(source),
            })?;
        if let Some(unknown) = config_keys::unknown(&table) {
            let path = self.config.clone();
            return Err(Fault::UnknownKey { path, unknown });
        }
        let said = table.get("run_dir").and_then(toml::Value::as_str);
        Ok(said.map_or(default, PathBuf::from))
    }
}
