//! The words of Tartan: values that every other crate speaks of, and nothing
//! that touches the outside.
//!
//! A value of a type in this crate is valid by construction: text is parsed
//! once, at the edge where it arrives, and what comes out cannot be an empty
//! name, an address with the wrong family or a path in disguise. Nothing here
//! reads a file, a clock or the environment.
//!
//! | word | where |
//! |---|---|
//! | class (cluster, team, app) | [`class`] |
//! | names of teams, pools, hosts, containers | [`names`] |
//! | attachment: a container's interface on a network | [`attachment`] |
//! | prefix, family, span | [`prefix`], [`span`] |
//! | ranges inside pools | [`range`] |
//! | MAC address | [`mac`] |
//! | pool, block, slot | [`pool`], [`block`] |
//! | boot, epoch, generation | [`boot`] |
//! | team and app as the registry stores them | [`registry`] |
//! | reservation of an address | [`reservation`] |
//! | how programs are attached | [`attach_mode`] |
//! | rate limit of an attachment | [`limit`] |
//! | settings of the whole cluster | [`settings`] |
//! | host ports and masquerade of an attachment | [`translation`] |

pub mod attach_mode;
pub mod attachment;
pub mod block;
pub mod boot;
pub mod cgroup;
pub mod class;
pub mod limit;
pub mod mac;
pub mod names;
pub mod pool;
pub mod prefix;
pub mod range;
pub mod registry;
pub mod reservation;
pub mod settings;
pub mod span;
pub mod translation;

pub use attach_mode::AttachMode;
pub use attachment::{Attachment, AttachmentError};
pub use block::{Affinity, BlockKey, BlockRecord, Slot, SlotState};
pub use boot::{BootId, Epoch, Generation};
pub use cgroup::CgroupPath;
pub use class::{AppNumber, ClassId, ClusterNumber, TeamNumber};
pub use limit::{Limit, Limits};
pub use mac::Mac;
pub use names::{
    AppName, ClassName, ContainerId, HostName, InterfaceName, NetworkName,
    PoolName, TeamName, WorkloadName,
};
pub use pool::Pool;
pub use prefix::{Family, Prefix};
pub use range::{Range, RangeError, Ranges};
pub use registry::{App, Team};
pub use reservation::{Grant, Reservation, ReservationHolder};
pub use settings::Settings;
pub use span::Span;
pub use translation::{Door, HostPort, Masquerade, Translation, Transport};
