//! What the fuzz targets may reach of the plugin beside what is public: an
//! ADD as far as it is pure. No promise to anybody else. Pure.

use std::path::Path;

use tartan_agent_api::Places;
use tartan_agent_api::plugin::Add;

use crate::agent::Agent;
use crate::document::Document;
use crate::environment::{Call, Variables};
use crate::fault::Failure;
use crate::netconf::{Asked, Header};
use crate::network::Identity;
use crate::previous;
use crate::program::Program;
use crate::result::Outcome;
use crate::verb::{Scene, add};
use crate::version::Version;

/// What an ADD asks the agent for, and what the plugins before it made; none
/// where the call is another verb's.
pub fn wanted(
    variables: Variables<'_>,
    input: &[u8],
) -> Result<Option<(Add, Outcome)>, Failure> {
    let Call::Add(added) = Call::read(variables)? else { return Ok(None) };
    let document = Document::parse(input)?;
    let program = Program::Cni;
    let header = Header::of(program, &document)?;
    let identity = Identity::of(&header)?;
    let version = header.version.as_deref().unwrap_or_default();
    let version = Version::of_config(version)?;
    let agent = Agent::of(&identity, &Places::default());
    let before = previous::chained(&document)?;
    let asked = Asked::of(&document)?;
    let scene = Scene { program, document, version, identity, agent };
    let (network, ipam) = scene.network(&asked)?;
    let add = add::wanted(&added, &scene, (&network, &ipam), &asked)?;
    Ok(Some((add, before)))
}

/// The agent that a configuration names.
pub fn names_an_agent(input: &[u8]) -> bool {
    let read = || {
        let document = Document::parse(input).ok()?;
        Identity::of(&Header::of(Program::Cni, &document).ok()?).ok()?.agent
    };
    read().is_some_and(|path| path != Path::new(""))
}
