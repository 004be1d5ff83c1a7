//! Documents: good ones, wrong ones, hostile ones.

use serde_json::json;

use super::{read, write};

#[test]
fn documents_are_read_one_after_the_other() {
    let text = "kind: Team\nname: shop\nnumber: 3\n---\n---\nkind: App\n\
                team: shop\nname: api\n---\nkind: Settings\nvalues:\n  \
                address_rest: 5s\n";
    let all = read(text).unwrap();
    let named: Vec<_> =
        all.iter().map(|it| format!("{} {}", it.kind().1, it.name())).collect();
    assert_eq!(named, ["Team shop", "App shop/api", "Settings cluster"]);
}

#[test]
fn what_is_wrong_is_named_with_what_may_have_been_meant() {
    let table = [
        (
            "kind: Taem\nname: shop",
            "document 1 has the unknown kind 'Taem'; did you mean 'Team'?",
        ),
        ("name: shop", "document 1 has no 'kind'"),
        (
            "kind: Team\nnmae: shop",
            "document 1 (Team) has the unknown key 'nmae'; did you mean 'name'?",
        ),
        ("kind: Team\nname: shop\n---\n[1]", "document 2 has no 'kind'"),
        ("kind: Pool\nname: a\ncidrs: [x]", "document 1 (Pool) cannot be used"),
        ("kind: Team\nname: 'No Name'", "document 1 (Team) cannot be used"),
        ("a: [", "document 1 is no YAML"),
    ];
    for (text, wanted) in table {
        assert_eq!(read(text).unwrap_err().to_string(), wanted, "{text}");
    }
}

#[test]
fn a_bomb_and_a_deep_nest_are_errors() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let of = level - 1;
        let ten = vec![format!("*a{of}"); 10].join(", ");
        bomb += &format!("a{level}: &a{level} [{ten}]\n");
    }
    let deep = format!("kind: {}", "[".repeat(100_000));
    for hostile in [bomb, deep] {
        assert!(read(&hostile).is_err());
    }
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let block = json!({
        "kind": "Block", "block": "10.77.0.0/28", "pool": "default",
        "host": "ambre", "epoch": 1, "boot": "b", "affinity": {"team": "0003:0000"},
        "slots": [],
    });
    let document = serde_json::from_value(block).unwrap();
    let text = serde_yaml_ng::to_string(&write(&document).unwrap()).unwrap();
    assert!(text.starts_with("kind: Block\n"), "{text}");
    assert_eq!(read(&text).unwrap(), [document]);
}
