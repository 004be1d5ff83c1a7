//! What a plugin is told when something failed: our errors as codes of the
//! CNI specification. Pure, and the only place of the agent that knows them.

use tartan_agent_api::plugin::{Fault, VERSION, code};
use tartan_ipam::AssignError;
use tartan_model::Attachment;

use crate::addresses::AddressError;
use crate::attach::add::AddError;
use crate::attach::check::CheckError;
use crate::attach::delete::DeleteError;
use crate::attach::inside::InsideError;
use crate::attach::status::StatusError;
use crate::attach::sticky::StickyError;
use crate::chain;
use crate::nat::PortError;

/// Why `attachment` was not made.
pub(crate) fn of_add(error: &AddError, attachment: &Attachment) -> Fault {
    Fault {
        code: add_code(error),
        msg: format!("cannot attach {attachment}: {}", chain(error)),
        details: add_remedy(error),
    }
}

fn add_code(error: &AddError) -> u32 {
    match error {
        AddError::Class(_) | AddError::Ranges(_) | AddError::OtherLink => {
            code::INVALID_CONFIG
        }
        AddError::Abandoned
        | AddError::NothingRead
        | AddError::NeedsStore
        | AddError::Registry(_) => code::TRY_AGAIN,
        AddError::Address(error) => address_code(error),
        AddError::HostPorts(PortError::Taken { .. }) => code::PORT_IN_USE,
        AddError::HostPorts(PortError::Family { .. }) => code::INVALID_CONFIG,
        AddError::Sticky(error) => sticky_code(error),
        AddError::Record(_) => code::IO,
        AddError::InterfaceExists(_) => code::INTERFACE_EXISTS,
        AddError::NoIndex
        | AddError::Limit(_)
        | AddError::Attach(_)
        | AddError::Classify(_)
        | AddError::Wire(_)
        | AddError::Translate(_)
        | AddError::EarlierLife(_) => code::KERNEL,
    }
}

fn add_remedy(error: &AddError) -> String {
    match error {
        AddError::Class(refused) => refused.remedy(),
        AddError::Address(error) => error.remedy(),
        AddError::Sticky(error) => error.remedy(),
        AddError::InterfaceExists(_) => {
            "another plugin made it, or it is a leftover: choose another \
             interface name, or delete it"
                .to_owned()
        }
        AddError::Record(error) if error.is_full() => {
            "the run directory is full or read-only: make room".to_owned()
        }
        AddError::NothingRead => {
            "teams and pools are not known yet: see tartan status".to_owned()
        }
        AddError::NeedsStore => {
            "a new block or app needs the store; look at: tartan status"
                .to_owned()
        }
        AddError::HostPorts(PortError::Taken { .. }) => {
            "choose another host port, or remove the container that has it"
                .to_owned()
        }
        AddError::OtherLink => {
            "give the two plugins networks of different names".to_owned()
        }
        AddError::Ranges(_) => {
            "name ranges, or a pool with room for a gateway".to_owned()
        }
        AddError::Abandoned
        | AddError::HostPorts(PortError::Family { .. })
        | AddError::Translate(_)
        | AddError::Registry(_)
        | AddError::Record(_)
        | AddError::NoIndex
        | AddError::Limit(_)
        | AddError::Attach(_)
        | AddError::Classify(_)
        | AddError::Wire(_)
        | AddError::EarlierLife(_) => String::new(),
    }
}

fn address_code(error: &AddressError) -> u32 {
    match error {
        AddressError::Assign(error)
        | AddressError::Exhausted { why: error, .. } => assign_code(error),
        AddressError::Claim { .. }
        | AddressError::Unconfirmed
        | AddressError::Missing(_)
        | AddressError::Suspicious
        | AddressError::Removed
        | AddressError::Lost { .. }
        | AddressError::Store(_)
        | AddressError::NoAnswer
        | AddressError::Offline { .. }
        | AddressError::TooLong => code::TRY_AGAIN,
        AddressError::Mirror(_) => code::IO,
    }
}

