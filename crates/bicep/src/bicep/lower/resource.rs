//! Resources.

use super::decorators;
use super::reference::{Declared, Instance};
use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::ResourceId;
use crate::bicep::ir::{Deployed, Object, Repeat, Resource, Value};
use crate::bicep::syntax::{DeclarationBody, DecoratorSyntax, IdentifierSyntax, ObjectSyntax};

// Fields of a body that are written in their own way.
const OWN_FIELDS: [&str; 4] = ["name", "scope", "parent", "dependsOn"];
// Decorators that tell the engine how to deploy.
const OPTIONS: [&str; 4] = ["retryOn", "waitUntil", "onlyIfNotExists", "nullIfNotFound"];

impl<'a> Lowerer<'a, '_> {
    /// The resources that the template holds: nested ones first.
    pub(super) fn resources(&self) -> Vec<Resource> {
        let (nested, top): (Vec<_>, Vec<_>) = (0..self.bound.resources.len())
            .filter_map(|at| u32::try_from(at).ok())
            .map(ResourceId)
            .partition(|id| self.bound.resource(*id).nested_in.is_some());
        let ids = inner_first(self, &nested).into_iter().chain(top);
        ids.filter(|id| self.is_emitted(*id)).map(|id| self.resource(id)).collect()
    }

    fn resource(&self, id: ResourceId) -> Resource {
        let syntax = self.bound.resource(id).syntax;
        let existing = syntax.existing.is_some();
        let instance = self.instance_at(Declared::Resource(id), None);
        let name = self.full_name(id, &instance.env);
        let body = syntax.body();
        let body = match body.object {
            Some(object) if !existing => self.rest(object, &OWN_FIELDS, &instance.env),
            _ => Object::default(),
        };
        let (kind, api_version) = self.facts.resource_type(id).clone();
        Resource {
            deployed: self.deployed(&instance, syntax.name, syntax.decorators, name, body),
            existing,
            kind: kind.into_owned(),
            api_version,
            options: self.options(syntax.decorators),
        }
    }

    /// What a resource and a module have in common.
    pub(super) fn deployed(
        &self,
        instance: &Instance<'a>,
        symbol: IdentifierSyntax<'a>,
        decorators: &'a [DecoratorSyntax<'a>],
        name: Expression,
        body: Object,
    ) -> Deployed {
        let declared = instance.declared;
        let syntax = self.bound.deployed_body(declared);
        let condition = self.condition(declared, &instance.env).map(|condition| {
            let written = syntax.r#if.map_or(symbol.span, |node| node.condition.span());
            (condition, self.bound.place(written))
        });
        let name_property = syntax.object.and_then(|object| object.property("name"));
        Deployed {
            symbol: self.declared_name(declared),
            place: self.bound.place(symbol.span),
            repeat: self.repeat(&syntax, decorators),
            condition,
            scope: self.own_scope(declared, &instance.env),
            name,
            name_place: name_property.map(|found| self.bound.place(found.value.span())),
            body,
            depends_on: self.depends_on(instance),
            description: self.description(decorators),
        }
    }

    /// The properties of a body, except these.
    pub(super) fn rest(
        &self,
        object: &'a ObjectSyntax<'a>,
        except: &[&str],
        env: &Env<'_>,
    ) -> Object {
        let own = |name: Option<&str>| name.is_some_and(|name| except.contains(&name));
        self.object(object.properties().filter(|property| !own(property.name())), env)
    }

    fn repeat(
        &self,
        body: &DeclarationBody<'a>,
        decorators: &'a [DecoratorSyntax<'a>],
    ) -> Option<Repeat> {
        let node = body.r#for?;
        let batch_size = match decorators::find(decorators, "batchSize") {
            Some([size, ..]) => Some(self.value(*size, &Env::empty())),
            _ => None,
        };
        let count = self.count(node, &Env::empty());
        Some(Repeat { count, batch_size, place: self.bound.place(node.expression.span()) })
    }

    fn options(&self, decorators: &'a [DecoratorSyntax<'a>]) -> Vec<(&'static str, Vec<Value>)> {
        let options = OPTIONS.into_iter().filter_map(|name| {
            let arguments = decorators::find(decorators, name)?.iter();
            let values = arguments.map(|argument| self.value(*argument, &Env::empty()));
            Some((name, values.collect()))
        });
        options.collect()
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
