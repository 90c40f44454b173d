//! The Bicep compiler inside: Bicep text and the files it refers to become ARM JSON.
//!
//! Touches no disk: it asks a [`FileProvider`]. Read the phases in their order: [`syntax`] is the tree
//! that all share, [`lexer`] makes tokens, [`parser`] the tree, [`binder`] says what names mean, `load`
//! brings all files together, [`checker`] judges what they mean, `linter` what they should not, `lower`
//! makes the intermediate form of a template, `ir`, and `emit` its JSON.
//!
//! ```
//! use prebake_bicep::bicep::{MemoryFiles, compile};
//! use prebake_bicep::diagnostic::{Diagnostics, Sources};
//!
//! let files = MemoryFiles::from_iter([("main.bicep", "param name string\noutput hi string = 'Hi ${name}'")]);
//! let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
//! let template = compile("main.bicep", &files, &mut sources, &mut diagnostics).expect("it has no errors");
//! assert_eq!(template.json["outputs"]["hi"]["value"], "[format('Hi {0}', parameters('name'))]");
//! let place = template.source_map.place("/outputs/hi/value").expect("every value has a place");
//! assert_eq!(sources.position(place).1.line, 2);
//! ```

pub mod binder;
pub mod checker;
mod compiled;
mod config;
mod config_check;
mod content;
mod emit;
mod files;
pub mod format;
pub mod functions;
mod ir;
mod json_path;
pub mod lexer;
mod linter;
mod load;
mod lower;
mod params;
pub mod parser;
pub mod problem;
mod registry;
mod spelling;
pub mod syntax;
pub mod types;

use std::collections::BTreeSet;

pub use content::MAXIMUM_BASE64_BYTES;
pub use files::{Entry, FileError, FileProvider, MemoryFiles};
pub use linter::{Lint, rule_names};
pub use load::MAXIMUM_FILE_BYTES;
pub use params::{Parameters, compile_deployment, compile_deployment_linted, compile_params};

use crate::arm::Template;
use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Place, Severity, Sources};
use checker::{Interface, Modules};
use compiled::Compiled;

