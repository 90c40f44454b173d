//! The Bicep compiler inside: Bicep text and the files it refers to become ARM JSON.
//!
//! Touches no disk: it asks a [`FileProvider`]. Read the phases in their order: [`syntax`] is the tree
//! that all share, [`lexer`] makes tokens, [`parser`] the tree, [`binder`] says what names mean, `load`
//! brings all files together, [`checker`] judges what they mean, and `lower` makes the templates.
//!
//! ```
//! use prebake::bicep::{MemoryFiles, compile};
//! use prebake::diagnostic::{Diagnostics, Sources};
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
mod config;
mod content;
mod files;
pub mod format;
pub mod functions;
mod json_path;
pub mod lexer;
mod load;
mod lower;
mod params;
pub mod parser;
pub mod problem;
mod registry;
pub mod syntax;

use std::rc::Rc;
use std::sync::Arc;

pub use content::MAXIMUM_BASE64_BYTES;
pub use files::{Entry, FileError, FileProvider, MemoryFiles};
pub use load::MAXIMUM_FILE_BYTES;
pub use params::{Parameters, compile_deployment, compile_params};

use crate::arm::Template;
use crate::diagnostic::{Diagnostics, Sources};
use checker::{Interface, Modules};

/// Compiles a Bicep file with all that it refers to. Nothing if there are errors, which are all told.
pub fn compile(
    entry: &str,
    files: &dyn FileProvider,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Template> {
    judged(entry, files, sources, diagnostics, |loaded, own| lowered(loaded, 0, files, own))
}

/// Loads and judges a file with all that it refers to, and makes something of it unless there are errors.
fn judged<T>(
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
        check(loaded, &mut own);
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

/// The template of one of the files.
fn lowered(
    loaded: &load::Loaded<'_>,
    unit: usize,
    files: &dyn FileProvider,
    diagnostics: &mut Diagnostics,
) -> Option<Template> {
    let mut compiled = lower::lower(loaded, files, diagnostics);
    let entry = compiled.get_mut(unit)?.take()?;
    let json = Rc::try_unwrap(entry.template).unwrap_or_else(|shared| (*shared).clone());
    let source_map = Arc::try_unwrap(entry.source_map).unwrap_or_else(|shared| (*shared).clone());
    Some(Template { json, source_map })
}

/// Judges every file that takes part.
fn check(loaded: &load::Loaded<'_>, diagnostics: &mut Diagnostics) {
    let interfaces: Vec<Option<Interface>> = loaded
        .units
        .iter()
        .map(|unit| match &unit.content {
            load::Content::Bicep(unit) => Some(Interface::of_bicep(&unit.bound)),
            load::Content::Json(template) => Interface::of_template(template),
            load::Content::TemplateSpec(_) => None,
        })
        .collect();
    for unit in &loaded.units {
        if let load::Content::Bicep(unit) = &unit.content {
            checker::check(&unit.bound, &Referenced { unit, interfaces: &interfaces }, diagnostics);
        }
    }
}

/// What the files that one file names offer to it.
struct Referenced<'a, 'c> {
    unit: &'c load::BicepUnit<'a>,
    interfaces: &'c [Option<Interface>],
}

impl Modules for Referenced<'_, '_> {
    fn interface(&self, path: syntax::ExpressionSyntax<'_>) -> Option<&Interface> {
        self.interfaces.get(self.unit.reference(path)?.0)?.as_ref()
    }

    fn experiment(&self, name: &str) -> bool {
        self.unit.config.has(name)
    }
}
