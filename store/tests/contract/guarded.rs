//! An etcd that asks who we are, and one that is full.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tartan_store::{
    EtcdCertificate, EtcdLogin, EtcdSettings, EtcdTls, Range, Store,
    StoreError, Transaction,
};
use tempfile::TempDir;

use crate::place::settings;
use crate::server::Server;
use crate::words::{events, everything, key, put, until};

fn openssl(folder: &Path, arguments: &str) {
    let done = Command::new("openssl")
        .current_dir(folder)
        .args(arguments.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("openssl is installed");
    assert!(done.success(), "openssl {arguments}");
}

/// An authority, and certificates of a server and a client signed by it.
fn certificates(folder: &Path) {
    openssl(
        folder,
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority \
         -keyout ca.key -out ca.pem",
    );
    for who in ["server", "client"] {
        openssl(
            folder,
            &format!(
                "req -newkey rsa:2048 -nodes -subj /CN={who} \
                 -keyout {who}.key -out {who}.csr"
            ),
        );
        fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
        openssl(
            folder,
            &format!(
                "x509 -req -days 2 -in {who}.csr -CA ca.pem -CAkey ca.key \
                 -CAcreateserial -extfile names -out {who}.pem"
            ),
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_of_both_sides_are_checked() {
    let folder = TempDir::new().unwrap();
    certificates(folder.path());
    let file = |name: &str| folder.path().join(name);
    let options = ["--client-cert-auth"].map(str::to_owned).into_iter().chain(
        [("--cert-file", "server.pem"), ("--key-file", "server.key")]
            .into_iter()
            .chain([("--trusted-ca-file", "ca.pem")])
            .map(|(option, name)| format!("{option}={}", file(name).display())),
    );
    let server = Server::start_with("https", options.collect()).await;
    let with = |client: Option<EtcdCertificate>| EtcdSettings {
        tls: Some(EtcdTls { ca: file("ca.pem"), client }),
        ..settings(server.endpoint())
    };

    let ours =
        EtcdCertificate { cert: file("client.pem"), key: file("client.key") };
    let store = Store::connect_etcd(with(Some(ours))).await.unwrap();
    until("etcd answers", || async { store.revision().await.is_ok() }).await;
    put(&store, "a", "1").await;
    assert_eq!(everything(&store).await.len(), 1);

    let nobody = Store::connect_etcd(with(None)).await.unwrap();
    let error = nobody.revision().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
}

/// An etcd in which `tartan` may do what it likes below `/tartan/`.
async fn guarded() -> Server {
    let server = Server::start().await;
    for command in [
        "user add root:secret",
        "user grant-role root root",
        "user add tartan:woven",
        "role add tartan",
        "role grant-permission tartan --prefix=true readwrite /tartan/",
        "user grant-role tartan tartan",
        "auth enable",
    ] {
        server.etcdctl(command);
    }
    server
}

fn login(server: &Server, folder: &Path, password: &str) -> EtcdSettings {
    let password_file = folder.join(password);
    fs::write(&password_file, format!("{password}\n")).unwrap();
    let login = EtcdLogin { username: "tartan".to_owned(), password_file };
    EtcdSettings { login: Some(login), ..settings(server.endpoint()) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_is_denied_and_who_may_goes_on_after_a_restart() {
    let mut server = guarded().await;
    let folder = TempDir::new().unwrap();
    let right = login(&server, folder.path(), "woven");
    let wrong = login(&server, folder.path(), "knitted");
    let none = settings(server.endpoint());
    let elsewhere =
        EtcdSettings { prefix: "/other".to_owned(), ..right.clone() };
    for settings in [wrong, none, elsewhere] {
        let store = Store::connect_etcd(settings).await.unwrap();
        let change = Transaction::new().put(key("a"), "1");
        let error = store.commit(change).await.unwrap_err();
        assert!(matches!(error, StoreError::Denied { .. }), "{error:?}");
    }

    let store = Store::connect_etcd(right).await.unwrap();
    store.identity().await.unwrap();
    let from = put(&store, "a", "1").await;
    let mut watch = store.watch(&Range::all(), from).await.unwrap();
    put(&store, "a", "2").await;
    events(&mut watch, 1).await;
    // It forgets who has logged in.
    server.kill();
    server.start_again().await;
    until("we are logged in again", || async {
        let change = Transaction::new().put(key("a"), "3");
        store.commit(change).await.is_ok()
    })
    .await;
    events(&mut watch, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_etcd_at_its_quota_is_full_and_still_read() {
    let quota = vec!["--quota-backend-bytes=3000000".to_owned()];
    let server = Server::start_with("http", quota).await;
    let store = Store::connect_etcd(settings(server.endpoint())).await.unwrap();
    let mut number = 0;
    let error = loop {
        let name = key(&format!("k/{number}"));
        let change = Transaction::new().put(name, vec![7; 500_000]);
        match store.commit(change).await {
            Ok(_) => number += 1,
            Err(StoreError::Unavailable { .. }) if number == 0 => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    // etcd may do the one that fills it and then say that it did not.
    assert!(error.may_have_been_done());
    let found = store.list(&Range::all(), None).await.unwrap();
    assert!((number..=number + 1).contains(&found.entries.len()));
}
