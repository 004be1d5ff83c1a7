//! How long ago the store answered, and whether that is too long to go on
//! giving addresses: what a host that is cut off owns is given to others one
//! day. Pure.

use std::time::Duration;

use tartan_ipam::BootTime;
use tartan_model::Settings;

use super::AddressError;

/// How often the moment is kept for the next agent: much more often than the
/// shortest time offline that can be set.
const KEEP_EVERY: Duration = Duration::from_secs(5);

/// The last contact of this host with the store, in this boot.
#[derive(Clone, Debug)]
pub(super) struct Contact {
    last: Option<BootTime>,
    kept: Option<BootTime>,
    /// How long to go on without.
    pub(super) longest: Duration,
}

impl Contact {
    /// As an agent before this one kept it.
    pub(super) fn known_since(last: Option<BootTime>) -> Self {
        let longest = Settings::default().max_offline();
        Self { last, kept: last, longest }
    }

    /// Notes a contact; true where it is to be kept.
    pub(super) fn made(&mut self, now: BootTime) -> bool {
        self.last = Some(now);
        let is_due = self.kept.is_none_or(|kept| now.since(kept) >= KEEP_EVERY);
        if is_due {
            self.kept = Some(now);
        }
        is_due
    }

    /// Refuses to give addresses after too long a time without.
    pub(super) fn check(&self, now: BootTime) -> Result<(), AddressError> {
        let Some(last) = self.last else {
            return Err(AddressError::Unconfirmed);
        };
        let since = now.since(last);
        match since > self.longest {
            true => {
                let longest = self.longest;
                Err(AddressError::Offline { since, longest })
            }
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
