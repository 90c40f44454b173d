//! Calls that load files while compiling: their content becomes a variable of the template.

use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};
use serde_json::Value;

use super::Lowerer;
use crate::arm::expression::Expression;
use crate::bicep::binder::{Bound, LoadCall};
use crate::bicep::content;
use crate::bicep::files::{FileProvider, folder_of, join};
use crate::bicep::ir::LoadedFile;
use crate::bicep::registry::local_path;
use crate::diagnostic::{Diagnostic, Diagnostics, Span};

/// The most that the calls of one file may load together, in bytes of the template.
const MOST_LOADED: usize = 32 << 20;

/// About how many bytes a value takes in a template.
fn size_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| size_of(item) + 1).sum::<usize>() + 2,
        Value::Object(object) => {
            object.iter().map(|(key, value)| key.len() + size_of(value) + 4).sum::<usize>() + 2
        }
        _ => 8,
    }
}

impl<'a> Bound<'a> {
    /// The calls whose content is a variable, with its name. Text that is the whole value of a variable
    /// needs no other, and a function can read none.
    pub fn load_names(&self) -> impl Iterator<Item = (&LoadCall<'a>, String)> {
        let needs = |load: &&LoadCall<'a>| needs_variable(load);
        self.loads.iter().filter(needs).enumerate().map(|(at, load)| (load, format!("$fxv#{at}")))
    }
}

fn needs_variable(load: &LoadCall<'_>) -> bool {
    let text = matches!(load.name, "loadTextContent" | "loadFileAsBase64");
    !(load.in_function || load.whole_variable && text)
}

/// The content of every call. The same of a file is read once, however many calls ask for it.
pub fn load_all(
    path: &str,
    bound: &Bound<'_>,
    files: &dyn FileProvider,
    diagnostics: &mut Diagnostics,
) -> Vec<Option<Rc<Value>>> {
    let mut loader = Loader { folder: folder_of(path), bound, files, diagnostics };
    let mut known: HashMap<_, (Option<Rc<Value>>, usize)> = HashMap::new();
    let mut total = 0_usize;
    let mut all = Vec::with_capacity(bound.loads.len());
    for load in &bound.loads {
        let Some(arguments) = loader.arguments(load) else {
            all.push(None);
            continue;
        };
        let key = (load.name, arguments);
        let (value, size) = if let Some(known) = known.get(&key) {
            known.clone()
        } else {
            let value = loader.load(load, &key.1).map(Rc::new);
            let size = value.as_deref().map_or(0, size_of);
            known.insert(key, (value.clone(), size));
            (value, size)
        };
        total = total.saturating_add(size);
        if total > MOST_LOADED {
            let help = "load the file once, into a variable";
            let title = "the loaded files are too large in total";
            loader.refuse("PB2902", load.span, title, help);
            break;
        }
        all.push(value);
    }
    all
}

struct Loader<'a, 'c> {
    folder: &'c str,
    bound: &'c Bound<'a>,
    files: &'c dyn FileProvider,
    diagnostics: &'c mut Diagnostics,
}

impl<'a> Loader<'a, '_> {
    fn refuse(&mut self, code: &'static str, span: Span, title: &str, help: &str) {
        let finding = Diagnostic::error(code, title);
        let finding = finding.at(self.bound.place(span), "not supported here");
        self.diagnostics.push(finding.help(help));
    }

    fn arguments(&mut self, load: &LoadCall<'a>) -> Option<Vec<String>> {
        let mut arguments = Vec::with_capacity(load.arguments.len());
        for argument in load.arguments {
            let text = self.bound.constant_text(*argument);
            if text.is_none() {
                let help = "write the argument as plain text";
                let title = "the argument is not known at compile time";
                self.refuse("BCP032", argument.span(), title, help);
            }
            arguments.push(text?);
        }
        Some(arguments)
    }

    fn load(&mut self, load: &LoadCall<'a>, arguments: &[String]) -> Option<Value> {
        let path = arguments.first()?;
        let is_folder = load.name == "loadDirectoryFileInfo";
        if let Err(error) =
            local_path(path).or_else(|error| if is_folder { Ok(()) } else { Err(error) })
        {
            let place = self.bound.place(load.arguments.first()?.span());
            let finding = Diagnostic::error(error.code, error.title);
            self.diagnostics.push(finding.at(place, "invalid path").help(error.help));
            return None;
        }
        let request = content::Request {
            function: load.name,
            folder: self.folder,
            path: &join(self.folder, path),
            arguments: &arguments[1..],
        };
        content::load(&request, self.files).map_err(|error| self.report(load, &error)).ok()
    }

    fn report(&mut self, load: &LoadCall<'a>, error: &content::ContentError) {
        let at = load.arguments.get(error.argument).map_or(load.span, |argument| argument.span());
        let place = self.bound.place(at);
        let finding = Diagnostic::error(error.code, error.title.clone());
        self.diagnostics.push(finding.at(place, error.label.clone()).help(error.help));
    }
}

impl<'a> Lowerer<'a, '_> {
    /// The variables that hold what is loaded.
    pub(super) fn loaded_files(&self) -> Vec<LoadedFile> {
        let loads = self.bound.load_names().filter_map(|(load, name)| {
            let content = Rc::clone(self.loaded(load)?);
            Some(LoadedFile { name, content, place: self.bound.place(load.span) })
        });
        loads.collect()
    }

    /// The content that one of these variables holds.
    pub(super) fn loaded_file(&self, name: &str) -> Option<Rc<Value>> {
        let mut names = self.bound.load_names();
        let (load, _) = names.find(|(_, known)| known == name)?;
        self.loaded(load).map(Rc::clone)
    }

    /// What stands where the call stood.
    pub(super) fn load_expression(&self, span: Span) -> Expression {
        let Some(at) = self.load_at(span) else { return Expression::null() };
        let load = &self.bound.loads[at];
        if needs_variable(load) {
            let before = self.bound.loads[..at].iter().filter(|load| needs_variable(load)).count();
            let name = format!("$fxv#{before}");
            return Expression::variable(&self.session.imports.variable(self.id, &name));
        }
        self.facts.load(at).map_or_else(Expression::null, |value| Expression::data(value))
    }

    fn loaded(&self, load: &LoadCall<'a>) -> Option<&Rc<Value>> {
        self.facts.load(self.load_at(load.span)?)
    }

    fn load_at(&self, span: Span) -> Option<usize> {
        self.bound.loads.binary_search_by_key(&span.start, |load| load.span.start).ok()
    }
}
