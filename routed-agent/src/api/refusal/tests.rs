//! What people are told.

use super::*;

#[test]
fn a_refusal_says_what_failed_on_which_thing_why_and_what_to_do() {
    let team = "payments".parse().unwrap();
    let error = RegistryError::UnknownTeam(team);
    let refusal = attempt("delete the team", "payments").registry(&error);
    assert_eq!(refusal.status, StatusCode::NOT_FOUND);
    let Failure { error, object, why, hint } = refusal.failure;
    assert_eq!(error, "cannot delete the team");
    assert_eq!(object, "payments");
    assert_eq!(why.unwrap(), "team 'payments' is not in the registry");
    assert!(hint.contains("tartan team create"));
}

#[test]
fn what_is_wrong_with_a_pool_is_said_once() {
    let source = tartan_ipam::pool_rules::PoolError::NoPrefix(
        "default".parse().unwrap(),
    );
    let pool = "default".parse().unwrap();
    let error = ChangePoolError::Refused { pool, source };
    let refusal = attempt("create the pool", "default").pool(&error);
    assert_eq!(refusal.status, StatusCode::BAD_REQUEST);
    assert_eq!(refusal.failure.why.unwrap(), "pool default has no prefix");
}
