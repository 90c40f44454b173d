use clap::Subcommand;

use super::{DONE, terminal};
use crate::config;

/// `prebake schema`.
#[derive(Debug, Subcommand)]
pub(super) enum Schema {
    /// Print the JSON Schema of the config file
    Config,
}

impl Schema {
    pub(super) fn run(&self) -> u8 {
        match self {
            Self::Config => terminal::out(config::schema::CONFIG.text()),
        }
        DONE
    }
}
