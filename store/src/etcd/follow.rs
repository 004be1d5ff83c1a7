//! The task that watches (acts): one stream to etcd for all watches of this
//! process, opened with the first and closed with the last.
//!
//! The task ends when the engine and all watches are dropped. When the stream
//! breaks it opens another one and asks for what each watch was not told yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use etcd_client::{
    Client, Error, GetOptions, WatchOptions, WatchRequestSender, WatchResponse,
    WatchResponseStream,
};
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use super::link::{Connected, Effect, Link, kv, watches};
use super::names::{Names, revision};
use super::subscriptions::{
    BACKLOG, Batch, Next, Subscription, Subscriptions, Told,
};
use crate::engine::{Events, Fault};
use crate::entry::{Event, Revision};
use crate::range::Range;

/// The pause after a stream that told nothing; doubled up to [`LONGEST`].
const PAUSE: Duration = Duration::from_millis(100);

const LONGEST: Duration = Duration::from_secs(5);

/// The engine's handle of the task.
pub(super) struct Follower {
    orders: mpsc::UnboundedSender<Order>,
    last_number: AtomicI64,
}

/// What the task is told to do. Unbounded: one order per watch that is begun
/// or dropped.
enum Order {
    Begin(i64, Subscription),
    End(i64),
}

/// The end of a watch that was not read.
#[derive(Debug, Error)]
#[error("{BACKLOG} changes were not taken, or the store was closed")]
struct NotTaken;

impl Follower {
    pub(super) fn spawn(link: Arc<Link>, names: Names) -> Self {
        let (orders, received) = mpsc::unbounded_channel();
        let task = Task {
            link,
            names: names.clone(),
            orders: received,
            watches: Subscriptions::new(names),
            pause: PAUSE,
        };
        tokio::spawn(task.run());
        Self { orders, last_number: AtomicI64::new(0) }
    }

    pub(super) fn follow(&self, range: Range, from: Revision) -> Following {
        let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, batches) = mpsc::channel(BACKLOG);
        let subscription = Subscription::new(range, from, sender);
        let orders = self.orders.clone();
        // Where the task is gone the channel is closed, and says so.
        drop(orders.send(Order::Begin(number, subscription)));
        Following { number, batches, orders }
    }
}

/// The caller's end of a watch.
pub(super) struct Following {
    number: i64,
    batches: mpsc::Receiver<Batch>,
    orders: mpsc::UnboundedSender<Order>,
}

#[async_trait]
impl Events for Following {
    async fn next(&mut self) -> Result<Vec<Event>, Fault> {
        let batch = self.batches.recv().await;
        batch.unwrap_or_else(|| Err(Fault::Unavailable(NotTaken.into())))
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        drop(self.orders.send(Order::End(self.number)));
    }
}

struct Task {
    link: Arc<Link>,
    names: Names,
    orders: mpsc::UnboundedReceiver<Order>,
    watches: Subscriptions,
    pause: Duration,
}

/// Why a stream is no longer used.
enum Stop {
    /// It broke, or the connection did.
    Broken,
    /// Nothing is watched any more.
    Idle,
    /// Nobody can begin a watch any more.
    Over,
}

/// A stream of watches.
struct Stream {
    connection: u64,
    requests: WatchRequestSender,
    answers: WatchResponseStream,
}

impl Task {
    async fn run(mut self) {
        loop {
            self.take_waiting();
            let stop = match self.watches.is_empty() {
                true => self.rest().await,
                false => self.serve().await,
            };
            match stop {
                Stop::Over => return,
                Stop::Idle => {}
                Stop::Broken => self.take_breath().await,
            }
        }
    }

    /// Waits for the first watch.
    async fn rest(&mut self) -> Stop {
        match self.orders.recv().await {
            Some(order) => {
                self.take_unsent(order);
                Stop::Idle
            }
            None => Stop::Over,
        }
    }

    /// Takes what was ordered while there was no stream.
    fn take_waiting(&mut self) {
        while let Ok(order) = self.orders.try_recv() {
            self.take_unsent(order);
        }
    }

    /// Opens a stream for all watches and listens to it.
    async fn serve(&mut self) -> Stop {
        let deadline = Instant::now() + self.link.deadline();
        let connected = match self.link.connected(deadline).await {
            Ok(connected) => connected,
            Err(fault) => {
                tracing::debug!(?fault, "etcd cannot be watched yet");
                return Stop::Broken;
            }
        };
        let Some(mut stream) = self.open(&connected).await else {
            self.link.broke(connected.number);
            return Stop::Broken;
        };
        let stop = self.listen(&mut stream).await;
        if matches!(stop, Stop::Broken) {
            self.link.broke(stream.connection);
        }
        stop
    }

