//! The walk over expressions that analyses share.

use super::{ArrayItemSyntax, ExpressionSyntax, ObjectItemSyntax, ObjectKeySyntax};

/// Visits an expression and, where the visitor says so, what is inside. Nested resources are not.
#[expect(clippy::too_many_lines, reason = "one flat match over all expressions")]
pub fn walk<'a>(
    expression: ExpressionSyntax<'a>,
    visit: &mut dyn FnMut(ExpressionSyntax<'a>) -> bool,
) {
    if !visit(expression) {
        return;
    }
    match expression {
        ExpressionSyntax::String(node) => node.holes.iter().for_each(|hole| walk(*hole, visit)),
        ExpressionSyntax::Array(node) => {
            for item in node.items {
                match item {
                    ArrayItemSyntax::Value(value) => walk(*value, visit),
                    ArrayItemSyntax::Spread(spread) => walk(spread.expression, visit),
                }
            }
        }
        ExpressionSyntax::Object(node) => {
            for item in node.items {
                match item {
                    ObjectItemSyntax::Property(property) => {
                        if let ObjectKeySyntax::String(key) = property.key {
                            key.holes.iter().for_each(|hole| walk(*hole, visit));
                        }
                        walk(property.value, visit);
                    }
                    ObjectItemSyntax::Spread(spread) => walk(spread.expression, visit),
                    ObjectItemSyntax::Resource(_)
                    | ObjectItemSyntax::Missing(_)
                    | ObjectItemSyntax::Skipped(_) => {}
                }
            }
        }
        ExpressionSyntax::FunctionCall(node) => {
            node.arguments.iter().for_each(|argument| walk(*argument, visit));
        }
        ExpressionSyntax::InstanceFunctionCall(node) => {
            walk(node.base, visit);
            node.arguments.iter().for_each(|argument| walk(*argument, visit));
        }
        ExpressionSyntax::PropertyAccess(node) => walk(node.base, visit),
        ExpressionSyntax::ArrayAccess(node) => {
            walk(node.base, visit);
            walk(node.index, visit);
        }
        ExpressionSyntax::ResourceAccess(node) => walk(node.base, visit),
        ExpressionSyntax::NonNullAssertion(node) => walk(node.base, visit),
        ExpressionSyntax::Unary(node) => walk(node.operand, visit),
        ExpressionSyntax::Binary(node) => {
            walk(node.left, visit);
            walk(node.right, visit);
        }
        ExpressionSyntax::Ternary(node) => {
            walk(node.condition, visit);
            walk(node.when_true, visit);
            walk(node.when_false, visit);
        }
        ExpressionSyntax::Parenthesized(node) => walk(node.expression, visit),
        ExpressionSyntax::Lambda(node) => walk(node.body, visit),
        ExpressionSyntax::For(node) => {
            walk(node.expression, visit);
            walk(node.body, visit);
        }
        ExpressionSyntax::If(node) => {
            walk(node.condition, visit);
            walk(node.body, visit);
        }
        ExpressionSyntax::Variable(_)
        | ExpressionSyntax::Integer(_)
        | ExpressionSyntax::Boolean(_)
        | ExpressionSyntax::Null(_)
        | ExpressionSyntax::None(_)
        | ExpressionSyntax::Skipped(_) => {}
    }
}
