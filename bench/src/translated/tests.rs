//! The calls of each contender.

use super::*;

fn places() -> Places {
    Places {
        scratch: "/scratch".into(),
        state: "/state".into(),
        plugin: "/bin/tartan-cni".into(),
        floor: "/bin/floor".into(),
    }
}

#[test]
fn ours_is_one_call_and_debians_are_a_chain() {
    let ports = Ports { first: 8080, count: 2 };
    let names = |who, verb| -> Vec<String> {
        let all = calls(&places(), who, (verb, 1), ports);
        let name = |c: Chained| c.behind(None).program.display().to_string();
        all.into_iter().map(name).collect()
    };
    assert_eq!(names(Contender::Tartan, Verb::Add), ["/bin/tartan-cni"]);
    let both = ["/usr/lib/cni/ptp", "/usr/lib/cni/portmap"];
    assert_eq!(names(Contender::Ptp, Verb::Add), both);
    let [one, two] = both;
    assert_eq!(names(Contender::Ptp, Verb::Del), [two, one]);
}

#[test]
fn what_one_answers_the_next_is_told() {
    let ports = Ports { first: 8080, count: 2 };
    let mut chain =
        calls(&places(), Contender::Ptp, (Verb::Add, 1), ports).into_iter();
    let first = chain.next().map(|c| c.behind(None).input).unwrap_or_default();
    assert!(first.contains("\"ipMasq\":true"), "{first}");
    assert!(!first.contains("8081"), "{first}");
    let answer = json!({ "ips": [] });
    let second = chain.next().map(|c| c.behind(Some(&answer)).input);
    let second = second.unwrap_or_default();
    for part in ["8081", "prevResult", "\"type\":\"portmap\""] {
        assert!(second.contains(part), "{part} in {second}");
    }
}
