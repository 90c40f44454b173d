//! What a change does in Azure: a table of before and after, and the laws that hold for all of them.

#![expect(clippy::disallowed_methods, reason = "a test reads and writes its own files")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod access;
mod answers;
mod command;
mod findings;
mod fleet;
mod laws;
mod live;
mod pairs;
mod reports;
mod situations;
mod state;
