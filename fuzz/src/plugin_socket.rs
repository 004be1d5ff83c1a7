//! The plugins' socket: a request as the agent takes it from the real socket,
//! with descriptors beside it that are none, too many, or of the wrong kind;
//! and the answer as a plugin reads it.
//!
//! The first byte of an input says what goes beside, the rest is the message.

use std::fs::File;
use std::io::{IoSlice, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    SocketAddrUnix, SocketFlags, SocketType, connect, sendmsg, socket_with,
};
use tartan_agent_api::plugin::{Action, Reply, Request};
use tartan_agent_api::seqpacket::{Connection, Listener};
use tempfile::TempDir;

use crate::promise;

/// A plugin that says nothing is given up after this.
const PATIENCE: Duration = Duration::from_millis(50);
/// Beside a message: the message itself in a memfd, and a word for it.
const IN_MEMFD: u8 = 1;
/// Beside a message: a pipe that nobody writes to, before all others.
const PIPE: u8 = 2;
/// Beside a message: so many descriptors more (two bits).
const MORE: u8 = 0b1100;

pub(crate) fn run(bytes: &[u8]) {
    promise::json::<Reply>(bytes);
    let Some((kind, message)) = bytes.split_first() else { return };
    let before = open_descriptors();
    if let Some((request, beside)) = exchange(*kind, message) {
        assert!(beside <= 3, "{beside} descriptors");
        is_sound(&request);
    }
    assert_eq!(open_descriptors(), before, "descriptors stay open");
}

/// What the agent reads of it, and how many descriptors it was given.
fn exchange(kind: u8, message: &[u8]) -> Option<(Request, usize)> {
    let (plugin, agent) = connected()?;
    let (beside, message) = beside(kind, message)?;
    let borrowed: Vec<BorrowedFd<'_>> =
        beside.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(5))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !borrowed.is_empty() {
        ancillary.push(SendAncillaryMessage::ScmRights(&borrowed));
    }
    let parts = [IoSlice::new(message)];
    sendmsg(&plugin, &parts, &mut ancillary, SendFlags::NOSIGNAL).ok()?;
    let (request, beside) = agent.request(PATIENCE).ok()?;
    let count = [beside.netns.is_some(), beside.rtnl.is_some()];
    Some((request, count.into_iter().filter(|is_there| *is_there).count()))
}

/// The descriptors that `kind` asks for, and the packet's text.
fn beside(kind: u8, message: &[u8]) -> Option<(Vec<OwnedFd>, &[u8])> {
    let mut beside = Vec::new();
    let mut packet = message;
    if kind & PIPE != 0 {
        beside.push(rustix::pipe::pipe().ok()?.0);
    }
    if kind & IN_MEMFD != 0 {
        let memfd = memfd_create("request", MemfdFlags::CLOEXEC).ok()?;
        let mut memfd = File::from(memfd);
        memfd.write_all(message).ok()?;
        beside.push(memfd.into());
        packet = b"memfd";
    }
    for _ in 0..(kind & MORE) >> 2 {
        beside.push(File::open("/dev/null").ok()?.into());
    }
    Some((beside, packet))
}

fn connected() -> Option<(OwnedFd, Connection)> {
    static SOCKET: OnceLock<Option<(TempDir, PathBuf, Listener)>> =
        OnceLock::new();
    let made = SOCKET.get_or_init(|| {
        let folder = TempDir::new().ok()?;
        let path = folder.path().join("cni.sock");
        let listener = Listener::bind(&path).ok()?;
        Some((folder, path, listener))
    });
    let (_, path, listener) = made.as_ref()?;
    let plugin = socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        SocketFlags::CLOEXEC,
        None,
    );
    let plugin = plugin.ok()?;
    connect(&plugin, &SocketAddrUnix::new(path).ok()?).ok()?;
    Some((plugin, listener.accept().ok()?))
}

fn open_descriptors() -> usize {
    // The first call makes the listening socket, which stays.
    drop(connected());
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

fn is_sound(request: &Request) {
    promise::reads_back(request);
    match &request.action {
        Action::Add(add) => {
            promise::is_attachment(&add.attachment);
            for pool in &add.pools {
                promise::is_component(pool.as_str());
            }
        }
        Action::Delete(delete) => promise::is_attachment(&delete.attachment),
        Action::Check(check) => promise::is_attachment(&check.attachment),
        Action::CollectGarbage(collect) => {
            promise::is_component(collect.network.as_str());
            for valid in &collect.valid {
                promise::is_component(valid.container.as_str());
                promise::is_component(valid.interface.as_str());
            }
        }
        Action::Status(status) => {
            for pool in &status.pools {
                promise::is_component(pool.as_str());
            }
        }
    }
}
