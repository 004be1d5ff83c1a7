//! Pages as a person writes them.

use super::*;

const PAGE: &str = "\
# A page

    {\"this\": \"is no session\"}

Text with `$ code`.

    $ podman run --rm \\
        busybox true
    $ tartan endpoint list
    CONTAINER  ADDRESSES
    front      10.77.0.2,fd00:77::2

    ...
    $ true

More text.

    not a session
";

#[test]
fn a_session_is_commands_and_what_they_say() {
    let found = steps(PAGE);
    let commands: Vec<_> = found.iter().map(|s| s.command.as_str()).collect();
    assert_eq!(
        commands,
        [
            "podman run --rm \\\n    busybox true",
            "tartan endpoint list",
            "true"
        ]
    );
    assert_eq!(found[1].shown.len(), 3);
    assert!(found[2].shown.is_empty());
}

#[test]
fn numbers_and_blanks_may_differ_and_words_may_not() {
    let step = |shown: &[&str]| Step {
        command: String::new(),
        shown: shown.iter().map(ToString::to_string).collect(),
    };
    for (said, shown, is_shown) in [
        ("front 10.77.9.4,fd00::1", &["front   10.1.2.3,fd00:77::2"][..], true),
        ("stock 10.77.9.4", &["front 10.77.9.4"], false),
        ("", &[], true),
        ("more", &[], false),
        ("", &["more"], false),
        ("a\nb\nc", &["...", "c"], true),
        ("a\nb\nc", &["a", "..."], true),
        ("a\nb\nc", &["...", "b"], false),
        ("0c2fd1b4e7\n", &["9b1"], true),
        ("Error: it is because", &["Error: it is ..."], true),
        ("Error: it was because", &["Error: it is ..."], false),
        ("eth0@if7: <UP>", &["eth0@if12: <UP>"], true),
        ("eth0@if7: <DOWN>", &["eth0@if12: <UP>"], false),
    ] {
        assert_eq!(step(shown).is_shown(said), is_shown, "{said} {shown:?}");
    }
}
