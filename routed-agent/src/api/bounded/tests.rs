//! Connections end.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::*;

/// Long enough for what is tested, short enough to wait for.
const PATIENCE: Duration = Duration::from_millis(100);
/// When a test that hangs has failed.
const DEADLINE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_connection_that_says_nothing_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mut bounded = Bounded::new(listener, 1, PATIENCE);
    let _silent = UnixStream::connect(&path).await.unwrap();
    let (mut io, _) = bounded.accept().await;
    let mut byte = [0];
    let read = tokio::time::timeout(DEADLINE, io.read(&mut byte)).await;
    let error = read.unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let written = io.write(b"x").await;
    assert_eq!(written.unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn one_more_connection_waits_for_a_place() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sock");
    let listener = UnixListener::bind(&path).unwrap();
    let mut bounded = Bounded::new(listener, 1, DEADLINE);
    let _first = UnixStream::connect(&path).await.unwrap();
    let mut second = UnixStream::connect(&path).await.unwrap();
    second.write_all(b"2").await.unwrap();
    let (held, _) = bounded.accept().await;
    let waits = tokio::time::timeout(PATIENCE, bounded.accept()).await;
    assert!(waits.is_err());
    drop(held);
    let next = tokio::time::timeout(DEADLINE, bounded.accept()).await;
    let (mut io, _) = next.unwrap();
    let mut byte = [0];
    io.read_exact(&mut byte).await.unwrap();
    assert_eq!(&byte, b"2");
}
