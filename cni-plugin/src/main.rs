//! `tartan-cni`: speaks the CNI protocol with a runtime and hands each call
//! to the agent. Standard output is the protocol's; remarks go to standard
//! error.

#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use cni_plugin::about::{self, Question};
use cni_plugin::{Answer, answer};

/// Exit code of wrong usage.
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        last_words(&info.to_string());
    }));
    if env::var_os("CNI_COMMAND").is_none_or(|verb| verb.is_empty()) {
        return introduce(Question::of(
            &env::args().skip(1).collect::<Vec<_>>(),
        ));
    }
    match answer(&|name| env::var_os(name), io::stdin().lock()) {
        Answer::Done(None) => ExitCode::SUCCESS,
        Answer::Done(Some(result)) => print(&result, ExitCode::SUCCESS),
        Answer::Failed(error) => print(&error, ExitCode::FAILURE),
    }
}

/// A result that nobody could read was not given.
fn print(text: &str, code: ExitCode) -> ExitCode {
    let mut out = io::stdout().lock();
    let written = writeln!(out, "{text}").and_then(|()| out.flush());
    if written.is_ok() { code } else { ExitCode::FAILURE }
}

fn introduce(question: Question) -> ExitCode {
    match question {
        Question::What => eprint!("{}", about::about()),
        Question::Version => return print(&about::name(), ExitCode::SUCCESS),
        Question::Help => {
            return print(about::help().trim_end(), ExitCode::SUCCESS);
        }
        Question::Unknown => {
            eprint!("tartan-cni takes no arguments\n\n{}", about::help());
            return ExitCode::from(WRONG_USAGE);
        }
    }
    ExitCode::SUCCESS
}

/// Nothing here panics by intent. Should it happen, a runtime still gets the
/// error object that it expects, and the code that the reference gives to
/// whatever has none (999).
fn last_words(what: &str) {
    let error = cni_plugin::fault::unforeseen(what);
    let _ = writeln!(io::stdout(), "{error}");
    #[expect(clippy::exit, reason = "unwinding has nothing left to do")]
    std::process::exit(1);
}
