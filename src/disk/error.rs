use std::fmt::{Display, Formatter, Result as Written};
use std::io;
use std::path::PathBuf;

const MIB: u64 = 1024 * 1024;

/// Why a file cannot be read.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// It is a folder, a device, a socket or a pipe.
    NotRegular,
    /// It has more bytes than this bound.
    TooLarge(u64),
    /// A link leads out of this folder.
    Outside(PathBuf),
    /// It is not UTF-8.
    NotUtf8,
    /// A pipe stays open but sends nothing for this many seconds.
    Silent(u64),
    /// The system refuses.
    Io(io::Error),
}

impl ReadError {
    /// Whether nothing stands at the path.
    pub(crate) fn is_not_found(&self) -> bool {
        let absent = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
        matches!(self, Self::Io(error) if absent.contains(&error.kind()))
    }
}

impl Display for ReadError {
    fn fmt(&self, out: &mut Formatter<'_>) -> Written {
        match self {
            Self::NotRegular => write!(out, "it is not a regular file"),
            Self::TooLarge(most) if most.is_multiple_of(MIB) => {
                write!(out, "it is larger than {} MiB", most / MIB)
            }
            Self::TooLarge(most) => write!(out, "it is larger than {most} bytes"),
            Self::Outside(root) => {
                write!(out, "it is outside `{}`", root.display())
            }
            Self::NotUtf8 => write!(out, "it is not UTF-8"),
            Self::Silent(seconds) => write!(out, "it sent nothing for {seconds} s"),
            Self::Io(error) => write!(out, "{error}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
