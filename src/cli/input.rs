//! Finds and reads configs and template overlays.
#![expect(clippy::disallowed_methods, reason = "this is where prebake reads what the user names")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use walkdir::WalkDir;

use super::folders::Folders;
use super::{Configs, Exit, terminal, walk};
use crate::catalog::Date;
use crate::check::KnownScripts;
use crate::config::MAX_BYTES;
use crate::config::layers::Files;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, nearest};
use crate::disk::{self, ReadError};
use crate::model::KnownDigests;
use crate::pipeline::{self, Input, Job, KnownStages, Tools};
use crate::render::{EMBEDDED, MANIFEST, Manifest, Templates};
use crate::report;
use crate::schema::{self, ResourceSchemas};

/// Largest template in bytes.
pub(super) const MAX_TEMPLATE_BYTES: u64 = 1024 * 1024;
/// Most templates in a folder.
const MAX_TEMPLATES: usize = 1000;

/// A config as the user wrote it, or a render with the finding that it cannot be read.
pub(super) fn read(path: &Path, configs: &Configs) -> Result<Input, Box<Job>> {
    match disk::argument(path, MAX_BYTES as u64) {
        Ok(bytes) => {
            let shown = path.display().to_string();
            Ok(Input { path: shown, bytes, overrides: configs.overrides.clone() })
        }
        Err(error) => {
            let diagnostics = vec![unreadable_config(path, &error)].into();
            Err(Box::new(Job { diagnostics, ..Job::default() }))
        }
    }
}

/// The renders that a config asks for. One that cannot be read is a render with that finding.
pub(super) fn jobs(path: &Path, configs: &Configs, folders: &Folders) -> Vec<Job> {
    jobs_of(path, read(path, configs), configs, folders)
}

/// The same of a config that was read before.
pub(super) fn jobs_of(
    path: &Path,
    input: Result<Input, Box<Job>>,
    configs: &Configs,
    folders: &Folders,
) -> Vec<Job> {
    let files = LayerFiles { config: path, folders };
    let jobs = |input| pipeline::jobs(&input, &files, &configs.environments);
    input.map_or_else(|unreadable| vec![*unreadable], jobs)
}

fn unreadable_config(path: &Path, error: &ReadError) -> Diagnostic {
    let reason = format!("`{}`: {error}", path.display());
    if let ReadError::TooLarge(_) = error {
        return Diagnostic::error("PB0002", "config is too large")
            .reason(reason)
            .help("move long scripts and formulas into separate files");
    }
    Diagnostic::error("PB0011", "config cannot be read")
        .reason(reason)
        .help("name a config file, or create one with `prebake init`")
}

/// The configs that a config may extend.
struct LayerFiles<'a> {
    config: &'a Path,
    folders: &'a Folders,
}

impl Files for LayerFiles<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        self.folders
            .read(self.config, path, MAX_BYTES as u64)
            .map_err(|error| format!("`{}`: {error}", path.display()))
    }
}

/// The configs that the arguments name, each once, in order: files as they are; folders searched, without
/// what git ignores, for `prebake.yaml`, `*.prebake.yaml` and every other YAML file that reads as a config.
/// Gives an exit code besides, for folders that could not be searched.
pub(super) fn find(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Exit), Exit> {
    let mut all = Vec::new();
    let mut worst = Exit::Done;
    for path in paths {
        let (found, code) = search(std::slice::from_ref(path));
        if found.is_empty() && code == Exit::Done {
            return Err(terminal::failed(
                &format!("no config found in `{}`", path.display()),
                "prebake searches a folder for `prebake.yaml`, `*.prebake.yaml`, and other YAML files with `name:` and either `location:` or `extends:` at the top level",
                "name the config file, or create one with `prebake init`",
            ));
        }
        all.extend(found);
        worst = worst.max(code);
    }
    let (mut seen, folders) = (BTreeSet::new(), Folders::default());
    all.retain(|path| seen.insert(folders.resolve(path).unwrap_or_else(|_| path.clone())));
    Ok((all, worst))
}

/// The same, where a folder without a config is no mistake.
pub(super) fn search(paths: &[PathBuf]) -> (Vec<PathBuf>, Exit) {
    let mut found = Vec::new();
    let mut code = Exit::Done;
    for path in paths {
        if !path.is_dir() {
            found.push(path.clone());
            continue;
        }
        let walked = walk::walk(path);
        found.extend(walked.configs);
        for problem in walked.problems {
            let help = "make it a regular file in the repository, or name the configs themselves";
            let what = format!("`{}` cannot be searched", problem.path.display());
            code = terminal::failed(&what, &problem.error.to_string(), help);
        }
    }
    (found, code)
}

/// The renders below a folder: the name in each manifest, and where it stands, in order of the names.
pub(super) fn renders(folder: &Path) -> BTreeMap<String, PathBuf> {
    let out = folder.join("out");
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let mut found = BTreeMap::new();
    for path in below(folder).into_iter().chain(below(&out)) {
        let text = disk::text_within(&path, &path.join(MANIFEST), MAX_TEMPLATE_BYTES);
        let text = text.unwrap_or_default();
        if let Some(manifest) = Manifest::parse(&text) {
            found.entry(manifest.name).or_insert(path);
        }
    }
    found
}

