//! Texts that are known while compiling.

use crate::bicep::binder::{Bound, SymbolKind};
use crate::bicep::syntax::ExpressionSyntax;

/// The deepest chain of expressions and variables.
const MAXIMUM_DEPTH: u32 = 800;
/// The most expressions: variables that each name another twice would double without bound.
const MAXIMUM_STEPS: u32 = 100_000;

impl<'a> Bound<'a> {
    /// The text of an expression, if it is known while compiling.
    pub fn constant_text(&self, expression: ExpressionSyntax<'a>) -> Option<String> {
        let mut text = String::new();
        let mut steps = MAXIMUM_STEPS;
        self.append_constant(expression, MAXIMUM_DEPTH, &mut steps, &mut text)?;
        Some(text)
    }

    fn append_constant(
        &self,
        expression: ExpressionSyntax<'a>,
        depth: u32,
        steps: &mut u32,
        text: &mut String,
    ) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        *steps = steps.checked_sub(1)?;
        match expression {
            ExpressionSyntax::String(node) => {
                for (at, segment) in node.segments.iter().enumerate() {
                    text.push_str(segment);
                    if let Some(hole) = node.holes.get(at) {
                        self.append_constant(*hole, depth, steps, text)?;
                    }
                }
                Some(())
            }
            ExpressionSyntax::Parenthesized(node) => {
                self.append_constant(node.expression, depth, steps, text)
            }
            ExpressionSyntax::Variable(node) => match self.symbol(self.target(node.name)?).kind {
                SymbolKind::Variable(declared) => {
                    self.append_constant(declared.value, depth, steps, text)
                }
                _ => None,
            },
            _ => None,
        }
    }
}