    async fn open(&self, connected: &Connected) -> Option<Stream> {
        let mut numbers = self.watches.numbers().into_iter();
        let first = numbers.next()?;
        let opening = self.begin(&connected.client, first);
        let (mut requests, answers) =
            timeout(self.link.deadline(), opening).await.ok()??;
        for number in numbers {
            self.ask(&mut requests, number).await.ok()?;
        }
        let connection = connected.number;
        Some(Stream { connection, requests, answers })
    }

    /// The library opens a stream with its first watch.
    async fn begin(
        &self,
        client: &Client,
        number: i64,
    ) -> Option<(WatchRequestSender, WatchResponseStream)> {
        let (start, options) = self.request(number)?;
        let opened = watches(client).watch(start, Some(options)).await;
        match opened {
            Ok(stream) => Some(stream.split()),
            Err(error) => {
                tracing::debug!(%error, "etcd does not let us watch");
                None
            }
        }
    }

    async fn ask(
        &self,
        requests: &mut WatchRequestSender,
        number: i64,
    ) -> Result<(), Error> {
        match self.request(number) {
            Some((start, options)) => {
                requests.watch(start, Some(options)).await
            }
            None => Ok(()),
        }
    }

    fn request(&self, number: i64) -> Option<(String, WatchOptions)> {
        let (start, end, from) = self.watches.wanted(number)?;
        let options = WatchOptions::new()
            .with_range(end)
            .with_start_revision(from)
            .with_watch_id(number)
            .with_progress_notify();
        Some((start, options))
    }

    async fn listen(&mut self, stream: &mut Stream) -> Stop {
        let mut failures = self.link.failures();
        loop {
            if self.watches.is_empty() {
                return Stop::Idle;
            }
            let next = tokio::select! {
                order = self.orders.recv() => match order {
                    Some(order) => self.take(order, stream).await,
                    None => return Stop::Over,
                },
                answer = stream.answers.message() => self.on(answer),
                () = failed(&mut failures, stream.connection) =>
                    Next::Reconnect,
            };
            let done = match next {
                Next::Listen => Ok(()),
                Next::Cancel(number) => self.cancel(stream, number).await,
                Next::Verify(number) => self.verify(stream, number).await,
                Next::Reconnect => return Stop::Broken,
            };
            if done.is_err() {
                return Stop::Broken;
            }
        }
    }

    fn on(&mut self, answer: Result<Option<WatchResponse>, Error>) -> Next {
        match answer {
            Ok(Some(answer)) => {
                self.pause = PAUSE;
                self.watches.on(Told::read(&self.names, &answer))
            }
            Ok(None) => Next::Reconnect,
            Err(error) => {
                tracing::debug!(%error, "the watch of etcd broke");
                Next::Reconnect
            }
        }
    }

    async fn take(&mut self, order: Order, stream: &mut Stream) -> Next {
        match order {
            Order::Begin(number, subscription) => {
                self.watches.add(number, subscription);
                match self.ask(&mut stream.requests, number).await {
                    Ok(()) => Next::Listen,
                    Err(_) => Next::Reconnect,
                }
            }
            Order::End(number) => Next::Cancel(number),
        }
    }

    /// Takes an order while there is no stream.
    fn take_unsent(&mut self, order: Order) {
        match order {
            Order::Begin(number, watch) => self.watches.add(number, watch),
            Order::End(number) => self.watches.remove(number),
        }
    }

    async fn cancel(
        &mut self,
        stream: &mut Stream,
        number: i64,
    ) -> Result<(), Error> {
        self.watches.remove(number);
        stream.requests.cancel(number).await
    }

    /// A member that is behind our position is a follower that lags, or the
    /// store was restored. A linearizable read knows.
    async fn verify(
        &mut self,
        stream: &mut Stream,
        number: i64,
    ) -> Result<(), Error> {
        let Ok(current) = self.current().await else {
            // Begin again, and ask again then.
            return Err(Error::Internal("etcd does not answer".to_owned()));
        };
        if self.watches.position(number).is_some_and(|at| at > current) {
            self.watches.fail(number, Fault::Ahead { current });
            return stream.requests.cancel(number).await;
        }
        Ok(())
    }

    async fn current(&self) -> Result<Revision, Fault> {
        let probe = self.names.probe();
        let options = GetOptions::new().with_count_only();
        let answer = self
            .link
            .call(Effect::Harmless, |client| {
                let (probe, options) = (probe.clone(), options.clone());
                async move { kv(&client).get(probe, Some(options)).await }
            })
            .await
            .map_err(|failure| failure.fault)?;
        let at = answer.header().map_or(0, |header| header.revision());
        Ok(revision(at))
    }

    /// Pauses, so that an etcd that refuses at once is not asked at once.
    async fn take_breath(&mut self) {
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST);
    }
}

/// Waits until this connection is said to have failed.
async fn failed(failures: &mut watch::Receiver<u64>, connection: u64) {
    let last = failures.wait_for(|last| *last >= connection).await;
    // An error means that the link is gone, and the connection with it.
    drop(last);
}
