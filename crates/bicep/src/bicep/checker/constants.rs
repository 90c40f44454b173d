//! Values that must be written out: nothing is computed for a decorator, for metadata, for a scope.

use super::Checker;
use crate::bicep::syntax::{ArrayItemSyntax, ExpressionSyntax, ObjectItemSyntax, UnaryOperator};

impl<'a> Checker<'a, '_> {
    /// Reports what is computed.
    pub(super) fn constant_value(&self, value: ExpressionSyntax<'a>) {
        self.deeper(|| self.constant_here(value));
    }

    fn constant_here(&self, value: ExpressionSyntax<'a>) {
        match value {
            ExpressionSyntax::Integer(_)
            | ExpressionSyntax::Boolean(_)
            | ExpressionSyntax::Null(_)
            | ExpressionSyntax::None(_)
            | ExpressionSyntax::Skipped(_)
            | ExpressionSyntax::Lambda(_) => {}
            ExpressionSyntax::String(node) if node.holes.is_empty() => {}
            ExpressionSyntax::Parenthesized(node) => self.constant_value(node.expression),
            ExpressionSyntax::Unary(node)
                if node.operator == UnaryOperator::Minus
                    && matches!(node.operand, ExpressionSyntax::Integer(_)) => {}
            ExpressionSyntax::Array(node) => {
                for item in node.items {
                    match item {
                        ArrayItemSyntax::Value(value) => self.constant_value(*value),
                        ArrayItemSyntax::Spread(node) => self.constant_value(node.expression),
                    }
                }
            }
            ExpressionSyntax::Object(node) => {
                for item in node.items {
                    match item {
                        ObjectItemSyntax::Property(node) => self.constant_value(node.value),
                        ObjectItemSyntax::Spread(node) => self.constant_value(node.expression),
                        _ => {}
                    }
                }
            }
            other => {
                let words = ("a literal value is required here", "write a literal value");
                let title = "the value is not known at compile time";
                self.error("BCP032", other.span(), title, words);
            }
        }
    }
}
