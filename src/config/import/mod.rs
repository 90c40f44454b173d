//! Takes what a team has today, gives a config that says the same, and what was wrong with it.
//!
//! `variables` reads the environment variables of the script that prebake replaces.

mod variables;

pub use variables::{KNOWN_VARIABLES, Variables, from_variables};

/// A config made from something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The config as YAML.
    pub yaml: String,
    /// Defects found on the way, and what the config does instead.
    pub notes: Vec<String>,
}
