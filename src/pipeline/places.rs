//! Where a value of a render comes from in the files that the user wrote.
//!
//! A property reads parameters, which the compiled template says; a parameter is decided by a key of the
//! config, which [`Origins`] says; and the key has a place in the config, a layer or an overlay.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::CompiledStage;
use crate::arm::expression::{self, Expression, TemplateString};
use crate::catalog::StageName;
use crate::check::{Places, Target};
use crate::config::{self, Document};
use crate::diagnostic::{Diagnostics, FileId, Place, Sources, Span};
use crate::diff::{self, Line, Origin};
use crate::expand::template_pointer;
use crate::extend::{Change, Extension};
use crate::model::Origins;
use crate::render::Artifacts;

/// The places of one render.
#[derive(Debug, Clone, Copy)]
pub(super) struct RenderPlaces<'a> {
    pub(super) stages: &'a [CompiledStage],
    pub(super) artifacts: &'a Artifacts,
    pub(super) extension: &'a Extension,
    pub(super) document: &'a Document,
    pub(super) origins: Origins<'a>,
}

impl RenderPlaces<'_> {
    /// The place in the config of what decides a value of a stage.
    pub(super) fn of_value(&self, stage: &StageName, pointer: &str) -> Option<Place> {
        let stage = self.stages.iter().find(|known| *stage == known.stage)?;
        if let Some((place, _)) = self.change_of_value(stage, pointer) {
            return Some(place);
        }
        let key = self.key_of_value(stage, pointer)?;
        self.document.place(&key)
    }

    /// The patch that made a value of a stage, and the line that says it.
    fn change_of_value(&self, stage: &CompiledStage, pointer: &str) -> Option<(Place, &Change)> {
        if self.extension.is_empty() {
            return None;
        }
        let origin = template_pointer(&stage.template.json, pointer);
        self.extension.at(stage.template.source_map.place(&origin)?)
    }

    fn key_of_value(&self, stage: &CompiledStage, pointer: &str) -> Option<String> {
        let resource = stage
            .resources
            .iter()
            .filter(|resource| is_at_or_below(pointer, &resource.pointer))
            .max_by_key(|resource| resource.pointer.len())?;
        let origin = template_pointer(&stage.template.json, pointer);
        let in_module = origin.contains("/properties/template/");
        let by_parameter = if in_module || self.is_overlaid(&stage.stage.bicep_parameters()) {
            None
        } else {
            self.key_of_parameters(stage, &origin)
        };
        by_parameter.or_else(|| {
            let path = if self.is_overlaid(&stage.stage.bicep()) {
                ""
            } else {
                &pointer[resource.pointer.len()..]
            };
            self.origins.of_property(&resource.kind, &resource.name, path)
        })
    }

    /// The key behind the last parameter that an expression reads: what comes last is what tells a name or an
    /// id from others.
    fn key_of_parameters(&self, stage: &CompiledStage, pointer: &str) -> Option<String> {
        let template = &stage.template.json;
        let (text, rest) = text_at(template, pointer)?;
        let parsed = parsed(text)?;
        let variable = |name: &str| parsed_variable(template, name);
        let mut paths = parsed.parameters(&variable);
        if let [only] = &mut paths[..]
            && expression::is_expression(text)
        {
            only.extend(rest.iter().map(|segment| (*segment).to_owned()));
        }
        paths.iter().rev().find_map(|path| self.origins.of_parameter(stage.stage, path))
    }

    /// The place in the config of what a part of a rendered file comes from.
    fn of_file(&self, path: &str, span: Span) -> Option<Place> {
        let text = self.artifacts.files.get(path)?;
        if self.is_overlaid(path)
            || Path::new(path).extension().is_none_or(|ending| ending != "yaml")
        {
            return None;
        }
        let parsed = config::parse(text, FileId(0), &mut Diagnostics::new())?;
        // A place is the first line of a value: an item of a list goes on to the next one, or to the next key.
        let start = |pointer: &str| parsed.place(pointer).map(|place| place.span.start);
        let entries = |list: &str| parsed.value.get(list).and_then(Value::as_array);
        let holds = |list: &str, at: usize| {
            let own = start(&format!("/{list}/{at}"))?;
            let is_last = at + 1 == entries(list)?.len();
            let keys = parsed.value.as_object()?.keys();
            let end = if is_last {
                let starts = keys.filter_map(|key| start(&format!("/{key}")));
                starts.filter(|start| *start > own).min().unwrap_or(u32::MAX)
            } else {
                start(&format!("/{list}/{}", at + 1))?
            };
            (own <= span.start && span.start < end).then_some(())
        };
        let files = entries("write_files").into_iter().flatten().enumerate();
        let mut file = files.filter(|(at, _)| holds("write_files", *at).is_some());
        if let Some((_, entry)) = file.next() {
            let name = entry.get("path")?.as_str()?.rsplit('/').next()?;
            let key = self.origins.of_step(name.strip_suffix(".sh").unwrap_or(name))?;
            return self.document.place(&key);
        }
        let count = entries("steps").map_or(0, Vec::len);
        let position = (0..count).find(|at| holds("steps", *at).is_some())?;
        self.document.place(&self.origins.of_build(position)?)
    }

    /// Whether a team's own template made a file: then what it says is the team's, not the config's.
    fn is_overlaid(&self, path: &str) -> bool {
        self.artifacts.overlaid.contains(path)
    }
}

