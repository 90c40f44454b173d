//! The render that stands in a folder, as a diff compares it.

use std::path::Path;

use super::{KnownStages, Render, edited, is_stage, previous_state};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::diff::RenderState;
use crate::output::PreviousRender;
use crate::render::MANIFEST;

/// A render as a diff compares it; nothing where none stands. One that lost what a comparison needs is an error: taken
/// for nothing, it would make every resource look new. `compiled` is nothing where it is known that no stage was edited.
pub fn previous(
    previous: &PreviousRender,
    folder: &Path,
    current: Option<&Render>,
    compiled: Option<&KnownStages>,
) -> Result<Option<RenderState>, Diagnostics> {
    let broken = |path: &str, why: &str| {
        let finding = Diagnostic::error("PB2201", "previous render is damaged")
            .reason(format!("`{}` {why}", folder.join(path).display()))
            .help("render the previous config again, or compare with another folder");
        Diagnostics::from(vec![finding])
    };
    if previous.broken_manifest {
        return Err(broken(MANIFEST, "is not a manifest that this version of prebake can read"));
    }
    if previous.lost_manifest() {
        return Err(broken(MANIFEST, "is missing, although the stages that it listed exist"));
    }
    let Some(manifest) = &previous.manifest else { return Ok(None) };
    if let Some(path) = previous.damaged.iter().find(|path| path.starts_with("arm/")) {
        return Err(broken(path, "is missing, or is not a readable text file"));
    }
    if !previous.files.keys().any(|path| is_stage(path)) {
        return Err(broken(MANIFEST, "does not list any stages"));
    }
    let mut findings = Diagnostics::new();
    let target = manifest.target.as_ref();
    let known = (current, compiled);
    let state = previous_state(&previous.files, target, known, &mut findings);
    if findings.has_errors() {
        return Err(findings);
    }
    let edited = |compiled| edited(&previous.files, manifest, current, compiled);
    if let Some(path) = compiled.and_then(edited) {
        return Err(broken(&path, "was edited: it does not compile to the file in `arm/`"));
    }
    Ok(Some(state))
}
