//! Every target runs its saved inputs, without a fuzzer: what was found once
//! is not found again. Also that the folders are what the README says.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helpers of tests fail as tests do, and name the input first"
)]

use std::fs;
use std::path::{Path, PathBuf};

use tartan_fuzz::TARGETS;

/// A corpus is read by people: few files, each short.
const MOST_FILES: usize = 200;
const MOST_BYTES: u64 = 4096;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn every_saved_input_passes_its_target() {
    for (name, run) in TARGETS {
        let inputs = files(&corpus().join(name));
        assert!(!inputs.is_empty(), "{name} has no saved inputs");
        for input in inputs {
            // The name of the input stands above the panic that it causes.
            println!("{}", input.display());
            run(&fs::read(&input).unwrap());
        }
    }
}

#[test]
fn a_corpus_is_few_short_files_of_a_target_that_exists() {
    for folder in files(&corpus()) {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let is_known = TARGETS.iter().any(|(known, _)| *known == name);
        assert!(is_known || name == "packets", "{name} is no target");
        let inputs = files(&folder);
        assert!(inputs.len() < MOST_FILES, "{name}: {}", inputs.len());
        for input in inputs {
            let bytes = fs::metadata(&input).unwrap().len();
            assert!(bytes <= MOST_BYTES, "{}: {bytes}", input.display());
        }
    }
}
