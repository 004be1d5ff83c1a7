//! One look at one end of one attachment, or at a thing of the host: reads,
//! compares, puts back what may be put back, writes down what became of it.
//! Acts, with the right to act on the attachment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use tartan_agent_api::people::events::Outcome;
use tartan_agent_api::plugin::Link;
use tartan_agent_api::record::{Record, RecordState};
use tartan_hostnet::Rtnl;
use tartan_model::{AttachMode, Attachment};

use super::doors::Doors;
use super::enter::enter;
use super::host_wide::Thing;
use super::kind::{Difference, Kind, Subject};
use super::patience::{Cause, Patience, Verdict};
use super::{apply, desired, host_wide, observed, plan};
use crate::host::Host;
use crate::{chain, isolate};

/// Which end of an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    Host,
    Inside,
}

/// How a look ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Looked {
    Done,
    /// Somebody acts on the attachment: look again later.
    Busy,
}

/// Who looks.
pub(super) struct Looker {
    pub(super) host: Arc<Host>,
    pub(super) doors: Arc<Doors>,
    pub(super) rtnl: Rtnl,
    pub(super) patience: Patience<(Subject, Kind)>,
    told: BTreeMap<(Subject, Kind), String>,
}

impl Looker {
    pub(super) fn new(host: Arc<Host>, doors: Arc<Doors>, rtnl: Rtnl) -> Self {
        let (patience, told) = (Patience::default(), BTreeMap::new());
        Self { host, doors, rtnl, patience, told }
    }

    /// Looks at an end of an attachment.
    pub(super) fn attachment(
        &mut self,
        attachment: &Attachment,
        end: End,
        cause: Cause,
    ) -> Looked {
        let host = Arc::clone(&self.host);
        let Some(claim) = host.attachments.try_claim(attachment) else {
            return Looked::Busy;
        };
        let Some(record) = claim.record() else { return Looked::Done };
        // A link that another plugin made is that plugin's.
        let is_ours = record.link() == Link::Ours;
        if is_ours && record.state == RecordState::Ready {
            let looked = match end {
                End::Host => self.host_end(&record, cause),
                End::Inside => self.inside(&record, cause),
            };
            if let Err(error) = looked {
                tracing::debug!(%attachment, "{}", chain(&error));
            }
        }
        Looked::Done
    }

    fn host_end(
        &mut self,
        record: &Record,
        cause: Cause,
    ) -> Result<(), observed::ObserveError> {
        // Gone with its container, or somebody deleted it: the sweep's.
        let Some(link) = observed::host_link(&mut self.rtnl, record)? else {
            return Ok(());
        };
        let host = Arc::clone(&self.host);
        let found = observed::host_side(&host, &mut self.rtnl, record, link)?;
        let mut wanted = desired::host_side(record);
        if isolate::isolated(&host).contains(&record.attachment) {
            // Others may have its addresses by now: it stays cut off.
            wanted.entry.clone_from(&found.entry);
        }
        if record.attach != AttachMode::SharedBlock {
            // GAP: filters and BPF links of its own are the sweep's.
            wanted.blocks = found.blocks;
        }
        let all = plan::host_side(&found, &wanted);
        let subject = Subject::Attachment(record.attachment.clone());
        let ours = self.judge(&subject, all, cause, &[Kind::HostLinkName]);
        if ours.is_empty() {
            return Ok(());
        }
        let done = apply::host_side(&host, &mut self.rtnl, record, &ours);
        self.note(&subject, &ours, done.map_err(|error| chain(&error)));
        Ok(())
    }

    fn inside(
        &mut self,
        record: &Record,
        cause: Cause,
    ) -> Result<(), observed::ObserveError> {
        let Some(link) = observed::host_link(&mut self.rtnl, record)? else {
            return Ok(());
        };
        let Some(mut entered) = enter(&mut self.rtnl, record, &link) else {
            let attachment = &record.attachment;
            tracing::debug!(%attachment, "no way into its container");
            return Ok(());
        };
        let found = observed::inside_side(&mut entered, record)?;
        let all = match &found {
            Some(found) => {
                plan::inside_side(found, &desired::inside_side(record))
            }
            // Both ends go at once: it has moved only where the other stays.
            None => match observed::host_link(&mut self.rtnl, record)? {
                Some(_) => {
                    let said = "its interface is not in the container";
                    vec![Difference::new(Kind::InsideMoved, said)]
                }
                None => return Ok(()),
            },
        };
        let subject = Subject::Attachment(record.attachment.clone());
        let told = [Kind::InsideName, Kind::InsideMoved];
        let ours = self.judge(&subject, all, cause, &told);
        if ours.is_empty() {
            return Ok(());
        }
        let done = apply::inside_side(&mut entered, record, &ours);
        self.note(&subject, &ours, done.map_err(|error| chain(&error)));
        Ok(())
    }

