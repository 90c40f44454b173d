//! Writing a render: all or nothing, whatever happens on the way.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

mod behaviour;
mod faults;
mod folder;
