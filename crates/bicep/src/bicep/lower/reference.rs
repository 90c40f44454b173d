//! Resources and modules as expressions read them: which one is meant, its name, its ID, its state.

use std::fmt::Write as _;

use super::expression::Chain;
use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::{Bound, ResourceId, SymbolId, SymbolKind};
use crate::bicep::functions;
use crate::bicep::ir::{DEPLOYMENT_TYPE, DEPLOYMENT_VERSION, Scope};
use crate::bicep::syntax::{
    DeclarationBody, ExpressionSyntax, InstanceFunctionCallSyntax, ModuleDeclarationSyntax,
};

/// A declaration that is deployed.
#[derive(Debug, Clone, Copy)]
pub enum Declared<'a> {
    Resource(ResourceId),
    Module(&'a ModuleDeclarationSyntax<'a>),
}

/// A resource or module that an expression means, and which item of it if it is a loop.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    pub symbol: SymbolId,
    pub declared: Declared<'a>,
    pub index: Option<ExpressionSyntax<'a>>,
}

/// A reference with the index as a value: what names and IDs are made of.
pub struct Instance<'a> {
    pub declared: Declared<'a>,
    pub index: Option<Expression>,
    // What the names of its own loop mean.
    pub env: Env<'static>,
}

impl<'a> Bound<'a> {
    /// The body of a resource or module.
    pub fn deployed_body(&self, declared: Declared<'a>) -> DeclarationBody<'a> {
        match declared {
            Declared::Resource(id) => self.resource(id).syntax.body(),
            Declared::Module(module) => module.body(),
        }
    }

    /// The resource or module that an expression names, if it names one.
    pub fn reference(&self, expression: ExpressionSyntax<'a>) -> Option<Reference<'a>> {
        match expression {
            ExpressionSyntax::Variable(node) => {
                let symbol = self.target(node.name)?;
                let declared = match self.symbol(symbol).kind {
                    SymbolKind::Resource(id) => Declared::Resource(id),
                    SymbolKind::Module(module) => Declared::Module(module),
                    _ => return None,
                };
                Some(Reference { symbol, declared, index: None })
            }
            ExpressionSyntax::ResourceAccess(node) => {
                let outer = self.reference(node.base)?;
                let Declared::Resource(parent) = outer.declared else { return None };
                let id = self.nested(parent, node.name.name)?;
                let symbol = self.resource(id).symbol;
                Some(Reference { symbol, declared: Declared::Resource(id), index: None })
            }
            ExpressionSyntax::ArrayAccess(node) if !node.safe && !node.from_end => {
                let base = self.reference(node.base)?;
                let looped = self.deployed_body(base.declared).r#for.is_some();
                (looped && base.index.is_none())
                    .then_some(Reference { index: Some(node.index), ..base })
            }
            ExpressionSyntax::NonNullAssertion(node) => self.reference(node.base),
            ExpressionSyntax::Parenthesized(node) => self.reference(node.expression),
            _ => None,
        }
    }
}

impl<'a> Lowerer<'a, '_> {
    pub(super) fn instance(&self, reference: Reference<'a>, env: &Env<'_>) -> Instance<'a> {
        let index = reference.index.map(|index| self.expression(index, env));
        self.instance_at(reference.declared, index)
    }

