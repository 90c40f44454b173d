//! What the bodies of resources and modules are declared to be.

use std::rc::Rc;

use super::Checker;
use super::interface::Interface;
use crate::bicep::binder::{ResourceId, SymbolId, SymbolKind};
use crate::bicep::types::{Flags, ObjectType, Property, ResourceBody, Text, Type, resource_body};

/// Longest name of a deployment, in characters.
const LONGEST_MODULE_NAME: i64 = 64;

impl<'a> Checker<'a, '_> {
    /// The resource type and API version of a resource, those of its ancestors included.
    pub(super) fn type_and_version(&self, id: ResourceId) -> Option<(String, &'a str)> {
        let resource = self.bound.resource(id);
        let text = resource.syntax.type_string()?.literal()?;
        let text = text.strip_prefix("az:").unwrap_or(text);
        let (own, version) = match text.split_once('@') {
            Some((own, version)) => (own, Some(version)),
            None => (text, None),
        };
        let Some(parent) = resource.nested_in else { return Some((own.to_owned(), version?)) };
        let (outer, inherited) = self.deeper(|| self.type_and_version(parent))??;
        Some((format!("{outer}/{own}"), version.unwrap_or(inherited)))
    }

    /// What the body of a resource is declared to be.
    pub(super) fn body(&self, id: ResourceId) -> Option<Rc<ResourceBody<'a>>> {
        if let Some(known) = self.bodies.borrow().get(&id) {
            return Some(Rc::clone(known));
        }
        let (name, version) = self.type_and_version(id)?;
        let name = self.arena.alloc_str(&name);
        let resource = self.bound.resource(id);
        let object = resource.syntax.body().object;
        let has_parent = object.is_some_and(|object| object.property("parent").is_some());
        let existing = resource.syntax.existing.is_some();
        let nested = resource.nested_in.is_some();
        let body = Rc::new(resource_body(name, version, existing, nested, has_parent));
        self.bodies.borrow_mut().insert(id, Rc::clone(&body));
        Some(body)
    }

    /// The object that the body of a resource is, once its discriminator is known.
    pub(super) fn resource_shape(&self, id: ResourceId) -> Type<'a> {
        let Some(body) = self.body(id) else { return Type::Any };
        let Type::Discriminated(several) = &body.kind else { return body.kind.clone() };
        let object = self.bound.resource(id).syntax.body().object;
        let written = object.and_then(|object| object.property(several.key));
        let value = written.map(|written| self.infer(written.value));
        match value {
            Some(Type::String(Text { literal: Some(text), .. })) => {
                several.member(text).map_or(Type::Any, |found| Type::Object(Rc::clone(found)))
            }
            _ => Type::Any,
        }
    }

    /// What the body of a module is declared to be; nothing if its file is not known.
    pub(super) fn module_body(&self, id: SymbolId) -> Option<Rc<ObjectType<'a>>> {
        let SymbolKind::Module(node) = self.bound.symbol(id).kind else { return None };
        if let Some(known) = self.module_bodies.borrow().get(&id) {
            return known.clone();
        }
        let made = self.modules.interface(node.path).map(|interface| {
            let outputs = interface.outputs.iter();
            let outputs =
                outputs.map(|(name, kind)| Property::new(name, kind.clone(), Flags::NONE));
            let outputs = ObjectType { properties: outputs.collect(), ..ObjectType::default() };
            let elsewhere = interface.scope.is_some()
                && self.target_scope_name().is_some_and(|own| interface.scope != Some(own));
            let scope = if elsewhere { Flags::REQUIRED } else { Flags::NONE };
            let write_only = Flags::WRITE_ONLY;
            let name =
                Text { minimum: Some(1), maximum: Some(LONGEST_MODULE_NAME), ..Text::default() };
            let open = Type::object();
            Rc::new(
                ObjectType {
                    properties: vec![
                        Property::new("name", Type::String(name), Flags::NONE),
                        Property::new(
                            "scope",
                            Type::Scope,
                            scope.and(write_only).and(Flags::NO_ANY),
                        ),
                        parameters_of(interface),
                        Property::new("outputs", Type::shaped(outputs), Flags::READ_ONLY),
                        Property::new(
                            "dependsOn",
                            Type::array_of(Type::Dependency),
                            write_only.and(Flags::NO_ANY),
                        ),
                        Property::new("identity", identity(), Flags::NONE),
                        Property::new("extensionConfigs", open, write_only),
                    ],
                    ..ObjectType::default()
                }
                .measured(),
            )
        });
        self.module_bodies.borrow_mut().insert(id, made.clone());
        made
    }
}

/// The parameters that a file takes.
pub(super) fn parameters_of<'a>(interface: &Interface<'a>) -> Property<'a> {
    let parameters = interface.parameters.iter().map(|parameter| {
        let flags = if parameter.required { Flags::REQUIRED } else { Flags::IMPLICIT_NULL };
        Property::new(parameter.name, parameter.kind.clone(), flags)
    });
    let params = ObjectType { properties: parameters.collect(), ..ObjectType::default() };
    let needs = interface.parameters.iter().any(|parameter| parameter.required);
    let needs = if needs { Flags::REQUIRED } else { Flags::NONE };
    Property::new("params", Type::shaped(params), needs.and(Flags::WRITE_ONLY))
}

/// The identity that deploys a module.
fn identity<'a>() -> Type<'a> {
    let kinds = Type::any_of([Type::literal("None"), Type::literal("UserAssigned")]);
    let identities =
        ObjectType { additional: Some((Type::object(), Flags::NONE)), ..ObjectType::default() };
    let properties = vec![
        Property::new("type", kinds, Flags::REQUIRED),
        Property::new("userAssignedIdentities", Type::shaped(identities), Flags::IMPLICIT_NULL),
    ];
    Type::shaped(ObjectType { properties, ..ObjectType::default() })
}
