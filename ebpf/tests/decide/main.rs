//! `decide()` of C, compiled for this machine, against the oracle in Rust:
//! the same question to both, in random cases biased towards the edges.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail as tests do"
)]

mod oracle;
mod question;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use tempfile::TempDir;

use crate::question::Question;

/// How many questions; C answers a million in a second, making them is slow.
const QUESTIONS: usize = 50_000;

#[expect(clippy::disallowed_methods, reason = "a compiler is a process")]
fn compile(dir: &TempDir) -> PathBuf {
    let program = dir.path().join("decide");
    let root = env!("CARGO_MANIFEST_DIR");
    let status = Command::new("cc")
        .args(["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror"])
        .args(["-fno-strict-aliasing", "-fsanitize=undefined", "-I"])
        .args([format!("{root}/bpf"), format!("{root}/tests/decide/main.c")])
        .arg("-o")
        .arg(&program)
        .status()
        .expect("needs a C compiler");
    assert!(status.success());
    program
}

#[expect(clippy::disallowed_methods, reason = "C in its own process")]
fn ask_c(questions: &[Question]) -> Vec<u8> {
    let dir = TempDir::new().unwrap();
    let mut child = Command::new(compile(&dir))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let bytes: Vec<u8> = questions.iter().flat_map(Question::bytes).collect();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    output.stdout
}

fn random_questions() -> Vec<Question> {
    let rng_seed = RngSeed::Random;
    let config = Config { rng_seed, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let any = question::any_question();
    let mut ask = || any.new_tree(&mut runner).unwrap().current();
    (0..QUESTIONS).map(|_| ask()).collect()
}

#[test]
fn c_and_the_oracle_decide_alike() {
    let questions = random_questions();
    let answers = ask_c(&questions);
    assert_eq!(answers.len(), questions.len() * 2);
    let mut seen = [[0usize; 11]; 2];
    for (question, answer) in questions.iter().zip(answers.chunks(2)) {
        let expected =
            [oracle::from_container(question), oracle::to_container(question)];
        assert_eq!(answer, expected, "{question:#?}");
        seen[0][usize::from(expected[0])] += 1;
        seen[1][usize::from(expected[1])] += 1;
    }
    let rare = |way: usize, reasons: &[usize]| {
        reasons.iter().any(|reason| seen[way][*reason] < QUESTIONS / 2000)
    };
    assert!(!rare(0, &[0, 2, 3, 4, 5, 6]), "one-sided questions: {seen:?}");
    assert!(!rare(1, &[0, 6, 9, 10]), "one-sided questions: {seen:?}");
}