    /// Looks at a thing of the host.
    pub(super) fn thing(&mut self, thing: Thing, cause: Cause) {
        let host = Arc::clone(&self.host);
        let doors = Arc::clone(&self.doors);
        let found = host_wide::look(&host, &mut self.rtnl, &doors, thing);
        let ours =
            self.judge(&Subject::Host, found.into_iter().collect(), cause, &[]);
        if ours.is_empty() {
            return;
        }
        let done = host_wide::repair(&host, &mut self.rtnl, &doors, thing);
        self.note(&Subject::Host, &ours, done);
    }

    /// Tells of what is only told, once; gives what is to be repaired.
    /// `told` are the kinds of the first sort that this look would have found.
    fn judge(
        &mut self,
        subject: &Subject,
        all: Vec<Difference>,
        cause: Cause,
        told: &[Kind],
    ) -> Vec<Difference> {
        for kind in told.iter().filter(|k| all.iter().all(|d| d.kind != **k)) {
            self.told.remove(&(subject.clone(), *kind));
        }
        let now = Instant::now();
        let mut ours = Vec::new();
        for difference in all {
            if difference.kind.is_only_told() {
                self.tell(subject, difference, cause);
                continue;
            }
            let key = (subject.clone(), difference.kind);
            let verdict = match difference.kind.keeps_packets_judged() {
                true => self.patience.keep(&key, now),
                false => self.patience.judge(&key, cause, now),
            };
            match verdict {
                Verdict::Repair => ours.push(difference),
                Verdict::RepairAndTell => {
                    self.tell_of_insistence(subject, &difference);
                    ours.push(difference);
                }
                Verdict::Leave => {}
                Verdict::GiveUp => self.give_up(subject, &difference),
            }
        }
        ours
    }

    fn tell_of_insistence(&self, subject: &Subject, what: &Difference) {
        let said = format!(
            "{}: is changed again and again, and put back each time",
            what.found
        );
        let what = Difference::new(what.kind, said);
        self.host.drift.journal.note(subject, &what, Outcome::Told, None);
    }

    fn give_up(&self, subject: &Subject, what: &Difference) {
        let journal = &self.host.drift.journal;
        journal.note(subject, what, Outcome::GivenUp, None);
        journal.leave(&self.patience.given_up());
    }

    /// Says once what is nobody's to repair but whoever did it; of what a
    /// container changes again and again no more than a few times, or nothing
    /// else would be left in the journal.
    pub(super) fn tell(
        &mut self,
        subject: &Subject,
        what: Difference,
        cause: Cause,
    ) {
        let key = (subject.clone(), what.kind);
        if self.told.get(&key) == Some(&what.found) {
            return;
        }
        match self.patience.judge(&key, cause, Instant::now()) {
            Verdict::Leave => {}
            Verdict::GiveUp => self.give_up(subject, &what),
            Verdict::Repair | Verdict::RepairAndTell => {
                let journal = &self.host.drift.journal;
                journal.note(subject, &what, Outcome::Told, None);
                self.told.insert(key, what.found);
            }
        }
    }

    fn note(
        &self,
        subject: &Subject,
        all: &[Difference],
        done: Result<(), String>,
    ) {
        let (outcome, why) = match done {
            Ok(()) => (Outcome::Repaired, None),
            Err(why) => (Outcome::Failed, Some(why)),
        };
        for difference in all {
            let journal = &self.host.drift.journal;
            journal.note(subject, difference, outcome, why.clone());
        }
    }

    /// Takes up again what had been given up: because it has been quiet, or
    /// because somebody asked. Gives whose it is.
    pub(super) fn take_up(
        &mut self,
        again: Vec<(Subject, Kind)>,
    ) -> Vec<(Subject, Kind)> {
        let journal = &self.host.drift.journal;
        for (subject, kind) in &again {
            let what = Difference::new(*kind, "left alone until now");
            journal.note(subject, &what, Outcome::GoesOn, None);
        }
        if !again.is_empty() {
            journal.leave(&self.patience.given_up());
        }
        again
    }

    /// Forgets what it told of attachments that are no more.
    pub(super) fn forget(&mut self) {
        let host = &self.host;
        self.told.retain(|(subject, _), _| match subject {
            Subject::Attachment(it) => host.attachments.get(it).is_some(),
            Subject::Host => true,
        });
    }
}
