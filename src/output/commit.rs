use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::error::{Context, OutputError};
use super::exchange::exchange;
use super::plan::{Plan, is_script};
use super::previous;
use super::stage::{Stage, sweep};
use super::tree::{self, Kind};
use crate::render::MANIFEST;

/// What a commit did, by path below the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Files that were not there.
    pub created: Vec<String>,
    /// Files whose bytes or mode changed.
    pub changed: Vec<String>,
    /// How many files are as they were.
    pub unchanged: usize,
    /// Files of the previous render that are no longer rendered, and so went.
    pub removed: Vec<String>,
    /// Those of `changed` that were not as prebake had written them: edited by hand, or someone else's.
    pub overwritten: Vec<String>,
    /// Files that prebake did not write and left alone.
    pub foreign: Vec<String>,
}

impl Committed {
    /// Whether nothing was written, because everything was there already.
    pub fn is_unchanged(&self) -> bool {
        self.created.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// Makes a folder hold these files (path below it → text), all of them or none.
///
/// The new render is written beside the folder and takes its place in one system call. Files that prebake
/// did not write move along as hard links. A text that starts with `#!` becomes executable. When the
/// folder already is what it should be, nothing is written at all.
pub fn commit(folder: &Path, files: &BTreeMap<String, String>) -> Result<Committed, OutputError> {
    let (mut plan, seen) = if stands(folder)? {
        tree::settled(folder, || Ok((Plan::of(folder, files)?, tree::identity(folder))))?
    } else {
        (Plan::anew(folder, files)?, None)
    };
    if plan.is_done() {
        sweep(folder);
        return Ok(plan.committed);
    }
    let stage = Stage::lock(folder)?;
    if stage.waited || tree::identity(folder) != seen {
        // Another run may have committed in the meantime.
        plan = Plan::of(folder, files)?;
        if plan.is_done() {
            return Ok(plan.committed);
        }
    }
    write(&stage.new_render(), folder, &plan)?;
    if exchange(&stage, folder)? {
        retire(&stage, folder, &plan)?;
    }
    Ok(plan.committed)
}

/// Whether the folder is there. What is no folder of its own is refused.
fn stands(folder: &Path) -> Result<bool, OutputError> {
    let (problem, help) = match fs::symlink_metadata(folder) {
        _ if folder.file_name().is_none() => {
            ("the path has no folder name", "name a folder to render to")
        }
        Ok(found) if found.is_symlink() => (
            "it is a symbolic link, and replacing it would change its target",
            "remove the link, or render to the folder that it points to with `-o`",
        ),
        Ok(found) if !found.is_dir() => {
            ("it is not a folder", "move it away, or render to another folder with `-o`")
        }
        Ok(_) => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(OutputError::io("look at it", folder, &error)),
    };
    Err(OutputError::new("PB2502", folder, problem, help))
}

/// Writes the whole new render.
fn write(new: &Path, folder: &Path, plan: &Plan<'_>) -> Result<(), OutputError> {
    fs::create_dir(new).context("create the folder", new)?;
    let mut made = BTreeSet::from([Path::new("")]);
    for (path, kind) in &plan.carry {
        let (from, to) = (folder.join(path), new.join(path));
        create_once(new, path, &mut made)?;
        carry(&from, &to, *kind).context("carry it over to the new render", &from)?;
    }
    // The manifest comes first: it tells what is prebake's if this run is killed on the way.
    let is_manifest = |path: &Path| path == Path::new(MANIFEST);
    let (first, rest): (Vec<_>, Vec<_>) =
        plan.write.iter().partition(|(path, _)| is_manifest(path));
    for (path, text) in first.into_iter().chain(rest) {
        let to = new.join(path);
        create_once(new, path, &mut made)?;
        write_file(&to, text).context("write the file", &to)?;
    }
    if folder.is_dir() {
        // Last, since a mode without write permission would keep the files out.
        let folders = plan.carry.iter().filter(|(_, kind)| *kind == Kind::Folder).rev();
        for path in folders.map(|(path, _)| path.as_path()).chain([Path::new("")]) {
            like(&folder.join(path), &new.join(path)).context("copy the mode of", folder)?;
        }
    }
    Ok(())
}

/// Makes the folder of a file, unless it was made for another one.
fn create_once<'a>(
    new: &Path,
    path: &'a Path,
    made: &mut BTreeSet<&'a Path>,
) -> Result<(), OutputError> {
    let above = path.parent().unwrap_or(path);
    if made.insert(above) { tree::create_above(&new.join(path)) } else { Ok(()) }
}

fn carry(from: &Path, to: &Path, kind: Kind) -> io::Result<()> {
    match kind {
        Kind::Folder => fs::create_dir_all(to),
        Kind::Link => carry_link(from, to),
        Kind::Special => fs::hard_link(from, to),
        Kind::File => match fs::hard_link(from, to) {
            // Where the file system has no hard links a copy stands in until the original can move.
            Err(error) if error.kind() != io::ErrorKind::CrossesDevices => {
                fs::copy(from, to).map(drop)
            }
            linked => linked,
        },
    }
}

fn write_file(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if is_script(text.as_bytes()) { 0o775 } else { 0o664 });
    }
    options.open(path)?.write_all(text.as_bytes())
}

/// Removes the old render after the exchange. What appeared in it since it was looked at, and what could
/// only be copied, moves to the new one: it is not prebake's to delete.
fn retire(stage: &Stage, folder: &Path, plan: &Plan<'_>) -> Result<(), OutputError> {
    let old = &stage.new_render();
    for (path, kind) in tree::walk(old)?.kinds {
        let (from, to) = (old.join(&path), folder.join(&path));
        if kind == Kind::Folder || plan.ours.contains(&path) || is_same(&from, &to) {
            continue;
        }
        tree::create_above(&to)?;
        fs::rename(&from, &to).context("move it to the new render", &from)?;
    }
    stage.discard(old).context("remove the previous render", old)
}

/// Moves what prebake did not write out of what a killed run left, unless the folder has it: the run may have
/// ended after the exchange, with a file that another program had just put into the old render.
pub(super) fn rescue(left: &Path, folder: &Path) -> Result<(), OutputError> {
    let tree = tree::walk(left)?;
    let manifest = previous::manifest(left, &tree)?;
    let ours: BTreeSet<_> = previous::written(manifest.as_ref()).into_values().collect();
    for (path, kind) in &tree.kinds {
        let (from, to) = (left.join(path), folder.join(path));
        let is_there = fs::symlink_metadata(&to).is_ok();
        if *kind != Kind::Folder && !ours.contains(path) && !is_there {
            tree::create_above(&to)?;
            fs::rename(&from, &to).context("move it back to the render", &from)?;
        }
    }
    Ok(())
}

#[cfg(unix)]
fn carry_link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(from)?, to)
}

#[cfg(not(unix))]
fn carry_link(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to).map(drop)
}

#[cfg(unix)]
fn is_same(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let node =
        |path: &Path| fs::symlink_metadata(path).map(|found| (found.dev(), found.ino())).ok();
    node(one).is_some_and(|one| Some(one) == node(other))
}

#[cfg(not(unix))]
fn is_same(_: &Path, other: &Path) -> bool {
    other.exists()
}

/// Gives a new folder the mode and, where that is allowed, the owner of the old one.
#[cfg(unix)]
fn like(old: &Path, new: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let found = fs::metadata(old)?;
    let _ = chown(new, Some(found.uid()), Some(found.gid()));
    fs::set_permissions(new, found.permissions())
}

#[cfg(not(unix))]
fn like(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}
