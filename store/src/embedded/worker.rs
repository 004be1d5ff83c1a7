//! A thread that owns something which must not be shared, such as a SQLite
//! connection, and does jobs on it one after the other (acts).
//!
//! The channel is unbounded, but each caller waits for its answer, so it is
//! no longer than there are callers.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::fault::of_io;
use crate::engine::Fault;

/// What a worker's state does without being asked.
pub(super) trait Diligent: Send + 'static {
    /// After how long without a job [`Self::tick`] is due; `None`: never.
    fn patience(&self) -> Option<Duration>;

    /// Called when the patience has ended.
    fn tick(&mut self);
}

type Job<S> = Box<dyn FnOnce(&mut S) + Send>;

enum Message<S> {
    Job(Job<S>),
    Stop,
}

/// The handle of a worker thread. Dropping it ends the thread after the jobs
/// that were given before.
pub(super) struct Worker<S> {
    jobs: Sender<Message<S>>,
}

impl<S: Diligent> Worker<S> {
    pub(super) fn spawn(name: &str, state: S) -> Result<Self, Fault> {
        let (jobs, received) = channel();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || work(state, &received))
            .map(drop)
            .map_err(|error: io::Error| of_io(error))?;
        Ok(Self { jobs })
    }

    /// Does a job and waits for its answer; `None`: the thread is gone.
    pub(super) async fn call<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut S) -> R + Send + 'static,
    ) -> Option<R> {
        let (answer, answered) = oneshot::channel();
        self.give(move |state| {
            // Who asked may have stopped waiting.
            drop(answer.send(job(state)));
        });
        answered.await.ok()
    }

    /// Has a job done some time; says whether the thread is there to do it.
    pub(super) fn give(
        &self,
        job: impl FnOnce(&mut S) + Send + 'static,
    ) -> bool {
        self.jobs.send(Message::Job(Box::new(job))).is_ok()
    }

    /// A function that has this job done whenever it is called. It does not
    /// keep the thread alive.
    pub(super) fn waker(&self, job: fn(&mut S)) -> impl Fn() -> bool + use<S> {
        let jobs = self.jobs.clone();
        move || jobs.send(Message::Job(Box::new(job))).is_ok()
    }
}

impl<S> Drop for Worker<S> {
    fn drop(&mut self) {
        // A thread that is gone needs no telling.
        drop(self.jobs.send(Message::Stop));
    }
}

fn work<S: Diligent>(mut state: S, jobs: &Receiver<Message<S>>) {
    loop {
        match next(jobs, state.patience()) {
            Ok(Message::Job(job)) => job(&mut state),
            Err(RecvTimeoutError::Timeout) => state.tick(),
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn next<S>(
    jobs: &Receiver<Message<S>>,
    patience: Option<Duration>,
) -> Result<Message<S>, RecvTimeoutError> {
    match patience {
        Some(patience) => jobs.recv_timeout(patience),
        None => jobs.recv().map_err(RecvTimeoutError::from),
    }
}
