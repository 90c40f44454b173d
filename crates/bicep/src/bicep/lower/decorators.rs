//! What decorators add to what they stand on.

use super::{Env, Lowerer};
use crate::bicep::ir::{Decorations, Value};
use crate::bicep::syntax::{DecoratorSyntax, ExpressionSyntax};

const LIMITS: [&str; 4] = ["minValue", "maxValue", "minLength", "maxLength"];

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
        Some(self.value(*argument, &Env::empty()))
    }

    pub(super) fn description(&self, decorators: &'a [DecoratorSyntax<'a>]) -> Option<Value> {
        let argument = find(decorators, "description")?.first()?;
        Some(match argument.literal() {
            Some(text) => Value::text(without_indentation(text)),
            None => self.value(*argument, &Env::empty()),
        })
    }

    /// Everything that decorators add to a type.
    pub(super) fn decorations(
        &self,
        decorators: &'a [DecoratorSyntax<'a>],
    ) -> Option<Box<Decorations>> {
        if decorators.is_empty() {
            return None;
        }
        let limits = LIMITS.into_iter();
        let limits = limits.filter_map(|name| Some((name, self.argument(decorators, name)?)));
        let parts = |parts: &[ExpressionSyntax<'a>]| {
            parts.iter().map(|part| self.value(*part, &Env::empty())).collect()
        };
        let metadata = match self.argument(decorators, "metadata") {
            Some(Value::Object(metadata)) => Some(metadata),
            _ => None,
        };
        Some(Box::new(Decorations {
            secure: find(decorators, "secure").is_some(),
            sealed: find(decorators, "sealed").is_some(),
            exported: find(decorators, "export").is_some(),
            allowed: self.argument(decorators, "allowed"),
            limits: limits.collect(),
            validate: find(decorators, "validate").map(parts),
            metadata,
            description: self.description(decorators),
        }))
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