fn sticky_code(error: &StickyError) -> u32 {
    match error {
        StickyError::InUse { .. } | StickyError::BlockOfOthers { .. } => {
            code::ADDRESS_IN_USE
        }
        StickyError::OtherTeam { .. } | StickyError::OtherRequested { .. } => {
            code::INVALID_CONFIG
        }
        StickyError::Address(error) => address_code(error),
        StickyError::NotGranted { .. }
        | StickyError::Store { .. }
        | StickyError::Reservation(_)
        | StickyError::Contended(_)
        | StickyError::TooLong(_) => code::TRY_AGAIN,
    }
}

fn assign_code(error: &AssignError) -> u32 {
    match error {
        AssignError::NeedsBlock(_) => code::TRY_AGAIN,
        AssignError::Exhausted { .. } => code::EXHAUSTED,
        AssignError::NoPools
        | AssignError::UnknownPool(_)
        | AssignError::PoolDraining(_)
        | AssignError::RequestedOutsidePools { .. }
        | AssignError::RequestedOutsideRanges { .. }
        | AssignError::RangeOutsidePools { .. }
        | AssignError::RequestedExcluded { .. }
        | AssignError::RequestedTwice { .. }
        | AssignError::RequestedOfOtherTeam { .. } => code::INVALID_CONFIG,
        AssignError::RequestedInUse { .. }
        | AssignError::GatewayInUse { .. }
        | AssignError::RequestedResting { .. }
        | AssignError::RequestedUnclaimable { .. }
        | AssignError::RequestedWhileHolding { .. } => code::ADDRESS_IN_USE,
        AssignError::ClassChanged { .. }
        | AssignError::StaleGeneration { .. } => code::TRY_AGAIN,
    }
}

/// Why an attachment stays.
pub(crate) fn of_delete(error: &DeleteError) -> Fault {
    Fault { code: code::IO, msg: chain(error), details: String::new() }
}

/// What is not as it was.
pub(crate) fn of_check(error: &CheckError) -> Fault {
    let code = match error {
        CheckError::Unknown(_) => code::UNKNOWN_CONTAINER,
        CheckError::Unfinished(_) => code::TRY_AGAIN,
        CheckError::Netlink(_) | CheckError::Maps(_) | CheckError::Nat(_) => {
            code::KERNEL
        }
        CheckError::NotGiven(_)
        | CheckError::NotListed(_)
        | CheckError::OtherNetns(_)
        | CheckError::HostEndGone(_)
        | CheckError::HostEndDown(_)
        | CheckError::Class(_)
        | CheckError::Translation
        | CheckError::Route { .. }
        | CheckError::InterfaceGone(_)
        | CheckError::InterfaceDown(_)
        | CheckError::Mac { .. }
        | CheckError::Address { .. } => code::NOT_AS_ADDED,
    };
    let details = if matches!(error, CheckError::Mac { .. }) {
        "a later plugin changed it; give it with the 'mac' capability instead"
    } else {
        ""
    };
    Fault { code, msg: chain(error), details: details.to_owned() }
}

/// What came in place of a netns.
pub(crate) fn of_inside(error: &InsideError) -> Fault {
    Fault {
        code: code::INVALID_NETNS,
        msg: format!("CNI_NETNS cannot be used: {}", chain(error)),
        details: String::new(),
    }
}

/// A plugin of another version.
pub(crate) fn other_version(found: u8) -> Fault {
    Fault {
        code: code::TRY_AGAIN,
        msg: format!(
            "the plugin speaks version {found} of the agent's protocol, the \
             agent version {VERSION}"
        ),
        details: "install plugin and agent of one release".to_owned(),
    }
}

/// Why no ADD could succeed now.
pub(crate) fn of_status(error: &StatusError) -> Fault {
    Fault {
        code: code::NOT_AVAILABLE,
        msg: chain(error),
        details: match error {
            StatusError::Address(error) => error.remedy(),
            StatusError::Ranges(_) => String::new(),
        },
    }
}
