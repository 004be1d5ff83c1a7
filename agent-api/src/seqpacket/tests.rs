//! Messages and descriptors cross a real socket whole.

use std::os::fd::AsRawFd;
use std::thread;

use crate::plugin::{
    Action, CollectGarbage, Fault, Reply, Request, Status, VERSION,
    ValidAttachment,
};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

fn status() -> Request {
    Request {
        v: VERSION,
        action: Action::Status(Status {
            pools: vec![],
            ranges: Default::default(),
            link: Default::default(),
        }),
    }
}

#[test]
fn a_request_and_its_descriptor_arrive_and_are_answered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cni.sock");
    let listener = Listener::bind(&path).unwrap();
    let agent = thread::spawn(move || {
        let connection = listener.accept().unwrap();
        let (request, beside) = connection.request(PATIENCE).unwrap();
        let is_null = beside.netns.is_some_and(|fd| {
            let link = format!("/proc/self/fd/{}", fd.as_raw_fd());
            std::fs::read_link(link).unwrap() == Path::new("/dev/null")
        });
        connection.answer(&Reply::Done).unwrap();
        (request, is_null)
    });
    let null = std::fs::File::open("/dev/null").unwrap();
    let reply = call(&path, &status(), Some(null.as_fd()), PATIENCE).unwrap();
    assert_eq!(reply, Reply::Done);
    assert_eq!(agent.join().unwrap(), (status(), true));
}

/// What a runtime with so many containers asks at a GC.
fn list_of(containers: usize) -> Request {
    let one = |number| ValidAttachment {
        container: format!("{number:064x}").parse().unwrap(),
        interface: "eth0".parse().unwrap(),
    };
    let network = "shop".parse().unwrap();
    let valid = (0..containers).map(one).collect();
    let action = Action::CollectGarbage(CollectGarbage { network, valid });
    Request { v: VERSION, action }
}

#[test]
fn a_request_longer_than_a_packet_arrives_with_its_descriptor() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cni.sock");
    let listener = Listener::bind(&path).unwrap();
    let agent = thread::spawn(move || {
        let connection = listener.accept().unwrap();
        let (request, beside) = connection.request(PATIENCE).unwrap();
        connection.answer(&Reply::Done).unwrap();
        (request, beside.netns.is_some(), beside.rtnl.is_some())
    });
    let asked = list_of(20_000);
    let null = std::fs::File::open("/dev/null").unwrap();
    let reply = call(&path, &asked, Some(null.as_fd()), PATIENCE).unwrap();
    assert_eq!(reply, Reply::Done);
    assert_eq!(agent.join().unwrap(), (asked, true, false));
}

#[test]
fn a_request_longer_than_the_longest_is_refused_before_it_is_sent() {
    let nobody = Path::new("/nowhere/cni.sock");
    let refused = call(nobody, &list_of(60_000), None, PATIENCE).unwrap_err();
    assert!(matches!(refused, CallError::TooLong { .. }), "{refused:?}");
}

#[test]
fn what_is_no_memfd_is_an_error_for_the_agent_and_no_wait() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cni.sock");
    let listener = Listener::bind(&path).unwrap();
    let (pipe, _kept_open) = std::io::pipe().unwrap();
    let none: &[BorrowedFd<'_>] = &[];
    for beside in [none, &[pipe.as_fd()]] {
        let socket = connected(&path, PATIENCE).unwrap();
        send(socket.as_fd(), &IN_MEMFD, beside).unwrap();
        let connection = listener.accept().unwrap();
        assert!(connection.request(PATIENCE).is_err());
    }
}

#[test]
fn nobody_listening_is_told_apart_from_nobody_answering() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cni.sock");
    let absent = call(&path, &status(), None, PATIENCE).unwrap_err();
    assert!(matches!(absent, CallError::Absent { .. }), "{absent:?}");

    let listener = Listener::bind(&path).unwrap();
    let agent = thread::spawn(move || {
        let _ = listener.accept().unwrap().request(PATIENCE).unwrap();
    });
    let silent = call(&path, &status(), None, PATIENCE).unwrap_err();
    assert!(matches!(silent, CallError::Unanswered { .. }), "{silent:?}");
    agent.join().unwrap();
}

#[test]
fn garbage_is_an_error_for_the_agent_and_no_panic() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cni.sock");
    let listener = Listener::bind(&path).unwrap();
    for garbage in [&b"{"[..], b"\0\0", b"[]", b"{\"v\":1}"] {
        let socket = connected(&path, PATIENCE).unwrap();
        send(socket.as_fd(), &garbage, &[]).unwrap();
        let connection = listener.accept().unwrap();
        assert!(connection.request(PATIENCE).is_err());
    }
}

#[test]
fn a_fault_survives_the_socket() {
    let fault = Reply::Fault(Fault {
        code: 11,
        msg: "not yet".into(),
        details: String::new(),
    });
    let travels = serde_json::to_vec(&fault).unwrap();
    assert_eq!(decode::<Reply>(&travels).unwrap(), fault);
}

#[test]
fn a_plugin_that_hung_up_is_known_to_have() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cni.sock");
    let listener = Listener::bind(&path).unwrap();
    let plugin = connected(&path, PATIENCE).unwrap();
    let connection = listener.accept().unwrap();
    assert!(!connection.is_abandoned());
    drop(plugin);
    assert!(connection.is_abandoned());
}
