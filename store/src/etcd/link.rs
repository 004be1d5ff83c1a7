//! The connection to etcd (acts): one member at a time, the next one when it
//! fails, with a growing pause, within each request's deadline.
//!
//! The client library can balance over members by itself, but then nobody
//! knows whether a request that failed was sent. Here a connection is used
//! for changes only after it has answered a read.
//!
//! No task: whoever needs a connection makes it, the others wait for that.

use std::time::Duration;

use etcd_client::{Client, Error, GetOptions, KvClient};
use thiserror::Error;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::meaning::{self, Meaning};
use super::settings::EtcdSettings;
use crate::engine::Fault;
use crate::error::Doubt;

/// The first pause after a member failed; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// Who waits for etcd to come back waits no longer than this for nothing.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A listing's page may be larger than the 4 MB that tonic takes by default.
const LARGEST_ANSWER: usize = 64 << 20;

/// What happens when a request is done twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing worse than when it is done once: try again.
    Harmless,
    /// Something else: send it once.
    Once,
}

/// A request that failed.
#[derive(Debug)]
pub(super) struct Failure {
    /// What etcd said, where it answered.
    pub(super) meaning: Option<Meaning>,
    /// What it means to a caller.
    pub(super) fault: Fault,
}

/// Nothing came back in time.
#[derive(Debug, Error)]
#[error("etcd at {endpoint} did not answer in time")]
struct Silent {
    endpoint: String,
}

/// A member that could not be used.
#[derive(Debug, Error)]
#[error("etcd at {endpoint} is not usable")]
struct Unusable {
    endpoint: String,
    source: Error,
}

/// A connection that has answered.
#[derive(Clone)]
pub(super) struct Connected {
    pub(super) client: Client,
    /// Which connection it is, to say which one failed.
    pub(super) number: u64,
    endpoint: String,
}

/// The connection, made when it is needed.
pub(super) struct Link {
    settings: EtcdSettings,
    probe: String,
    state: Mutex<State>,
    /// Number of the last connection that failed.
    broken: watch::Sender<u64>,
}

struct State {
    current: Option<Connected>,
    made: u64,
    failures: u32,
    not_before: Instant,
}

impl Link {
    pub(super) fn new(settings: EtcdSettings, probe: String) -> Self {
        let state = State {
            current: None,
            made: 0,
            failures: 0,
            not_before: Instant::now(),
        };
        let broken = watch::Sender::new(0);
        Self { settings, probe, state: Mutex::new(state), broken }
    }

    /// How long one request may take.
    pub(super) fn deadline(&self) -> Duration {
        self.settings.deadline
    }

    /// Does a request within the deadline.
    pub(super) async fn call<T, F>(
        &self,
        effect: Effect,
        request: impl Fn(Client) -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let deadline = Instant::now() + self.deadline();
        loop {
            let link = self.connected(deadline).await.map_err(Failure::of)?;
            let limit = self.limit(effect, deadline);
            let answer = timeout_at(limit, request(link.client)).await;
            let failure = match answer {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => Failure::answered(error, effect),
                Err(_) => Failure::silent(&link.endpoint, effect),
            };
            if failure.is_of_member() {
                self.broke(link.number);
            }
            if !failure.is_of_member() || effect == Effect::Once {
                return Err(failure);
            }
            if Instant::now() >= deadline {
                return Err(failure);
            }
        }
    }

    /// What may be tried again leaves time to do so.
    fn limit(&self, effect: Effect, deadline: Instant) -> Instant {
        match effect {
            Effect::Once => deadline,
            Effect::Harmless => {
                deadline.min(Instant::now() + self.deadline() / 2)
            }
        }
    }

    /// A connection that has answered; tries one member after the other.
    pub(super) async fn connected(
        &self,
        deadline: Instant,
    ) -> Result<Connected, Fault> {
        let Ok(mut state) = timeout_at(deadline, self.state.lock()).await
        else {
            return Err(self.silent());
        };
        let broken = *self.broken.borrow();
        state.current.take_if(|current| current.number <= broken);
        if let Some(current) = &state.current {
            return Ok(current.clone());
        }
        loop {
            if timeout_at(deadline, sleep_until(state.not_before))
                .await
                .is_err()
            {
                return Err(self.silent());
            }
            match self.connect(&mut state, deadline).await {
                Ok(connected) => return Ok(connected),
                Err(fault) if is_final(&fault) => return Err(fault),
                Err(fault) if state.not_before >= deadline => {
                    return Err(fault);
                }
                Err(_) => {}
            }
        }
    }

