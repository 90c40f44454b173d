//! `prebake deploy` against a stand-in of Azure that keeps its state: what the program leaves is compared with what
//! the render asks for.
#![expect(clippy::disallowed_methods, reason = "tests render into folders and run the binary")]
#![expect(clippy::print_stderr, reason = "a sweep says how much it tried")]

mod faults;
mod imports;
mod login;
mod modes;
mod proxy;
mod quotas;
mod run;
mod states;

pub use run::{Outcome, Place};
