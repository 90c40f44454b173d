//! Values that must be known before the deployment starts, and are not.

use super::Checker;
use super::access::STATIC_PROPERTIES;
use crate::bicep::binder::{ResourceId, SymbolId, SymbolKind};
use crate::bicep::functions::{Use, function};
use crate::bicep::syntax::{
    ArrayItemSyntax, DeclarationBody, ExpressionSyntax, FunctionCallSyntax,
    InstanceFunctionCallSyntax, ObjectItemSyntax, ObjectKeySyntax, ObjectSyntax, StatementSyntax,
    walk,
};
use crate::bicep::types::{Flags, Type};
use crate::diagnostic::Span;

/// What must be known of a resource before it is deployed, if its type has the property.
const EARLY_PROPERTIES: [&str; 13] = [
    "location",
    "kind",
    "subscriptionId",
    "resourceGroup",
    "managedBy",
    "extendedLocation",
    "zones",
    "plan",
    "tags",
    "sku",
    "identity",
    "managedByExtended",
    "asserts",
];
/// What says which resource or module a declaration means.
const IDENTIFIERS: [&str; 3] = ["name", "scope", "parent"];

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

/// Visits each expression of a statement, and those of the resources that are nested in it. What an existing
/// resource is given is left out: it is asked for when somebody reads the resource.
fn each_expression<'a>(
    statement: StatementSyntax<'a>,
    visit: &mut dyn FnMut(ExpressionSyntax<'a>),
) {
    let (value, existing) = match statement {
        StatementSyntax::Parameter(node) => (node.default, false),
        StatementSyntax::Variable(node) => (Some(node.value), false),
        StatementSyntax::Output(node) => (Some(node.value), false),
        StatementSyntax::Module(node) => (Some(node.value), false),
        StatementSyntax::Resource(node) => (Some(node.value), node.existing.is_some()),
        _ => (None, false),
    };
    let mut open = Vec::new();
    let mut next = value.filter(|_| !existing);
    while let Some(value) = next {
        walk(value, &mut |expression| {
            // What a name stands for is not read.
            if matches!(expression, ExpressionSyntax::FunctionCall(node) if node.name.name == "nameof")
            {
                return false;
            }
            visit(expression);
            if let ExpressionSyntax::Object(object) = expression {
                let nested = object.resources().filter(|nested| nested.existing.is_none());
                open.extend(nested.map(|nested| nested.value));
            }
            true
        });
        next = open.pop();
    }
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
                StatementSyntax::Module(node) => {
                    self.declaration_values(node.body(), true);
                    self.early_identifiers(node.body());
                }
                _ => {}
            }
            each_expression(*statement, &mut |expression| {
                self.inlined_call(expression);
                self.late_resource(expression);
            });
        }
        for (id, resource) in self.bound.numbered_resources() {
            self.declaration_values(resource.syntax.body(), false);
            // An existing resource may also be found while deploying.
            if resource.syntax.existing.is_none() {
                self.early_identifiers(resource.syntax.body());
                self.early_properties(id, resource.syntax.body());
            }
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
    fn early_properties(&self, id: ResourceId, body: DeclarationBody<'a>) {
        let Some(object) = body.object else { return };
        let shape = self.resource_shape(id);
        for property in object.properties() {
            let Some(name) = property.name().filter(|name| EARLY_PROPERTIES.contains(name)) else {
                continue;
            };
            let declared = match &shape {
                Type::Object(shape) => shape.property(name),
                _ => None,
            };
            let is_known = self.body(id).is_some_and(|body| body.found.is_some());
            let is_own = declared.is_none_or(|declared| !declared.flags.has(Flags::FALLBACK));
            if is_own || !is_known {
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
                && self.is_late_function(node)
            {
                report(node);
            }
            true
        });
    }

    fn early_identifiers(&self, body: DeclarationBody<'a>) {
        for name in IDENTIFIERS {
            if let Some(property) = body.object.and_then(|object| object.property(name)) {
                self.report_late(
                    self.late_identifier(name, property.value),
                    "BCP120",
                    "the property",
                );
            }
        }
    }

    /// Finds the places of what only a deployment can tell in what identifies a resource or module. A scope
    /// or a parent may be a resource as a whole.
    fn late_identifier(&self, name: &str, value: ExpressionSyntax<'a>) -> Vec<Span> {
        let mut found = Vec::new();
        let outer = self.takes_resources.replace(name != "name");
        self.late_values(value, &mut found);
        self.takes_resources.set(outer);
        found
    }

    /// Whether an identifier of an existing resource is known only during the deployment.
    fn is_late_identifier(&self, id: ResourceId, name: &str) -> bool {
        let resource = self.bound.resource(id);
        if resource.syntax.existing.is_none() {
            return false;
        }
        let index = IDENTIFIERS.iter().position(|known| *known == name);
        let late = self.late_identifiers_of(id);
        index.is_some_and(|index| late[index])
    }

    /// Whether an existing resource can be found only during the deployment.
    fn is_late_resource(&self, id: ResourceId) -> bool {
        self.bound.resource(id).syntax.existing.is_some()
            && self.late_identifiers_of(id).contains(&true)
    }

    fn late_identifiers_of(&self, id: ResourceId) -> [bool; 3] {
        if let Some(known) = self.late_identifiers.borrow().get(&id) {
            return *known;
        }
        // One that needs itself has been reported, and is not asked again.
        self.late_identifiers.borrow_mut().insert(id, [false; 3]);
        let body = self.bound.resource(id).syntax.body().object;
        let late = IDENTIFIERS.map(|name| {
            let property = body.and_then(|body| body.property(name));
            property.is_some_and(|property| !self.late_identifier(name, property.value).is_empty())
        });
        self.late_identifiers.borrow_mut().insert(id, late);
        late
    }

    /// Reports what a call of a function that asks Azure is given and only a deployment can tell.
    fn inlined_call(&self, expression: ExpressionSyntax<'a>) {
        let arguments = match expression {
            ExpressionSyntax::FunctionCall(node) if self.is_late_function(node) => node.arguments,
            ExpressionSyntax::InstanceFunctionCall(node) if self.is_late_method(node) => {
                node.arguments
            }
            _ => return,
        };
        for argument in arguments {
            self.known_before(*argument, "BCP181", "the argument");
        }
    }

    /// Reports what is read of an existing resource that can be found only during the deployment.
    fn late_resource(&self, expression: ExpressionSyntax<'a>) {
        let is_early = |name: &str| name.is_empty() || STATIC_PROPERTIES.contains(&name);
        let base = match expression {
            ExpressionSyntax::PropertyAccess(node) if !is_early(node.name.name) => node.base,
            ExpressionSyntax::ArrayAccess(node) => match node.index {
                ExpressionSyntax::String(text) if !text.literal().is_some_and(is_early) => {
                    node.base
                }
                _ => return,
            },
            ExpressionSyntax::InstanceFunctionCall(node) if self.is_late_method(node) => node.base,
            _ => return,
        };
        if self.deployed_resource(base).is_some_and(|id| self.is_late_resource(id)) {
            let title = "the existing resource is not known at the start of the deployment";
            let words = (
                "its name, scope or parent is known only during the deployment",
                "read only its `id`, `name`, `type` or `apiVersion`, or move this to a module",
            );
            self.error("BCP307", expression.span(), title, words);
        }
    }

    /// The resource that an expression names.
    fn deployed_resource(&self, expression: ExpressionSyntax<'a>) -> Option<ResourceId> {
        if self.deployed(expression) != Some(false) {
            return None;
        }
        match self.captured_type(expression) {
            Type::Resource(id, _) => Some(id),
            _ => None,
        }
    }

    /// The type of an expression, without telling again what is wrong with it.
    fn captured_type(&self, expression: ExpressionSyntax<'a>) -> Type<'a> {
        let mut kind = Type::Any;
        self.captured(|| kind = self.infer(expression));
        kind
    }

    /// Whether a function asks Azure.
    fn is_late_function(&self, node: &FunctionCallSyntax<'a>) -> bool {
        self.bound.target(node.name).is_none()
            && function(None, node.name.name).is_some_and(|it| it.usage == Use::RunTime)
    }

    /// Whether a function of a namespace or a resource asks Azure.
    fn is_late_method(&self, node: &InstanceFunctionCallSyntax<'a>) -> bool {
        match self.captured_type(node.base) {
            Type::Namespace(namespace) => function(Some(namespace), node.name.name)
                .is_some_and(|function| function.usage == Use::RunTime),
            Type::Resource(..) => node.name.name != "getSecret",
            _ => false,
        }
    }

    /// Reports what an expression reads that only a deployment can tell.
    fn known_before(&self, expression: ExpressionSyntax<'a>, code: &'static str, what: &str) {
        let mut found = Vec::new();
        self.late_values(expression, &mut found);
        self.report_late(found, code, what);
    }

    fn report_late(&self, found: Vec<Span>, code: &'static str, what: &str) {
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
            Access::Other if self.deployed(expression).is_some() => {
                let fits = self.takes_resources.get();
                let resource = self.deployed_resource(expression);
                if !fits || resource.is_some_and(|id| self.is_late_resource(id)) {
                    found.push(expression.span());
                }
            }
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
            Some("name")
                if self
                    .deployed_resource(base)
                    .is_some_and(|id| self.is_late_identifier(id, "name")) =>
            {
                Access::Late
            }
            // A missing name has been reported.
            Some(name) if name.is_empty() || known.contains(&name) => Access::Early,
            // That there is no such property has been reported.
            Some(name) if !self.declares(base, name) => Access::Early,
            _ => Access::Late,
        }
    }

    /// Whether the resource or module that an expression names can have a property.
    fn declares(&self, expression: ExpressionSyntax<'a>, name: &str) -> bool {
        let shape = match self.captured_type(expression) {
            Type::Resource(id, _) => self.resource_shape(id),
            Type::Module(id, _) => self.module_body(id).map_or(Type::Any, Type::Object),
            _ => return true,
        };
        match shape {
            Type::Object(shape) => shape.property(name).is_some(),
            _ => true,
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