    async fn connect(
        &self,
        state: &mut State,
        deadline: Instant,
    ) -> Result<Connected, Fault> {
        let endpoint = self.endpoint(state.made);
        state.made += 1;
        let limit = deadline.min(Instant::now() + self.deadline() / 3);
        // Should the caller give up meanwhile, this attempt counts as failed.
        state.fail();
        let client = match timeout_at(limit, self.dial(&endpoint)).await {
            Ok(Ok(client)) => client,
            Ok(Err(error)) => return Err(unusable(endpoint, error)),
            Err(_) => return Err(silent(endpoint)),
        };
        let connected = Connected { client, number: state.made, endpoint };
        state.current = Some(connected.clone());
        state.failures = 0;
        state.not_before = Instant::now() + FIRST_PAUSE;
        Ok(connected)
    }

    async fn dial(&self, endpoint: &str) -> Result<Client, Error> {
        let options = self
            .settings
            .options()
            .map_err(|error| Error::InvalidArgs(error.to_string()))?;
        let client = Client::connect([endpoint], Some(options)).await?;
        let options = GetOptions::new().with_count_only();
        client.kv_client().get(self.probe.as_str(), Some(options)).await?;
        Ok(client)
    }

    fn endpoint(&self, turn: u64) -> String {
        let members = self.settings.endpoints.len();
        let place = usize::try_from(turn).unwrap_or(0) % members.max(1);
        self.settings.endpoints.get(place).cloned().unwrap_or_default()
    }

    /// Says that a connection failed: nobody gets it any more.
    pub(super) fn broke(&self, number: u64) {
        self.broken.send_if_modified(|last| {
            let is_news = number > *last;
            *last = number.max(*last);
            is_news
        });
    }

    /// Tells when a connection has failed.
    pub(super) fn failures(&self) -> watch::Receiver<u64> {
        self.broken.subscribe()
    }

    fn silent(&self) -> Fault {
        silent(self.settings.endpoints.join(","))
    }
}

impl State {
    fn fail(&mut self) {
        let pause = FIRST_PAUSE.saturating_mul(1 << self.failures.min(10));
        self.failures = self.failures.saturating_add(1);
        self.not_before = Instant::now() + pause.min(LONGEST_PAUSE);
    }
}

impl Failure {
    /// There was no connection, so nothing was sent.
    fn of(fault: Fault) -> Self {
        Self { meaning: None, fault }
    }

    fn answered(error: Error, effect: Effect) -> Self {
        let meaning = meaning::of(&error);
        Self { meaning: Some(meaning), fault: fault(meaning, error, effect) }
    }

    fn silent(endpoint: &str, effect: Effect) -> Self {
        let source = Silent { endpoint: endpoint.to_owned() }.into();
        let fault = match effect {
            Effect::Harmless => Fault::Unavailable(source),
            Effect::Once => Fault::Unknown(source),
        };
        Self { meaning: Some(Meaning::Broken), fault }
    }

    /// Whether another member may do better.
    fn is_of_member(&self) -> bool {
        self.meaning.is_some_and(Meaning::is_of_member)
    }
}

/// A client for keys that takes large answers.
pub(super) fn kv(client: &Client) -> KvClient {
    client.kv_client().max_decoding_message_size(LARGEST_ANSWER)
}

/// A client for watches that takes large answers.
pub(super) fn watches(client: &Client) -> etcd_client::WatchClient {
    client.watch_client().max_decoding_message_size(LARGEST_ANSWER)
}

/// What an error means to a caller.
fn fault(meaning: Meaning, error: Error, effect: Effect) -> Fault {
    let source = error.into();
    match meaning {
        Meaning::Broken if effect == Effect::Once => Fault::Unknown(source),
        Meaning::Broken | Meaning::NotNow => Fault::Unavailable(source),
        Meaning::Compacted => Fault::Compacted { oldest: None },
        // The engine completes it with the current revision.
        Meaning::Ahead => Fault::Ahead { current: Default::default() },
        // Whoever names a lease says which one.
        Meaning::NoLease | Meaning::Invalid => Fault::Invalid(source),
        Meaning::Full => Fault::Full(source, Doubt::MayBeDone),
        Meaning::Denied => Fault::Denied(source),
        Meaning::Corrupt => Fault::Corrupt {
            what: "the etcd cluster".to_owned(),
            remedy: "follow etcd's guide for disaster recovery",
            source,
        },
    }
}

/// Nothing is gained by asking another member.
fn is_final(fault: &Fault) -> bool {
    matches!(fault, Fault::Denied(_) | Fault::Invalid(_))
}

fn unusable(endpoint: String, source: Error) -> Fault {
    let meaning = meaning::of(&source);
    if meaning.is_of_member() {
        return Fault::Unavailable(Unusable { endpoint, source }.into());
    }
    fault(meaning, source, Effect::Harmless)
}

fn silent(endpoint: String) -> Fault {
    Fault::Unavailable(Silent { endpoint }.into())
}
