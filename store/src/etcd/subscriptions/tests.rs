//! Watches over connections that come and go, without a connection.

use super::*;
use crate::key::Key;

fn watching(from: u64) -> (Subscriptions, mpsc::Receiver<Batch>) {
    let mut watches = Subscriptions::new(Names::new("/t"));
    let (sender, batches) = mpsc::channel(2);
    let range = Range::prefix("a/");
    watches.add(1, Subscription::new(range, Revision(from), sender));
    (watches, batches)
}

fn deleted(revision: u64) -> Event {
    let key = Key::parse("a/b").unwrap();
    Event::Deleted { key, revision: Revision(revision) }
}

fn told(at: u64, news: News) -> Told {
    Told { number: 1, at: Revision(at), news }
}

#[test]
fn a_watch_asks_from_where_it_is_and_is_told_nothing_twice() {
    let (mut watches, mut batches) = watching(7);
    let wanted = ("/t/a/".to_owned(), "/t/a/~".to_owned(), 7);
    assert_eq!(watches.wanted(1), Some(wanted));

    let events = vec![deleted(7), deleted(8), deleted(9)];
    assert_eq!(watches.on(told(9, News::Events(events))), Next::Listen);
    let batch = batches.try_recv().unwrap().unwrap();
    assert_eq!(batch, vec![deleted(8), deleted(9)]);

    let again = vec![deleted(9)];
    assert_eq!(watches.on(told(9, News::Events(again))), Next::Listen);
    assert!(batches.try_recv().is_err());
    assert_eq!(watches.position(1), Some(Revision(9)));
}

#[test]
fn a_quiet_watch_moves_on_with_the_store() {
    let (mut watches, _batches) = watching(7);
    watches.on(told(500, News::Events(Vec::new())));
    assert_eq!(watches.position(1), Some(Revision(500)));
}

#[test]
fn a_watch_from_the_beginning_does_not_mean_from_now() {
    let (watches, _batches) = watching(0);
    assert_eq!(watches.wanted(1).unwrap().2, 1);
}

#[test]
fn a_member_behind_the_watch_is_looked_into() {
    let (mut watches, _batches) = watching(7);
    assert_eq!(watches.on(told(6, News::Begun)), Next::Verify(1));
    assert_eq!(watches.on(told(7, News::Begun)), Next::Listen);
}

#[test]
fn a_compacted_watch_ends_and_says_so() {
    let (mut watches, mut batches) = watching(7);
    let oldest = Revision(20);
    assert_eq!(watches.on(told(30, News::Compacted { oldest })), Next::Listen);
    let fault = batches.try_recv().unwrap().unwrap_err();
    assert!(matches!(fault, Fault::Compacted { oldest: Some(Revision(20)) }));
    assert!(watches.is_empty());
}

#[test]
fn who_does_not_read_is_cancelled() {
    let (mut watches, _batches) = watching(7);
    for revision in [8, 9] {
        let events = vec![deleted(revision)];
        assert_eq!(watches.on(told(9, News::Events(events))), Next::Listen);
    }
    let events = vec![deleted(10)];
    assert_eq!(watches.on(told(10, News::Events(events))), Next::Cancel(1));
    assert_eq!(watches.position(1), Some(Revision(9)));
}

#[test]
fn a_watch_that_is_denied_logs_in_again_once() {
    let (mut watches, mut batches) = watching(7);
    let denied = || News::Denied { reason: "permission denied".to_owned() };
    assert_eq!(watches.on(told(9, denied())), Next::Reconnect);
    assert_eq!(watches.on(told(9, denied())), Next::Listen);
    let fault = batches.try_recv().unwrap().unwrap_err();
    assert!(matches!(fault, Fault::Denied(_)));
}
