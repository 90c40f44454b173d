//! Where results go: standard output, a named file or folder, or beside the source.
#![expect(clippy::disallowed_methods, reason = "it writes what the user names")]

use std::path::{Path, PathBuf};

use clap::Args;

use super::super::{Exit, terminal};
use super::WRONG;
use super::input::Entry;

/// Where the result goes.
#[derive(Debug, Args)]
pub(super) struct Output {
    /// Print the result instead of writing it
    #[arg(long, conflicts_with_all = ["outfile", "outdir", "pattern"])]
    stdout: bool,
    /// Write the result to a file in this folder
    #[arg(long, value_name = "DIR", conflicts_with = "outfile")]
    outdir: Option<PathBuf>,
    /// Write the result to this file [default: next to the input]
    #[arg(long, value_name = "FILE", conflicts_with = "pattern")]
    outfile: Option<PathBuf>,
}

impl Output {
    pub(super) fn is_stdout(&self) -> bool {
        self.stdout
    }

    /// Whether the result takes the place of the file.
    pub(super) fn is_in_place(&self) -> bool {
        !self.stdout && self.outdir.is_none() && self.outfile.is_none()
    }

    /// Prints or writes the result for a file. `ending` is that of the written file.
    pub(super) fn give(&self, entry: &Entry, ending: &str, text: &str) -> Exit {
        if self.stdout {
            terminal::out(text);
            return Exit::Done;
        }
        write(&self.path(entry, ending), text)
    }

    fn path(&self, entry: &Entry, ending: &str) -> PathBuf {
        if let Some(file) = &self.outfile {
            return file.clone();
        }
        let name = match &entry.relative {
            Some(relative) => relative.clone(),
            None => PathBuf::from(entry.path.file_name().unwrap_or_default()),
        };
        match &self.outdir {
            Some(folder) => folder.join(name).with_extension(ending),
            None => entry.path.with_extension(ending),
        }
    }
}

/// Writes a file: what stood there stays until the new one is whole.
pub(super) fn write(path: &Path, text: &str) -> Exit {
    match replace(path, text) {
        Ok(()) => Exit::Done,
        Err(error) => {
            let what = format!("`{}` cannot be written", path.display());
            terminal::failed(&what, &error.to_string(), "name another file with `--outfile`");
            WRONG
        }
    }
}

fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays one: what it leads to is written.
    let target = path.canonicalize();
    let path = target.as_deref().unwrap_or(path);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    let metadata = path.metadata().ok();
    let permissions = match &metadata {
        Some(metadata) => Some(metadata.permissions()),
        None => new_file_permissions(),
    };
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    let file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
    std::fs::write(file.path(), text)?;
    if let Some(metadata) = metadata {
        std::fs::set_permissions(file.path(), metadata.permissions())?;
    }
    file.persist(path)?;
    Ok(())
}

/// Those of any new file, which the user's mask narrows.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none to give")]
fn new_file_permissions() -> Option<std::fs::Permissions> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(std::fs::Permissions::from_mode(0o666))
}

#[cfg(not(unix))]
fn new_file_permissions() -> Option<std::fs::Permissions> {
    None
}
