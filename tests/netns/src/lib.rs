//! Stories about hosts and containers: real agents, real plugins, real
//! packets, in namespaces that vanish with the story.
//!
//! A story is a test that reads as three paragraphs: the place, what happens,
//! what one sees. [`story!`] gives it a fresh [`World`]; hosts and containers
//! are made there by name.
//!
//! | file | what it is |
//! |---|---|
//! | [`mod@story`] | starts a story again inside namespaces of its own |
//! | [`need`] | what a story needs of the machine |
//! | [`world`], [`host`], [`container`] | the cast |
//! | [`network`], [`plugin`] | a CNI network's configuration; calls of the real plugin |
//! | [`stranger`] | calls as runtimes make them that are not here |
//! | [`talk`] | real exchanges between containers |
//! | [`pace`] | how fast one sends to another, by iperf3 |
//! | [`chorus`] | many connections and flows that never pause |
//! | [`witness`] | what others' tools see: `ip`, `tc`, `bpftool` |
//! | [`sleeps`] | how often a process waits in the kernel |
//! | [`leftover`] | what should be gone when a story ends |
//! | [`autopsy`] | everything one wants to know of a story that failed |
//! | [`within()`], [`inside`], [`process`], [`chance`] | waiting, entering namespaces, running programs, dice |

#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a story that cannot go on says so by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "stories start the processes they are about, and enter the \
              namespaces they made"
)]

pub mod autopsy;
pub mod chance;
pub mod chorus;
pub mod container;
pub mod drift;
pub mod host;
pub mod inside;
pub mod leftover;
pub mod need;
pub mod network;
pub mod outside;
pub mod pace;
pub mod plugin;
pub mod process;
pub mod sleeps;
pub mod story;
pub mod stranger;
pub mod talk;
pub mod within;
pub mod witness;
pub mod world;

pub use chorus::Chorus;
pub use container::Container;
pub use host::Host;
pub use network::Network;
pub use outside::Outside;
pub use sleeps::Sleeps;
pub use talk::{Port, tcp, udp};
pub use within::within;
pub use world::World;

/// A story: a test in network, mount and pid namespaces of its own, with a
/// [`World`] that must be left clean.
#[macro_export]
macro_rules! story {
    ($name:ident, |$world:ident| $body:block) => {
        #[test]
        fn $name() {
            fn tell($world: &$crate::World) {
                $body
            }
            let name = concat!(module_path!(), "::", stringify!($name));
            $crate::story::run(name, tell);
        }
    };
}
