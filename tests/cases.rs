//! Tests that are folders or rows of a file, each one named: the cases of the config and of the rules.
//! `cargo test --test cases config::` runs one area.

use libtest_mimic::{Arguments, run};

mod check;
mod config;

fn main() {
    let arguments = Arguments::from_args();
    let trials = config::trials().into_iter().chain(check::trials()).collect();
    run(&arguments, trials).exit();
}