/// What a check needs besides: the rendered lines.
pub(super) struct FindingPlaces<'a> {
    pub(super) render: RenderPlaces<'a>,
    pub(super) files: &'a BTreeMap<String, FileId>,
}

impl Places for FindingPlaces<'_> {
    fn resource(&self, stage: &StageName, pointer: &str) -> Option<Place> {
        let stage = self.render.stages.iter().find(|known| *stage == known.stage)?;
        stage.template.source_map.place(pointer)
    }

    fn artifact(&self, path: &str, span: Span) -> Option<Place> {
        self.files.get(path).map(|file| Place { file: *file, span })
    }

    fn cause(&self, target: &Target) -> Option<Place> {
        match target {
            Target::Resource { stage, pointer } => self.render.of_value(stage, pointer),
            Target::Artifact { path, span } => self.render.of_file(path, *span),
            Target::Config { pointer } => self.render.document.place(pointer),
        }
    }
}

/// The lines of a render, for a review of its changes.
pub(super) struct ChangeOrigins<'a> {
    pub(super) render: RenderPlaces<'a>,
    pub(super) sources: &'a Sources,
}

impl ChangeOrigins<'_> {
    fn line(&self, place: Place) -> Line {
        let (file, at) = self.sources.position(place);
        Line { file: file.to_owned(), line: at.line, column: at.column }
    }
}

impl diff::Origins for ChangeOrigins<'_> {
    fn of_value(&self, stage: &StageName, pointer: &str) -> Origin {
        let known = self.render.stages.iter().find(|known| *stage == known.stage);
        let rendered = known.and_then(|stage| {
            let origin = template_pointer(&stage.template.json, pointer);
            stage.template.source_map.place(&origin)
        });
        Origin {
            written: self.render.of_value(stage, pointer).map(|place| self.line(place)),
            rendered: rendered.map(|place| self.line(place)),
            change: known
                .and_then(|stage| self.render.change_of_value(stage, pointer))
                .map(|(_, change)| change.told()),
        }
    }

    fn of_file(&self, path: &str, offset: usize) -> Origin {
        let at = u32::try_from(offset).unwrap_or(u32::MAX);
        let written = self.render.of_file(path, Span::new(at, at + 1));
        Origin { written: written.map(|place| self.line(place)), ..Origin::default() }
    }
}

fn is_at_or_below(pointer: &str, resource: &str) -> bool {
    pointer.strip_prefix(resource).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The text that a pointer of a template leads to, and what of the pointer is left: the parts of a value that an
/// expression makes have no place of their own.
fn text_at<'v, 'p>(template: &'v Value, pointer: &'p str) -> Option<(&'v str, Vec<&'p str>)> {
    let mut current = template;
    let mut segments = pointer.split('/').skip(1);
    loop {
        if let Some(text) = current.as_str() {
            return Some((text, segments.collect()));
        }
        current = current.pointer(&format!("/{}", segments.next()?))?;
    }
}

fn parsed(text: &str) -> Option<Expression> {
    match expression::read_template_string(text) {
        TemplateString::Expression(inner) => expression::parse(inner).ok(),
        TemplateString::Literal(_) => None,
    }
}

fn parsed_variable(template: &Value, name: &str) -> Option<Expression> {
    expression::value_expression(template.get("variables")?.get(name)?).ok()
}
