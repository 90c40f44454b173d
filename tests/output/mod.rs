//! Writing a render: all or nothing, whatever happens on the way.

#![expect(
    clippy::disallowed_methods,
    clippy::exit,
    clippy::print_stderr,
    reason = "tests read and write files, tell what they leave out, and end as processes that are killed"
)]

mod behavior;
mod faults;
mod folder;
