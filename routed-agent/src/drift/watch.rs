//! The thread that hears what happens and has it looked at. Acts.
//!
//! ```text
//!   host's events ----.                    .--> looks at the host
//!   containers' events |-> suspect -> pace |
//!   mounts, a tick ---'                    '--> looks into containers
//! ```
//!
//! What containers do is heard by a socket of its own, and both reading it and
//! looking into containers take at most a tenth of the time: a container that
//! makes events in a loop fills its own socket and costs no more than that.
//! What is lost of it is made up for by a round over all containers.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tartan_agent_api::plugin::Link;
use tartan_agent_api::record::RecordState;
use tartan_hostnet::{Happening, Monitor, OpenError, ReadError, Rtnl, Scope};
use tartan_model::Attachment;

use super::doors::Doors;
use super::host_wide::Thing;
use super::kind::{Kind, Subject};
use super::look::{End, Looked, Looker};
use super::namespaces::Namespaces;
use super::pace::Pace;
use super::patience::Cause;
use crate::attach::shape;
use crate::host::Host;
use crate::{chain, dataplane, isolate};

/// Events that come together are read together: an ADD makes some twenty.
const GATHER: Duration = Duration::from_millis(15);
/// Looks at the host before anything else has its turn.
const MOST_LOOKS: usize = 256;
/// How often that is looked at of which nobody tells.
const TICK: Duration = Duration::from_millis(500);
/// Between two rounds over all because events were lost.
const ROUND: Duration = Duration::from_secs(1);
/// Looking into containers, and reading what they do, is followed by so many
/// times the time it took, and no longer than [`LONGEST_REST`].
pub(super) const REST: u32 = 9;
pub(super) const LONGEST_REST: Duration = Duration::from_millis(500);

