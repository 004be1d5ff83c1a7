//! A program from its start to its end: speaks the CNI protocol with a runtime
//! and hands each call to the agent. Acts. Standard output is the protocol's;
//! remarks go to standard error.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::call::{Answer, answer};
use crate::program::Program;
use crate::{about, fault};

/// Does what the environment, or a person, asks of `program`.
pub fn run(program: Program) -> ExitCode {
    std::panic::set_hook(Box::new(move |info| {
        last_words(program, &info.to_string());
    }));
    let variable = |name: &str| env::var_os(name);
    let is_called = variable("CNI_COMMAND").is_some_and(|v| !v.is_empty());
    print(&if is_called {
        answer(program, &variable, io::stdin().lock())
    } else {
        let words: Vec<_> = env::args_os().skip(1).collect();
        about::answer(program, &words)
    })
}

/// A result that nobody could read was not given.
fn print(answer: &Answer) -> ExitCode {
    let _ = io::stderr().write_all(answer.err.as_bytes());
    let mut out = io::stdout().lock();
    match out.write_all(answer.out.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::from(answer.code),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Nothing here panics by intent. Should it happen, a runtime still gets the
/// error object that it expects.
fn last_words(program: Program, what: &str) {
    print(&Answer::failed(fault::unforeseen(program, what)));
    #[expect(clippy::exit, reason = "unwinding has nothing left to do")]
    std::process::exit(1);
}
