//! Whether the Bicep of a previous render still is what its compiled form says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{KnownStages, Render};
use crate::bicep::{self, MemoryFiles};
use crate::catalog::StageName;
use crate::diagnostic::{Diagnostics, Sources};
use crate::diff::same_file;
use crate::render::{MANIFEST, Manifest, json_text};

/// The Bicep file of a previous render that does not compile to the template beside it: a comparison reads the
/// template, and a deployment may take the Bicep. Another version of prebake may compile to another template, so its renders are not judged.
pub fn edited(
    files: &BTreeMap<String, String>,
    manifest: &Manifest,
    current: Option<&Render>,
    compiled: &KnownStages,
) -> Option<String> {
    if manifest.prebake != env!("CARGO_PKG_VERSION") {
        return None;
    }
    // What both renders have in common was just compiled.
    let same = |path: &String| {
        current.is_some_and(|it| same_file(it.artifacts.files.get(path), files.get(path)))
    };
    let is_read = |path: &&String| !path.starts_with("arm/") && path.as_str() != MANIFEST;
    if files.keys().filter(is_read).all(same) {
        return None;
    }
    let mut stages = files.keys().filter(|path| is_stage(path));
    let differs = |path: &&String| {
        let name = path.trim_end_matches(".bicep");
        if current.is_some_and(|current| stands(name, files, current)) {
            return false;
        }
        files
            .get(&StageName::from(name).template())
            .is_some_and(|json| !compiles_to(path, json, files, compiled))
    };
    stages.find(differs).cloned()
}

/// Whether a stage has the same files as in the current render, where it was just compiled: those that it is compiled
/// from and those that it compiles to.
fn stands(name: &str, files: &BTreeMap<String, String>, current: &Render) -> bool {
    let stage = current.stages.iter().find(|stage| stage.stage.name() == name);
    let Some((stage, inputs)) = stage.and_then(|made| Some((made.stage, made.inputs.as_ref()?)))
    else {
        return false;
    };
    let outputs = [stage.template(), stage.parameters()];
    let mut paths = inputs.iter().chain(&outputs);
    paths.all(|path| same_file(files.get(path), current.artifacts.files.get(path)))
}

/// Whether a file of a render is the Bicep of a stage.
pub(crate) fn is_stage(path: &str) -> bool {
    path.strip_suffix(".bicep").is_some_and(|name| !name.contains('/'))
}

fn compiles_to(
    path: &str,
    json: &str,
    files: &BTreeMap<String, String>,
    compiled: &KnownStages,
) -> bool {
    let name = path.trim_end_matches(".bicep");
    let parameters = files.get(&StageName::from(name).parameters());
    if let Some(parameters) =
        parameters.filter(|_| files.contains_key(&format!("{name}.bicepparam")))
    {
        let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
        let made = compiled.compile(name, "out", files, &mut sources, &mut findings);
        let is_same = |value: &Value, made: &str, text: &str| {
            made == text || serde_json::from_str(text).is_ok_and(|written: Value| written == *value)
        };
        return made.is_some_and(|made| {
            is_same(&made.template.json, &made.text, json)
                && is_same(&made.parameters, &json_text(&made.parameters), parameters)
        });
    }
    compiles_alone(path, json, files)
}

/// The same without parameters.
fn compiles_alone(path: &str, json: &str, files: &BTreeMap<String, String>) -> bool {
    let memory: MemoryFiles =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let compiled = bicep::compile(path, &memory, &mut sources, &mut diagnostics);
    let written = serde_json::from_str::<Value>(json).ok();
    compiled.map(|template| template.json) == written.map(Into::into)
}
