//! What decorators add to the JSON of what they stand on.

use serde_json::{Map, Value};

use super::{Env, Lowerer};
use crate::bicep::emit;
use crate::bicep::syntax::{DecoratorSyntax, ExpressionSyntax};

/// The arguments of the decorator of this name, if it is there; of the last one if there are several.
pub fn find<'a>(
    decorators: &'a [DecoratorSyntax<'a>],
    name: &str,
) -> Option<&'a [ExpressionSyntax<'a>]> {
    decorators.iter().rev().find_map(|decorator| match decorator.expression {
        ExpressionSyntax::FunctionCall(call) if call.name.name == name => Some(call.arguments),
        ExpressionSyntax::InstanceFunctionCall(call) if call.name.name == name => {
            Some(call.arguments)
        }
        _ => None,
    })
}

impl<'a> Lowerer<'a, '_> {
    fn argument(&self, decorators: &'a [DecoratorSyntax<'a>], name: &str) -> Option<Value> {
        let argument = find(decorators, name)?.first()?;
        Some(self.json(*argument, &Env::empty()))
    }

    pub(super) fn description(&self, decorators: &'a [DecoratorSyntax<'a>]) -> Option<Value> {
        let argument = find(decorators, "description")?.first()?;
        Some(match argument.literal() {
            Some(text) => emit::literal(&without_indentation(text)),
            None => self.json(*argument, &Env::empty()),
        })
    }

    /// `metadata` and `description`, if there is one of them.
    pub(super) fn metadata(
        &self,
        decorators: &'a [DecoratorSyntax<'a>],
    ) -> Option<Map<String, Value>> {
        let mut metadata = match self.argument(decorators, "metadata") {
            Some(Value::Object(metadata)) => Some(metadata),
            _ => None,
        };
        if let Some(description) = self.description(decorators) {
            metadata.get_or_insert_default().insert("description".to_owned(), description);
        }
        metadata
    }

    /// Everything that decorators add to a type.
    pub(super) fn decorate(
        &self,
        object: &mut Map<String, Value>,
        decorators: &'a [DecoratorSyntax<'a>],
    ) {
        if decorators.is_empty() {
            return;
        }
        if find(decorators, "secure").is_some() {
            let secure = match object.get("type").and_then(Value::as_str) {
                Some("string") => "securestring",
                _ => "secureObject",
            };
            object.insert("type".to_owned(), Value::from(secure));
        }
        if let Some(allowed) = self.argument(decorators, "allowed") {
            object.insert("allowedValues".to_owned(), allowed);
        }
        for name in ["minValue", "maxValue", "minLength", "maxLength"] {
            if let Some(limit) = self.argument(decorators, name) {
                object.insert(name.to_owned(), limit);
            }
        }
        if let Some(constraint) = find(decorators, "validate") {
            let parts = constraint.iter().map(|part| self.json(*part, &Env::empty()));
            object.insert("validate".to_owned(), parts.collect());
        }
        if find(decorators, "sealed").is_some() {
            object.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
        let mut metadata = self.metadata(decorators);
        if find(decorators, "export").is_some() {
            let metadata = metadata.get_or_insert_default();
            metadata.insert("__bicep_export!".to_owned(), Value::Bool(true));
        }
        let Some(metadata) = metadata else { return };
        // What a resource type contributes stays.
        match object.get_mut("metadata") {
            Some(Value::Object(existing)) => existing.extend(metadata),
            _ => {
                object.insert("metadata".to_owned(), Value::Object(metadata));
            }
        }
    }
}

// The lines after the first lose the indentation that all of them share.
fn without_indentation(text: &str) -> String {
    if !text.contains(['\n', '\r']) {
        return text.to_owned();
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let blank = |letter: &char| *letter == ' ' || *letter == '\t';
    let indentation = |line: &str| line.chars().take_while(blank).count();
    let shared = text.split('\n').skip(1).filter(|line| !line.trim().is_empty()).map(indentation);
    let shared = shared.min().unwrap_or(0);
    let lines = text.split('\n').enumerate().map(|(at, line)| {
        let removed = if at == 0 { 0 } else { indentation(line).min(shared) };
        &line[removed..]
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_shared_indentation() {
        assert_eq!(without_indentation("a\r\n    b\n      c\n\n    d"), "a\nb\n  c\n\nd");
    }
}
