//! Finds and reads configs and template overlays.
#![expect(clippy::disallowed_methods, reason = "this is where prebake reads what the user names")]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::{Configs, terminal};
use crate::catalog::Date;
use crate::config::MAX_BYTES;
use crate::diagnostic::{Diagnostics, Sources};
use crate::pipeline::{Input, Tools};
use crate::render::Templates;
use crate::schema::ResourceSchemas;

/// Largest template in bytes.
const MAX_TEMPLATE_BYTES: u64 = 1024 * 1024;

/// Reads one config. One byte more than the limit is enough to say that it is too large.
pub(super) fn read(path: &Path, overrides: &[String]) -> Result<Input, u8> {
    let shown = path.display().to_string();
    let mut bytes = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Input { path: shown, bytes, overrides: overrides.to_vec() }),
        Err(error) => Err(terminal::failed(
            &format!("config `{shown}` cannot be read"),
            &error.to_string(),
            "name a config file, or write one with `prebake init`",
        )),
    }
}

/// The configs that the arguments name: files as they are, folders searched for `prebake.yaml` and
/// `*.prebake.yaml`, in order of their paths.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, u8> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let before = found.len();
        let walk = ignore::WalkBuilder::new(path).sort_by_file_path(Path::cmp).build();
        for entry in walk.flatten() {
            let name = entry.file_name().to_string_lossy();
            let is_config = name == "prebake.yaml" || name.ends_with(".prebake.yaml");
            if is_config && entry.file_type().is_some_and(|kind| kind.is_file()) {
                found.push(entry.into_path());
            }
        }
        if found.len() == before {
            return Err(terminal::failed(
                &format!("no config in `{}`", path.display()),
                "a folder is searched for `prebake.yaml` and `*.prebake.yaml`",
                "name the config file, or write one with `prebake init`",
            ));
        }
    }
    Ok(found)
}

/// What all configs of a run share.
pub(super) fn tools(configs: &Configs) -> Result<Tools, u8> {
    let templates = templates(configs.templates.as_deref())?;
    let as_of = configs.as_of.or_else(today).ok_or_else(|| {
        terminal::failed(
            "the machine's clock gives no day",
            "retirements are judged on a day",
            "give one with `--as-of YYYY-MM-DD`",
        )
    })?;
    Ok(Tools { templates, schemas: ResourceSchemas::embedded(), as_of })
}

fn today() -> Option<Date> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Date::of_unix_seconds(now.as_secs())
}

/// A day of the command line.
pub(super) fn day(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| "expected a day, `YYYY-MM-DD`".to_owned())
}

/// The embedded templates with the files of a folder laid over them.
fn templates(folder: Option<&Path>) -> Result<Templates, u8> {
    let mut overlay = BTreeMap::new();
    if let Some(folder) = folder {
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.map_err(|error| unreadable(folder, &error.to_string()))?;
            if !entry.file_type().is_file() {
                continue;
            }
            let Ok(relative) = entry.path().strip_prefix(folder) else { continue };
            let text = template(entry.path())
                .map_err(|error| unreadable(entry.path(), &error.to_string()))?;
            overlay.insert(relative.to_string_lossy().replace('\\', "/"), text);
        }
    }
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    Templates::new(overlay, &mut sources, &mut diagnostics).ok_or_else(|| {
        terminal::findings(&diagnostics, &sources);
        super::FAILED
    })
}

fn template(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_TEMPLATE_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn unreadable(path: &Path, why: &str) -> u8 {
    terminal::failed(
        &format!("template `{}` cannot be read", path.display()),
        why,
        "name a folder of templates as `prebake templates eject` writes it",
    )
}
