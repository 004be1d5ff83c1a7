//! What is refused without contact, and what is not.

use super::*;

fn at(seconds: u64) -> BootTime {
    BootTime::new(Duration::from_secs(seconds))
}

#[test]
fn addresses_are_given_until_the_store_was_away_for_too_long() {
    let mut contact = Contact::known_since(None);
    contact.longest = Duration::from_secs(60);
    let never = contact.check(at(10));
    assert!(matches!(never, Err(AddressError::Unconfirmed)));
    assert!(contact.made(at(10)), "the first is kept at once");
    contact.check(at(70)).unwrap();
    let refused = contact.check(at(71)).unwrap_err();
    assert!(matches!(refused, AddressError::Offline { .. }), "{refused}");
    contact.made(at(72));
    contact.check(at(73)).unwrap();
}

#[test]
fn a_new_agent_is_no_contact() {
    let mut contact = Contact::known_since(Some(at(10)));
    contact.longest = Duration::from_secs(60);
    contact.check(at(70)).unwrap();
    assert!(contact.check(at(71)).is_err());
}

#[test]
fn a_busy_hosts_contacts_are_not_all_kept() {
    let mut contact = Contact::known_since(Some(at(10)));
    assert!(!contact.made(at(14)));
    assert!(contact.made(at(15)));
    assert!(!contact.made(at(16)));
}
