//! How full a pool is, and of whom.

use super::*;

#[test]
fn i_016_a_census_tells_size_use_rest_reservations_and_who_has_most() {
    let mut host = Host::with("10.77.0.0/29");
    host.ledger.set_reserved([ip("10.77.0.6"), ip("10.78.0.1")].into());
    for (number, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let mut request = request(name);
        request.generation = Generation(10 + number as u64);
        host.ask(request, at(1)).unwrap();
    }
    host.release("c", at(2));
    let census =
        host.ledger.census(&pool_name("default"), Family::V4, at(3)).unwrap();
    assert_eq!((census.size, census.used, census.resting), (6, 4, 1));
    assert_eq!((census.reserved, census.free()), (1, 0));
    assert_eq!(census.classes(), [(api(), 4)]);
    assert_eq!(census.networks(), [("shop".parse().unwrap(), 4)]);
    assert_eq!(census.oldest(), Some(&who("a")));
    assert_eq!(census.newest(), Some(&who("e")));
    let later = at(2 + 2 * REST.as_secs());
    let census = host.ledger.census(&pool_name("default"), Family::V4, later);
    let census = census.unwrap();
    assert_eq!((census.resting, census.free()), (0, 1));
}

#[test]
fn a_census_counts_what_other_hosts_have_given() {
    let mut host = Host::with("10.77.0.0/24");
    host.give("a", at(1));
    let mut other = Host::with("10.77.0.0/24");
    other.give("b", at(1));
    other.give("c", at(1));
    other.release("c", at(1));
    let mut census =
        host.ledger.census(&pool_name("default"), Family::V4, at(1)).unwrap();
    census.add_elsewhere(&other.ledger.claims());
    assert_eq!((census.size, census.used), (254, 2));
    assert_eq!(census.classes(), [(api(), 2)]);
}

#[test]
fn of_an_unknown_pool_or_family_there_is_no_census() {
    let host = Host::with("10.77.0.0/24");
    let census = |name: &str, family| {
        host.ledger.census(&pool_name(name), family, at(1))
    };
    assert_eq!(census("other", Family::V4), None);
    assert_eq!(census("default", Family::V6), None);
}
