//! One call from beginning to end. Acts through the verbs.

use std::io::Read;

use tartan_agent_api::Places;
use tartan_agent_api::plugin::Fault;

use crate::agent::Agent;
use crate::document::{Document, MAX_BYTES};
use crate::environment::{Call, Variables};
use crate::fault::{self, Failure};
use crate::netconf::Header;
use crate::network::Identity;
use crate::program::Program;
use crate::verb::{self, Scene};
use crate::version::Version;

/// What to print, and how to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For standard output, which is the protocol's.
    pub out: String,
    /// For standard error, which is a person's.
    pub err: String,
    /// Exit code.
    pub code: u8,
}

impl Answer {
    /// Success, with one line of result.
    pub fn done(result: String) -> Self {
        Self { out: result + "\n", ..Self::default() }
    }

    /// No success, with an error object.
    pub fn failed(error: String) -> Self {
        Self { out: error + "\n", code: 1, ..Self::default() }
    }
}

/// Answers the call of `program` that `variables` and `input` make.
pub fn answer(
    program: Program,
    variables: Variables<'_>,
    input: impl Read,
) -> Answer {
    let mut version = Version::LATEST;
    match attempt(program, variables, input, &mut version) {
        Ok(Some(result)) => Answer::done(result),
        Ok(None) => Answer::default(),
        Err(failure) => {
            Answer::failed(fault::printed(&Fault::from(failure), version))
        }
    }
}

/// Tells `version` as soon as it is known: an error is in it as well.
fn attempt(
    program: Program,
    variables: Variables<'_>,
    input: impl Read,
    version: &mut Version,
) -> Result<Option<String>, Failure> {
    let call = Call::read(variables)?;
    if call == Call::Version {
        return verb::version::run().map(Some);
    }
    let document = Document::parse(&read(input)?)?;
    let header = Header::of(program, &document)?;
    let identity = Identity::of(&header)?;
    *version =
        Version::of_config(header.version.as_deref().unwrap_or_default())?;
    version.allow(call.verb())?;
    let places = Places::from_variables(variables);
    let agent = Agent::of(&identity, &places);
    let version = *version;
    let scene = Scene { program, document, version, identity, agent };
    dispatch(&call, &scene)
}

fn dispatch(call: &Call, scene: &Scene) -> Result<Option<String>, Failure> {
    match call {
        Call::Add(added) => verb::add::run(added, scene).map(Some),
        Call::Delete(deleted) => verb::delete::run(deleted, scene).map(quiet),
        Call::Check(checked) => verb::check::run(checked, scene).map(quiet),
        Call::CollectGarbage => verb::garbage::run(scene).map(quiet),
        Call::Status => verb::status::run(scene).map(quiet),
        Call::Version => verb::version::run().map(Some),
    }
}

fn quiet((): ()) -> Option<String> {
    None
}

/// Reads no more than one byte beyond what is accepted.
fn read(input: impl Read) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    input.take(most).read_to_end(&mut bytes).map_err(Failure::Input)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
