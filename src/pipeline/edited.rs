//! Whether the Bicep of a previous render still is what its compiled form says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Render, Stage};
use crate::bicep::{self, MemoryFiles};
use crate::diagnostic::{Diagnostics, Sources};
use crate::render::{MANIFEST, Manifest};

/// The Bicep file of a previous render that does not compile to the template beside it: a comparison reads the
/// template, and a deployment may take the Bicep. Another version of prebake may compile to another template, so its renders are not judged.
pub fn edited(
    files: &BTreeMap<String, String>,
    manifest: &Manifest,
    current: Option<&Render>,
) -> Option<String> {
    if manifest.prebake != env!("CARGO_PKG_VERSION") {
        return None;
    }
    // What both renders have in common was just compiled.
    let same = |path: &String| {
        current.is_some_and(|current| current.artifacts.files.get(path) == files.get(path))
    };
    let is_read = |path: &&String| !path.starts_with("arm/") && path.as_str() != MANIFEST;
    if files.keys().filter(is_read).all(same) {
        return None;
    }
    let mut stages = files.keys().filter(|path| is_stage(path));
    let differs = |path: &&String| {
        let template = Stage::template_path(path.trim_end_matches(".bicep"));
        files.get(&template).is_some_and(|json| !compiles_to(path, json, files))
    };
    stages.find(differs).cloned()
}

/// Whether a file of a render is the Bicep of a stage.
pub fn is_stage(path: &str) -> bool {
    path.strip_suffix(".bicep").is_some_and(|name| !name.contains('/'))
}

fn compiles_to(path: &str, json: &str, files: &BTreeMap<String, String>) -> bool {
    let memory: MemoryFiles =
        files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let written = |text: &str| serde_json::from_str::<Value>(text).ok();
    let compiled = bicep::compile(path, &memory, &mut sources, &mut diagnostics);
    if compiled.map(|template| template.json) != written(json).map(Into::into) {
        return false;
    }
    let parameters = path.replace(".bicep", ".bicepparam");
    let written = files
        .get(&Stage::parameters_path(path.trim_end_matches(".bicep")))
        .and_then(|text| written(text));
    let Some(written) = written.filter(|_| files.contains_key(&parameters)) else { return true };
    let compiled =
        bicep::compile_params(&parameters, &memory, &|_| None, &mut sources, &mut diagnostics);
    compiled.is_some_and(|compiled| compiled.json == written)
}