/// What all configs of a run share.
pub(super) fn tools(configs: &Configs, output: &Path) -> Result<Tools, Exit> {
    let templates = templates(configs.templates.as_deref())?;
    let as_of = configs.as_of.or_else(today).ok_or_else(|| {
        terminal::failed(
            "the system clock has no valid date",
            "prebake needs a date to check retirements",
            "set the date with `--as-of YYYY-MM-DD`",
        )
    })?;
    let output = shown_folder(output);
    let schemas = schemas(configs.schemas.as_deref())?;
    let (compiled, scripts) = (KnownStages::default(), KnownScripts::default());
    let digests = KnownDigests::default();
    Ok(Tools { templates, schemas, as_of, compiled, scripts, digests, output })
}

/// A folder as messages name it: with `/`, and without the `.` and `..` that lead nowhere.
fn shown_folder(folder: &Path) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in folder.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if parts.last().is_some_and(|last| last != "..") => {
                parts.pop();
            }
            Component::RootDir => parts.push(String::new()),
            part => parts.push(part.as_os_str().to_string_lossy().replace('\\', "/")),
        }
    }
    parts.join("/")
}

/// The day of the machine's clock.
pub(super) fn today() -> Option<Date> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Date::of_unix_seconds(now.as_secs())
}

/// A day of the command line.
pub(super) fn day(text: &str) -> Result<Date, String> {
    Date::parse(text).ok_or_else(|| "expected a date, `YYYY-MM-DD`".to_owned())
}

/// The embedded schemas and those of a folder, each named by its path: `Namespace/type@version.json`.
fn schemas(folder: Option<&Path>) -> Result<ResourceSchemas, Exit> {
    let mut schemas = ResourceSchemas::embedded();
    let Some(folder) = folder else { return Ok(schemas) };
    let refused = |path: &Path, why: &str| {
        terminal::failed(
            &format!("schema `{}` cannot be read", path.display()),
            why,
            "name a folder that `prebake schema import` created",
        )
    };
    if !folder.is_dir() {
        return Err(refused(folder, "it is not a folder"));
    }
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(|error| refused(folder, &error.to_string()))?;
        let Ok(relative) = entry.path().strip_prefix(folder) else { continue };
        let path = relative.to_string_lossy().replace('\\', "/");
        let Some(name) = path.strip_suffix(".json").filter(|name| name.contains('@')) else {
            continue;
        };
        let text = disk::text_within(folder, entry.path(), MAX_TEMPLATE_BYTES)
            .map_err(|error| refused(entry.path(), &error.to_string()))?;
        let schema = serde_json::from_str(&text).unwrap_or_default();
        if let Some(why) = schema::too_much_work(&schema) {
            return Err(refused(entry.path(), &why));
        }
        schemas.add(name.strip_prefix("azure/").unwrap_or(name), text);
    }
    Ok(schemas)
}

/// The embedded templates with the files of a folder laid over them.
fn templates(folder: Option<&Path>) -> Result<Templates, Exit> {
    let mut overlay = BTreeMap::new();
    if let Some(folder) = folder {
        if !folder.is_dir() {
            return Err(unreadable(folder, "it is not a folder"));
        }
        for entry in WalkDir::new(folder).sort_by_file_name() {
            let entry = entry.map_err(|error| unreadable(folder, &error.to_string()))?;
            let Ok(relative) = entry.path().strip_prefix(folder) else { continue };
            let is_template = relative.extension().is_some_and(|ending| ending == "tera");
            if !is_template || relative.starts_with("report") {
                continue;
            }
            if overlay.len() == MAX_TEMPLATES {
                return Err(unreadable(
                    folder,
                    &format!("it contains more than {MAX_TEMPLATES} templates"),
                ));
            }
            let text = template(folder, entry.path())?;
            overlay.insert(relative.to_string_lossy().replace('\\', "/"), text);
        }
    }
    let mut sources = Sources::new();
    let mut diagnostics = Diagnostics::new();
    let folder = folder.map_or_else(String::new, |folder| folder.to_string_lossy().into_owned());
    let folder = folder.trim_end_matches('/');
    let templates = Templates::of_folder(folder, overlay, &mut sources, &mut diagnostics);
    let Some(templates) = templates else {
        terminal::findings(&diagnostics, &sources);
        return Err(Exit::Failed);
    };
    for path in templates.unused() {
        let known = EMBEDDED.iter().map(|(known, _)| *known);
        let meant = nearest(path, known).map(|known| format!("; did you mean `{known}`?"));
        let meant = meant.unwrap_or_default();
        terminal::remark(&format!("template `{path}` is not used{meant}"));
    }
    Ok(templates)
}

/// A team's own templates of reports, in the `report` folder of their templates.
pub(super) fn report_templates(folder: Option<&Path>) -> Result<BTreeMap<String, String>, Exit> {
    let mut found = BTreeMap::new();
    let Some(folder) = folder else { return Ok(found) };
    for (path, _) in report::Templates::embedded() {
        let at = folder.join(path);
        if at.symlink_metadata().is_ok() {
            let text = template(folder, &at)?;
            found.insert(path.to_owned(), text);
        }
    }
    Ok(found)
}

/// A template of a team. It is a regular file: a link in a pull request could name any file of the machine.
fn template(folder: &Path, path: &Path) -> Result<String, Exit> {
    if path.is_symlink() {
        return Err(unreadable(path, "it is a symbolic link or not a regular file"));
    }
    disk::text_within(folder, path, MAX_TEMPLATE_BYTES)
        .map_err(|error| unreadable(path, &error.to_string()))
}

fn unreadable(path: &Path, why: &str) -> Exit {
    terminal::failed(
        &format!("template `{}` cannot be read", path.display()),
        why,
        "name a folder of templates with the layout of `prebake templates eject`",
    )
}
