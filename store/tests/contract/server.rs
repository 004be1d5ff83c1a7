//! A real etcd on loopback that can be killed and started again.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use tokio::net::TcpStream;

use crate::place::connect;
use crate::words::until;

/// An etcd with a folder of its own. Dropping it kills it.
pub(crate) struct Server {
    setup: Setup,
    process: Child,
}

/// With what it is started, each time.
struct Setup {
    folder: TempDir,
    client_port: u16,
    peer_port: u16,
    scheme: &'static str,
    options: Vec<String>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let server = Self::start_with("http", Vec::new()).await;
        server.answers().await;
        server
    }

    /// Starts it with more options; it listens when this returns.
    pub(crate) async fn start_with(
        scheme: &'static str,
        options: Vec<String>,
    ) -> Self {
        let setup = Setup {
            folder: TempDir::new().unwrap(),
            client_port: free_port(),
            peer_port: free_port(),
            scheme,
            options,
        };
        let server = Self { process: setup.spawn(), setup };
        server.listens().await;
        server
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("{}://127.0.0.1:{}", self.setup.scheme, self.port())
    }

    pub(crate) fn port(&self) -> u16 {
        self.setup.client_port
    }

    /// As `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    pub(crate) async fn start_again(&mut self) {
        self.process = self.setup.spawn();
        self.listens().await;
    }

    /// Forgets everything, as an etcd restored from an empty copy.
    pub(crate) async fn start_anew(&mut self) {
        self.setup.folder = TempDir::new().unwrap();
        self.start_again().await;
        self.answers().await;
    }

    /// What an operator does by hand.
    pub(crate) fn etcdctl(&self, arguments: &str) {
        let done = Command::new("etcdctl")
            .env("ETCDCTL_API", "3")
            .args(["--endpoints", &self.endpoint()])
            .args(arguments.split(' '))
            .stdout(Stdio::null())
            .status()
            .expect("etcdctl is installed");
        assert!(done.success(), "etcdctl {arguments}");
    }

    async fn listens(&self) {
        until("etcd listens", || async {
            TcpStream::connect(("127.0.0.1", self.port())).await.is_ok()
        })
        .await;
    }

    async fn answers(&self) {
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

impl Setup {
    fn spawn(&self) -> Child {
        let client =
            format!("{}://127.0.0.1:{}", self.scheme, self.client_port);
        let peer = format!("http://127.0.0.1:{}", self.peer_port);
        // Quick elections: a lease can then be as short as a second.
        Command::new("etcd")
            .args(["--name", "one", "--logger", "zap", "--log-level", "error"])
            .args(["--heartbeat-interval", "50", "--election-timeout", "500"])
            .arg("--data-dir")
            .arg(self.folder.path())
            .args(["--listen-client-urls", &client])
            .args(["--advertise-client-urls", &client])
            .args(["--listen-peer-urls", &peer])
            .args(["--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("one={peer}")])
            .args(&self.options)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("etcd is installed")
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
