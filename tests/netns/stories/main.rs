//! The stories, one file per chapter.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a story that cannot go on says so by panicking, and starts the \
              processes it is about"
)]

mod agent_dies;
mod as_a_unit;
mod as_cnitool;
mod as_crio;
mod as_mesos;
mod as_nerdctl;
mod as_nomad;
mod at_any_moment;
mod attach_modes;
mod beside_others;
mod broken_places;
mod chains;
mod classes;
mod configuration_changes;
mod control_groups;
mod doctor;
mod drift;
mod etcd_is_away;
mod examples;
mod host_ports;
mod host_reboots;
mod hostile_calls;
mod hosts_are_left;
mod hosts_leave;
mod kept_addresses;
mod leaks_and_conflicts;
mod limits;
mod masquerade;
mod no_address_twice;
mod one_host;
mod one_host_to_a_cluster;
mod ours_and_not_ours;
mod pools_over_time;
mod restored_store;
mod runtime_forgets;
mod the_harness;
mod two_attachments;
mod under_other_plugins;
mod upgrade;
mod warm_path;
