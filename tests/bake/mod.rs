//! The bake: its plan, its scripts as tools see them, and its steps run for real.
#![expect(clippy::disallowed_methods, reason = "tests write scripts and read what they left")]
#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

mod builder;
mod front;
pub mod plans;
mod run;
mod scripts;
