//! Acting on attachments, one at a time.

use std::sync::Arc;
use std::thread;

use super::*;

fn attachment(text: &str) -> Attachment {
    text.parse().unwrap()
}

fn empty() -> (tempfile::TempDir, Attachments) {
    let dir = tempfile::tempdir().unwrap();
    let run = RunDir::at(dir.path());
    run.create().unwrap();
    (dir, Attachments::new(run, Vec::new()))
}

#[test]
fn one_attachment_is_acted_on_by_one_at_a_time() {
    let (_dir, all) = empty();
    let one = attachment("shop,c1,eth0");
    let claim = all.claim(&one);
    assert!(all.try_claim(&one).is_none());
    assert!(all.try_claim(&attachment("shop,c1,eth1")).is_some());
    drop(claim);
    assert!(all.try_claim(&one).is_some());
}

#[test]
fn who_waits_gets_its_turn() {
    let (_dir, all) = empty();
    let all = Arc::new(all);
    let one = attachment("shop,c1,eth0");
    let claim = all.claim(&one);
    let waiting = {
        let (all, one) = (Arc::clone(&all), one.clone());
        thread::spawn(move || drop(all.claim(&one)))
    };
    drop(claim);
    waiting.join().unwrap();
}
