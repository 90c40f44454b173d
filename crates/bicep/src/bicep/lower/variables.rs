//! Variables.

use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::SymbolId;
use crate::bicep::ir::{Initializer, Variable};
use crate::bicep::syntax::{ExpressionSyntax, ForSyntax, StatementSyntax};

impl<'a> Lowerer<'a, '_> {
    /// The item and the index of a loop at an index.
    pub(super) fn loop_names(
        &self,
        node: &ForSyntax<'a>,
        index: Expression,
        env: &Env<'_>,
    ) -> Vec<(SymbolId, Expression)> {
        let mut names = Vec::with_capacity(2);
        if let Some(item) = self.bound.declared(node.item) {
            names.push((item, self.expression(node.expression, env).access(index.clone())));
        }
        if let Some(id) = node.index.and_then(|index| self.bound.declared(index)) {
            names.push((id, index));
        }
        names
    }

    /// The variables of the template, except those that hold what is loaded.
    pub(super) fn variables(&self) -> Vec<Variable> {
        let mut variables = Vec::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Variable(node) = statement else { continue };
            let Some(id) = self.bound.declared(node.name) else { continue };
            if !self.facts.is_inlined(id) {
                let name = node.name.name.to_owned();
                let value = self.initializer(node.value, Some(&name));
                variables.push(Variable { name, value });
            }
        }
        variables.extend(self.imported_variables());
        variables
    }

    /// What a variable or an output is set to; `name` is what a loop is called.
    pub(super) fn initializer(
        &self,
        value: ExpressionSyntax<'a>,
        name: Option<&str>,
    ) -> Initializer {
        if let ExpressionSyntax::For(node) = value.without_parentheses() {
            Initializer::Loop(self.looped(node, name.map(str::to_owned), &Env::empty()))
        } else {
            let place = self.bound.place(value.span());
            Initializer::Value(self.value(value, &Env::empty()), Some(place))
        }
    }
}
