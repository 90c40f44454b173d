//! The walks over expressions and types that analyses share.

use super::{
    ArrayItemSyntax, ExpressionSyntax, ObjectItemSyntax, ObjectKeySyntax, ObjectTypeItemSyntax,
    StatementSyntax, TypeSyntax,
};

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

/// Visits a type expression and all inside of it.
pub fn walk_types<'a>(node: TypeSyntax<'a>, visit: &mut dyn FnMut(TypeSyntax<'a>)) {
    visit(node);
    match node {
        TypeSyntax::PropertyAccess(node) => walk_types(node.base, visit),
        TypeSyntax::AdditionalPropertiesAccess(node) => walk_types(node.base, visit),
        TypeSyntax::ArrayAccess(node) => walk_types(node.base, visit),
        TypeSyntax::ItemsAccess(node) => walk_types(node.base, visit),
        TypeSyntax::Array(node) => walk_types(node.item, visit),
        TypeSyntax::Nullable(node) => walk_types(node.base, visit),
        TypeSyntax::NonNull(node) => walk_types(node.base, visit),
        TypeSyntax::Unary(node) => walk_types(node.operand, visit),
        TypeSyntax::Parenthesized(node) => walk_types(node.r#type, visit),
        TypeSyntax::Union(node) => node.members.iter().for_each(|it| walk_types(*it, visit)),
        TypeSyntax::Tuple(node) => node.items.iter().for_each(|it| walk_types(it.value, visit)),
        TypeSyntax::Object(node) => {
            for item in node.items {
                match item {
                    ObjectTypeItemSyntax::Property(node) => walk_types(node.value, visit),
                    ObjectTypeItemSyntax::AdditionalProperties(node) => {
                        walk_types(node.value, visit);
                    }
                    ObjectTypeItemSyntax::Skipped(_) => {}
                }
            }
        }
        TypeSyntax::Instantiation(node) => {
            node.arguments.iter().for_each(|it| walk_types(*it, visit));
        }
        TypeSyntax::Variable(_)
        | TypeSyntax::String(_)
        | TypeSyntax::Integer(_)
        | TypeSyntax::Boolean(_)
        | TypeSyntax::Null(_)
        | TypeSyntax::Resource(_)
        | TypeSyntax::Skipped(_) => {}
    }
}

/// Visits every type expression of a statement.
pub fn walk_statement_types<'a>(
    statement: StatementSyntax<'a>,
    visit: &mut dyn FnMut(TypeSyntax<'a>),
) {
    match statement {
        StatementSyntax::Parameter(node) => walk_types(node.r#type, visit),
        StatementSyntax::Type(node) => walk_types(node.value, visit),
        StatementSyntax::Output(node) => walk_types(node.r#type, visit),
        StatementSyntax::Variable(node) => {
            if let Some(declared) = node.r#type {
                walk_types(declared, visit);
            }
        }
        StatementSyntax::Function(node) => {
            node.parameters.iter().for_each(|it| walk_types(it.r#type, visit));
            walk_types(node.return_type, visit);
        }
        _ => {}
    }
}
