use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::Diagnostic;

/// Why a folder could not be read or written. The previous render stands whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputError {
    /// Stable code, `PB2501` to `PB2507`.
    pub code: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: String,
    /// One true next step.
    pub help: String,
}

impl OutputError {
    pub(super) fn new(
        code: &'static str,
        path: &Path,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self { code, path: path.to_owned(), problem: problem.into(), help: help.into() }
    }

    /// A system call that failed: what was done to which path, and why it did not work.
    pub(super) fn io(action: &str, path: &Path, error: &io::Error) -> Self {
        let help = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "free some disk space and run the command again; the previous render is unchanged"
            }
            io::ErrorKind::PermissionDenied => {
                "make the folder and its parent writable, or render to another folder with `-o`"
            }
            io::ErrorKind::NotADirectory => {
                "move the file that is in the way, or render to another folder with `-o`"
            }
            io::ErrorKind::ReadOnlyFilesystem => "render to a writable folder with `-o`",
            _ => "fix the problem and run the command again; the previous render is unchanged",
        };
        Self::new("PB2501", path, format!("cannot {action}: {error}"), help)
    }

    /// The same as a finding without a place: the fault is in the folder, not in a config.
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.code, format!("`{}` cannot be used", self.path.display()))
            .reason(&self.problem)
            .help(&self.help)
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.path.display(), self.problem)
    }
}

impl std::error::Error for OutputError {}

/// Names the action and the path of a system call that failed.
pub(super) trait Context<T> {
    fn context(self, action: &str, path: &Path) -> Result<T, OutputError>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, action: &str, path: &Path) -> Result<T, OutputError> {
        self.map_err(|error| OutputError::io(action, path, &error))
    }
}
