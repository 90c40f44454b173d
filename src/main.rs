//! The `prebake` command.

fn main() {}
