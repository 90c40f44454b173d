//! Reads of what may not be there.

use super::Linting;
use crate::bicep::lexer::lex;
use crate::bicep::syntax::{ExpressionSyntax, TernaryOperationSyntax};
use crate::bicep::types::Type;
use crate::diagnostic::Span;

pub(super) fn safe_access(linting: &Linting<'_, '_>) {
    let mut asserted = Vec::new();
    linting.expressions(&mut |expression| match expression {
        ExpressionSyntax::Ternary(node) if linting.asks_before(node) => {
            let title = "`contains` guards a property access";
            let help = "use `.?` and `??`";
            linting.report(node.span, title, "safe access is shorter", help);
        }
        ExpressionSyntax::NonNullAssertion(node) => asserted.push(node.base.span()),
        ExpressionSyntax::PropertyAccess(node) if !node.safe => {
            linting.nullable_access(expression, node.base, &asserted);
        }
        ExpressionSyntax::ArrayAccess(node) if !node.safe => {
            linting.nullable_access(expression, node.base, &asserted);
        }
        _ => {}
    });
}

impl<'a> Linting<'a, '_> {
    /// Whether this is `contains(a, 'b') ? a.b : c`.
    fn asks_before(&self, node: &TernaryOperationSyntax<'a>) -> bool {
        let arguments = match node.condition {
            ExpressionSyntax::FunctionCall(call) if call.name.name == "contains" => call.arguments,
            ExpressionSyntax::InstanceFunctionCall(call) if call.name.name == "contains" => {
                call.arguments
            }
            _ => return false,
        };
        let [object, key] = arguments else { return false };
        match node.when_true {
            ExpressionSyntax::PropertyAccess(access) => {
                key.literal() == Some(access.name.name) && self.same(*object, access.base)
            }
            ExpressionSyntax::ArrayAccess(access) => {
                !access.from_end && self.same(*key, access.index) && self.same(*object, access.base)
            }
            _ => false,
        }
    }

    /// Whether two expressions are written alike, blanks and comments aside.
    pub(super) fn same(&self, left: ExpressionSyntax<'a>, right: ExpressionSyntax<'a>) -> bool {
        let words = |text: &'a str| {
            let tokens = lex(text).tokens.into_iter();
            tokens.map(|token| &text[token.span.range()]).collect::<Vec<_>>()
        };
        words(self.text(left.span())) == words(self.text(right.span()))
    }

    fn nullable_access(
        &self,
        access: ExpressionSyntax<'a>,
        base: ExpressionSyntax<'a>,
        asserted: &[Span],
    ) {
        let span = access.span();
        if asserted.contains(&span) || !matches!(self.checked.type_of(base), Type::Object(_)) {
            return;
        }
        let found = self.checked.type_of(access);
        if matches!(found, Type::Null) || found.allows_null() {
            let title = "access to a value that might not exist";
            self.report(span, title, "the value can be null", "use `.?` or `[?...]`");
        }
    }
}
