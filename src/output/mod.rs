//! output
#![expect(clippy::disallowed_methods, reason = "this is where prebake writes")]

use std::io::Write;
use std::path::Path;

/// Writes a file that does not exist yet, with the folders above it; says whether it did.
pub fn write_new(path: &Path, text: &str) -> std::io::Result<bool> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::File::create_new(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| true),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}
