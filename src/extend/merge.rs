//! A patch and the syntax tree of a resource side by side: RFC 7396 for objects, names and `$append` for lists.

use serde_json::{Map, Value};

use super::edit::Edits;
use super::given::Given;
use super::origin::{Landing, Step};
use super::value::{self, APPEND, Form};
use super::{ConfigFindings, listed};
use crate::bicep::syntax::{
    ArrayItemSyntax, ArraySyntax, DeclarationBody, ExpressionSyntax, ObjectPropertySyntax,
    ObjectSyntax, StatementSyntax,
};
use crate::diagnostic::{Diagnostic, nearest, pointer};

/// What tells the items of a list apart, the first that an item has. Mounts have it one level below.
const NAMES: [&str; 5] = ["name", "registryServer", "filePath", "relativeMountPath", "id"];

/// Merges the patch of one resource.
pub(super) struct Merge<'m, 'd> {
    text: &'m str,
    given: &'m Given,
    symbol: &'m str,
    edits: &'m mut Edits,
    landings: &'m mut Vec<Landing>,
    told: &'m mut ConfigFindings<'d>,
    /// The way to where it is.
    steps: Vec<Step>,
}

impl<'m, 'd> Merge<'m, 'd> {
    pub(super) fn new(
        text: &'m str,
        given: &'m Given,
        symbol: &'m str,
        edits: &'m mut Edits,
        landings: &'m mut Vec<Landing>,
        told: &'m mut ConfigFindings<'d>,
    ) -> Self {
        Self { text, given, symbol, edits, landings, told, steps: Vec::new() }
    }

