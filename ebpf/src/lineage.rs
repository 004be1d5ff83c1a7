//! Which sets of pinned maps there are on this host, which of them counts,
//! and what an agent makes of them at its start. Pure.
//!
//! Each set of maps is a directory of pins, `NUMBER-LAYOUT`, with the stage it
//! is in behind it. What was counted on this host is at each moment:
//!
//! > the newest *whole* set, what it took over from former ones included, and
//! > what each newer, *joining* set counted itself.
//!
//! A set that is being filled was never behind a filter; what is older than
//! the newest whole set has been taken over. Both may go, whoever finds them.
//! So an agent may be killed anywhere, and one of any build can go on.

use std::fmt;

/// How far a set of maps is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    /// Being made; no packet has met it.
    Filling,
    /// Complete but for what older ones counted; packets may meet it.
    Joining,
    /// Complete: older ones are no longer needed.
    Whole,
}

/// A set of pinned maps, by the name of its directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MapSet {
    /// Later ones have higher numbers; 0: made before sets had numbers.
    pub(crate) number: u32,
    /// Digest of the layout; before sets had numbers, a version.
    pub(crate) layout: u64,
    pub(crate) stage: Stage,
}

/// What to do at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Course {
    /// The set to work on, in the stage that it is in now; `Filling`: to be
    /// made.
    pub(crate) own: MapSet,
    /// Whose contents it gets: one whole set, or none, and behind it what
    /// joined later.
    pub(crate) sources: Vec<MapSet>,
    /// What nobody needs.
    pub(crate) needless: Vec<MapSet>,
}

impl MapSet {
    /// Reads the name of a directory; none for a stranger's.
    pub(crate) fn read(name: &str) -> Option<Self> {
        if let Some(version) = name.strip_prefix('v') {
            let layout = version.parse().ok()?;
            let set = Self { number: 0, layout, stage: Stage::Whole };
            return (set.to_string() == name).then_some(set);
        }
        let mut parts = name.split('-');
        let number = parts.next()?.parse().ok()?;
        let layout = u64::from_str_radix(parts.next()?, 16).ok()?;
        let stage = match parts.next() {
            None => Stage::Whole,
            Some("joining") => Stage::Joining,
            Some("filling") => Stage::Filling,
            Some(_) => return None,
        };
        let set = Self { number, layout, stage };
        (set.to_string() == name).then_some(set)
    }

    pub(crate) fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    fn is_of(self, layout: u64) -> bool {
        self.number > 0 && self.layout == layout
    }

    fn age(&self) -> (u32, u64) {
        let version = if self.number == 0 { self.layout } else { 0 };
        (self.number, version)
    }
}

impl fmt::Display for MapSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.number == 0 {
            return write!(f, "v{}", self.layout);
        }
        let stage = match self.stage {
            Stage::Filling => "-filling",
            Stage::Joining => "-joining",
            Stage::Whole => "",
        };
        write!(f, "{:04}-{:016x}{stage}", self.number, self.layout)
    }
}

impl Course {
    /// For a build whose maps have this layout.
    pub(crate) fn among(found: &[MapSet], layout: u64) -> Self {
        let mut all: Vec<_> = found.to_vec();
        all.sort_by_key(MapSet::age);
        let highest = all.last().map_or(0, |set| set.number);
        let (filling, mut sets): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|set| set.stage == Stage::Filling);
        let whole = sets.iter().rposition(|set| set.stage == Stage::Whole);
        // Where none is whole, the first set of this host had no older one.
        let sources = sets.split_off(whole.unwrap_or(0));
        let needless = sets.into_iter().chain(filling).collect();
        Self::from_living(sources, needless, (highest, layout))
    }

    fn from_living(
        mut sources: Vec<MapSet>,
        needless: Vec<MapSet>,
        (highest, layout): (u32, u64),
    ) -> Self {
        let newest = sources.last().copied();
        if let Some(own) = newest.filter(|it| it.is_of(layout)) {
            sources.pop();
            return Self { own, sources, needless };
        }
        let number = highest.saturating_add(1);
        let own = MapSet { number, layout, stage: Stage::Filling };
        Self { own, sources, needless }
    }
}

#[cfg(test)]
mod tests;