/// The thread could not be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot listen to the kernel")]
    Open(#[from] OpenError),
    #[error("cannot list links")]
    Links(#[from] ReadError),
    #[error("cannot watch mounts, or start the thread")]
    Process(#[from] io::Error),
}

/// What is looked at on the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    End(Attachment),
    Thing(Thing),
    /// Which addresses are the host's own.
    Addresses,
}

/// Starts it, in the network namespace of the caller.
pub(crate) fn start(
    host: &Arc<Host>,
    doors: &Arc<Doors>,
) -> Result<(), StartError> {
    // Ears before eyes: nothing happens between the two unheard.
    let own = Monitor::open(Scope::Own)?;
    let others = Monitor::open(Scope::Numbered)?;
    let nftables = Monitor::open(Scope::Nftables)?;
    let mounts = File::open("/proc/thread-self/mountinfo")?;
    let mut rtnl = Rtnl::open()?;
    let mut namespaces = Namespaces::default();
    rtnl.links()?.iter().for_each(|link| namespaces.is(link));
    let now = Instant::now();
    let mut watch = Watch {
        looker: Looker::new(Arc::clone(host), Arc::clone(doors), rtnl),
        own,
        others,
        nftables,
        mounts,
        namespaces,
        links: BTreeMap::new(),
        outside: Pace::default(),
        inside: Pace::default(),
        next_tick: now,
        rest_until: now,
        deaf_until: now,
        next_round: now,
        is_round_due: true,
        is_inside_round_due: false,
        is_translation_due: false,
        translation_from: now,
    };
    thread::Builder::new()
        .name("drift".to_owned())
        .spawn(move || watch.run())?;
    Ok(())
}

/// What the thread knows.
pub(super) struct Watch {
    pub(super) looker: Looker,
    pub(super) own: Monitor,
    pub(super) others: Monitor,
    pub(super) nftables: Monitor,
    pub(super) mounts: File,
    pub(super) namespaces: Namespaces,
    /// The last that was told of each link since it was looked at.
    pub(super) links: BTreeMap<(Option<u32>, u32), Happening>,
    pub(super) outside: Pace<Target>,
    pub(super) inside: Pace<Attachment>,
    pub(super) next_tick: Instant,
    /// No container is looked into before.
    pub(super) rest_until: Instant,
    /// What containers do is not read before.
    pub(super) deaf_until: Instant,
    pub(super) next_round: Instant,
    pub(super) is_round_due: bool,
    /// The same, for containers only.
    pub(super) is_inside_round_due: bool,
    /// Somebody changed rules of netfilter.
    pub(super) is_translation_due: bool,
    /// They are not looked at before.
    pub(super) translation_from: Instant,
}

impl Watch {
    fn run(&mut self) {
        loop {
            if self.wait() {
                // They come in groups.
                thread::park_timeout(GATHER);
            }
            self.hear_own();
            self.hear_others();
            self.hear_nftables();
            self.suspect_links();
            self.tick();
            self.round();
            self.look_outside();
            self.look_inside();
        }
    }

    /// Waits until there is something to do; true where something happened.
    fn wait(&self) -> bool {
        let now = Instant::now();
        let inside = self.inside.deadline().map(|at| at.max(self.rest_until));
        let is_round_due = self.is_round_due || self.is_inside_round_due;
        let round = is_round_due.then_some(self.next_round);
        let translation =
            self.is_translation_due.then_some(self.translation_from);
        let is_deaf = now < self.deaf_until;
        let wakes = [self.outside.deadline(), inside, round, translation]
            .into_iter()
            .flatten()
            .chain(is_deaf.then_some(self.deaf_until))
            .fold(self.next_tick, Instant::min);
        let patience = wakes.saturating_duration_since(now);
        // Rounded up, or the last millisecond would be spent asking.
        let patience =
            patience.as_millis() as u64 + u64::from(!patience.is_zero());
        let timeout = PollTimeout::from(patience.min(1000) as u16);
        let ears = |on| if on { PollFlags::POLLIN } else { PollFlags::empty() };
        let mut all = [
            PollFd::new(self.own.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.others.as_fd(), ears(!is_deaf)),
            PollFd::new(self.nftables.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.mounts.as_fd(), PollFlags::POLLPRI),
            PollFd::new(self.looker.host.drift.wake.as_fd(), PollFlags::POLLIN),
        ];
        let _ = poll(&mut all, timeout);
        let heard = |fd: &PollFd<'_>| fd.any().unwrap_or(false);
        // A socket that lost something has an error to tell even where
        // nobody asks: that is no reason to hurry.
        heard(&all[0]) || heard(&all[2]) || (!is_deaf && heard(&all[1]))
    }

    /// What nobody tells of; and what has been quiet is forgotten.
    fn tick(&mut self) {
        let began = Instant::now();
        if began < self.next_tick {
            return;
        }
        for thing in Thing::UNTOLD {
            self.looker.thing(thing, Cause::Change);
        }
        self.look_at_maps();
        self.outside.calm_down(began);
        self.inside.calm_down(began);
        self.looker.forget();
        let calm = self.looker.patience.calm_down(began);
        self.take_up(calm);
        // A host with very many endpoints is looked at more rarely.
        let rest = began.elapsed() * 100;
        self.next_tick = began + TICK.max(rest);
    }

    fn look_at_maps(&mut self) {
        let host = Arc::clone(&self.looker.host);
        let wanted = host.attachments.look_at_all(|record| {
            let is_ready = record.state == RecordState::Ready;
            let is_ours = record.link() == Link::Ours;
            (is_ready && is_ours)
                .then(|| (record.host_index, shape::entry(record)))
        });
        let wanted = wanted.into_iter().flatten();
        let isolated = isolate::isolated(&host);
        for (index, entry) in wanted {
            if host.dataplane.holds(index, &entry).unwrap_or(true) {
                continue;
            }
            let found = host
                .attachments
                .look_at_link(index, |record| record.attachment.clone());
            let found = found.filter(|it| !isolated.contains(it));
            found.into_iter().for_each(|it| self.mark(Target::End(it)));
        }
    }

    fn take_up(&mut self, again: Vec<(Subject, Kind)>) {
        let now = Instant::now();
        for (subject, kind) in self.looker.take_up(again) {
            match subject {
                Subject::Attachment(it) => {
                    self.inside.mark(it.clone(), Cause::Sweep, now);
                    self.outside.mark(Target::End(it), Cause::Sweep, now);
                }
                Subject::Host => {
                    let thing = Thing::of(kind).map(Target::Thing);
                    if let Some(thing) = thing {
                        self.outside.mark(thing, Cause::Sweep, now);
                    }
                }
            }
        }
    }

    /// Everything is looked at: at the start, where events were lost, and
    /// where somebody asks.
    fn round(&mut self) {
        let now = Instant::now();
        if self.looker.host.drift.take_asked() {
            let again = self.looker.patience.forgive();
            self.take_up(again);
            self.next_round = now;
            self.is_round_due = true;
        }
        let is_due = self.is_round_due || self.is_inside_round_due;
        if !is_due || now < self.next_round {
            return;
        }
        self.next_round = now + ROUND;
        self.is_inside_round_due = false;
        let host = Arc::clone(&self.looker.host);
        for it in host.attachments.look_at_all(|r| r.attachment.clone()) {
            self.inside.mark(it, Cause::Sweep, now);
        }
        if std::mem::take(&mut self.is_round_due) {
            self.round_outside(now);
        }
    }

    fn round_outside(&mut self, now: Instant) {
        if let Ok(links) = self.looker.rtnl.links() {
            links.iter().for_each(|link| self.namespaces.is(link));
        }
        for thing in Thing::ALL {
            self.outside.mark(Target::Thing(thing), Cause::Sweep, now);
        }
        let host = Arc::clone(&self.looker.host);
        for it in host.attachments.look_at_all(|r| r.attachment.clone()) {
            self.outside.mark(Target::End(it), Cause::Sweep, now);
        }
    }

    fn look_outside(&mut self) {
        let began = Instant::now();
        for _ in 0..MOST_LOOKS {
            let Some((target, cause)) = self.outside.next(began) else {
                return;
            };
            match target {
                Target::End(attachment) => {
                    let looked =
                        self.looker.attachment(&attachment, End::Host, cause);
                    if looked == Looked::Busy {
                        let (target, now) =
                            (Target::End(attachment), Instant::now());
                        self.outside.mark(target, cause, now);
                    }
                }
                Target::Thing(thing) => self.look_at(thing, cause),
                Target::Addresses => {
                    let host = Arc::clone(&self.looker.host);
                    let rtnl = &mut self.looker.rtnl;
                    let known = dataplane::know_host(rtnl, &host.dataplane);
                    if let Err(error) = known {
                        tracing::warn!("{}", chain(&error));
                    }
                }
            }
        }
    }

    fn look_inside(&mut self) {
        let mut now = Instant::now();
        while now >= self.rest_until {
            let Some((attachment, cause)) = self.inside.next(now) else {
                return;
            };
            let looked =
                self.looker.attachment(&attachment, End::Inside, cause);
            let ended = Instant::now();
            if looked == Looked::Busy {
                self.inside.mark(attachment, cause, ended);
            }
            let rest = ((ended - now) * REST).min(LONGEST_REST);
            self.rest_until = ended + rest;
            now = ended;
        }
    }
}
