//! The plugins' socket: takes a request, has it done, sends the answer. Acts.
//!
//! Tasks: [`WORKERS`] threads, each with its own netlink socket, wait on the
//! one listening socket; the kernel wakes one for each plugin. They end with
//! the process. A request that is cut off by its end is undone by the next
//! agent's adoption.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tartan_agent_api::plugin::{
    Action, Add, Check, Fault, Reply, Request, VERSION, code,
};
use tartan_agent_api::seqpacket::{Beside, Connection, Listener};
use tartan_hostnet::{OpenError, Rtnl};
use tartan_model::{Attachment, Generation};

use crate::attach::inside::Inside;
use crate::attach::{add, check, delete, fault, status};
use crate::chain;
use crate::host::Host;
use crate::sweep;

/// Threads that serve plugins. Netlink's lock lets one wire a container at a
/// time, so a few are enough; the rest is for requests that wait for the
/// store, so that a DEL never stands behind them.
const WORKERS: usize = 8;
/// How long a plugin may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait where the process has no descriptor left.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// The plugins' socket could not be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error("cannot open a netlink socket for the plugins' workers")]
    Netlink(#[from] OpenError),
    #[error("cannot start a worker of the plugins' socket")]
    Thread(#[from] io::Error),
}

/// Starts the workers on `listener`.
pub(crate) fn serve(
    host: &Arc<Host>,
    listener: Listener,
) -> Result<(), ServeError> {
    let listener = Arc::new(listener);
    for number in 0..WORKERS {
        let worker = Worker { host: Arc::clone(host), rtnl: Rtnl::open()? };
        let listener = Arc::clone(&listener);
        thread::Builder::new()
            .name(format!("attach-{number}"))
            .spawn(move || worker.run(&listener))?;
    }
    Ok(())
}

struct Worker {
    host: Arc<Host>,
    rtnl: Rtnl,
}

impl Worker {
    fn run(mut self, listener: &Listener) {
        loop {
            match listener.accept() {
                Ok(connection) => self.serve(&connection),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a plugin");
                    thread::park_timeout(OUT_OF_DESCRIPTORS);
                }
            }
        }
    }

    fn serve(&mut self, connection: &Connection) {
        let (reply, added) = match connection.request(PATIENCE) {
            Ok((request, beside)) => {
                let added = if let Action::Add(wish) = &request.action {
                    Some(wish.attachment.clone())
                } else {
                    None
                };
                (self.answer(request, beside, connection), added)
            }
            Err(error) => (Reply::Fault(unread(&error)), None),
        };
        if let Err(error) = connection.answer(&reply) {
            tracing::debug!(%error, "a plugin left before its answer");
            if let (Reply::Attached(attached), Some(attachment)) =
                (&reply, added)
            {
                self.take_back(&attachment, attached.generation);
            }
        }
        self.host.addresses.tell();
    }

    /// Nobody was told of this attachment: its runtime takes it for failed.
    fn take_back(&mut self, attachment: &Attachment, life: Generation) {
        let (host, rtnl) = (&self.host, &mut self.rtnl);
        let undone = delete::delete_generation(host, rtnl, attachment, life);
        if let Err(error) = undone {
            tracing::warn!("{}", chain(&error));
        }
    }

    fn answer(
        &mut self,
        request: Request,
        beside: Beside,
        caller: &Connection,
    ) -> Reply {
        if request.v != VERSION {
            return Reply::Fault(fault::other_version(request.v));
        }
        let result = match request.action {
            Action::Add(wish) => self.add(&wish, beside, caller),
            Action::Delete(wish) => {
                self.delete(&wish.attachment, beside, caller)
            }
            Action::Check(wish) => self.check(&wish, beside),
            Action::CollectGarbage(wish) => {
                sweep::collect(&self.host, &mut self.rtnl, &wish)
                    .map(|()| Reply::Done)
            }
            Action::Status(wish) => status::status(&self.host, &wish)
                .map(|()| Reply::Done)
                .map_err(|error| fault::of_status(&error)),
        };
        result.unwrap_or_else(|fault| {
            tracing::warn!(
                code = fault.code,
                details = fault.details,
                "{}",
                fault.msg
            );
            Reply::Fault(fault)
        })
    }

    fn add(
        &mut self,
        wish: &Add,
        beside: Beside,
        caller: &Connection,
    ) -> Result<Reply, Fault> {
        let began = Instant::now();
        let mut inside =
            Inside::new(beside).map_err(|error| fault::of_inside(&error))?;
        let (host, rtnl) = (&self.host, &mut self.rtnl);
        let result = add::add(host, rtnl, wish, &mut inside, caller);
        self.host.metrics.observe_add(began.elapsed(), result.is_ok());
        result
            .map(|attached| Reply::Attached(Box::new(attached)))
            .map_err(|error| fault::of_add(&error, &wish.attachment))
    }

    fn check(&mut self, wish: &Check, beside: Beside) -> Result<Reply, Fault> {
        let mut inside =
            Inside::new(beside).map_err(|error| fault::of_inside(&error))?;
        check::check(&self.host, &mut self.rtnl, wish, &mut inside)
            .map(|()| Reply::Done)
            .map_err(|error| fault::of_check(&error))
    }

    fn delete(
        &mut self,
        attachment: &Attachment,
        beside: Beside,
        caller: &Connection,
    ) -> Result<Reply, Fault> {
        let began = Instant::now();
        // Deleting needs no netns: what is wrong with it makes no difference.
        let mut inside = Inside::new(beside).ok();
        let (host, rtnl) = (&self.host, &mut self.rtnl);
        let inside = inside.as_mut();
        let result =
            delete::delete(host, rtnl, attachment, inside, Some(caller));
        self.host.metrics.observe_delete(began.elapsed(), result.is_ok());
        result.map(|()| Reply::Done).map_err(|error| fault::of_delete(&error))
    }
}

fn unread(error: &io::Error) -> Fault {
    Fault {
        code: code::DECODE,
        msg: format!("cannot read the plugin's request: {error}"),
        details: String::new(),
    }
}
