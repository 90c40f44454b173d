//! Outputs that need no deployment.

use super::Linting;
use crate::bicep::syntax::{ArrayItemSyntax, ExpressionSyntax, ObjectItemSyntax, StatementSyntax};

pub(super) fn hardcoded_outputs(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        let StatementSyntax::Output(node) = statement else { continue };
        if is_written_out(node.value) {
            let title = format!("output `{}` is a constant", node.name.name);
            let help = "export a variable instead";
            linting.report(
                node.value.span(),
                title,
                "the value is known before the deployment",
                help,
            );
        }
    }
}

fn is_written_out(value: ExpressionSyntax<'_>) -> bool {
    match value {
        ExpressionSyntax::String(node) => node.holes.is_empty(),
        ExpressionSyntax::Integer(_) | ExpressionSyntax::Boolean(_) | ExpressionSyntax::Null(_) => {
            true
        }
        ExpressionSyntax::Unary(node) => is_written_out(node.operand),
        ExpressionSyntax::Parenthesized(node) => is_written_out(node.expression),
        ExpressionSyntax::Array(node) => node.items.iter().all(|item| match item {
            ArrayItemSyntax::Value(value) => is_written_out(*value),
            ArrayItemSyntax::Spread(_) => false,
        }),
        ExpressionSyntax::Object(node) => node.items.iter().all(|item| match item {
            ObjectItemSyntax::Property(property) => is_written_out(property.value),
            _ => false,
        }),
        _ => false,
    }
}
