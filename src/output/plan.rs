use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use super::commit::Committed;
use super::error::OutputError;
use super::previous;
use super::tree::{self, Kind, Tree};
use crate::model::{hex_digest, same_bytes};
use crate::render::Manifest;

/// What a commit does to a folder, decided before anything is written.
pub(super) struct Plan<'a> {
    /// Files to write: path in the folder and text.
    pub write: Vec<(PathBuf, &'a str)>,
    /// What stays as it is: equal files of the render, and everything that prebake did not write.
    pub carry: Vec<(PathBuf, Kind)>,
    /// Files of either render: what of the old folder may go with it.
    pub ours: BTreeSet<PathBuf>,
    /// The same in the words of the result.
    pub committed: Committed,
}

impl<'a> Plan<'a> {
    /// Compares the files with what stands in the folder.
    pub(super) fn of(
        folder: &Path,
        files: &'a BTreeMap<String, String>,
    ) -> Result<Self, OutputError> {
        let standing = tree::walk(folder)?;
        let manifest = previous::manifest(folder, &standing)?;
        Self::over(folder, files, &standing, manifest.as_ref())
    }

    /// The same where nothing stands.
    pub(super) fn anew(
        folder: &Path,
        files: &'a BTreeMap<String, String>,
    ) -> Result<Self, OutputError> {
        Self::over(folder, files, &Tree::default(), None)
    }

    fn over(
        folder: &Path,
        files: &'a BTreeMap<String, String>,
        standing: &Tree,
        manifest: Option<&Manifest>,
    ) -> Result<Self, OutputError> {
        let before = previous::written(manifest);
        let mut plan = Self {
            write: vec![],
            carry: vec![],
            ours: BTreeSet::new(),
            committed: Committed::default(),
        };
        for (path, text) in files {
            let native = native(folder, path)?;
            conflict(folder, standing, &native)?;
            plan.file(folder, path, native, text, standing, manifest)?;
        }
        for (path, native) in before {
            if !files.contains_key(&path) && plan.goes(standing, &native) {
                standing.can_move(folder, &native)?;
                plan.committed.removed.push(path);
            }
        }
        plan.keep_the_rest(folder, standing)?;
        Ok(plan)
    }

    /// Whether the folder already is what it should be.
    pub(super) fn is_done(&self) -> bool {
        self.write.is_empty() && self.committed.removed.is_empty()
    }

    fn file(
        &mut self,
        folder: &Path,
        path: &str,
        native: PathBuf,
        text: &'a str,
        standing: &Tree,
        manifest: Option<&Manifest>,
    ) -> Result<(), OutputError> {
        self.ours.insert(native.clone());
        if !standing.kinds.contains_key(&native) {
            self.committed.created.push(path.to_owned());
            self.write.push((native, text));
            return Ok(());
        }
        let read = standing.read(folder, &native)?;
        let same = |(bytes, known): &(Vec<u8>, Metadata)| {
            same_bytes(bytes, text.as_bytes()) && has_mode(known, bytes)
        };
        if read.as_ref().is_some_and(same) {
            self.committed.unchanged += 1;
            self.carry.push((native, Kind::File));
            return Ok(());
        }
        let digest = manifest.and_then(|manifest| manifest.files.get(path));
        let written_by_us = path == crate::render::MANIFEST && manifest.is_some()
            || read.is_some_and(|(bytes, _)| digest == Some(&hex_digest(&bytes)));
        if !written_by_us {
            self.committed.overwritten.push(path.to_owned());
        }
        self.committed.changed.push(path.to_owned());
        self.write.push((native, text));
        Ok(())
    }

    /// A file of the previous render that is no longer rendered; a folder in its place is not ours.
    fn goes(&mut self, standing: &Tree, native: &Path) -> bool {
        let there = standing.kinds.get(native).is_some_and(|kind| *kind != Kind::Folder);
        if there {
            self.ours.insert(native.to_owned());
        }
        there
    }

    fn keep_the_rest(&mut self, folder: &Path, standing: &Tree) -> Result<(), OutputError> {
        for (path, kind) in &standing.kinds {
            if self.ours.contains(path) {
                continue;
            }
            if *kind != Kind::Folder {
                standing.can_move(folder, path)?;
                self.committed.foreign.push(tree::shown(path));
                self.carry.push((path.clone(), *kind));
            } else if !self.ours.iter().any(|file| file.starts_with(path)) {
                // Folders of rendered files come and go with them; any other was made by someone else.
                self.carry.push((path.clone(), *kind));
            }
        }
        self.carry.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(())
    }
}

fn native(folder: &Path, path: &str) -> Result<PathBuf, OutputError> {
    tree::plain(path).ok_or_else(|| {
        let problem = format!("`{path}` is not a path inside the folder");
        OutputError::new("PB2505", folder, problem, "use a plain relative path")
    })
}

/// A folder where a file should be, or something else where its folder should be.
fn conflict(folder: &Path, standing: &Tree, native: &Path) -> Result<(), OutputError> {
    let above = native.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    let blocked = above
        .filter(|above| standing.kinds.get(*above).is_some_and(|kind| *kind != Kind::Folder))
        .map(|above| (above, "has the name of a folder of the render"))
        .chain(
            (standing.kinds.get(native) == Some(&Kind::Folder))
                .then_some((native, "is a folder, but the render has a file of that name")),
        )
        .next();
    match blocked {
        None => Ok(()),
        Some((path, problem)) => Err(OutputError::new(
            "PB2504",
            &folder.join(path),
            problem,
            "move it away, or render to another folder with `-o`",
        )),
    }
}

/// Whether a text is a program that is started by its name.
pub(super) fn is_script(text: &[u8]) -> bool {
    text.starts_with(b"#!")
}

/// Everybody may write the file, or whoever runs it takes its owner's or group's rights.
#[cfg(unix)]
const OTHERS_MAY_CHANGE_OR_BECOME: u32 = 0o7002;

/// Whether a file has a mode that a render gives, under whatever umask.
#[cfg(unix)]
pub(super) fn has_mode(known: &Metadata, text: &[u8]) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = known.permissions().mode();
    let is_program = mode & 0o111 != 0;
    is_program == is_script(text) && mode & OTHERS_MAY_CHANGE_OR_BECOME == 0
}

#[cfg(not(unix))]
pub(super) fn has_mode(_: &Metadata, _: &[u8]) -> bool {
    true
}
