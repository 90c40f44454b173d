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
    let templates = files(Path::new("templates"), "", "tera")?;
    let texts = templates.iter().map(|(path, text)| (path.as_str(), text.as_str()));
    fs::write(out.join("templates.sha256"), template_digest::digest(texts))?;
    for (path, text) in files(Path::new("schemas"), "", "json")? {
        let schema = serde_json::from_str(&text).map_err(|error| format!("{path}: {error}"))?;
        let bytes = layout::layout(&schema).ok_or("a schema is larger than its layout can be")?;
        let to = out.join("schemas").join(path);
        fs::create_dir_all(to.parent().unwrap_or(&out))?;
        fs::write(to, bytes)?;
    }
    Ok(())
}

/// The texts of the files of a folder that end so, by their paths below the first one.
fn files(
    folder: &Path,
    below: &str,
    ending: &str,
) -> Result<BTreeMap<String, String>, Box<dyn Error>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if name.starts_with('.') {
            // What `prebake templates eject` notes of its copies.
            continue;
        }
        if path.is_dir() {
            found.extend(files(&path, &format!("{below}{name}/"), ending)?);
        } else if path.extension().is_some_and(|it| it == ending) {
            found.insert(format!("{below}{name}"), fs::read_to_string(&path)?);
        }
    }
    Ok(found)
}
