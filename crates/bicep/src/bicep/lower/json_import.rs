//! Symbols that are taken over from ARM templates.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::imports::Kind;
use crate::arm::expression::is_expression;

/// What an ARM template declares.
#[derive(Debug)]
pub struct JsonSymbols {
    template: Arc<Value>,
}

/// A variable of an ARM template.
pub enum Variable<'v> {
    Plain(&'v Value),
    Copy(&'v Value),
}

impl JsonSymbols {
    pub fn new(template: Arc<Value>) -> Self {
        Self { template }
    }

    /// What the template exports under a name.
    pub fn exported(&self, name: &str) -> Option<Kind> {
        let exported = |value: Option<&Value>| {
            value.is_some_and(|value| value["metadata"]["__bicep_export!"] == Value::Bool(true))
        };
        if exported(self.definition(name)) {
            return Some(Kind::Type);
        }
        if exported(self.function(&format!("__bicep.{name}"))) {
            return Some(Kind::Function);
        }
        let variables = self.template["metadata"]["__bicep_exported_variables!"].as_array();
        let mut variables = variables.into_iter().flatten();
        variables.any(|variable| variable["name"] == name).then_some(Kind::Variable)
    }

    /// Names that the template may export.
    pub fn exports(&self) -> Vec<String> {
        let definitions = self.template.get("definitions").and_then(Value::as_object);
        let definitions = definitions.into_iter().flat_map(Map::keys).cloned();
        let functions = self.template.get("functions").and_then(Value::as_array);
        let functions = functions.into_iter().flatten();
        let functions = functions.filter(|found| found["namespace"] == "__bicep");
        let functions = functions.filter_map(|found| found.get("members")?.as_object());
        let variables = self.template["metadata"]["__bicep_exported_variables!"].as_array();
        let variables = variables.into_iter().flatten();
        let variables = variables.filter_map(|variable| variable["name"].as_str());
        let named = functions.flat_map(Map::keys).cloned().chain(variables.map(str::to_owned));
        definitions.chain(named).collect()
    }

    pub fn definition(&self, name: &str) -> Option<&Value> {
        self.template.get("definitions")?.get(name)
    }

    /// A variable; loops stand apart from the others.
    pub fn variable(&self, name: &str) -> Option<Variable<'_>> {
        let variables = self.template.get("variables")?;
        let copies = variables.get("copy").and_then(Value::as_array).into_iter().flatten();
        let mut copies = copies.filter(|copy| copy["name"] == name);
        match copies.next() {
            Some(copy) => Some(Variable::Copy(copy)),
            None => variables.get(name).map(Variable::Plain),
        }
    }

    /// A function, by its name with or without namespace.
    pub fn function(&self, name: &str) -> Option<&Value> {
        let (namespace, member) = name.split_once('.').unwrap_or(("__bicep", name));
        let namespaces = self.template.get("functions")?.as_array()?.iter();
        let mut namespaces = namespaces.filter(|found| found["namespace"] == namespace);
        namespaces.find_map(|found| found.get("members")?.get(member))
    }

    /// What a symbol uses.
    pub fn references(&self, kind: Kind, name: &str) -> Vec<(Kind, String)> {
        let value = match kind {
            Kind::Type => self.definition(name),
            Kind::Function => self.function(name),
            Kind::Variable => match self.variable(name) {
                Some(Variable::Plain(value) | Variable::Copy(value)) => Some(value),
                None => None,
            },
        };
        let mut found = Vec::new();
        if let Some(value) = value {
            renamed(value, &mut |kind, name| {
                found.push((kind, name.to_owned()));
                None
            });
        }
        found
    }
}

/// A copy of a value in which every name that it uses may be replaced.
pub fn renamed(value: &Value, rename: &mut dyn FnMut(Kind, &str) -> Option<String>) -> Value {
    match value {
        Value::String(text) => Value::String(renamed_text(text, rename)),
        Value::Array(items) => items.iter().map(|item| renamed(item, rename)).collect(),
        Value::Object(object) => {
            let mut copy = Map::new();
            for (key, value) in object {
                let value = match (key.as_str(), value) {
                    ("$ref", Value::String(reference)) => renamed_reference(reference, rename),
                    _ => renamed(value, rename),
                };
                copy.insert(renamed_text(key, rename), value);
            }
            Value::Object(copy)
        }
        other => other.clone(),
    }
}

fn renamed_reference(
    reference: &str,
    rename: &mut dyn FnMut(Kind, &str) -> Option<String>,
) -> Value {
    let Some(path) = reference.strip_prefix("#/definitions/") else {
        return Value::from(reference);
    };
    let (name, rest) =
        path.split_once('/').map_or((path, ""), |(name, _)| (name, &path[name.len()..]));
    let name = rename(Kind::Type, name).unwrap_or_else(|| name.to_owned());
    Value::String(format!("#/definitions/{name}{rest}"))
}

// Names stand in `variables('x')`, `copyIndex('x')` and `namespace.f(`, outside string literals.
fn renamed_text(text: &str, rename: &mut dyn FnMut(Kind, &str) -> Option<String>) -> String {
    if !is_expression(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            let end = rest[1..].find('\'').map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        let word =
            rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '.'));
        let (word, after) = rest.split_at(word.unwrap_or(rest.len()));
        if word.is_empty() {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        rest = after;
        let argument = after.strip_prefix("('").and_then(|inner| inner.split_once("')"));
        match (word, argument) {
            ("variables" | "copyIndex", Some((name, after))) => {
                let name = rename(Kind::Variable, name).unwrap_or_else(|| name.to_owned());
                out.extend([word, "('", &name, "')"]);
                rest = after;
            }
            _ if !word.starts_with('.') && word.contains('.') && after.starts_with('(') => {
                let name = word.strip_prefix("__bicep.").unwrap_or(word);
                let name = rename(Kind::Function, name);
                out.push_str(&name.unwrap_or_else(|| word.to_owned()));
            }
            _ => out.push_str(word),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renames_outside_literals_only() {
        let text = "[concat(variables('a'), 'variables(''a'')', __bicep.f(copyIndex('c').x))]";
        let renamed = renamed_text(text, &mut |_, name| Some(format!("_1.{name}")));
        let expected = "[concat(variables('_1.a'), 'variables(''a'')', _1.f(copyIndex('_1.c').x))]";
        assert_eq!(renamed, expected);
        assert_eq!(renamed_text("[[variables('a')]", &mut |_, _| None), "[[variables('a')]");
    }
}
