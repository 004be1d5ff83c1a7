//! `tartan-cni`: speaks the CNI protocol with a runtime and hands each call
//! to the agent. Standard output is the protocol's; remarks go to standard
//! error.

#![forbid(unsafe_code)]

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use cni_plugin::{Answer, about, answer, fault};

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|info| last_words(&info.to_string())));
    let variable = |name: &str| env::var_os(name);
    let is_called = variable("CNI_COMMAND").is_some_and(|v| !v.is_empty());
    print(&if is_called {
        answer(&variable, io::stdin().lock())
    } else {
        let words: Vec<_> = env::args_os().skip(1).collect();
        about::answer(&words)
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
fn last_words(what: &str) {
    print(&Answer::failed(fault::unforeseen(what)));
    #[expect(clippy::exit, reason = "unwinding has nothing left to do")]
    std::process::exit(1);
}
