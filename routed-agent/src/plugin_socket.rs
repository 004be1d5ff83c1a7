//! The plugins' socket: takes a request, has it done, sends the answer. Acts.
//!
//! Tasks: [`WORKERS`] threads, each with its own netlink socket, wait on the
//! one listening socket; the kernel wakes one for each plugin. An ADD that has
//! to wait for the store is handed to one of [`WAITERS`] threads more, so that
//! no DEL ever stands behind it. All end with the process. A request that is
//! cut off by its end is undone by the next agent's adoption.

mod door;
mod waiting;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tartan_agent_api::plugin::{
    Action, Add, Attached, Check, Fault, Reply, VERSION, code,
};
use tartan_agent_api::seqpacket::{Beside, Connection};
use tartan_hostnet::{OpenError, Rtnl};
use tartan_model::{Attachment, Generation};

use crate::attach::add::{AddError, Asked};
use crate::attach::inside::Inside;
use crate::attach::{add, check, delete, fault, status};
use crate::chain;
use crate::host::Host;
use crate::sweep;
use crate::wait::Wait;
pub(crate) use door::Door;
use waiting::{Queue, Waiting};

/// Threads that serve plugins. Netlink's lock lets one wire a container at a
/// time, so a few are enough.
const WORKERS: usize = 8;
/// Threads for ADDs that wait for the store. Blocks are claimed one after
/// another, and one serves many ADDs. Fewer than the workers: a DEL waits for
/// the ADD of its own attachment, and others shall not wait for that DEL.
const WAITERS: usize = 4;
/// How long an ADD may wait for its turn to wait for the store: together they
/// are less than what runtimes give a plugin.
const TURN_PATIENCE: Duration = Duration::from_secs(8);
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

/// Starts the workers behind `door`.
pub(crate) fn serve(
    host: &Arc<Host>,
    door: &Arc<Door>,
) -> Result<(), ServeError> {
    let queue = Arc::new(Queue::new());
    let worker = || -> Result<Worker, OpenError> {
        let (host, queue) = (Arc::clone(host), Arc::clone(&queue));
        Ok(Worker { host, queue, rtnl: Rtnl::open()? })
    };
    for number in 0..WORKERS {
        let (worker, door) = (worker()?, Arc::clone(door));
        thread::Builder::new()
            .name(format!("attach-{number}"))
            .spawn(move || worker.run(&door))?;
    }
    for number in 0..WAITERS {
        let worker = worker()?;
        thread::Builder::new()
            .name(format!("wait-{number}"))
            .spawn(move || worker.run_waiting())?;
    }
    Ok(())
}

struct Worker {
    host: Arc<Host>,
    rtnl: Rtnl,
    queue: Arc<Queue>,
}

impl Worker {
    fn run(mut self, door: &Door) {
        let mut listener = door.listener();
        loop {
            match listener.accept() {
                Ok(connection) => self.serve(connection),
                Err(_) if door.has_moved(&listener) => {
                    listener = door.listener();
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a plugin");
                    thread::park_timeout(OUT_OF_DESCRIPTORS);
                }
            }
        }
    }

    fn run_waiting(mut self) {
        while let Some(mut one) = self.queue.next() {
            let result = if one.began.elapsed() < TURN_PATIENCE {
                self.try_add(&mut one, Wait::ForStore)
            } else {
                Err(AddError::NeedsStore)
            };
            self.end_add(&one, result);
        }
    }

    fn serve(&mut self, connection: Connection) {
        let result = match connection.request(PATIENCE) {
            Ok((request, beside)) if request.v == VERSION => {
                return self.answer(connection, request.action, beside);
            }
            Ok((request, _)) => Err(fault::other_version(request.v)),
            Err(error) => Err(unread(&error)),
        };
        self.reply(&connection, result);
    }

    /// Answers; true where the plugin was there to hear it.
    fn reply(
        &self,
        connection: &Connection,
        result: Result<Reply, Fault>,
    ) -> bool {
        let reply = result.unwrap_or_else(|fault| {
            tracing::warn!(
                code = fault.code,
                details = fault.details,
                "{}",
                fault.msg
            );
            Reply::Fault(fault)
        });
        let answered = connection.answer(&reply);
        if let Err(error) = &answered {
            tracing::debug!(%error, "a plugin left before its answer");
        }
        self.host.addresses.tell();
        answered.is_ok()
    }

    fn answer(
        &mut self,
        connection: Connection,
        action: Action,
        beside: Beside,
    ) {
        let result = match action {
            Action::Add(wish) => return self.add(connection, wish, beside),
            Action::Delete(wish) => {
                self.delete(&wish.attachment, beside, &connection)
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
        self.reply(&connection, result);
    }

    /// Attaches at once, or hands the ADD to those that wait for the store.
    fn add(&mut self, connection: Connection, wish: Box<Add>, beside: Beside) {
        let began = Instant::now();
        let inside = match Inside::new(beside) {
            Ok(inside) => inside,
            Err(error) => {
                let refused = Err(fault::of_inside(&error));
                self.reply(&connection, refused);
                return;
            }
        };
        let mut one = Waiting { connection, wish, inside, began };
        let result = match self.try_add(&mut one, Wait::Never) {
            Err(error) if error.needs_store() => {
                let Err(back) = self.queue.put(one) else { return };
                one = back;
                Err(AddError::NeedsStore)
            }
            result => result,
        };
        self.end_add(&one, result);
    }

    fn try_add(
        &mut self,
        one: &mut Waiting,
        wait: Wait,
    ) -> Result<Attached, AddError> {
        let (host, rtnl) = (&self.host, &mut self.rtnl);
        let (wish, caller) = (&*one.wish, &one.connection);
        let asked = Asked { wish, caller, wait };
        add::add(host, rtnl, &asked, &mut one.inside)
    }

    fn end_add(&mut self, one: &Waiting, result: Result<Attached, AddError>) {
        let life = result.as_ref().ok().map(|attached| attached.generation);
        let took = one.began.elapsed();
        self.host.metrics.observe_add(took, result.is_ok());
        let result = result
            .map(|attached| Reply::Attached(Box::new(attached)))
            .map_err(|error| fault::of_add(&error, &one.wish.attachment));
        let is_told = self.reply(&one.connection, result);
        if let Some(life) = life
            && !is_told
        {
            self.take_back(&one.wish.attachment, life);
        }
    }

    /// Nobody was told of this attachment: its runtime takes it for failed.
    fn take_back(&mut self, attachment: &Attachment, life: Generation) {
        let (host, rtnl) = (&self.host, &mut self.rtnl);
        let undone = delete::delete_generation(host, rtnl, attachment, life);
        if let Err(error) = undone {
            tracing::warn!("{}", chain(&error));
        }
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
