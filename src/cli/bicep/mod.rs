//! `prebake bicep`: the compiler as a tool of its own, with the verbs, arguments, results and exit codes that scripts
//! know from Microsoft's `bicep`.

mod build;
mod format;
mod glob;
mod input;
mod lint;
mod output;
mod snapshot;

use clap::Subcommand;

use super::Exit;

/// `prebake bicep`.
#[derive(Debug, Subcommand)]
pub(super) enum Bicep {
    /// Compile a Bicep file to an ARM template
    Build(build::Build),
    /// Compile a .bicepparam file to a JSON parameters file
    BuildParams(build::BuildParams),
    /// Print the errors and warnings of a Bicep or .bicepparam file
    Lint(lint::Lint),
    /// Format a Bicep or .bicepparam file
    Format(format::Format),
    /// Show the resources that a .bicepparam file deploys
    Snapshot(snapshot::Snapshot),
}

/// Exit code of these commands when anything is wrong: as in Microsoft's `bicep`, usage and input included.
pub(super) const WRONG: Exit = Exit::Findings;

impl Bicep {
    pub(super) fn run(&self) -> Exit {
        match self {
            Self::Build(command) => command.run(),
            Self::BuildParams(command) => command.run(),
            Self::Lint(command) => command.run(),
            Self::Format(command) => command.run(),
            Self::Snapshot(command) => command.run(),
        }
    }
}
