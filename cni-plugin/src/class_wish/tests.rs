//! Who may choose what.

use super::*;

fn network() -> NetworkName {
    "shop".parse().unwrap()
}

fn team(name: &str) -> TeamName {
    name.parse().unwrap()
}

fn rule(team: TeamRule) -> ClassRule {
    ClassRule {
        team,
        app: Some("front".parse().unwrap()),
        unknown_apps: UnknownApps::Create,
    }
}

fn fixed() -> ClassRule {
    rule(TeamRule::Network(team("payments")))
}

fn asked(from: TeamFrom) -> ClassRule {
    let allowed = vec![team("payments"), team("web")];
    rule(TeamRule::Request { from, allowed })
}

fn mention(name: &str) -> Option<Mention> {
    Some(Mention { name: name.into(), place: Place::Arguments("X") })
}

fn teamed(name: &str) -> Said {
    Said { team: mention(name), ..Said::default() }
}

fn apped(name: &str) -> Said {
    Said { app: mention(name), ..Said::default() }
}

#[test]
fn a_network_that_fixes_a_team_proposes_its_app_too() {
    let wish = fixed().wish(&network(), &Said::default()).unwrap();
    assert_eq!(wish.team, Some(team("payments")));
    assert_eq!(wish.app, Some("front".parse().unwrap()));
    assert_eq!(wish.requested_app, None);
    assert_eq!(wish.unknown_apps, UnknownApps::Create);
}

#[test]
fn a_request_narrows_to_an_app_of_that_team() {
    let wish = fixed().wish(&network(), &apped("api")).unwrap();
    assert_eq!(wish.requested_app.as_deref(), Some("api"));
    assert_eq!(wish.team, Some(team("payments")));
}

#[test]
fn a_request_may_repeat_a_fixed_team_and_name_no_other() {
    let wish = fixed().wish(&network(), &teamed("payments")).unwrap();
    assert_eq!(wish.requested_team.as_deref(), Some("payments"));
    let error = fixed().wish(&network(), &teamed("web")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "X of CNI_ARGS asks for team \"web\", but network shop is of team \
         \"payments\"; only \"team\" in its configuration changes that"
    );
}

#[test]
fn a_network_without_a_team_lets_nobody_choose() {
    let rule = ClassRule { app: None, ..rule(TeamRule::Nobody) };
    let wish = rule.wish(&network(), &Said::default()).unwrap();
    assert_eq!(wish.team, None);
    for said in [teamed("web"), apped("api")] {
        let error = rule.wish(&network(), &said).unwrap_err().to_string();
        assert!(error.contains("network shop names no team"), "{error}");
    }
    // A namespace that nobody asked for is no wish.
    let said = Said { k8s_namespace: mention("web"), ..Said::default() };
    assert!(rule.wish(&network(), &said).is_ok());
}

#[test]
fn a_team_comes_from_the_place_that_the_network_says() {
    for (from, said) in [
        (TeamFrom::Request, teamed("web")),
        (
            TeamFrom::K8sNamespace,
            Said { k8s_namespace: mention("web"), ..Said::default() },
        ),
        (
            TeamFrom::NomadNamespace,
            Said { nomad_namespace: mention("web"), ..Said::default() },
        ),
    ] {
        let wish = asked(from).wish(&network(), &said).unwrap();
        assert_eq!(wish.team, None);
        assert_eq!(wish.requested_team.as_deref(), Some("web"));
        assert_eq!(wish.allowed_teams, [team("payments"), team("web")]);
        let error = asked(from).wish(&network(), &Said::default());
        let said = error.unwrap_err().to_string();
        assert!(said.starts_with("the request names no team"), "{said}");
    }
}

#[test]
fn a_team_that_is_not_listed_is_refused_with_the_list() {
    let rule = asked(TeamFrom::Request);
    let error = rule.wish(&network(), &teamed("ops")).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("(payments, web)"), "{said}");
    assert!(said.contains("only \"teams\" in its configuration"), "{said}");
}

#[test]
fn a_label_does_not_overrule_a_namespace() {
    let said = Said { k8s_namespace: mention("web"), ..teamed("payments") };
    let rule = asked(TeamFrom::K8sNamespace);
    assert!(rule.wish(&network(), &said).is_err());
}

#[test]
fn an_app_has_the_form_of_a_name() {
    for name in ["../x", "A", "a/b", " "] {
        let error = fixed().wish(&network(), &apped(name)).unwrap_err();
        assert!(matches!(error, ClassError::Name { .. }), "{name}");
    }
}
