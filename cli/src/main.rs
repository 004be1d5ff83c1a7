//! `tartan`: the command for people. Speaks with the agent of this host over
//! its socket; prints tables for eyes, JSON and YAML for programs.

#![forbid(unsafe_code)]

mod agent;
mod app;
mod arguments;
mod completion;
mod declare;
mod doctor;
mod endpoint;
mod events;
mod fault;
mod gc;
mod host;
mod init;
mod ip;
mod man;
mod output;
mod pool;
mod session;
mod settings;
mod status;
mod table;
mod team;
mod uninstall;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Type};
use crate::fault::Fault;
use crate::session::Session;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => fault.tell(),
    }
}

fn run(arguments: Arguments) -> Result<(), Fault> {
    let session = Session::new(&arguments);
    match arguments.thing {
        Type::Init(init) => init::run(&session, &init),
        Type::Status => status::run(&session),
        Type::Pool(verb) => pool::run(&session, verb),
        Type::Ip(verb) => ip::run(&session, verb),
        Type::Team(verb) => team::run(&session, verb),
        Type::App(verb) => app::run(&session, verb),
        Type::Endpoint(verb) => endpoint::run(&session, verb),
        Type::Host(verb) => host::run(&session, verb),
        Type::Settings(verb) => settings::run(&session, verb),
        Type::Doctor(doctor) => doctor::run(&session, doctor),
        Type::Events(events) => events::run(&session, events),
        Type::Export(it) => declare::export(&session, it),
        Type::Apply(it) => declare::apply(&session, &it),
        Type::Gc(gc) => gc::run(&session, gc),
        Type::Completion { shell } => completion::run(shell),
        Type::Man(man) => man::run(&man),
        Type::Uninstall(it) => uninstall::run(&session, &it),
    }
}