    pub(super) fn instance_at(
        &self,
        declared: Declared<'a>,
        index: Option<Expression>,
    ) -> Instance<'a> {
        let env = self.loop_env(declared, index.clone());
        Instance { declared, index, env }
    }

    /// What the loop's names mean in the declaration itself, or at an index of it.
    fn loop_env(&self, declared: Declared<'a>, index: Option<Expression>) -> Env<'static> {
        let Some(node) = self.bound.deployed_body(declared).r#for else { return Env::empty() };
        let index = index.unwrap_or_else(|| Expression::call("copyIndex", Vec::new()));
        Env::of(self.loop_names(node, index, &Env::empty()))
    }

    /// The condition, with those of the resources that it is nested in.
    pub(super) fn condition(&self, declared: Declared<'a>, env: &Env<'_>) -> Option<Expression> {
        let own = self.bound.deployed_body(declared).r#if;
        let own = own.map(|node| self.expression(node.condition, env));
        let Declared::Resource(id) = declared else { return own };
        let outer = self.bound.resource(id).nested_in;
        let outer = outer.and_then(|id| self.condition(Declared::Resource(id), &Env::empty()));
        match (outer, own) {
            (Some(outer), Some(own)) => Some(Expression::call("and", vec![outer, own])),
            (outer, own) => outer.or(own),
        }
    }

    /// The parent by nesting or by the `parent` property.
    pub(super) fn parent(&self, id: ResourceId, env: &Env<'_>) -> Option<Instance<'a>> {
        let resource = self.bound.resource(id);
        if let Some(parent) = resource.nested_in {
            return Some(self.instance_at(Declared::Resource(parent), None));
        }
        let value = resource.syntax.body().object?.property("parent")?.value;
        let reference = self.bound.reference(value);
        if reference.is_none() {
            let help = "refer to a resource of this file";
            self.error("BCP240", value.span(), "the parent is not a resource", help);
        }
        Some(self.instance(reference?, env))
    }

    /// The name that the declaration gives itself.
    pub(super) fn instance_name(&self, instance: &Instance<'a>) -> Expression {
        let module = match instance.declared {
            Declared::Resource(id) => return self.own_name(id, &instance.env),
            Declared::Module(module) => module,
        };
        match module.body().object.and_then(|body| body.property("name")) {
            Some(property) => self.expression(property.value, &instance.env),
            None => Self::default_module_name(module, instance.index.clone()),
        }
    }

    fn own_name(&self, id: ResourceId, env: &Env<'_>) -> Expression {
        let resource = self.bound.resource(id);
        let syntax = resource.syntax;
        if let Some(property) = syntax.body().object.and_then(|body| body.property("name")) {
            let name = || self.expression(property.value, env);
            // The name of an item of a loop is another for each.
            return if env.is_empty() {
                self.written(resource.symbol, syntax.name.span, name)
            } else {
                name()
            };
        }
        let help = "add the property `name`";
        self.error("BCP035", syntax.name.span, "the resource has no name", help);
        Expression::null()
    }

    // The names from the top ancestor down, its own last; and how many segments the first stands for.
    fn names(&self, id: ResourceId, env: &Env<'_>) -> (Vec<Expression>, usize) {
        let own = self.own_name(id, env);
        let span = self.bound.resource(id).syntax.name.span;
        let parent = self.bounded(span, || {
            let parent = self.parent(id, env)?;
            let Declared::Resource(parent_id) = parent.declared else { return None };
            Some(self.names(parent_id, &parent.env))
        });
        if let Some(Some((mut names, first))) = parent {
            names.push(own);
            return (names, first);
        }
        let segments = self.facts.resource_type(id).0.split('/').count() - 1;
        (vec![own], segments)
    }

    /// The full name, ancestors included.
    pub(super) fn full_name(&self, id: ResourceId, env: &Env<'_>) -> Expression {
        if self.parent(id, env).is_none() {
            return self.own_name(id, env);
        }
        let names = self.name_segments(id, env);
        let mut pattern = String::with_capacity(names.len() * "{0}/".len());
        for index in 0..names.len() {
            let slash = if index > 0 { "/" } else { "" };
            // Writing to a text never fails.
            let _ = write!(pattern, "{slash}{{{index}}}");
        }
        Expression::format(pattern, names)
    }

    fn name_segments(&self, id: ResourceId, env: &Env<'_>) -> Vec<Expression> {
        let (names, first) = self.names(id, env);
        let mut segments = Vec::with_capacity(names.len() + first);
        for (at, name) in names.into_iter().enumerate() {
            if at > 0 || first <= 1 {
                segments.push(name);
                continue;
            }
            let split = Expression::call("split", vec![name, Expression::string("/")]);
            for index in 0..i64::try_from(first).unwrap_or(0) {
                segments.push(split.clone().access(Expression::Integer(index)));
            }
        }
        segments
    }

    /// The resource ID.
    pub(super) fn resource_id(&self, instance: &Instance<'a>) -> Expression {
        let scope = self.scope_of(instance.declared, &instance.env);
        let (kind, segments) = match instance.declared {
            Declared::Resource(id) => {
                let kind = self.facts.resource_type(id).0.clone().into_owned();
                (kind, self.name_segments(id, &instance.env))
            }
            Declared::Module(_) => (DEPLOYMENT_TYPE.to_owned(), vec![self.instance_name(instance)]),
        };
        Self::scoped_id(scope, &kind, segments)
    }

    fn scoped_id(scope: Scope, kind: &str, segments: Vec<Expression>) -> Expression {
        let kind = Expression::string(kind);
        let (function, mut arguments) = match scope {
            Scope::Resource(id) => ("extensionResourceId", vec![id, kind]),
            Scope::Tenant => ("tenantResourceId", vec![kind]),
            Scope::ManagementGroup(None) => {
                let group = Expression::call("managementGroup", Vec::new()).property("id");
                ("extensionResourceId", vec![group, kind])
            }
            Scope::ManagementGroup(Some(name)) => {
                let group = Expression::string("Microsoft.Management/managementGroups");
                let group = Expression::call("tenantResourceId", vec![group, name]);
                ("extensionResourceId", vec![group, kind])
            }
            Scope::Subscription(None) => ("subscriptionResourceId", vec![kind]),
            Scope::Subscription(Some(id)) => ("subscriptionResourceId", vec![id, kind]),
            Scope::ResourceGroup(_, None) => ("resourceId", vec![kind]),
            Scope::ResourceGroup(subscription, Some(name)) => {
                let current =
                    || Expression::call("subscription", Vec::new()).property("subscriptionId");
                let subscription = subscription.unwrap_or_else(current);
                let pattern = "/subscriptions/{0}/resourceGroups/{1}";
                (
                    "extensionResourceId",
                    vec![Expression::format(pattern, vec![subscription, name]), kind],
                )
            }
        };
        arguments.extend(segments);
        Expression::call(function, arguments)
    }

    /// `'symbol'` or `format('symbol[{0}]', index)`.
    pub(super) fn symbolic_reference(&self, instance: &Instance<'a>) -> Expression {
        let name = self.declared_name(instance.declared);
        match &instance.index {
            None => Expression::string(name),
            Some(index) => Expression::format(format!("{name}[{{0}}]"), vec![index.clone()]),
        }
    }

    pub(super) fn declared_name(&self, declared: Declared<'a>) -> String {
        match declared {
            Declared::Resource(id) => self.bound.symbolic_name(id),
            Declared::Module(module) => module.name.name.to_owned(),
        }
    }

    fn version_of(&self, declared: Declared<'a>) -> String {
        match declared {
            Declared::Resource(id) => self.facts.resource_type(id).1.clone(),
            Declared::Module(_) => DEPLOYMENT_VERSION.to_owned(),
        }
    }

    // Whether expressions may name it by its symbol.
    pub(super) fn has_symbol(&self, declared: Declared<'a>) -> bool {
        self.session.symbolic
            && match declared {
                Declared::Resource(id) => self.is_emitted(id),
                Declared::Module(_) => true,
            }
    }

    /// The `reference(..)` call that reads its state: its properties, or all of it.
    pub(super) fn state(&self, instance: &Instance<'a>, full: bool) -> Expression {
        let declared = instance.declared;
        let looped = self.bound.deployed_body(declared).r#for.is_some();
        if looped && instance.index.is_none() && self.session.symbolic {
            let mut arguments = vec![Expression::string(self.declared_name(declared))];
            arguments.extend(full.then(|| Expression::string("full")));
            return Expression::call("references", arguments);
        }
        let version = || Expression::string(self.version_of(declared));
        let mut arguments = if self.has_symbol(declared) {
            let name = self.symbolic_reference(instance);
            if full { vec![name, version()] } else { vec![name] }
        } else {
            vec![self.resource_id(instance), version()]
        };
        arguments.extend(full.then(|| Expression::string("full")));
        Expression::call("reference", arguments)
    }

    /// A resource or module itself as a value.
    pub(super) fn whole(&self, symbol: SymbolId, env: &Env<'_>) -> Expression {
        let declared = match self.bound.symbol(symbol).kind {
            SymbolKind::Resource(id) => Declared::Resource(id),
            SymbolKind::Module(module) => Declared::Module(module),
            _ => return Expression::null(),
        };
        self.whole_instance(&self.instance(Reference { symbol, declared, index: None }, env))
    }

    fn whole_instance(&self, instance: &Instance<'a>) -> Expression {
        self.state(instance, matches!(instance.declared, Declared::Resource(_)))
    }

    /// An access of a resource or module: a property, an output, or one item of a loop.
    pub(super) fn declared_access(
        &self,
        expression: ExpressionSyntax<'a>,
        env: &Env<'_>,
    ) -> Option<Chain> {
        let (base, name, safe) = match expression {
            ExpressionSyntax::PropertyAccess(node) => (node.base, node.name.name, node.safe),
            ExpressionSyntax::ArrayAccess(node) => match node.index.literal() {
                Some(name) if !node.from_end => (node.base, name, node.safe),
                _ => return self.item(expression, env),
            },
            ExpressionSyntax::ResourceAccess(_) => return self.item(expression, env),
            _ => return None,
        };
        if let Some(reference) = self.bound.reference(base) {
            let looped = self.bound.deployed_body(reference.declared).r#for.is_some();
            if looped && reference.index.is_none() {
                return None;
            }
            let instance = self.instance(reference, env);
            return Some(self.property(&instance, name, safe));
        }
        self.module_output(base, name, safe, env)
    }

    fn item(&self, expression: ExpressionSyntax<'a>, env: &Env<'_>) -> Option<Chain> {
        let instance = self.instance(self.bound.reference(expression)?, env);
        Some(Chain::closed(self.whole_instance(&instance)))
    }

    fn property(&self, instance: &Instance<'a>, name: &str, safe: bool) -> Chain {
        let declared = instance.declared;
        match (name, declared) {
            ("name", _) => {
                Chain::closed(self.guarded(instance, self.instance_name(instance), safe))
            }
            ("id", Declared::Resource(_)) => {
                Chain::closed(self.guarded(instance, self.resource_id(instance), safe))
            }
            ("type", Declared::Resource(id)) => {
                Chain::closed(Expression::string(self.facts.resource_type(id).0.as_ref()))
            }
            ("apiVersion", Declared::Resource(id)) => {
                Chain::closed(Expression::string(self.facts.resource_type(id).1.as_str()))
            }
            ("properties", Declared::Resource(_)) if !safe => {
                Chain::closed(self.state(instance, false))
            }
            ("outputs", Declared::Module(module)) if !self.secure_outputs(module).is_empty() => {
                Chain::closed(self.guarded(instance, self.secure_values(instance), safe))
            }
            _ => {
                let full = matches!(declared, Declared::Resource(_));
                let state = self.guarded(instance, self.state(instance, full), safe);
                Chain::closed(state).property(Expression::string(name), safe)
            }
        }
    }

    /// What a safe access reads: nothing unless the condition of the declaration holds.
    pub(super) fn guarded(
        &self,
        instance: &Instance<'a>,
        target: Expression,
        safe: bool,
    ) -> Expression {
        match self.condition(instance.declared, &instance.env) {
            Some(condition) if safe => {
                Expression::call("if", vec![condition, target, Expression::null()])
            }
            _ => target,
        }
    }

    /// A function that the type of a resource defines, such as `listKeys`.
    pub(super) fn resource_call(
        &self,
        node: &InstanceFunctionCallSyntax<'a>,
        env: &Env<'_>,
    ) -> Option<Expression> {
        let reference = self.bound.reference(node.base)?;
        let Declared::Resource(_) = reference.declared else { return None };
        if !functions::is_list_function(node.name.name) {
            return None;
        }
        let instance = self.instance(reference, env);
        let id = if self.has_symbol(instance.declared) {
            self.symbolic_reference(&instance)
        } else {
            self.resource_id(&instance)
        };
        let mut arguments = vec![id];
        if node.arguments.is_empty() {
            arguments.push(Expression::string(self.version_of(instance.declared)));
        } else {
            arguments.extend(self.expressions(node.arguments, env));
        }
        Some(Expression::call(node.name.name.to_owned(), arguments))
    }

    /// Whether a resource stands in the template. An existing one does only where it has a symbol, and
    /// only if where it is can be known before anything is deployed.
    pub(super) fn is_emitted(&self, id: ResourceId) -> bool {
        let resource = self.bound.resource(id);
        resource.syntax.existing.is_none()
            || self.session.symbolic && !self.facts.is_inlined(resource.symbol)
    }
}
