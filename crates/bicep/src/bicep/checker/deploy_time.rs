//! Values that must be known before the deployment starts, and are not.

use super::Checker;
use super::access::STATIC_PROPERTIES;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::functions::{Use, function};
use crate::bicep::syntax::{
    ArrayItemSyntax, DeclarationBody, ExpressionSyntax, FunctionCallSyntax,
    InstanceFunctionCallSyntax, ObjectItemSyntax, ObjectKeySyntax, ObjectSyntax,
    ResourceDeclarationSyntax, StatementSyntax, walk,
};
use crate::bicep::types::Type;
use crate::diagnostic::Span;

/// What must be known of a resource before it is deployed, beside its name.
const EARLY_PROPERTIES: [&str; 13] = [
    "location",
    "kind",
    "subscriptionId",
    "resourceGroup",
    "managedBy",
    "extendedLocation",
    "zones",
    "plan",
    "eTag",
    "tags",
    "sku",
    "identity",
    "managedByExtended",
];

/// What an access reads.
enum Access {
    /// A property of a resource or module that is known before it is deployed.
    Early,
    /// One that is not.
    Late,
    /// Something else.
    Other,
}

/// Whether a type is the name of a property that is known before the deployment.
fn is_static(kind: &Type<'_>) -> bool {
    matches!(kind, Type::String(text) if text.literal.is_some_and(|text| STATIC_PROPERTIES.contains(&text)))
}

