//! A real etcd on loopback that can be killed and started again.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::place::connect;
use crate::words::until;

/// An etcd with a folder of its own. Dropping it kills it.
pub(crate) struct Server {
    folder: TempDir,
    client_port: u16,
    peer_port: u16,
    process: Child,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let (client_port, peer_port) = (free_port(), free_port());
        let process = spawn(&folder, client_port, peer_port);
        let server = Self { folder, client_port, peer_port, process };
        server.answers().await;
        server
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.client_port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.client_port
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) async fn start_again(&mut self) {
        self.process = spawn(&self.folder, self.client_port, self.peer_port);
        self.answers().await;
    }

    /// Forgets everything, as an etcd restored from an empty copy.
    pub(crate) async fn start_anew(&mut self) {
        self.folder = TempDir::new().unwrap();
        self.start_again().await;
    }

    async fn answers(&self) {
        until("etcd listens", || async {
            TcpStream::connect(("127.0.0.1", self.client_port)).await.is_ok()
        })
        .await;
        let store = connect(self.endpoint()).await;
        until("etcd answers", || async { store.revision().await.is_ok() })
            .await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have been killed already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn spawn(folder: &TempDir, client_port: u16, peer_port: u16) -> Child {
    let client = format!("http://127.0.0.1:{client_port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    // Quick elections: a lease can then be as short as a second.
    Command::new("etcd")
        .args(["--name", "one", "--logger", "zap", "--log-level", "error"])
        .args(["--heartbeat-interval", "50", "--election-timeout", "500"])
        .arg("--data-dir")
        .arg(folder.path())
        .args(["--listen-client-urls", &client])
        .args(["--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer])
        .args(["--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("one={peer}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("etcd is installed")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
