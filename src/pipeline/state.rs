//! A render as a diff compares it: the new one from its stages, the previous one from its compiled files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::compiled::KnownText;
use super::{CompiledStage, KnownStages, Render};
use crate::arm::evaluate::Evaluated;
use crate::arm::expression::is_expression;
use crate::arm::{SourceMap, Template};
use crate::catalog::{self, StageName};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::diff::{RenderState, same_file};
use crate::expand::{self, Context, Level, Resource};
use crate::render::Target;

/// The new render.
pub(super) fn of(
    stages: &[CompiledStage],
    target: &Target,
    files: &Arc<BTreeMap<String, String>>,
) -> RenderState {
    let mut state = RenderState { resources: Vec::new(), files: Arc::clone(files) };
    for stage in stages {
        let context = context(&stage.stage.into(), Some(target));
        let resources = stage.resources.iter().cloned();
        state.resources.extend(resources.map(|resource| Arc::new(with_ids(resource, &context))));
    }
    state
}

/// The previous render as a diff compares it. A stage that cannot be read is reported and left out. What the
/// current render has in common with it needs no second reading, and is shared. A template that was compiled before is
/// not read again.
pub fn previous_state(
    files: &Arc<BTreeMap<String, String>>,
    target: Option<&Target>,
    (current, compiled): (Option<&Render>, Option<&KnownStages>),
    diagnostics: &mut Diagnostics,
) -> RenderState {
    let mut state = RenderState { resources: Vec::new(), files: Arc::clone(files) };
    let current = current.filter(|current| target == Some(&super::target(&current.model)));
    for name in stages(files) {
        if let Some(current) = current.filter(|current| is_unchanged(&name, files, current)) {
            let resources = current.state().resources.iter();
            state.resources.extend(resources.filter(|it| it.stage == name).cloned());
            continue;
        }
        let context = context(&name, target);
        let mut read = |path: String, part: &str| -> Option<Value> {
            let Some(text) = files.get(&path) else { return Some(Value::Null) };
            let why = match serde_json::from_str::<Value>(text) {
                Ok(value) if value.get(part).is_some_and(is_filled) => return Some(value),
                Ok(_) => format!("`{path}` has no `{part}`"),
                Err(_) => format!("`{path}` is not JSON"),
            };
            diagnostics.push(broken(&name, why));
            None
        };
        let text = files.get(&name.template());
        let known = text.and_then(|text| compiled?.compiled_to(&name.to_string(), text));
        let template = match known {
            Some(known) => Some(known),
            None => read(name.template(), "resources").map(KnownText::from),
        };
        let parameters = read(name.parameters(), "parameters");
        let (Some(KnownText { json, known }), Some(parameters)) = (template, parameters) else {
            continue;
        };
        let template = Template { json, source_map: SourceMap::default() };
        // What the previous render's own findings were is no news now.
        let mut past = Diagnostics::new();
        let parsed = (&template, known.expressions());
        let expansion = expand::expand_parsed(name, parsed, &parameters, &context, &mut past);
        let resources = expansion.resources.into_iter();
        state.resources.extend(resources.map(|resource| Arc::new(with_ids(resource, &context))));
    }
    state
}

/// Whether the current render has a stage with the same compiled files.
fn is_unchanged(name: &StageName, files: &BTreeMap<String, String>, current: &Render) -> bool {
    let paths = [name.template(), name.parameters()];
    let new = &current.artifacts.files;
    current.stages.iter().any(|stage| *name == stage.stage)
        && paths.iter().all(|path| same_file(files.get(path), new.get(path)))
}

/// Resources come as a list or by name, parameters by name.
fn is_filled(part: &Value) -> bool {
    part.is_array() || part.is_object()
}

fn broken(stage: &StageName, why: String) -> Diagnostic {
    Diagnostic::error("PB2201", format!("stage `{stage}` of the previous render is damaged"))
        .reason(why)
        .help("render the previous config again, or compare with another folder")
}

/// The resource with every expression that is the id of a resource written as that id, so that ids can be
/// compared and followed although the subscription is not known.
fn with_ids(mut resource: Resource, context: &Context) -> Resource {
    for value in resource.body.values_mut() {
        write_ids(value, context);
    }
    resource
}

fn write_ids(value: &mut Evaluated, context: &Context) {
    match value {
        Evaluated::Symbolic(_) => {
            if let Some(id) = id(value, context) {
                *value = Evaluated::String(id);
            }
        }
        Evaluated::Array(elements) => {
            for element in elements {
                write_ids(element, context);
            }
        }
        Evaluated::Object(object) => {
            for value in object.values_mut() {
                write_ids(value, context);
            }
            if object.keys().any(|key| is_expression(key)) {
                let entries = std::mem::take(object).into_iter();
                let named = |(key, value): (String, Evaluated)| {
                    (id(&Evaluated::from_template_string(&key), context).unwrap_or(key), value)
                };
                *object = entries.map(named).collect();
            }
        }
        _ => {}
    }
}

/// The id that an expression will give.
fn id(value: &Evaluated, context: &Context) -> Option<String> {
    value.as_expression()?;
    expand::resource_id_of(value, context).filter(|id| id.starts_with('/'))
}

fn stages(files: &BTreeMap<String, String>) -> BTreeSet<StageName> {
    files
        .keys()
        .filter_map(|path| path.strip_prefix("arm/")?.strip_suffix(".json"))
        .filter(|name| !name.ends_with(".parameters") && !name.contains('/'))
        .map(StageName::from)
        .collect()
}

fn context(stage: &StageName, target: Option<&Target>) -> Context {
    Context {
        level: Level::ResourceGroup,
        tenant_id: None,
        subscription_id: target.and_then(|target| target.subscription.clone()),
        resource_group: target.map(|target| target.resource_group.clone()),
        location: target.map(|target| target.location.clone()),
        management_group: None,
        deployment: Some(stage.to_string()),
        public_cloud: target.is_none_or(|it| catalog::cloud_of(&it.location).key == "public"),
    }
}
