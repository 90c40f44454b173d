use std::fs;
use std::io;
use std::path::Path;

use super::error::{Context, OutputError};
use super::stage::Stage;

/// Puts the new render in the place of the folder in one step. Gives the place of the old one, if there
/// was one.
pub(super) fn exchange(stage: &Stage, folder: &Path) -> Result<bool, OutputError> {
    let new = stage.new_render();
    if fs::symlink_metadata(folder).is_err() {
        rename_new(&new, folder).context("move the render into place", folder)?;
        return Ok(false);
    }
    match swap(&new, folder) {
        Ok(()) => Ok(true),
        Err(error) if cannot_swap(&error) => {
            replace(stage, folder)?;
            Ok(true)
        }
        Err(error) => Err(refused(folder, &error)),
    }
}

/// Some file systems cannot swap two folders. There the old one steps aside first; a run that is killed
/// between the two steps leaves no folder, and the next one puts the old render back before it starts.
fn replace(stage: &Stage, folder: &Path) -> Result<(), OutputError> {
    let (new, old) = (stage.new_render(), stage.old_render());
    fs::rename(folder, &old).map_err(|error| refused(folder, &error))?;
    if let Err(error) = fs::rename(&new, folder) {
        fs::rename(&old, folder).context("restore the previous render", folder)?;
        return Err(refused(folder, &error));
    }
    fs::rename(&old, &new).context("set the previous render aside", &old)
}

fn refused(folder: &Path, error: &io::Error) -> OutputError {
    match error.kind() {
        // A mount point, or a folder of a lower layer of a container image.
        io::ErrorKind::CrossesDevices | io::ErrorKind::ResourceBusy => OutputError::new(
            "PB2507",
            folder,
            "it is on another device than its parent folder, so it cannot be replaced in one step",
            "render to a folder below it with `-o`, or move it away first",
        ),
        _ => OutputError::io("replace the folder", folder, error),
    }
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn swap(new: &Path, folder: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, new, CWD, folder, RenameFlags::EXCHANGE)?)
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn swap(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A first render must not replace what appeared in the meantime.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn rename_new(new: &Path, folder: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, new, CWD, folder, RenameFlags::NOREPLACE).map_err(io::Error::from) {
        Err(error) if cannot_swap(&error) => fs::rename(new, folder),
        done => done,
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn rename_new(new: &Path, folder: &Path) -> io::Result<()> {
    fs::rename(new, folder)
}

fn cannot_swap(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput)
}
