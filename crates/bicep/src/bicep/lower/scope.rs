//! Where resources and modules are deployed to.

use super::reference::Declared;
use super::{Env, Lowerer};
use crate::bicep::binder::SymbolKind;
use crate::bicep::ir::{Scope, TemplateScope};
use crate::bicep::syntax::ExpressionSyntax;

impl<'a> Lowerer<'a, '_> {
    pub(super) fn template_scope(&self) -> Scope {
        match self.session.scope {
            TemplateScope::Tenant => Scope::Tenant,
            TemplateScope::ManagementGroup => Scope::ManagementGroup(None),
            TemplateScope::Subscription => Scope::Subscription(None),
            TemplateScope::ResourceGroup => Scope::ResourceGroup(None, None),
        }
    }

    /// The scope that a declaration has, by itself or from its top ancestor.
    pub(super) fn scope_of(&self, declared: Declared<'a>, env: &Env<'_>) -> Scope {
        self.own_scope(declared, env).unwrap_or_else(|| self.template_scope())
    }

    /// The same, if any is written.
    pub(super) fn own_scope(&self, declared: Declared<'a>, env: &Env<'_>) -> Option<Scope> {
        let body = self.bound.deployed_body(declared);
        if let Declared::Resource(id) = declared {
            let inherited = self.bounded(self.bound.resource(id).syntax.name.span, || {
                let parent = self.parent(id, env)?;
                Some(self.own_scope(parent.declared, &parent.env))
            });
            if let Some(Some(inherited)) = inherited {
                return inherited;
            }
        }
        let scope = body.object?.property("scope")?.value;
        self.scope_value(scope, env)
    }

    fn scope_value(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Option<Scope> {
        let expression = expression.without_parentheses();
        let (name, arguments) = match expression {
            ExpressionSyntax::FunctionCall(node) => (node.name.name, node.arguments),
            ExpressionSyntax::InstanceFunctionCall(node) => (node.name.name, node.arguments),
            ExpressionSyntax::Variable(node) => {
                let id = self.bound.target(node.name);
                if let Some(SymbolKind::Variable(declared)) =
                    id.map(|id| self.bound.symbol(id).kind)
                {
                    let step = || self.scope_value(declared.value, &Env::empty());
                    return self.bounded(expression.span(), step).flatten();
                }
                return self.resource_scope(expression, env);
            }
            _ => return self.resource_scope(expression, env),
        };
        let argument = |at: usize| {
            arguments.get(at).map(|argument: &ExpressionSyntax<'a>| self.expression(*argument, env))
        };
        match (name, arguments.len()) {
            ("tenant", _) => Some(Scope::Tenant),
            ("managementGroup", _) => Some(Scope::ManagementGroup(argument(0))),
            ("subscription", _) => Some(Scope::Subscription(argument(0))),
            ("resourceGroup", 2) => Some(Scope::ResourceGroup(argument(0), argument(1))),
            ("resourceGroup", _) => Some(Scope::ResourceGroup(None, argument(0))),
            _ => self.no_scope(expression),
        }
    }

    fn resource_scope(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Option<Scope> {
        let Some(reference) = self.bound.reference(expression) else {
            return self.no_scope(expression);
        };
        let Declared::Resource(id) = reference.declared else { return self.no_scope(expression) };
        let instance = self.instance(reference, env);
        let name = || self.instance_name(&instance);
        let kind = self.facts.resource_type(id).0.to_ascii_lowercase();
        Some(match kind.as_str() {
            "microsoft.resources/resourcegroups" => {
                let subscription = match self.own_scope(instance.declared, &instance.env) {
                    Some(Scope::Subscription(id)) => id,
                    _ => None,
                };
                Scope::ResourceGroup(subscription, Some(name()))
            }
            "microsoft.management/managementgroups" => Scope::ManagementGroup(Some(name())),
            _ => Scope::Resource(self.resource_id(&instance)),
        })
    }

    fn no_scope(&self, expression: ExpressionSyntax<'a>) -> Option<Scope> {
        let help = "use a resource, or `resourceGroup()`, `subscription()`, `managementGroup()`, `tenant()`";
        self.error("BCP036", expression.span(), "the value is not a scope", help);
        None
    }
}