    /// Merges into the body of a resource or module.
    pub(super) fn declaration(
        mut self,
        declared: StatementSyntax<'_>,
        patch: &Map<String, Value>,
        pointer: &str,
    ) {
        if patch.is_empty() {
            return;
        }
        let (value, existing) = match declared {
            StatementSyntax::Resource(node) => (node.value, node.existing.is_some()),
            StatementSyntax::Module(node) => (node.value, false),
            _ => return,
        };
        let symbol = self.symbol;
        if existing {
            let finding = Diagnostic::error("PB1402", format!("`{symbol}` is not deployed here"))
                .reason("this stage only refers to it, so the patch would have no effect")
                .help("patch it in the stage that creates it");
            return self.told.at_key(finding, pointer, "an `existing` resource");
        }
        let body = DeclarationBody::of(value);
        if body.r#for.is_some() {
            return self.refuse_loop(symbol, pointer);
        }
        match value::form(patch, pointer, self.told) {
            Form::Wrong => {}
            Form::Members(None) => {
                if let Some(object) = body.object {
                    self.object(object, patch, pointer);
                }
            }
            Form::Members(Some(_)) | Form::Expression(_) => {
                let finding = Diagnostic::error(
                    "PB1405",
                    "a patch of a resource must be a mapping of properties",
                )
                .help("write the properties to merge, such as `properties: { ... }`");
                self.told.at_key(finding, pointer, "neither an expression nor a list");
            }
        }
    }

    fn object(&mut self, object: &ObjectSyntax<'_>, patch: &Map<String, Value>, pointer: &str) {
        for (key, value) in patch {
            let pointer = format!("{pointer}/{}", pointer::escape(key));
            self.steps.push(Step::Property(key.clone()));
            match (object.property(key), value) {
                (Some(found), Value::Null) => {
                    self.edits.remove(self.text, found.span);
                    self.landed(&pointer, Some(self.source(found.value)), true);
                }
                (None, Value::Null) => self.nothing_to_remove(object, key, &pointer),
                (Some(found), value) => self.value(found, value, &pointer),
                (None, value) => {
                    if let Some(printed) = value::print(value, &pointer, self.told) {
                        let at = place_for(object, key);
                        self.edits.insert(self.text, at, &value::property(key, &printed));
                        self.landed(&pointer, None, false);
                    }
                }
            }
            self.steps.pop();
        }
    }

    /// Merges into a property that is there.
    fn value(&mut self, found: &ObjectPropertySyntax<'_>, value: &Value, pointer: &str) {
        let shown = self.dotted();
        if self.inner(found.value, value, pointer, &shown) {
            self.edits.remove_comments_above(self.text, found.span.start);
        }
    }

    /// Merges into a value; says whether all of it was replaced.
    fn inner(
        &mut self,
        rendered: ExpressionSyntax<'_>,
        value: &Value,
        pointer: &str,
        shown: &str,
    ) -> bool {
        if let Value::Object(map) = value {
            let append = match value::form(map, pointer, self.told) {
                Form::Wrong => return false,
                Form::Expression(_) => return self.replace(rendered, value, pointer),
                Form::Members(append) => append,
            };
            match (rendered, append) {
                (ExpressionSyntax::Object(node), None) => {
                    self.object(node, map, pointer);
                    return false;
                }
                (ExpressionSyntax::Array(node), _) => {
                    self.list(node, map, pointer);
                    return false;
                }
                (ExpressionSyntax::For(_), _) => {
                    self.refuse_loop(shown, pointer);
                    return false;
                }
                (ExpressionSyntax::Object(_), Some(_)) => {
                    let finding = Diagnostic::error("PB1404", format!("`{shown}` is not a list"))
                        .help("write the properties to merge without `$append`");
                    self.told.at_key(finding, pointer, "the stage has an object here");
                    return false;
                }
                (rendered, appended) if !is_literal(rendered) => {
                    let expression = self.source(rendered);
                    let with = match appended {
                        Some(_) => format!("concat({expression}, [ ... ])"),
                        None => format!("union({expression}, {{ ... }})"),
                    };
                    self.refuse_expression(shown, &expression, &with, pointer);
                    return false;
                }
                _ => {}
            }
        }
        self.replace(rendered, value, pointer)
    }

    fn replace(&mut self, rendered: ExpressionSyntax<'_>, value: &Value, pointer: &str) -> bool {
        let Some(printed) = value::print(value, pointer, self.told) else { return false };
        if value::same(rendered, self.text, value) {
            return false;
        }
        self.edits.replace(rendered.span(), printed);
        self.landed(pointer, Some(self.source(rendered)), false);
        true
    }

    /// Merges into a list: its items by their names, and others after them.
    fn list(&mut self, list: &ArraySyntax<'_>, patch: &Map<String, Value>, pointer: &str) {
        let gone: Vec<usize> = patch
            .iter()
            .filter(|(_, value)| value.is_null())
            .filter_map(|(name, _)| self.position(list, name))
            .collect();
        // Items move up by those that go before them.
        let after = |index: usize| index - gone.iter().filter(|at| **at < index).count();
        for (name, value) in patch.iter().filter(|(name, _)| *name != APPEND) {
            let pointer = format!("{pointer}/{}", pointer::escape(name));
            let Some(index) = self.position(list, name) else {
                self.unknown_item(list, name, &pointer);
                continue;
            };
            let ArrayItemSyntax::Value(item) = list.items[index] else { continue };
            self.steps.push(Step::Item(after(index)));
            if value.is_null() {
                self.edits.remove(self.text, item.span());
                self.landed(&pointer, Some(self.source(item)), true);
            } else {
                let shown = self.dotted();
                self.inner(item, value, &pointer, &shown);
            }
            self.steps.pop();
        }
        if let Some(Value::Array(items)) = patch.get(APPEND) {
            let pointer = format!("{pointer}/{APPEND}");
            self.append(list, after(list.items.len()), items, &pointer);
        }
    }

    fn append(&mut self, list: &ArraySyntax<'_>, first: usize, items: &[Value], pointer: &str) {
        let mut next = first;
        for (index, value) in items.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            let is_there = |item: &ArrayItemSyntax<'_>| match item {
                ArrayItemSyntax::Value(item) => value::same(*item, self.text, value),
                ArrayItemSyntax::Spread(_) => false,
            };
            if list.items.iter().any(is_there) {
                continue;
            }
            if let Some(name) =
                name_of_value(value).filter(|name| self.position(list, name).is_some())
            {
                let title = format!("the list already has an item `{name}`");
                let finding = Diagnostic::error("PB1408", title)
                    .reason("two items with the same name would conflict")
                    .help(format!("merge into it with `{name}: {{ ... }}` instead of `$append`"));
                self.told.at_value(finding, &pointer, "appended here");
                continue;
            }
            if let Some(printed) = value::print(value, &pointer, self.told) {
                self.edits.insert(self.text, list.span.end - 1, &printed);
                self.steps.push(Step::Item(next));
                self.landed(&pointer, None, false);
                self.steps.pop();
                next += 1;
            }
        }
    }

    fn unknown_item(&mut self, list: &ArraySyntax<'_>, name: &str, pointer: &str) {
        let known: Vec<&str> =
            list.items.iter().filter_map(|item| self.name_of_item(*item)).collect();
        let help = match (nearest(name, known.iter().copied()), known.as_slice()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => "add it with `$append`, or write the whole list".to_owned(),
            (None, known) => format!("use one of {}, or add it with `$append`", listed(known)),
        };
        let title = format!("`{}` has no item `{name}`", self.dotted());
        let finding = Diagnostic::error("PB1404", title)
            .reason("the stage has a list here, and a patch refers to its items by name")
            .help(help);
        self.told.at_key(finding, pointer, "no item has this name");
    }

    fn nothing_to_remove(&mut self, object: &ObjectSyntax<'_>, key: &str, pointer: &str) {
        let known = object.properties().filter_map(ObjectPropertySyntax::name);
        let help = match nearest(key, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "remove the line".to_owned(),
        };
        let title = format!("the stage does not set `{}` of `{}`", self.dotted(), self.symbol);
        let finding = Diagnostic::warning("PB1407", title)
            .reason("`null` removes a property, but the stage does not set this one")
            .help(help);
        self.told.at_key(finding, pointer, "removes nothing");
    }

    /// Refuses to merge into an expression; `with` is one that does what the patch wants.
    fn refuse_expression(&mut self, what: &str, expression: &str, with: &str, pointer: &str) {
        let (label, help) = if expression.len() <= 60 && !expression.contains('\n') {
            (
                format!("the stage sets it to the expression `{expression}`"),
                format!("replace it, for example with `{{ $bicep: \"{with}\" }}`"),
            )
        } else {
            (
                "the stage sets it to an expression".to_owned(),
                "replace it with `{ $bicep: \"...\" }`".to_owned(),
            )
        };
        self.refuse(what, &label, &help, pointer);
    }

    /// Refuses to merge into a loop.
    fn refuse_loop(&mut self, what: &str, pointer: &str) {
        self.refuse(what, "a loop creates it", "extend the template of the stage", pointer);
    }

    fn refuse(&mut self, what: &str, label: &str, help: &str, pointer: &str) {
        let finding =
            Diagnostic::error("PB1403", format!("a patch cannot be merged into `{what}`"))
                .reason("its value is known only during the deployment")
                .help(help);
        self.told.at_key(finding, pointer, label);
    }

    fn landed(&mut self, pointer: &str, before: Option<String>, removed: bool) {
        self.landings.push(Landing {
            symbol: self.symbol.to_owned(),
            steps: self.steps.clone(),
            pointer: pointer.to_owned(),
            before,
            removed,
        });
    }

    fn position(&self, list: &ArraySyntax<'_>, name: &str) -> Option<usize> {
        list.items.iter().position(|item| self.name_of_item(*item) == Some(name))
    }

    /// What an item of a list is called, be it written in the stage or in its parameters.
    fn name_of_item<'s>(&'s self, item: ArrayItemSyntax<'s>) -> Option<&'s str> {
        let ArrayItemSyntax::Value(value) = item else { return None };
        let ExpressionSyntax::Object(object) = value else { return value.literal() };
        let inner = || match object.properties().next()?.value {
            ExpressionSyntax::Object(inner) => own_name(inner),
            _ => None,
        };
        let name = own_name(object).or_else(inner)?;
        let given = || self.given.get(&self.text[name.span().range()]).map(String::as_str);
        name.literal().or_else(given)
    }

    fn source(&self, expression: ExpressionSyntax<'_>) -> String {
        self.text[expression.span().range()].to_owned()
    }

    fn dotted(&self) -> String {
        super::origin::dotted(&self.steps)
    }
}

