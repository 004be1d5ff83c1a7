//! Directories as they should be and as they should not.

use std::path::PathBuf;

use super::{DATABASE, Directories, Facts, Seen, decide};

fn seen() -> Seen {
    Seen {
        owner: 0,
        mode: 0o755,
        is_tmpfs: false,
        is_bpffs: false,
        is_read_only: false,
        free_percent: 50,
    }
}

fn facts() -> Facts {
    Facts {
        config: ("conf".into(), None),
        run: ("run".into(), Some(Seen { is_tmpfs: true, ..seen() })),
        state: ("state".into(), Some(seen())),
        bpf: ("bpf".into(), Some(Seen { is_bpffs: true, ..seen() })),
        store: Some(("store".into(), DATABASE.to_vec())),
    }
}

#[test]
fn directories_as_they_should_be_are_no_finding() {
    assert_eq!(decide(&facts()), []);
    assert_eq!(decide(&Facts { store: None, ..facts() }), []);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table: a row for each case")]
fn each_thing_that_is_wrong_is_told() {
    let run = |seen| ("run".into(), Some(Seen { is_tmpfs: true, ..seen }));
    let state = |seen| ("state".into(), Some(seen));
    let dir = |name: &str| PathBuf::from(name);
    let open = Seen { mode: 0o777, ..seen() };
    let other = Seen { owner: 7, ..seen() };
    let full = Seen { free_percent: 4, ..seen() };
    let read_only = Seen { is_read_only: true, ..seen() };
    let damaged = Some((dir("store"), b"rubbish".to_vec()));
    let trouble = || Some("no TOML".to_owned());
    let table = [
        (
            Facts { config: ("conf".into(), trouble()), ..facts() },
            Directories::Config {
                path: dir("conf"),
                trouble: "no TOML".to_owned(),
            },
        ),
        (
            Facts { run: ("run".into(), None), ..facts() },
            Directories::RunAbsent { dir: dir("run") },
        ),
        (
            Facts { run: ("run".into(), Some(seen())), ..facts() },
            Directories::RunNotTmpfs { dir: dir("run") },
        ),
        (
            Facts { run: run(open), ..facts() },
            Directories::RunOpen { dir: dir("run"), owner: 0, mode: 0o777 },
        ),
        (
            Facts { run: run(other), ..facts() },
            Directories::RunOpen { dir: dir("run"), owner: 7, mode: 0o755 },
        ),
        (
            Facts { run: run(read_only), ..facts() },
            Directories::NotWritable { dir: dir("run") },
        ),
        (
            Facts { state: ("state".into(), None), ..facts() },
            Directories::StateAbsent { dir: dir("state") },
        ),
        (
            Facts { state: state(full), ..facts() },
            Directories::NearlyFull { dir: dir("state"), free_percent: 4 },
        ),
        (
            Facts { bpf: ("bpf".into(), Some(seen())), ..facts() },
            Directories::NoBpffs { dir: dir("bpf") },
        ),
        (
            Facts { bpf: ("bpf".into(), None), ..facts() },
            Directories::NoBpffs { dir: dir("bpf") },
        ),
        (
            Facts { store: damaged, ..facts() },
            Directories::StoreDamaged { file: dir("store") },
        ),
    ];
    for (facts, expected) in table {
        assert_eq!(decide(&facts), [expected]);
    }
}
