//! A network that misbehaves: a TCP proxy that drops, cuts, delays, holds.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What happens to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weather {
    /// They pass.
    Fine,
    /// They pass later.
    Slow(Duration),
    /// What the server says is lost.
    NoReplies,
    /// Nothing passes, nothing is refused.
    BlackHole,
}

/// A proxy in front of a port of loopback. Dropping it cuts everything.
pub(crate) struct Proxy {
    port: u16,
    weather: watch::Sender<Weather>,
    cuts: watch::Sender<u64>,
    listener: tokio::task::JoinHandle<()>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

impl Proxy {
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let weather = watch::Sender::new(Weather::Fine);
        let cuts = watch::Sender::new(0);
        let (sky, knife) = (weather.subscribe(), cuts.subscribe());
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pair(client, port, sky.clone(), knife.clone()));
            }
        });
        Self { port: own, weather, cuts, listener }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Ends all connections.
    pub(crate) fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

async fn pair(
    client: TcpStream,
    port: u16,
    sky: watch::Receiver<Weather>,
    mut knife: watch::Receiver<u64>,
) {
    knife.mark_unchanged();
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = pump(from_client, to_server, Way::ToServer, sky.clone()) => {}
        () = pump(from_server, to_client, Way::ToClient, sky) => {}
        _ = knife.changed() => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: Way,
    mut sky: watch::Receiver<Weather>,
) {
    let mut bytes = vec![0; 65536];
    loop {
        let Ok(read @ 1..) = from.read(&mut bytes).await else { return };
        let weather = *sky.borrow_and_update();
        match weather {
            Weather::Fine => {}
            Weather::Slow(time) => sleep(time).await,
            Weather::NoReplies if way == Way::ToClient => continue,
            Weather::NoReplies => {}
            Weather::BlackHole => {
                let clears = |now: &Weather| *now != Weather::BlackHole;
                if sky.wait_for(clears).await.is_err() {
                    return;
                }
            }
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
