use std::process::ExitCode;

use crate::diff::DetailedExit;
use crate::pipeline::Outcome;

/// How a command ends. Of several, the last one of this order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done.
    Done,
    /// Findings at or above the bar, or a render that is not current.
    Findings,
    /// Usage, I/O or bad input.
    Failed,
    /// What `diff --detailed-exitcode` says.
    Detailed(DetailedExit),
    /// Stopped by the user.
    Interrupted,
}

impl Exit {
    /// How a config ends, whose findings fail the run or do not. Bad input fails whatever else was found.
    pub(super) fn of(outcome: &Outcome, fails: bool) -> Self {
        if outcome.is_bad_input() {
            Self::Failed
        } else if fails {
            Self::Findings
        } else {
            Self::Done
        }
    }

    /// The exit code of the process.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Failed => 2,
            Self::Detailed(exit) => exit.code(),
            // What a shell gives for a process that SIGINT ended.
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
