//! Lays out the schemas of `schemas/`, so that a run reads them without taking JSON apart.

#![expect(clippy::disallowed_methods, reason = "a build script reads and writes")]

#[path = "src/schema/layout.rs"]
mod layout;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=schemas");
    println!("cargo:rerun-if-changed=src/schema/layout.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    lay_out(Path::new("schemas"), &out.join("schemas"))
}

fn lay_out(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            lay_out(&path, &to.join(name))?;
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let schema = serde_json::from_str(&fs::read_to_string(&path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let bytes =
                layout::layout(&schema).ok_or("a schema is larger than its layout can be")?;
            fs::write(to.join(name), bytes)?;
        }
    }
    Ok(())
}
