//! Lays out the schemas of `schemas/`, so that a run reads them without taking JSON apart, and computes the digest of
//! `templates/`.

#![expect(clippy::disallowed_methods, reason = "a build script reads and writes")]

#[path = "src/schema/layout.rs"]
mod layout;
#[path = "src/render/template_digest.rs"]
mod template_digest;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=schemas");
    println!("cargo:rerun-if-changed=src/schema/layout.rs");
    println!("cargo:rerun-if-changed=templates");
    println!("cargo:rerun-if-changed=src/render/template_digest.rs");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let mut texts = BTreeMap::new();
    collect(Path::new("templates"), "", &mut texts)?;
    let texts = texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    fs::write(out.join("templates.sha256"), template_digest::digest(texts))?;
    lay_out(Path::new("schemas"), &out.join("schemas"))
}

/// The templates of a folder, by their paths below the first one.
fn collect(
    folder: &Path,
    below: &str,
    texts: &mut BTreeMap<String, String>,
) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            // What `prebake templates eject` notes of its copies.
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{below}{name}/"), texts)?;
        } else if path.extension().is_some_and(|ending| ending == "tera") {
            texts.insert(format!("{below}{name}"), fs::read_to_string(&path)?);
        }
    }
    Ok(())
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
