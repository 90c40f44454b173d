//! Resources.

use serde_json::{Map, Value, json};

use super::decorators;
use super::reference::{Declared, Instance};
use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::ResourceId;
use crate::bicep::emit;
use crate::bicep::syntax::{DeclarationBody, DecoratorSyntax, ObjectPropertySyntax, ObjectSyntax};

// Fields of a body that are written in their own way.
const OWN_FIELDS: [&str; 4] = ["name", "scope", "parent", "dependsOn"];
// Decorators that tell the engine how to deploy.
const OPTIONS: [&str; 4] = ["retryOn", "waitUntil", "onlyIfNotExists", "nullIfNotFound"];

impl<'a> Lowerer<'a, '_> {
    /// The resources that the template holds, with their names: nested ones first.
    pub(super) fn resources(&self) -> Vec<(String, Value)> {
        let mut emitted = Vec::new();
        let (nested, top): (Vec<_>, Vec<_>) = (0..self.bound.resources.len())
            .filter_map(|at| u32::try_from(at).ok())
            .map(ResourceId)
            .partition(|id| self.bound.resource(*id).nested_in.is_some());
        for id in inner_first(self, &nested).into_iter().chain(top) {
            if !self.is_emitted(id) {
                continue;
            }
            let name = self.bound.symbolic_name(id);
            let span = self.bound.resource(id).syntax.name.span;
            if self.symbolic {
                self.enter(&name, span);
            } else {
                self.enter_item(emitted.len(), span);
            }
            let value = self.resource(id, &name);
            self.leave();
            emitted.push((name, value));
        }
        emitted
    }

    fn resource(&self, id: ResourceId, name: &str) -> Value {
        let declared = Declared::Resource(id);
        let syntax = self.bound.resource(id).syntax;
        let body = syntax.body();
        let instance = self.instance_at(declared, None);
        let mut fields = Map::new();
        self.loop_field(&body, name, syntax.decorators, &mut fields);
        if let Some(condition) = self.condition(declared, &instance.env) {
            self.note_condition(&body, syntax.name.span);
            fields.insert("condition".to_owned(), emit::plain(&condition));
        }
        if syntax.existing.is_some() {
            fields.insert("existing".to_owned(), Value::Bool(true));
        }
        let (kind, version) = self.resource_type(id);
        fields.insert("type".to_owned(), Value::from(kind));
        fields.insert("apiVersion".to_owned(), Value::from(version));
        self.options(syntax.decorators, &mut fields);
        let scope = self.own_scope(declared, &instance.env);
        self.scope_fields(scope.as_ref(), &mut fields);
        self.note_name(&body);
        fields.insert("name".to_owned(), emit::plain(&self.full_name(id, &instance.env)));
        if syntax.existing.is_none() {
            let properties = body.object.into_iter().flat_map(ObjectSyntax::properties);
            let own = |property: &&ObjectPropertySyntax<'a>| {
                property.name().is_some_and(|name| OWN_FIELDS.contains(&name))
            };
            let properties = properties.filter(|property| !own(property));
            let body = self.object(properties, &instance.env);
            fields.extend(self.map.borrow_mut().object(body));
        }
        self.last_fields(&instance, syntax.decorators, &mut fields);
        Value::Object(fields)
    }

    pub(super) fn note_condition(
        &self,
        body: &DeclarationBody<'a>,
        otherwise: crate::diagnostic::Span,
    ) {
        self.enter("condition", body.r#if.map_or(otherwise, |node| node.condition.span()));
        self.leave();
    }

    pub(super) fn note_name(&self, body: &DeclarationBody<'a>) {
        if let Some(name) = body.object.and_then(|object| object.property("name")) {
            self.enter("name", name.value.span());
            self.leave();
        }
    }

    /// `copy` of a loop.
    pub(super) fn loop_field(
        &self,
        body: &DeclarationBody<'a>,
        name: &str,
        decorators: &'a [DecoratorSyntax<'a>],
        fields: &mut Map<String, Value>,
    ) {
        let Some(node) = body.r#for else { return };
        let mut copy = Map::new();
        copy.insert("name".to_owned(), Value::from(name));
        copy.insert("count".to_owned(), emit::string(&self.count(node, &Env::empty())));
        if let Some([size, ..]) = decorators::find(decorators, "batchSize") {
            copy.insert("mode".to_owned(), Value::from("serial"));
            copy.insert("batchSize".to_owned(), self.json(*size, &Env::empty()));
        }
        self.enter("copy", node.expression.span());
        self.leave();
        fields.insert("copy".to_owned(), Value::Object(copy));
    }

    /// `dependsOn` and `metadata`.
    pub(super) fn last_fields(
        &self,
        instance: &Instance<'a>,
        decorators: &'a [DecoratorSyntax<'a>],
        fields: &mut Map<String, Value>,
    ) {
        if let Some(depends_on) = self.depends_on(instance) {
            fields.insert("dependsOn".to_owned(), depends_on);
        }
        if let Some(description) = self.description(decorators) {
            fields.insert("metadata".to_owned(), json!({ "description": description }));
        }
    }

    fn options(&self, decorators: &'a [DecoratorSyntax<'a>], fields: &mut Map<String, Value>) {
        let mut options = Map::new();
        for name in OPTIONS {
            if let Some(arguments) = decorators::find(decorators, name) {
                let arguments = arguments.iter();
                let values = arguments.map(|argument| self.json(*argument, &Env::empty()));
                options.insert(name.to_owned(), values.collect());
            }
        }
        if !options.is_empty() {
            fields.insert("@options".to_owned(), Value::Object(options));
        }
    }

    /// The part of a default name that is the same for all deployments of a template.
    pub(super) fn unique(symbol: &str) -> Expression {
        let deployment = Expression::call("deployment", Vec::new()).property("name");
        Expression::call("uniqueString", vec![Expression::string(symbol), deployment])
    }
}

// Each nested resource after those inside it.
fn inner_first(lowerer: &Lowerer<'_, '_>, nested: &[ResourceId]) -> Vec<ResourceId> {
    let mut ordered = Vec::with_capacity(nested.len());
    // Resources that still wait for those inside them to end.
    let mut open: Vec<ResourceId> = Vec::new();
    for id in nested {
        let outer = lowerer.bound.resource(*id).nested_in;
        while open.last().is_some_and(|last| Some(*last) != outer) {
            ordered.extend(open.pop());
        }
        open.push(*id);
    }
    ordered.extend(open.into_iter().rev());
    ordered
}
