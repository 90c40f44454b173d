//! What is known of a file once it is checked.

use super::{Checker, Interface};
use crate::bicep::binder::{ResourceId, SymbolId};
use crate::bicep::syntax::ExpressionSyntax;
use crate::bicep::types::Type;

/// A checked file. To ask it anything reports nothing.
pub(in crate::bicep) struct Checked<'a, 'c> {
    checker: Checker<'a, 'c>,
    interface: Interface<'a>,
}

impl<'a, 'c> Checked<'a, 'c> {
    pub(super) fn new(checker: Checker<'a, 'c>, interface: Interface<'a>) -> Self {
        Self { checker, interface }
    }

    /// What the file offers to others.
    pub fn into_interface(self) -> Interface<'a> {
        self.interface
    }

    /// The type of an expression.
    pub fn type_of(&self, expression: ExpressionSyntax<'a>) -> Type<'a> {
        self.checker.infer(expression)
    }

    /// The type of what a name means.
    pub fn symbol(&self, id: SymbolId) -> Type<'a> {
        self.checker.symbol(id)
    }

    /// What the body of a resource is declared to be.
    pub fn body_type(&self, id: ResourceId) -> Type<'a> {
        self.checker.body(id).map_or(Type::Any, |body| body.kind.clone())
    }

    /// Whether an expression is known before the deployment starts.
    pub fn is_early(&self, expression: ExpressionSyntax<'a>) -> bool {
        self.checker.is_early(expression)
    }

    /// Whether the file at a path that this file names has errors.
    pub fn is_broken(&self, path: ExpressionSyntax<'_>) -> bool {
        self.checker.modules.is_broken(path)
    }

    /// What the file at a path that this file names offers, if it is known.
    pub fn module(&self, path: ExpressionSyntax<'_>) -> Option<&'c Interface<'a>> {
        self.checker.modules.interface(path)
    }
}
