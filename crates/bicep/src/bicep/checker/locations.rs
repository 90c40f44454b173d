//! Which parameters say where resources are deployed, and which decide what they are called.

use foldhash::{HashSet, HashSetExt};

use super::Checker;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::syntax::{DeclarationBody, ExpressionSyntax, StatementSyntax, walk};

/// Whether this is `resourceGroup().location` or `deployment().location`.
pub(in crate::bicep) fn is_location_of_deployment(expression: ExpressionSyntax<'_>) -> bool {
    let ExpressionSyntax::PropertyAccess(access) = expression else { return false };
    let name = match access.base {
        ExpressionSyntax::FunctionCall(call) => call.name.name,
        ExpressionSyntax::InstanceFunctionCall(call) => call.name.name,
        _ => return false,
    };
    access.name.name == "location" && matches!(name, "resourceGroup" | "deployment")
}

impl<'a> Checker<'a, '_> {
    /// The parameters with a default that is the location of the deployment, or that resources are deployed to.
    pub(super) fn locations(&self) -> HashSet<&'a str> {
        let mut found = HashSet::new();
        for resource in &self.bound.resources {
            let body = resource.syntax.body().object;
            let Some(location) = body.and_then(|body| body.property("location")) else { continue };
            walk(location.value, &mut |expression| {
                if let ExpressionSyntax::Variable(node) = expression
                    && let Some(id) = self.bound.target(node.name)
                    && let SymbolKind::Parameter(node) = self.bound.symbol(id).kind
                    && node.default.is_some()
                {
                    found.insert(node.name.name);
                }
                true
            });
        }
        for statement in self.bound.program.statements {
            let StatementSyntax::Parameter(node) = statement else { continue };
            let Some(default) = node.default else { continue };
            walk(default, &mut |expression| {
                if is_location_of_deployment(expression) {
                    found.insert(node.name.name);
                }
                true
            });
        }
        found
    }

    /// The parameters that names, conditions and scopes of resources and modules depend on.
    pub(super) fn identities(&self) -> HashSet<&'a str> {
        let mut found = Identities { checker: self, seen: HashSet::new(), names: HashSet::new() };
        for resource in &self.bound.resources {
            found.body(resource.syntax.body());
        }
        for statement in self.bound.program.statements {
            if let StatementSyntax::Module(node) = statement {
                found.body(node.body());
            }
        }
        found.names
    }
}

struct Identities<'a, 'c, 'k> {
    checker: &'k Checker<'a, 'c>,
    seen: HashSet<SymbolId>,
    names: HashSet<&'a str>,
}

impl<'a> Identities<'a, '_, '_> {
    fn body(&mut self, body: DeclarationBody<'a>) {
        let property = |name| body.object?.property(name).map(|property| property.value);
        let condition = body.r#if.map(|node| node.condition);
        let parts = [property("name"), property("scope"), property("parent"), condition];
        for part in parts.into_iter().flatten() {
            self.expression(part);
        }
    }

    fn expression(&mut self, expression: ExpressionSyntax<'a>) {
        let mut used = Vec::new();
        walk(expression, &mut |expression| {
            if let ExpressionSyntax::Variable(node) = expression {
                used.extend(self.checker.bound.target(node.name));
            }
            true
        });
        for id in used {
            if self.seen.insert(id) {
                self.symbol(id);
            }
        }
    }

    fn symbol(&mut self, id: SymbolId) {
        let bound = self.checker.bound;
        let next = match bound.symbol(id).kind {
            SymbolKind::Parameter(node) => {
                self.names.insert(node.name.name);
                return;
            }
            SymbolKind::Resource(id) => return self.body(bound.resource(id).syntax.body()),
            SymbolKind::Variable(node) => node.value,
            SymbolKind::Item(node) => node.expression,
            _ => return,
        };
        self.checker.deeper(|| self.expression(next));
    }
}
