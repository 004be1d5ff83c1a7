//! The stories with real runtimes: podman with its CNI backend, containerd's
//! `ctr run --cni`; and Debian's own plugins, whose answers ours are held
//! against. Configuration and state of the runtimes are the story's own.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a story that cannot go on says so by panicking, and starts the \
              processes it is about"
)]

mod cgroup;
mod containerd;
mod cri;
mod cri_runs;
mod ctr_runs;
mod docker;
mod docker_beside;
mod image;
mod machine;
mod page;
mod pages_hold;
mod podman;
mod podman_lives;
mod podman_runs;
mod root_file_system;
mod same_shape;
