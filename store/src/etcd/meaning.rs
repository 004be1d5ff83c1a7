//! What etcd's errors mean to a caller (pure).
//!
//! The texts are etcd's own: `etcdserver/api/v3rpc/rpctypes/error.go` of 3.4;
//! its codes alone do not tell, for instance, a wrong password from a wrong
//! request.

use etcd_client::Error;

/// What an error says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The connection or the member failed; a change may have been done.
    Broken,
    /// The member refused before it did anything; another one may not.
    NotNow,
    /// The revision is compacted.
    Compacted,
    /// The revision is not there yet.
    Ahead,
    /// There is no such lease.
    NoLease,
    /// The database is at its quota.
    Full,
    /// We may not.
    Denied,
    /// The cluster found itself inconsistent.
    Corrupt,
    /// The request is wrong.
    Invalid,
}

impl Meaning {
    /// Whether another member may do better.
    pub(super) fn is_of_member(self) -> bool {
        matches!(self, Self::Broken | Self::NotNow)
    }
}

/// Texts that decide, whatever the code.
const TEXTS: [(&str, Meaning); 14] = [
    ("has been compacted", Meaning::Compacted),
    ("is a future revision", Meaning::Ahead),
    ("lease not found", Meaning::NoLease),
    ("database space exceeded", Meaning::Full),
    ("corrupt cluster", Meaning::Corrupt),
    // With the leader required each member says so before it proposes.
    ("etcdserver: no leader", Meaning::NotNow),
    ("too many requests", Meaning::NotNow),
    ("not capable", Meaning::NotNow),
    ("revision of auth store is old", Meaning::NotNow),
    ("authentication failed", Meaning::Denied),
    ("user name is empty", Meaning::Denied),
    ("permission denied", Meaning::Denied),
    ("invalid auth token", Meaning::Denied),
    ("authentication is not enabled", Meaning::Denied),
];

/// What an error of the client library says.
pub(super) fn of(error: &Error) -> Meaning {
    match error {
        Error::GRpcStatus(status) => of_text(status.message())
            .unwrap_or_else(|| of_code(status.code() as i32)),
        Error::LeaseKeepAliveError(text) => {
            of_text(text).unwrap_or(Meaning::Broken)
        }
        Error::InvalidArgs(_)
        | Error::InvalidUri(_)
        | Error::InvalidMetadataValue(_) => Meaning::Invalid,
        Error::IoError(_)
        | Error::TransportError(_)
        | Error::WatchError(_)
        | Error::Utf8Error(_)
        | Error::ElectError(_)
        | Error::EndpointError(_)
        | Error::EndpointsNotManaged
        | Error::Internal(_) => Meaning::Broken,
    }
}

/// What a text of etcd says, if it is one of those that decide.
pub(super) fn of_text(text: &str) -> Option<Meaning> {
    TEXTS
        .iter()
        .find(|(part, _)| text.contains(part))
        .map(|(_, meaning)| *meaning)
}

/// gRPC's status codes: <https://grpc.io/docs/guides/status-codes/>.
fn of_code(code: i32) -> Meaning {
    match code {
        // INVALID_ARGUMENT, FAILED_PRECONDITION, UNIMPLEMENTED
        3 | 9 | 12 => Meaning::Invalid,
        // PERMISSION_DENIED, UNAUTHENTICATED
        7 | 16 => Meaning::Denied,
        // DATA_LOSS
        15 => Meaning::Corrupt,
        _ => Meaning::Broken,
    }
}

#[cfg(test)]
mod tests;
