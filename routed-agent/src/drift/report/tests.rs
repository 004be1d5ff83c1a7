//! What is kept, counted and named.

use tartan_agent_api::people::events::Outcome;

use super::{Journal, MOST};
use crate::drift::kind::{Difference, Kind, Subject};

#[test]
fn the_last_events_are_kept_with_their_numbers_and_all_are_counted() {
    let journal = Journal::default();
    let down = Difference::new(Kind::HostLink, "down");
    for _ in 0..MOST + 10 {
        journal.note(&Subject::Host, &down, Outcome::Repaired, None);
    }
    let kept = journal.since(0);
    assert_eq!(kept.len(), MOST);
    assert_eq!(kept[0].number, 11);
    assert_eq!(journal.since(MOST as u64 + 9).len(), 1);
    let repaired = vec![(Kind::HostLink, MOST as u64 + 10)];
    assert_eq!(journal.counts().repaired, repaired);
    assert_eq!(journal.status().last.len(), 5);
}

#[test]
fn what_is_left_alone_is_named() {
    let journal = Journal::default();
    journal.leave(&[(Subject::Host, Kind::Keeper)]);
    assert_eq!(journal.status().given_up, ["keeper of host"]);
    assert_eq!(journal.counts().left, 1);
    journal.leave(&[]);
    assert!(journal.status().given_up.is_empty());
}