impl<'a> Checker<'a, '_> {
    pub(super) fn deploy_time(&self) {
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::Variable(node) => {
                    if let ExpressionSyntax::For(node) = node.value {
                        self.known_before(node.expression, "BCP178", "the loop range");
                        self.known_before(node.body, "BCP182", "a value of the loop");
                    }
                }
                StatementSyntax::Resource(node) => self.resource_values(node),
                StatementSyntax::Module(node) => {
                    self.declaration_values(node.body(), true);
                    self.early_name(node.body());
                }
                _ => {}
            }
        }
    }

    fn resource_values(&self, node: &ResourceDeclarationSyntax<'a>) {
        self.declaration_values(node.body(), false);
        // An existing resource may also be found while deploying.
        if node.existing.is_none() {
            self.early_name(node.body());
            self.early_properties(node.body());
        }
        for nested in node.body().object.into_iter().flat_map(ObjectSyntax::resources) {
            self.resource_values(nested);
        }
    }

    fn declaration_values(&self, body: DeclarationBody<'a>, is_module: bool) {
        if let Some(node) = body.r#for {
            self.known_before(node.expression, "BCP178", "the loop range");
        }
        if let Some(node) = body.r#if {
            self.late_calls(node.condition, is_module);
            self.in_condition.set(true);
            self.known_before(node.condition, "BCP177", "the condition");
            self.in_condition.set(false);
        }
    }

    /// Properties that decide what a resource is, and so must be known before it is deployed.
    fn early_properties(&self, body: DeclarationBody<'a>) {
        let Some(object) = body.object else { return };
        for property in object.properties() {
            if property.name().is_some_and(|name| EARLY_PROPERTIES.contains(&name)) {
                self.known_before(property.value, "BCP120", "the property");
            }
        }
    }

    /// Reports functions that ask Azure in the body of a function.
    pub(super) fn late_functions(&self, body: ExpressionSyntax<'a>) {
        self.each_late_call(body, |node| {
            let title = format!("`{}` cannot be called in a function", node.name.name);
            let words =
                ("its value is known only during the deployment", "pass the value as a parameter");
            self.error("BCP341", node.span, title, words);
        });
    }

    /// Calls of functions that ask Azure.
    fn each_late_call(
        &self,
        value: ExpressionSyntax<'a>,
        report: impl Fn(&FunctionCallSyntax<'a>),
    ) {
        walk(value, &mut |expression| {
            if let ExpressionSyntax::FunctionCall(node) = expression
                && self.bound.target(node.name).is_none()
                && function(None, node.name.name).is_some_and(|it| it.usage == Use::RunTime)
            {
                report(node);
            }
            true
        });
    }

    fn early_name(&self, body: DeclarationBody<'a>) {
        if let Some(name) = body.object.and_then(|object| object.property("name")) {
            self.known_before(name.value, "BCP120", "the name");
        }
    }

    /// Reports what an expression reads that only a deployment can tell.
    fn known_before(&self, expression: ExpressionSyntax<'a>, code: &'static str, what: &str) {
        let mut found = Vec::new();
        self.late_values(expression, &mut found);
        for span in found {
            let title = format!("{what} is not known at the start of the deployment");
            let words = (
                "this value is known only during the deployment",
                "use `id`, `name`, a parameter or a variable",
            );
            self.error(code, span, title, words);
        }
    }

    /// Reports functions that ask Azure in the condition of a resource.
    fn late_calls(&self, condition: ExpressionSyntax<'a>, is_module: bool) {
        if is_module {
            return;
        }
        self.each_late_call(condition, |node| {
            let title = format!("`{}` cannot be used in a condition", node.name.name);
            let words =
                ("conditions are evaluated before the deployment", "use a parameter or a variable");
            self.error("BCP066", node.name.span, title, words);
        });
    }

    /// Whether an expression is known before the deployment starts.
    pub(super) fn is_early(&self, expression: ExpressionSyntax<'a>) -> bool {
        let mut found = Vec::new();
        self.late_values(expression, &mut found);
        found.is_empty()
    }

    /// Finds the places of values that only a deployment can tell.
    fn late_values(&self, expression: ExpressionSyntax<'a>, found: &mut Vec<Span>) {
        let looked = self.deeper(|| self.late_values_here(expression, found));
        // Too deep to tell: nothing is found, so that nothing good is refused.
        looked.unwrap_or_default();
    }

    fn late_values_here(&self, expression: ExpressionSyntax<'a>, found: &mut Vec<Span>) {
        match self.deployed_access(expression) {
            Access::Late => found.push(expression.span()),
            Access::Early => {}
            // Not the access, but what is accessed is a resource: all of it is read.
            Access::Other if self.deployed(expression).is_some() => found.push(expression.span()),
            Access::Other => self.late_parts(expression, found),
        }
    }

    fn late_parts(&self, expression: ExpressionSyntax<'a>, found: &mut Vec<Span>) {
        match expression {
            ExpressionSyntax::Variable(node) => {
                let Some(id) = self.bound.target(node.name) else { return };
                if self.is_late_variable(id) {
                    found.push(node.name.span);
                }
            }
            ExpressionSyntax::String(node) => {
                node.holes.iter().for_each(|hole| self.late_values(*hole, found));
            }
            ExpressionSyntax::Array(node) => {
                for item in node.items {
                    match item {
                        ArrayItemSyntax::Value(value) => self.late_values(*value, found),
                        ArrayItemSyntax::Spread(node) => {
                            self.late_values(node.expression, found);
                        }
                    }
                }
            }
            ExpressionSyntax::Object(node) => self.late_properties(node, found),
            ExpressionSyntax::FunctionCall(node) => self.late_call(node, found),
            ExpressionSyntax::InstanceFunctionCall(node) => self.late_method(node, found),
            ExpressionSyntax::PropertyAccess(node) => self.late_values(node.base, found),
            ExpressionSyntax::ArrayAccess(node) => {
                self.late_values(node.base, found);
                self.late_values(node.index, found);
            }
            ExpressionSyntax::NonNullAssertion(node) => self.late_values(node.base, found),
            ExpressionSyntax::Unary(node) => self.late_values(node.operand, found),
            ExpressionSyntax::Binary(node) => {
                self.late_values(node.left, found);
                self.late_values(node.right, found);
            }
            ExpressionSyntax::Ternary(node) => {
                for inner in [node.condition, node.when_true, node.when_false] {
                    self.late_values(inner, found);
                }
            }
            ExpressionSyntax::Parenthesized(node) => self.late_values(node.expression, found),
            ExpressionSyntax::Lambda(node) => self.late_values(node.body, found),
            ExpressionSyntax::For(node) => {
                self.late_values(node.expression, found);
                self.late_values(node.body, found);
            }
            _ => {}
        }
    }

    fn late_call(&self, node: &FunctionCallSyntax<'a>, found: &mut Vec<Span>) {
        let usage = match self.bound.target(node.name) {
            None => function(None, node.name.name).map(|function| function.usage),
            Some(_) => None,
        };
        match usage {
            // Where a condition calls one, that has been reported.
            Some(Use::RunTime) if self.in_condition.get() => {}
            Some(Use::RunTime) => found.push(node.span),
            // What a name stands for is not read.
            Some(Use::CompileTime) if node.name.name == "nameof" => {}
            _ => node.arguments.iter().for_each(|inner| self.late_values(*inner, found)),
        }
    }

    fn late_method(&self, node: &InstanceFunctionCallSyntax<'a>, found: &mut Vec<Span>) {
        let usage = match self.infer(node.base) {
            Type::Namespace(namespace) => {
                function(Some(namespace), node.name.name).map(|function| function.usage)
            }
            Type::Resource(..) => Some(Use::RunTime),
            _ => None,
        };
        if usage == Some(Use::RunTime) {
            found.push(node.span);
        } else {
            node.arguments.iter().for_each(|inner| self.late_values(*inner, found));
        }
    }

    fn late_properties(&self, node: &ObjectSyntax<'a>, found: &mut Vec<Span>) {
        for item in node.items {
            match item {
                ObjectItemSyntax::Property(property) => {
                    if let ObjectKeySyntax::String(key) = property.key {
                        key.holes.iter().for_each(|hole| self.late_values(*hole, found));
                    }
                    self.late_values(property.value, found);
                }
                ObjectItemSyntax::Spread(spread) => {
                    self.late_values(spread.expression, found);
                }
                _ => {}
            }
        }
    }

    fn deployed_access(&self, expression: ExpressionSyntax<'a>) -> Access {
        let (base, name) = match expression {
            ExpressionSyntax::PropertyAccess(node) => (node.base, Some(node.name.name)),
            ExpressionSyntax::ArrayAccess(node) => {
                let index = self.infer(node.index);
                let several =
                    matches!(&index, Type::Union(members) if members.iter().all(is_static));
                let known = match index {
                    Type::String(text) => text.literal,
                    _ => None,
                };
                (node.base, if several { Some("id") } else { known })
            }
            _ => return Access::Other,
        };
        let Some(is_module) = self.deployed(base) else { return Access::Other };
        let known: &[&str] = if is_module { &["name"] } else { &STATIC_PROPERTIES };
        match name {
            // A missing name has been reported.
            Some(name) if name.is_empty() || known.contains(&name) => Access::Early,
            _ => Access::Late,
        }
    }

    /// Whether this is a module, or a resource, or neither.
    fn deployed(&self, expression: ExpressionSyntax<'a>) -> Option<bool> {
        match expression {
            ExpressionSyntax::Variable(node) => {
                let name = node.name;
                let id = self.bound.target(name)?;
                match self.bound.symbol(id).kind {
                    SymbolKind::Resource(resource) => {
                        let node = self.bound.resource(resource).syntax;
                        let single = node.body().r#for.is_none();
                        (single && !self.bound.is_cyclic(name)).then_some(false)
                    }
                    SymbolKind::Module(node) => node.body().r#for.is_none().then_some(true),
                    _ => None,
                }
            }
            ExpressionSyntax::ArrayAccess(node) => {
                let ExpressionSyntax::Variable(base) = node.base else { return None };
                let id = self.bound.target(base.name)?;
                match self.bound.symbol(id).kind {
                    SymbolKind::Resource(resource) => {
                        let node = self.bound.resource(resource).syntax;
                        node.body().r#for.is_some().then_some(false)
                    }
                    SymbolKind::Module(node) => node.body().r#for.is_some().then_some(true),
                    _ => None,
                }
            }
            ExpressionSyntax::ResourceAccess(node) => {
                matches!(self.infer(expression), Type::Resource(_, false))
                    .then_some(false)
                    .filter(|_| !node.name.is_missing())
            }
            ExpressionSyntax::NonNullAssertion(node) => self.deployed(node.base),
            _ => None,
        }
    }

    fn is_late_variable(&self, id: SymbolId) -> bool {
        let SymbolKind::Variable(node) = self.bound.symbol(id).kind else { return false };
        if let Some(known) = self.late.borrow().get(&id) {
            return *known;
        }
        // One that needs itself has been reported, and is not asked again.
        self.late.borrow_mut().insert(id, false);
        let mut found = Vec::new();
        self.late_values(node.value, &mut found);
        self.late.borrow_mut().insert(id, !found.is_empty());
        !found.is_empty()
    }
}
