//! What no renderer can do without: the process, the files, their digests. This program is started again for it, and
//! tells how long it took once everything that it writes is in memory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

/// A file below a folder of renders, with its bytes.
type File = (PathBuf, Vec<u8>);

/// What the floor is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Floor {
    /// A process that does nothing.
    Process,
    /// Creating files that are in memory, and their SHA-256.
    Write,
    /// Opening and reading every file.
    Read,
}

impl Floor {
    /// Measures it on the renders in a folder, in a process of its own. `to` is a folder that does not exist.
    pub fn measure(self, renders: &Path, to: &Path) -> Duration {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = Command::new(program);
        let started = Instant::now();
        let output = command.arg(format!("{self:?}")).arg(renders).arg(to).output();
        let elapsed = started.elapsed();
        let output = output.expect("it starts");
        assert!(output.status.success(), "{output:?}");
        let told = String::from_utf8_lossy(&output.stdout);
        told.trim().parse().map_or(elapsed, Duration::from_nanos)
    }
}

/// The program itself: how long it took, in nanoseconds, unless its own process is what is measured.
pub fn run(floor: &str, renders: &Path, to: &Path) -> Option<u128> {
    if floor == format!("{:?}", Floor::Process) {
        return None;
    }
    let folders = entries(renders);
    let read = floor == format!("{:?}", Floor::Read);
    let files: Vec<Vec<File>> =
        if read { Vec::new() } else { folders.iter().map(|folder| load(folder)).collect() };
    let started = Instant::now();
    if read {
        side_by_side(&folders, |folder| drop(load(folder)));
    } else {
        std::fs::create_dir(to).expect("it is new");
        side_by_side(&files, |files| write(files, renders, to));
    }
    Some(started.elapsed().as_nanos())
}

/// Works on all parts, as many at once as there are processors.
fn side_by_side<T: Sync>(parts: &[T], work: impl Fn(&T) + Sync) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let size = parts.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        for chunk in parts.chunks(size) {
            scope.spawn(|| chunk.iter().for_each(&work));
        }
    });
}

fn write(files: &[File], renders: &Path, to: &Path) {
    let mut folder = PathBuf::new();
    for (path, bytes) in files {
        let path = to.join(path.strip_prefix(renders).expect("it was found there"));
        let above = path.parent().expect("it has a folder");
        if above != folder {
            std::fs::create_dir_all(above).expect("it can be made");
            above.clone_into(&mut folder);
        }
        std::hint::black_box(Sha256::digest(bytes));
        std::fs::write(&path, bytes).expect("it can be written");
    }
}

fn load(folder: &Path) -> Vec<File> {
    let mut files = Vec::new();
    for path in entries(folder) {
        if path.is_dir() {
            files.extend(load(&path));
        } else {
            let bytes = std::fs::read(&path).expect("it can be read");
            files.push((path, bytes));
        }
    }
    files
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.sort();
    paths
}
