//! What may be said on the command line, above the verbs of each type.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

use crate::output::Format;
use crate::{
    app, declare, doctor, endpoint, events, gc, host, init, ip, man, pool,
    settings, team, uninstall,
};

/// Addresses, classes and routes of the containers on this host.
#[derive(Debug, Parser)]
#[command(
    name = "tartan",
    version,
    arg_required_else_help = true,
    after_help = "\
To begin with:
  tartan init
  tartan pool create default --cidr 10.77.0.0/16
  tartan team create payments
  tartan app create payments/api
  tartan status

Exit status: 0 done, 1 failed, 2 wrong usage."
)]
pub(crate) struct Arguments {
    /// What it is about
    #[command(subcommand)]
    pub(crate) thing: Type,
    /// How to print what is listed or shown
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub(crate) output: Format,
    /// Where the agent's socket is [default: $TARTAN_RUN_DIR, then run_dir of
    /// the configuration, then /run/tartan]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Configuration of the host [default: $TARTAN_CONFIG, then
    /// /etc/tartan/tartan.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// The types of things.
#[derive(Debug, Subcommand)]
pub(crate) enum Type {
    /// Write a starting configuration
    Init(init::Init),
    /// Show this host on one screen
    Status,
    /// Pools of addresses
    #[command(subcommand)]
    Pool(pool::Verb),
    /// Single addresses: who has them, reservations, leaks
    #[command(subcommand)]
    Ip(ip::Verb),
    /// Teams: the upper half of a container's class
    #[command(subcommand)]
    Team(team::Verb),
    /// Apps of teams: the lower half of a container's class
    #[command(subcommand)]
    App(app::Verb),
    /// Containers' interfaces on this host, with what they sent and received
    #[command(subcommand)]
    Endpoint(endpoint::Verb),
    /// Hosts of the cluster: list, and take out those that are gone
    #[command(subcommand)]
    Host(host::Verb),
    /// Say what is wrong with this host, why, and what to do
    Doctor(doctor::Doctor),
    /// What others changed of ours, and what became of it
    Events(events::Events),
    /// Settings of the whole cluster
    #[command(subcommand)]
    Settings(settings::Verb),
    Export(declare::Export),
    Apply(declare::Apply),
    /// Detach what is left of containers that are gone
    Gc(gc::Gc),
    /// Print a completion script for a shell
    #[command(after_help = "\
Examples:
  tartan completion bash > /etc/bash_completion.d/tartan
  tartan completion fish > ~/.config/fish/completions/tartan.fish")]
    Completion {
        /// The shell
        #[arg(value_parser = completion_shells())]
        shell: Shell,
    },
    /// Write the manual pages
    Man(man::Man),
    Uninstall(uninstall::Uninstall),
}

fn completion_shells() -> impl clap::builder::TypedValueParser<Value = Shell> {
    use clap::builder::TypedValueParser;
    clap::builder::PossibleValuesParser::new(["bash", "zsh", "fish"])
        .try_map(|name| name.parse::<Shell>())
}
