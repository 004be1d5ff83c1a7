//! What is the host's own and no attachment's: the keeper, the filters,
//! forwarding, the pins, the sockets. Acts: looks, and puts back.

use std::sync::Arc;

use tartan_hostnet::Rtnl;

use super::doors::Doors;
use super::kind::{Difference, Kind};
use crate::endpoints::Mode;
use crate::host::Host;
use crate::{chain, dataplane, forwarding, nat};

/// What can be looked at by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    Keeper,
    Filter,
    Translation,
    Forwarding,
    Pin,
    PluginSocket,
    PeopleSocket,
}

impl Thing {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::Keeper,
        Self::Filter,
        Self::Translation,
        Self::Forwarding,
        Self::Pin,
        Self::PluginSocket,
        Self::PeopleSocket,
    ];
    /// Those of which nobody tells: they are looked at all the time, and are
    /// cheap to look at.
    pub(crate) const UNTOLD: [Self; 4] =
        [Self::Forwarding, Self::Pin, Self::PluginSocket, Self::PeopleSocket];

    /// The kind of its drift.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Keeper => Kind::Keeper,
            Self::Filter => Kind::Filter,
            Self::Translation => Kind::Translation,
            Self::Forwarding => Kind::Forwarding,
            Self::Pin => Kind::Pin,
            Self::PluginSocket => Kind::PluginSocket,
            Self::PeopleSocket => Kind::PeopleSocket,
        }
    }

    /// The one whose drift is of a kind.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        Self::ALL.into_iter().find(|thing| thing.kind() == kind)
    }
}

/// What is wrong with one of them.
pub(crate) fn look(
    host: &Host,
    rtnl: &mut Rtnl,
    doors: &Doors,
    thing: Thing,
) -> Option<Difference> {
    let read = |found: Result<_, tartan_hostnet::ReadError>| {
        found.unwrap_or_else(|error| {
            tracing::debug!("{}", chain(&error));
            None
        })
    };
    let found = match thing {
        Thing::Keeper => read(dataplane::keeper_drift(rtnl)),
        Thing::Filter => read(dataplane::filter_drift(rtnl, &host.dataplane)),
        Thing::Translation => translation_drift(host),
        Thing::Forwarding => forwarding::drift(),
        Thing::Pin => {
            let lost = host.dataplane.lost_pins();
            let is_lost = !lost.is_empty();
            is_lost.then(|| format!("no pin of {}", lost.join(", ")))
        }
        Thing::PluginSocket => doors.plugins_drift(),
        Thing::PeopleSocket => doors.people_drift(),
    };
    found.map(|found| Difference::new(thing.kind(), found))
}

/// Puts one of them back, or says why not.
pub(crate) fn repair(
    host: &Arc<Host>,
    rtnl: &mut Rtnl,
    doors: &Doors,
    thing: Thing,
) -> Result<(), String> {
    match thing {
        Thing::Keeper | Thing::Filter => {
            dataplane::install(rtnl, &host.dataplane, &host.indexes, |_| ())
                .map_err(|error| chain(&error))
        }
        Thing::Translation => translate_again(host),
        Thing::Forwarding => {
            let links = rtnl.links().map_err(|error| chain(&error))?;
            forwarding::switch_on(&links).map_err(|error| chain(&error))
        }
        Thing::Pin => host.dataplane.pin_again().map_err(|error| chain(&error)),
        Thing::PluginSocket => {
            doors.open_plugins().map_err(|error| chain(&error))
        }
        Thing::PeopleSocket => {
            doors.open_people(host).map_err(|error| chain(&error))
        }
    }
}

/// What the reconciler of translation would do.
fn translation_drift(host: &Host) -> Option<String> {
    let report = nat::reconcile(host, Mode::DryRun);
    let report =
        report.inspect_err(|e| tracing::debug!("{}", chain(e))).ok()?;
    let steps = report.done.iter().map(|step| {
        let (_, present, object) = step.words();
        format!("{present} {object}")
    });
    let steps: Vec<_> = steps.collect();
    (!steps.is_empty()).then(|| format!("to {}", steps.join(", ")))
}

fn translate_again(host: &Host) -> Result<(), String> {
    let report =
        nat::reconcile(host, Mode::Apply).map_err(|error| chain(&error))?;
    match report.failed.is_empty() {
        true => Ok(()),
        false => Err(report.trouble().unwrap_or_default()),
    }
}