/// Where a new property belongs: before `properties` in the body of a resource, at the end elsewhere.
fn place_for(object: &ObjectSyntax<'_>, key: &str) -> u32 {
    let before = object.property("properties").filter(|_| key != "dependsOn");
    before.map_or(object.span.end - 1, |properties| properties.span.start)
}

/// Whether an expression is a value by itself.
fn is_literal(expression: ExpressionSyntax<'_>) -> bool {
    match expression {
        ExpressionSyntax::String(node) => node.literal().is_some(),
        ExpressionSyntax::Integer(_) | ExpressionSyntax::Boolean(_) | ExpressionSyntax::Null(_) => {
            true
        }
        _ => false,
    }
}

fn own_name<'a>(object: &ObjectSyntax<'a>) -> Option<ExpressionSyntax<'a>> {
    NAMES.iter().find_map(|name| object.property(name)).map(|property| property.value)
}

/// What an item would be called.
fn name_of_value(value: &Value) -> Option<&str> {
    let Value::Object(map) = value else { return value.as_str() };
    let found = NAMES.iter().find_map(|name| map.get(*name));
    let inner = || match map.values().next()? {
        Value::Object(inner) => NAMES.iter().find_map(|name| inner.get(*name)),
        _ => None,
    };
    found.or_else(inner)?.as_str()
}
