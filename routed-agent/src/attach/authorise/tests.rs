//! Who may have which class, as a table.

use super::*;
use crate::registry::Snapshot;

fn registry() -> Snapshot {
    Snapshot::for_tests(&[("payments", 42, &[("api", 7)]), ("web", 43, &[])])
}

fn wish(team: Option<&str>, requested: Option<&str>) -> ClassWish {
    ClassWish {
        team: team.map(|name| name.parse().unwrap()),
        requested_team: requested.map(str::to_owned),
        ..ClassWish::default()
    }
}

#[test]
fn a_fixed_team_holds_and_another_is_refused() {
    let class = authorise(&wish(Some("payments"), None), &registry());
    assert_eq!(class, Ok(Verdict::Class("002a:0000".parse().unwrap())));
    assert!(matches!(
        authorise(&wish(Some("payments"), Some("web")), &registry()),
        Err(ClassRefused::TeamFixed { .. })
    ));
}

#[test]
fn a_request_chooses_only_among_the_teams_that_are_listed() {
    let mut wish = wish(None, Some("web"));
    wish.allowed_teams = vec!["web".parse().unwrap()];
    assert!(authorise(&wish, &registry()).is_ok());
    wish.requested_team = Some("payments".to_owned());
    assert!(matches!(
        authorise(&wish, &registry()),
        Err(ClassRefused::TeamNotAllowed { .. })
    ));
    wish.requested_team = None;
    assert!(matches!(
        authorise(&wish, &registry()),
        Err(ClassRefused::NoTeam { .. })
    ));
}

#[test]
fn without_a_team_a_container_is_unclassified_and_has_no_app() {
    let mut wish = wish(None, None);
    assert_eq!(
        authorise(&wish, &registry()),
        Ok(Verdict::Class(ClassId::UNCLASSIFIED))
    );
    wish.requested_app = Some("api".to_owned());
    assert!(matches!(
        authorise(&wish, &registry()),
        Err(ClassRefused::AppWithoutTeam { .. })
    ));
}

#[test]
fn an_app_is_the_requests_or_the_networks_and_always_of_the_team() {
    let mut wish = wish(Some("payments"), None);
    wish.app = Some("api".parse().unwrap());
    let api = Ok(Verdict::Class("002a:0007".parse().unwrap()));
    assert_eq!(authorise(&wish, &registry()), api);

    wish.requested_app = Some("batch".to_owned());
    assert!(matches!(
        authorise(&wish, &registry()),
        Err(ClassRefused::UnknownApp { .. })
    ));
    wish.unknown_apps = UnknownApps::Create;
    assert!(matches!(
        authorise(&wish, &registry()),
        Ok(Verdict::CreateApp(..))
    ));
    wish.requested_app = Some("../etc".to_owned());
    assert!(matches!(
        authorise(&wish, &registry()),
        Err(ClassRefused::Name(_))
    ));
}

#[test]
fn an_unknown_team_is_refused_even_where_apps_are_created() {
    let mut wish = wish(Some("ghosts"), None);
    wish.requested_app = Some("a".to_owned());
    wish.unknown_apps = UnknownApps::Create;
    assert!(matches!(
        authorise(&wish, &registry()),
        Err(ClassRefused::UnknownTeam(_))
    ));
}
