//! The stories with real runtimes.