/// Compiles a Bicep file with all that it refers to. Nothing if there are errors, which are all told.
pub fn compile(
    entry: &str,
    files: &dyn FileProvider,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Template> {
    compile_linted(Lint::Unused, entry, files, sources, diagnostics)
}

/// The same, with more rules of the linter.
pub fn compile_linted(
    lint: Lint,
    entry: &str,
    files: &dyn FileProvider,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Template> {
    judged(lint, entry, files, sources, diagnostics, |loaded, own| lowered(loaded, 0, files, own))
}

/// Loads and judges a file with all that it refers to, and makes something of it unless there are errors.
fn judged<T>(
    lint: Lint,
    entry: &str,
    files: &dyn FileProvider,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
    finish: impl FnOnce(&load::Loaded<'_>, &mut Diagnostics) -> Option<T>,
) -> Option<T> {
    let arena = syntax::Arena::new();
    // Errors of others are not errors of this file.
    let mut own = Diagnostics::new();
    let loaded = load::load(&arena, entry, files, sources, &mut own);
    if let Some(loaded) = &loaded {
        check(loaded, lint, &arena, &mut own);
    }
    let made = match &loaded {
        Some(loaded) if !own.has_errors() => finish(loaded, &mut own),
        _ => None,
    };
    own.sort();
    let made = made.filter(|_| !own.has_errors());
    diagnostics.append(own);
    made
}

/// The template of one of the files. Each file is compiled after those it refers to.
fn lowered(
    loaded: &load::Loaded<'_>,
    unit: usize,
    files: &dyn FileProvider,
    diagnostics: &mut Diagnostics,
) -> Option<Template> {
    let mut compiled: Vec<Option<Compiled>> = loaded.units.iter().map(|_| None).collect();
    let mut lowering = lower::Lowering::new(loaded, files);
    let mut last_uses = last_uses(loaded);
    last_uses[unit] = None;
    for id in &loaded.order {
        compiled[id.0] = match &loaded.unit(*id).content {
            load::Content::Bicep(unit) if unit.bound.program.kind == syntax::FileKind::Bicep => {
                let program = lowering.program(*id, &compiled, diagnostics);
                // A template that nothing else needs moves into this one.
                for (_, used) in unit.named().filter(|(_, used)| last_uses[used.0] == Some(*id)) {
                    compiled[used.0] = None;
                }
                program.map(|program| {
                    let secure_outputs = program.secure_outputs();
                    let (template, source_map) = emit::template(program);
                    Compiled::new(template, source_map, secure_outputs)
                })
            }
            load::Content::Json(template) => Some(Compiled::of_template(template)),
            load::Content::Bicep(_) | load::Content::TemplateSpec(_) => None,
        };
    }
    let entry = compiled.get_mut(unit)?.take()?;
    Some(Template { json: entry.template, source_map: entry.source_map })
}

/// For each file the last one to be compiled that refers to it.
fn last_uses(loaded: &load::Loaded<'_>) -> Vec<Option<load::UnitId>> {
    let mut last_uses = vec![None; loaded.units.len()];
    for id in &loaded.order {
        for (_, used) in loaded.bicep(*id).into_iter().flat_map(load::BicepUnit::named) {
            last_uses[used.0] = Some(*id);
        }
    }
    last_uses
}

/// Judges every file that takes part, each after those it refers to.
fn check<'a>(
    loaded: &load::Loaded<'a>,
    lint: Lint,
    arena: &'a syntax::Arena,
    diagnostics: &mut Diagnostics,
) {
    let mut interfaces: Vec<Option<Interface<'a>>> = loaded.units.iter().map(|_| None).collect();
    let mut broken = Broken::of(diagnostics);
    let imported = loaded.imported();
    for id in &loaded.order {
        interfaces[id.0] = match &loaded.unit(*id).content {
            load::Content::Bicep(unit) => {
                let others = Referenced { loaded, unit, interfaces: &interfaces, broken: &broken };
                let mut own = Diagnostics::new();
                broken.report(loaded, unit, &mut own);
                let checked = checker::check(&unit.bound, &others, arena, &mut own);
                let mut advice = Diagnostics::new();
                linter::lint(unit, &checked, lint, &mut advice);
                let interface = checked.into_interface();
                // What the linter says breaks no other file.
                broken.add(&own);
                diagnostics.append(own);
                diagnostics.append(advice);
                Some(interface)
            }
            load::Content::Json(template) => {
                Interface::of_template(template, imported.get(id), arena)
            }
            load::Content::TemplateSpec(_) => None,
        };
    }
}

/// The files that have errors, and the places of those.
struct Broken {
    files: BTreeSet<FileId>,
    places: BTreeSet<Place>,
}

impl Broken {
    fn of(diagnostics: &Diagnostics) -> Self {
        let mut broken = Self { files: BTreeSet::new(), places: BTreeSet::new() };
        broken.add(diagnostics);
        broken
    }

    fn add(&mut self, diagnostics: &Diagnostics) {
        let errors = diagnostics.iter().filter(|finding| finding.severity == Severity::Error);
        for place in errors.filter_map(|finding| finding.place) {
            self.files.insert(place.file);
            self.places.insert(place);
        }
    }

    /// Reports where a file names others that have errors.
    fn report(
        &self,
        loaded: &load::Loaded<'_>,
        unit: &load::BicepUnit<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        for (span, named) in unit.named() {
            let place = unit.bound.place(span);
            if let load::Content::Json(template) = &loaded.unit(named).content
                && !checker::is_template(template)
            {
                let finding = Diagnostic::error("BCP188", "the file is not a valid ARM template");
                let finding = finding.at(place, "its `$schema` is missing or unknown");
                diagnostics.push(finding.help("set `$schema` to that of a deployment template"));
            }
            let Some(named) = loaded.bicep(named) else { continue };
            // A path that has an error itself, such as a cycle, is told of already.
            if self.files.contains(&named.bound.file) && !self.places.contains(&place) {
                let finding = Diagnostic::error("BCP104", "the file contains errors");
                let finding = finding.at(place, "this file does not compile");
                diagnostics.push(finding.help("fix the errors of that file first"));
            }
        }
    }
}

/// What the files that one file names offer to it.
struct Referenced<'a, 'c> {
    loaded: &'c load::Loaded<'a>,
    broken: &'c Broken,
    unit: &'c load::BicepUnit<'a>,
    interfaces: &'c [Option<Interface<'a>>],
}

impl<'a> Modules<'a> for Referenced<'a, '_> {
    fn interface(&self, path: syntax::ExpressionSyntax<'_>) -> Option<&Interface<'a>> {
        self.interfaces.get(self.unit.reference(path)?.0)?.as_ref()
    }

    fn is_broken(&self, path: syntax::ExpressionSyntax<'_>) -> bool {
        let named = self.unit.reference(path).and_then(|id| self.loaded.bicep(id));
        named.is_some_and(|named| self.broken.files.contains(&named.bound.file))
    }

    fn is_unknown(&self, path: syntax::ExpressionSyntax<'_>) -> bool {
        self.unit.reference(path).is_none_or(|id| {
            let content = &self.loaded.unit(id).content;
            self.interfaces[id.0].is_none() && !matches!(content, load::Content::TemplateSpec(_))
        })
    }

    fn experiment(&self, name: &str) -> bool {
        self.unit.config.has(name)
    }
}

#[cfg(test)]
mod tests;
