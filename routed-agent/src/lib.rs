//! `tartan-agent`: one per host. Owns netlink, addresses, eBPF and the store
//! connection; answers CNI plugins, people and tools.
//!
//! A library for one reason: what reads bytes from outside shall be reached by
//! the fuzz targets ([`fuzzing`]). `main.rs` calls [`main`] and nothing else.

#![forbid(unsafe_code)]

mod addresses;
mod adopt;
mod api;
mod arguments;
mod attach;
mod attachments;
mod chain;
mod claims;
mod clock;
mod config;
mod dataplane;
mod declared;
mod doubles;
mod drift;
mod endpoints;
mod follow;
mod foreign;
mod forwarding;
mod fullness;
#[doc(hidden)]
pub mod fuzzing;
mod holders;
mod host;
mod instance;
mod isolate;
mod limiter;
mod logging;
mod metrics;
mod nat;
mod plugin_socket;
mod reaper;
mod registry;
mod reload;
mod removal;
mod seen;
mod start;
mod sweep;
mod uninstall;
mod wait;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::config::Config;

pub(crate) use crate::chain::chain;

/// Runs the agent until it is told to stop.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list_steps {
        let names = attach::steps::names().join("\n");
        let _ = writeln!(std::io::stdout(), "{names}");
        return ExitCode::SUCCESS;
    }
    logging::start(arguments.log_format);
    if arguments.remove_rules {
        return leave();
    }
    let variable = |name: &str| arguments.variable(name);
    let path = tartan_agent_api::Places::from_variables(variable).config;
    let config = match Config::read(&path) {
        Ok(config) => config,
        Err(error) => return refuse(&error),
    };
    let places = config.places(variable);
    if let Some(how) = arguments.uninstall {
        return leave_wholly(&places, how);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("task")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return refuse(&error),
    };
    match runtime.block_on(start::run(config, places)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => refuse(&error),
    }
}

fn leave_wholly(
    places: &tartan_agent_api::Places,
    how: uninstall::Uninstall,
) -> ExitCode {
    match uninstall::uninstall(places, how) {
        Ok(lines) => {
            let _ = writeln!(std::io::stdout(), "{}", lines.join("\n"));
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&error),
    }
}

fn leave() -> ExitCode {
    match nat::leave() {
        Ok(report) if report.failed.is_empty() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => refuse(&error),
    }
}

fn refuse(error: &dyn std::error::Error) -> ExitCode {
    tracing::error!("{}", chain(error));
    ExitCode::FAILURE
}
