//! Text that is put together or converted in a roundabout way.

use std::collections::HashSet;

use super::Linting;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{ExpressionSyntax, TypeSyntax};

/// How many variables a value is followed through.
const MAX_STEPS: usize = 8;

pub(super) fn prefer_interpolation(linting: &Linting<'_, '_>) {
    linting.expressions(&mut |expression| {
        let (name, arguments, span) = match expression {
            ExpressionSyntax::FunctionCall(call) => (call.name.name, call.arguments, call.span),
            ExpressionSyntax::InstanceFunctionCall(call) => {
                (call.name.name, call.arguments, call.span)
            }
            _ => return,
        };
        let is_concat = name == "concat" && arguments.len() > 1;
        if is_concat && !arguments.iter().any(|it| linting.is_array(*it, 0) || is_skipped(*it)) {
            let help = "write one string with `${...}`";
            let label = "an interpolated string says the same";
            linting.report(span, "`concat` of text", label, help);
        }
    });
}

pub(super) fn simplify_interpolation(linting: &Linting<'_, '_>) {
    // Where a string is an argument or an item of an array, Microsoft's rule does not look.
    let mut elsewhere = HashSet::new();
    linting.expressions(&mut |expression| {
        match expression {
            ExpressionSyntax::FunctionCall(call) => {
                elsewhere.extend(call.arguments.iter().map(|it| it.span().start));
            }
            ExpressionSyntax::InstanceFunctionCall(call) => {
                elsewhere.extend(call.arguments.iter().map(|it| it.span().start));
            }
            ExpressionSyntax::Array(node) => {
                elsewhere.extend(node.items.iter().map(|it| it.span().start));
            }
            _ => {}
        }
        let ExpressionSyntax::String(node) = expression else { return };
        if elsewhere.contains(&node.span.start) {
            return;
        }
        if let (["", ""], [hole]) = (node.segments, node.holes)
            && linting.is_text(*hole, 0)
        {
            let help = "write the value without quotes";
            linting.report(node.span, "a string of one value", "the value is a string", help);
        }
    });
}

pub(super) fn simplify_json_null(linting: &Linting<'_, '_>) {
    linting.expressions(&mut |expression| {
        let ExpressionSyntax::FunctionCall(call) = expression else { return };
        let [argument] = call.arguments else { return };
        if call.name.name == "json" && argument.literal() == Some("null") {
            linting.report(call.span, "`json('null')`", "it is `null`", "write `null`");
        }
    });
}

/// Functions that give an array whatever they are given.
const ARRAYS: [&str; 14] = [
    "array",
    "createArray",
    "filter",
    "flatten",
    "items",
    "map",
    "mapValues",
    "objectKeys",
    "pickZones",
    "range",
    "sort",
    "split",
    "union",
    "skip",
];

/// Functions that give text whatever they are given.
const TEXTS: [&str; 24] = [
    "base64",
    "base64ToString",
    "dataUri",
    "dataUriToString",
    "dateTimeAdd",
    "dateTimeFromEpoch",
    "format",
    "getSecret",
    "guid",
    "join",
    "newGuid",
    "padLeft",
    "replace",
    "resourceId",
    "string",
    "subscriptionResourceId",
    "substring",
    "tenantResourceId",
    "toLower",
    "toUpper",
    "trim",
    "uniqueString",
    "uri",
    "utcNow",
];

/// Properties of every resource that are text.
const TEXT_PROPERTIES: [&str; 4] = ["id", "name", "type", "apiVersion"];

impl<'a> Linting<'a, '_> {
    /// Whether an expression is known to give text.
    fn is_text(&self, expression: ExpressionSyntax<'a>, steps: usize) -> bool {
        if steps > MAX_STEPS {
            return false;
        }
        match expression.without_parentheses() {
            ExpressionSyntax::String(_) => true,
            ExpressionSyntax::FunctionCall(call) => TEXTS.contains(&call.name.name),
            ExpressionSyntax::InstanceFunctionCall(call) => TEXTS.contains(&call.name.name),
            ExpressionSyntax::Ternary(node) => {
                self.is_text(node.when_true, steps + 1) && self.is_text(node.when_false, steps + 1)
            }
            ExpressionSyntax::PropertyAccess(node) => {
                let ExpressionSyntax::Variable(base) = node.base else { return false };
                let symbol = self.bound.target(base.name).map(|it| self.bound.symbol(it).kind);
                matches!(symbol, Some(SymbolKind::Resource(_)))
                    && TEXT_PROPERTIES.contains(&node.name.name)
            }
            ExpressionSyntax::Variable(node) => {
                let Some(symbol) = self.bound.target(node.name) else { return false };
                match self.bound.symbol(symbol).kind {
                    SymbolKind::Variable(node) => self.is_text(node.value, steps + 1),
                    SymbolKind::Parameter(node) => is_text_type(node.r#type),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether an expression is known to give an array.
    fn is_array(&self, expression: ExpressionSyntax<'a>, steps: usize) -> bool {
        if steps > MAX_STEPS {
            return false;
        }
        match expression.without_parentheses() {
            ExpressionSyntax::Array(_) | ExpressionSyntax::For(_) => true,
            ExpressionSyntax::FunctionCall(call) => {
                let is_concat = ["concat", "take"].contains(&call.name.name);
                ARRAYS.contains(&call.name.name)
                    || is_concat && call.arguments.iter().any(|it| self.is_array(*it, steps + 1))
            }
            ExpressionSyntax::Ternary(node) => {
                self.is_array(node.when_true, steps + 1)
                    || self.is_array(node.when_false, steps + 1)
            }
            ExpressionSyntax::Variable(node) => {
                let Some(symbol) = self.bound.target(node.name) else { return false };
                match self.bound.symbol(symbol).kind {
                    SymbolKind::Variable(node) => self.is_array(node.value, steps + 1),
                    SymbolKind::Parameter(node) => is_array_type(node.r#type),
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

fn is_skipped(expression: ExpressionSyntax<'_>) -> bool {
    matches!(expression, ExpressionSyntax::Skipped(_))
}

fn is_text_type(declared: TypeSyntax<'_>) -> bool {
    match declared.without_parentheses() {
        TypeSyntax::String(_) => true,
        TypeSyntax::Union(node) => node.members.iter().all(|member| is_text_type(*member)),
        TypeSyntax::Variable(node) => node.name.name == "string",
        _ => false,
    }
}

fn is_array_type(declared: TypeSyntax<'_>) -> bool {
    match declared.without_parentheses() {
        TypeSyntax::Array(_) | TypeSyntax::Tuple(_) => true,
        TypeSyntax::Nullable(node) => is_array_type(node.base),
        TypeSyntax::Variable(node) => node.name.name == "array",
        _ => false,
    }
}
