//! From the rendered Bicep to what Azure is asked for.

use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::compiled::{Deployment, KnownStages, KnownTemplate};
use crate::arm;
use crate::bicep::format::{FormatOptions, format};
use crate::bicep::syntax::FileKind;
use crate::catalog::Stage;
use crate::diagnostic::{Diagnostics, Severity, Sources};
use crate::expand::{self, Context, Level, Resource};
use crate::extend::{ChangeKind, Extension};
use crate::model::Model;
use crate::render::{Artifacts, json_text};

/// A compiled stage.
#[derive(Debug)]
pub struct CompiledStage {
    /// Which one it is.
    pub stage: Stage,
    /// Its template.
    pub template: arm::Template,
    /// What is known of the template.
    pub known: Arc<KnownTemplate>,
    /// The files of the render that decide what it compiles to; nothing where more does.
    pub inputs: Option<Vec<String>>,
    /// Its parameters file.
    pub parameters: Value,
    /// What it asks Azure for.
    pub resources: Vec<Resource>,
}

/// Brings the Bicep that a team's own templates make into the form that all rendered Bicep has.
pub(super) fn format_overlaid(artifacts: &mut Artifacts) {
    for path in &artifacts.overlaid {
        let kind = match path.rsplit_once('.') {
            Some((_, "bicep")) => FileKind::Bicep,
            Some((_, "bicepparam")) => FileKind::Parameters,
            _ => continue,
        };
        if let Some(text) = Arc::make_mut(&mut artifacts.files).get_mut(path) {
            *text = format(text, kind, &FormatOptions::default());
        }
    }
}

/// Compiles and expands every stage and adds the compiled files to the artifacts. A stage that does not
/// compile is reported; the others are compiled all the same.
pub(super) fn compile(
    model: &Model,
    folder: &str,
    compiled: &KnownStages,
    extension: &Extension,
    artifacts: &mut Artifacts,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<CompiledStage>> {
    // Each stage has sources of its own until all are done, so that they can be compiled side by side.
    let made: Vec<_> = model
        .stages
        .par_iter()
        .map(|stage| {
            let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
            let made = compiled.compile(
                stage.name(),
                folder,
                &artifacts.files,
                &mut sources,
                &mut findings,
            );
            let made = made.map(|made| expanded(*stage, made, model, &mut findings));
            (made, sources, findings)
        })
        .collect();
    let mut stages = Vec::new();
    let mut files = Vec::new();
    for (made, own, mut findings) in made {
        let by = sources.append(own);
        findings.move_files(by);
        let findings = at_patches(findings, folder, extension, sources);
        diagnostics.append(with_templates(findings, folder, artifacts, sources));
        let Some((mut compiled, [template, parameters])) = made else { continue };
        compiled.template.source_map.move_files(by);
        files.push((compiled.stage.template(), template));
        files.push((compiled.stage.parameters(), parameters));
        stages.push(compiled);
    }
    if stages.len() < model.stages.len() {
        return None;
    }
    for (path, text) in files {
        artifacts.insert(path, text);
    }
    Some(stages)
}

/// What a compiled stage asks for, and its files as they are written.
fn expanded(
    stage: Stage,
    made: Deployment,
    model: &Model,
    diagnostics: &mut Diagnostics,
) -> (CompiledStage, [String; 2]) {
    let Deployment { template, text, parameters, known, inputs } = made;
    let parsed = (&template, known.expressions());
    let context = context(stage, model);
    let resources = expand::expand_parsed(stage, parsed, &parameters, &context, diagnostics);
    let resources = resources.resources;
    let texts = [text.as_ref().to_owned(), json_text(&parameters)];
    (CompiledStage { stage, template, known, inputs, parameters, resources }, texts)
}

/// What is known before anything is deployed.
fn context(stage: Stage, model: &Model) -> Context {
    Context {
        level: Level::ResourceGroup,
        tenant_id: None,
        subscription_id: model.subscription.clone(),
        resource_group: Some(model.resource_group.clone()),
        location: Some(model.location.clone()),
        management_group: None,
        deployment: Some(stage.to_string()),
        public_cloud: model.cloud.key == "public",
    }
}

/// What does not fit the type of a resource: a missing property, a wrong value, an unknown property.
const NO_FIT: [&str; 5] = ["BCP035", "BCP036", "BCP037", "BCP088", "BCP089"];

/// Leads findings about what a patch made to the line of the config that says it. What the types of Azure do not know
/// is a warning to the compiler, because they may be behind; in a patch it is a mistake, and in an added file that does
/// not silence it.
fn at_patches(
    findings: Diagnostics,
    folder: &str,
    extension: &Extension,
    sources: &Sources,
) -> Diagnostics {
    if extension.is_empty() {
        return findings;
    }
    let prefix = format!("{folder}/");
    let mut led = Vec::new();
    let mut kept = Vec::new();
    for mut finding in findings.into_vec() {
        let origin = finding.place.and_then(|rendered| {
            let path = sources.file(rendered.file).name.strip_prefix(&prefix)?;
            Some((rendered, extension.origin(path, rendered.span)?))
        });
        let Some((rendered, (place, change))) = origin else {
            kept.push(finding);
            continue;
        };
        let is_patch = finding.code.starts_with("BCP") && change.kind == ChangeKind::Patch;
        if is_patch || NO_FIT.contains(&&*finding.code) {
            finding.severity = Severity::Error;
        }
        let why = change.told();
        finding.reason = match finding.reason.as_str() {
            "" => why,
            reason => format!("{reason}; {why}"),
        };
        finding.place = Some(place);
        led.push(finding.related(rendered, "the rendered line"));
    }
    if !led.is_empty() {
        // That the stage has errors is told by them.
        kept.retain(|finding| finding.code != "BCP104");
    }
    kept.append(&mut led);
    let mut findings = Diagnostics::from(kept);
    findings.sort();
    findings
}

/// Says of every finding in a rendered file which template made the file.
fn with_templates(
    findings: Diagnostics,
    folder: &str,
    artifacts: &Artifacts,
    sources: &Sources,
) -> Diagnostics {
    let prefix = format!("{folder}/");
    let findings = findings.into_vec().into_iter().map(|mut finding| {
        let file = finding.place.map(|place| sources.file(place.file).name.as_str());
        let template = file
            .and_then(|file| file.strip_prefix(&prefix))
            .and_then(|path| artifacts.templates.get(path));
        if let (Some(template), Severity::Error) = (template, finding.severity) {
            let made = format!("the template is `{template}`");
            finding.reason = match finding.reason.as_str() {
                "" => made,
                reason => format!("{reason}; {made}"),
            };
        }
        finding
    });
    Diagnostics::from(findings.collect::<Vec<_>>())
}
