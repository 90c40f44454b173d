//! Calls that load files while compiling: their content becomes a variable of the template.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::Lowerer;
use crate::arm::expression::Expression;
use crate::bicep::binder::{Bound, LoadCall, SymbolKind};
use crate::bicep::content;
use crate::bicep::emit;
use crate::bicep::files::{folder_of, join};
use crate::bicep::registry::local_path;
use crate::bicep::syntax::ExpressionSyntax;
use crate::diagnostic::{Diagnostic, Span};

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

impl<'a> Lowerer<'a, '_> {
    /// The variables that hold what is loaded.
    pub(super) fn load_variables(&self) -> Map<String, Value> {
        let mut variables = Map::new();
        for (load, name) in self.bound.load_names() {
            if let Some(value) = self.loaded_value(load) {
                self.enter(&name, load.span);
                self.leave();
                variables.insert(name, emit::data(value));
            }
        }
        variables
    }

    /// The content that one of these variables holds.
    pub(super) fn load_variable(&self, name: &str) -> Option<Value> {
        let mut names = self.bound.load_names();
        let (load, _) = names.find(|(_, known)| known == name)?;
        self.loaded_value(load).map(emit::data)
    }

    /// What stands where the call stood.
    pub(super) fn load_expression(&self, span: Span) -> Expression {
        let at = self.bound.loads.binary_search_by_key(&span.start, |load| load.span.start);
        let Ok(at) = at else { return Expression::null() };
        let load = &self.bound.loads[at];
        if needs_variable(load) {
            let before = self.bound.loads[..at].iter().filter(|load| needs_variable(load)).count();
            let name = format!("$fxv#{before}");
            return Expression::variable(&self.imports.variable(self.id, &name));
        }
        self.loaded_value(load).map_or_else(Expression::null, Expression::data)
    }

    fn loaded_value(&self, load: &LoadCall<'a>) -> Option<&Value> {
        let all = self.loads.get_or_init(|| self.load_all());
        let at = self.bound.loads.binary_search_by_key(&load.span.start, |load| load.span.start);
        all.get(at.ok()?)?.as_deref()
    }

    /// The content of every call. The same of a file is read once, however many calls ask for it.
    fn load_all(&self) -> Vec<Option<Rc<Value>>> {
        let mut known: HashMap<_, (Option<Rc<Value>>, usize)> = HashMap::new();
        let mut total = 0_usize;
        let mut all = Vec::with_capacity(self.bound.loads.len());
        for load in &self.bound.loads {
            let Some(arguments) = self.load_arguments(load) else {
                all.push(None);
                continue;
            };
            let key = (load.name, arguments);
            let (value, size) = if let Some(known) = known.get(&key) {
                known.clone()
            } else {
                let value = self.load(load, &key.1).map(Rc::new);
                let size = value.as_deref().map_or(0, size_of);
                known.insert(key, (value.clone(), size));
                (value, size)
            };
            total = total.saturating_add(size);
            if total > MOST_LOADED {
                let help = "load the file once, into a variable";
                self.error("PB2902", load.span, "the loaded files are too large in total", help);
                break;
            }
            all.push(value);
        }
        all
    }

    fn load_arguments(&self, load: &LoadCall<'a>) -> Option<Vec<String>> {
        let mut arguments = Vec::with_capacity(load.arguments.len());
        for argument in load.arguments {
            let text = self.constant_text(*argument);
            if text.is_none() {
                let help = "write the argument as plain text";
                let title = "the argument is not known at compile time";
                self.error("BCP032", argument.span(), title, help);
            }
            arguments.push(text?);
        }
        Some(arguments)
    }

    fn load(&self, load: &LoadCall<'a>, arguments: &[String]) -> Option<Value> {
        let path = arguments.first()?;
        let is_folder = load.name == "loadDirectoryFileInfo";
        if let Err(error) =
            local_path(path).or_else(|error| if is_folder { Ok(()) } else { Err(error) })
        {
            let place = self.bound.place(load.arguments.first()?.span());
            let finding = Diagnostic::error(error.code, error.title);
            self.report(finding.at(place, "invalid path").help(error.help));
            return None;
        }
        let folder = folder_of(&self.loaded.unit(self.id).path);
        let request = content::Request {
            function: load.name,
            folder,
            path: &join(folder, path),
            arguments: &arguments[1..],
        };
        content::load(&request, self.files).map_err(|error| self.report_load(load, &error)).ok()
    }

    fn report_load(&self, load: &LoadCall<'a>, error: &content::ContentError) {
        let at = load.arguments.get(error.argument).map_or(load.span, |argument| argument.span());
        let place = self.bound.place(at);
        let finding = Diagnostic::error(error.code, error.title.clone());
        self.report(finding.at(place, error.label.clone()).help(error.help));
    }

    /// The text of an expression, if it is known while compiling.
    pub(super) fn constant_text(&self, expression: ExpressionSyntax<'a>) -> Option<String> {
        self.bounded(expression.span(), || match expression {
            ExpressionSyntax::String(node) => {
                let mut text = String::new();
                for (at, segment) in node.segments.iter().enumerate() {
                    text.push_str(segment);
                    if let Some(hole) = node.holes.get(at) {
                        text.push_str(&self.constant_text(*hole)?);
                    }
                }
                Some(text)
            }
            ExpressionSyntax::Parenthesized(node) => self.constant_text(node.expression),
            ExpressionSyntax::Variable(node) => {
                match self.bound.symbol(self.bound.target(node.name)?).kind {
                    SymbolKind::Variable(declared) => self.constant_text(declared.value),
                    _ => None,
                }
            }
            _ => None,
        })
        .flatten()
    }
}
