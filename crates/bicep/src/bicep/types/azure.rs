use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::flags::{Flags, Marks};
use super::model::{DiscriminatedType, Integer, ObjectType, Property, Text, Type};
use crate::azure_types::{self, Resource, Scopes, TypeId, tables};

/// What a body is held to: all but the body itself and what it holds directly may be imprecise in the
/// tables, so that a mistake there is a warning.
const BODY: Marks = Marks::NONE;
const TOP: Marks = Marks::WARN_PROPERTY;
const INSIDE: Marks = Marks::WARN.and(Marks::WARN_PROPERTY);

/// What the body of a resource is declared to be.
#[derive(Debug, Clone)]
pub struct ResourceBody<'a> {
    /// The type of the body.
    pub kind: Type<'a>,
    /// The resource type in Azure's tables, if they have it.
    pub found: Option<Resource<'static>>,
}

/// How a resource is declared.
#[derive(Debug, Clone, Copy)]
pub struct Declaration {
    /// Whether it exists already.
    pub is_existing: bool,
    /// Whether it stands in the body of its parent.
    pub is_nested: bool,
    /// Whether `parent` names its parent.
    pub has_parent: bool,
}

impl ResourceBody<'_> {
    /// The body as `resourceInput` and `resourceOutput` name it, which no declaration stands for.
    pub fn plain<'a>(found: Resource<'static>, name: &str) -> Type<'a> {
        let declaration = Declaration { is_existing: false, is_nested: false, has_parent: false };
        defined(&found, name, declaration)
    }
}

/// What the body of a resource of this type and version is.
pub fn resource_body<'a>(
    name: &'a str,
    version: &'a str,
    is_existing: bool,
    is_nested: bool,
    has_parent: bool,
) -> ResourceBody<'a> {
    let declaration = Declaration { is_existing, is_nested, has_parent };
    let found = azure_types::resource(name, version);
    let kind = if let Some(resource) = found {
        defined(&resource, name, declaration)
    } else {
        let object = ObjectType {
            properties: common(name, version).chain(KNOWN_PROPERTIES.with(Clone::clone)).collect(),
            ..ObjectType::default()
        };
        Type::shaped(bicep_properties(object, name, None, declaration))
    };
    ResourceBody { kind, found }
}

fn defined<'a>(resource: &Resource<'static>, name: &str, declaration: Declaration) -> Type<'a> {
    let segments = name.split('/').count();
    let literal_names = segments == 2 || declaration.is_nested || declaration.has_parent;
    match tables().get(resource.body) {
        azure_types::Type::Object(object) => {
            let mut object = shape(&object, BODY, TOP);
            if !literal_names {
                object.properties.iter_mut().filter(|one| one.name == "name").for_each(|one| {
                    *one = Property::new("name", Type::string(), one.flags);
                });
            }
            Type::shaped(bicep_properties(object, name, Some(resource), declaration))
        }
        azure_types::Type::Discriminated(several) => {
            let by_name = several.discriminator == "name";
            if by_name && !literal_names || !by_name && declaration.is_existing {
                let object = ObjectType {
                    properties: common(resource.name, resource.version)
                        .chain(KNOWN_PROPERTIES.with(Clone::clone))
                        .collect(),
                    ..ObjectType::default()
                };
                return Type::shaped(bicep_properties(object, name, Some(resource), declaration));
            }
            let members = members(&several, BODY, TOP).map(|(value, object)| {
                let object = bicep_properties(object, name, Some(resource), declaration);
                (value, Rc::new(object.measured()))
            });
            Type::Discriminated(Rc::new(DiscriminatedType {
                key: several.discriminator,
                members: members.collect(),
                marks: BODY,
                is_system: by_name,
            }))
        }
        _ => Type::Any,
    }
}

/// The type at a path inside of the body of a resource type: `Namespace/type@version#properties/name/items`.
/// Nothing if the tables do not have the resource type.
///
/// What a deployment takes is read of it, too, and what it gives may be passed on.
pub fn declared_by_azure<'a>(source: &str, is_output: bool) -> Option<Type<'a>> {
    let (name, path) = source.split_once('#').unwrap_or((source, ""));
    let (name, version) = name.split_once('@')?;
    let found = azure_types::resource(name, version)?;
    let body = ResourceBody::plain(found, name);
    let mut kind = body;
    let mut steps = path.split('/').filter(|step| !step.is_empty()).map(unescaped);
    while let Some(step) = steps.next() {
        kind = match (step.to_ascii_lowercase().as_str(), kind) {
            ("properties", Type::Object(object)) => {
                let name = steps.next().unwrap_or_default();
                object.property_in_any_case(&name).map_or(Type::Any, Property::kind)
            }
            ("additionalproperties", Type::Object(object)) => {
                object.additional().map_or(Type::Any, |more| more.0)
            }
            ("items", Type::Array(array)) => array.item(),
            ("discriminator", Type::Discriminated(several)) => {
                let value = steps.nth(1).unwrap_or_default();
                let member = several.member(&value);
                member.map_or(Type::Any, |member| Type::Object(Rc::clone(member)))
            }
            _ => return Some(Type::Any),
        };
    }
    Some(without_flag(kind, is_output))
}

/// A segment of a JSON pointer in a URI.
fn unescaped(segment: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
    crate::diagnostic::pointer::unescape(&decoded).into_owned()
}

/// The type without what is only true of the body of a resource: what is only written can be read, or what is
/// only read can be written.
pub fn without_flag(kind: Type<'_>, is_output: bool) -> Type<'_> {
    let flag = if is_output { Flags::READ_ONLY } else { Flags::WRITE_ONLY };
    let Type::Object(object) = &kind else { return kind };
    if !object.properties.iter().any(|one| one.flags.has(flag)) {
        return kind;
    }
    let properties = object.properties.iter().map(|one| {
        let flags = one.flags.without(flag);
        one.clone().flagged(flags)
    });
    Type::Object(Rc::new(ObjectType { properties: properties.collect(), ..(**object).clone() }))
}

/// Most types that a thread keeps as they were read.
const MOST_KEPT: usize = 4_096;

thread_local! {
    /// Types that were read: resources of one type share them.
    static KEPT: RefCell<BTreeMap<(TypeId, Marks), Type<'static>>> = RefCell::default();
}

/// A type of the tables.
pub(super) fn resolved<'a>(id: TypeId, marks: Marks) -> Type<'a> {
    if let Some(kept) = KEPT.with_borrow(|kept| kept.get(&(id, marks)).cloned()) {
        return kept;
    }
    let read = read(id, marks);
    KEPT.with_borrow_mut(|kept| {
        if kept.len() < MOST_KEPT {
            kept.insert((id, marks), read.clone());
        }
    });
    read
}

fn read(id: TypeId, marks: Marks) -> Type<'static> {
    match tables().get(id) {
        azure_types::Type::Any => Type::Any,
        azure_types::Type::Null => Type::Null,
        azure_types::Type::Boolean => Type::Bool(None, marks),
        azure_types::Type::Integer { minimum, maximum } => {
            Type::Int(Integer { literal: None, minimum, maximum, marks })
        }
        azure_types::Type::String { minimum, maximum, pattern, sensitive } => {
            let marks = if sensitive { marks.and(Marks::SECURE) } else { marks };
            Type::String(Text { literal: None, minimum, maximum, pattern, marks })
        }
        azure_types::Type::Literal(text) => {
            Type::String(Text { literal: Some(text), marks, ..Text::default() })
        }
        azure_types::Type::Union(elements) => {
            let elements = elements.into_iter().map(|element| resolved(element, marks));
            union(elements.collect())
        }
        azure_types::Type::Array { item, minimum, maximum } => {
            let marks = if marks == BODY { TOP } else { INSIDE };
            Type::array_between(Type::Azure(item, INSIDE), minimum, maximum, marks)
        }
        azure_types::Type::Object(object) => {
            let inner = if marks == BODY { TOP } else { INSIDE };
            Type::shaped(shape(&object, marks, inner))
        }
        azure_types::Type::Discriminated(several) => {
            let inner = if marks == BODY { TOP } else { INSIDE };
            let members = members(&several, marks, inner);
            Type::Discriminated(Rc::new(DiscriminatedType {
                key: several.discriminator,
                members: members
                    .map(|(value, object)| (value, Rc::new(object.measured())))
                    .collect(),
                marks,
                is_system: false,
            }))
        }
    }
}

/// One of several. The tables name no member twice, so that only unions inside and `any` are looked for.
fn union(members: Vec<Type<'_>>) -> Type<'_> {
    if members.iter().all(|member| matches!(member, Type::String(_))) && members.len() > 1 {
        return Type::Union(members.into());
    }
    Type::any_of(members)
}

fn shape<'a>(object: &azure_types::Object<'static>, marks: Marks, inner: Marks) -> ObjectType<'a> {
    let marks = if object.sensitive { marks.and(Marks::SECURE) } else { marks };
    let mut properties: Vec<Property<'a>> =
        object.properties.iter().map(|one| property(one, inner)).collect();
    // The tables were published to this project without descriptions, and the properties of that name went
    // with them: whether an object has one is not known, only that nearly all are texts.
    let open = marks != BODY && object.additional.is_none() && !properties.is_empty();
    if open && !properties.iter().any(|known| known.name == "description") {
        let text = Type::string().marked(inner);
        properties.push(Property::new("description", text, Flags::IMPLICIT_NULL));
    }
    ObjectType {
        properties,
        additional: object.additional.map(|more| (Type::Azure(more, inner), Flags::NONE)),
        marks,
        ..ObjectType::default()
    }
}

fn members<'a, 't>(
    several: &'t azure_types::Discriminated<'static>,
    marks: Marks,
    inner: Marks,
) -> impl Iterator<Item = (&'a str, ObjectType<'a>)> + use<'a, 't> {
    several.elements.iter().filter_map(move |(value, element)| {
        let azure_types::Type::Object(object) = tables().get(*element) else { return None };
        let mut shape = shape(&object, marks, inner);
        let base = several.base.iter().filter(|base| {
            !object.properties.iter().any(|own| own.name.eq_ignore_ascii_case(base.name))
        });
        shape.properties.extend(base.map(|one| property(one, inner)));
        Some((*value, shape))
    })
}

fn property<'a>(one: &azure_types::Property<'static>, inner: Marks) -> Property<'a> {
    let mut flags = Flags::NONE;
    for (there, flag) in [
        (one.is_required(), Flags::REQUIRED),
        (one.is_read_only(), Flags::READ_ONLY),
        (one.is_write_only(), Flags::WRITE_ONLY),
        (!one.is_required() && !one.is_read_only(), Flags::IMPLICIT_NULL),
    ] {
        if there {
            flags = flags.and(flag);
        }
    }
    Property::new(one.name, Type::Azure(one.kind, inner), flags)
}

/// What Bicep itself adds to the properties of a body.
fn bicep_properties<'a>(
    mut object: ObjectType<'a>,
    name: &str,
    resource: Option<&Resource<'static>>,
    declaration: Declaration,
) -> ObjectType<'a> {
    let system = Flags::WRITE_ONLY.and(Flags::NO_ANY).and(Flags::SYSTEM);
    set(&mut object, Property::new("dependsOn", Type::array_of(Type::Dependency), system));
    let scopes = resource.map_or(Scopes(31), |resource| resource.writable);
    let takes_scope = scopes.meets(Scopes::EXTENSION) || scopes.meets(Scopes::TENANT);
    if declaration.is_existing || takes_scope || scopes == Scopes(0) {
        set(&mut object, Property::new("scope", Type::Scope, system));
    }
    for property in &mut object.properties {
        if property.name == "name" {
            property.flags = property.flags.and(Flags::SYSTEM);
        }
    }
    if name.split('/').count() > 2 && !declaration.is_nested {
        set(&mut object, Property::new("parent", Type::Scope, system));
    }
    if name.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
        for extra in ["resourceGroup", "subscriptionId"] {
            set(&mut object, Property::new(extra, Type::string(), Flags::SYSTEM));
        }
    }
    for known in KNOWN_PROPERTIES.with(Clone::clone) {
        if object.property(known.name).is_none() {
            let flags = known.flags.and(Flags::FALLBACK);
            object.properties.push(known.flagged(flags));
        }
    }
    if declaration.is_existing {
        for property in &mut object.properties {
            if !["name", "scope", "parent", "dependsOn"].contains(&property.name) {
                property.flags = property.flags.without(Flags::REQUIRED).and(Flags::READ_ONLY);
            }
        }
    }
    object
}

fn set<'a>(object: &mut ObjectType<'a>, property: Property<'a>) {
    object.properties.retain(|known| known.name != property.name);
    object.properties.push(property);
}

fn common<'a>(name: &'a str, version: &'a str) -> impl Iterator<Item = Property<'a>> + use<'a> {
    let read_only = Flags::READ_ONLY.and(Flags::SYSTEM);
    [
        Property::new("id", Type::string(), read_only),
        Property::new("name", Type::string(), Flags::REQUIRED.and(Flags::SYSTEM)),
        Property::new("type", Type::literal(name), read_only),
        Property::new("apiVersion", Type::literal(version), read_only),
    ]
    .into_iter()
}

thread_local! {
    /// The properties that a resource of any type may have, made once: each body takes them.
    static KNOWN_PROPERTIES: Vec<Property<'static>> = known_properties().collect();
}

fn known_properties<'a>() -> impl Iterator<Item = Property<'a>> {
    let text = |name| Property::new(name, Type::string(), Flags::NONE);
    let whole = |name| Property::new(name, Type::int(), Flags::NONE);
    let shaped = |name, properties: Vec<Property<'a>>| {
        let object = ObjectType { properties, ..ObjectType::default() };
        Property::new(name, Type::shaped(object), Flags::NONE)
    };
    let of = |item: Type<'a>| {
        let additional = Some((item, Flags::NONE));
        Type::shaped(ObjectType { additional, ..ObjectType::default() })
    };
    let plain = |name, kind| Property::new(name, kind, Flags::NONE);
    let required = |property: Property<'a>| property.flagged(Flags::REQUIRED);
    let hidden = Flags::SYSTEM;
    let identity = ObjectType {
        properties: vec![text("principalId"), text("clientId")],
        ..ObjectType::default()
    };
    [
        text("location"),
        plain("tags", of(Type::string())),
        plain("asserts", of(Type::bool())),
        plain("properties", Type::object()),
        Property::new("method", Type::literal("PATCH"), hidden),
        shaped(
            "sku",
            ["name", "tier", "size", "family", "model"]
                .map(text)
                .into_iter()
                .chain([whole("capacity")])
                .collect(),
        ),
        text("kind"),
        text("managedBy"),
        plain("managedByExtended", Type::array_of(Type::string())),
        shaped("extendedLocation", vec![required(text("type")), text("name")]),
        plain("zones", Type::array_of(Type::string())),
        plain("plan", Type::object()),
        text("eTag"),
        shaped("scale", vec![required(whole("capacity")), whole("maximum"), whole("minimum")]),
        shaped(
            "identity",
            vec![
                text("principalId"),
                text("tenantId"),
                required(text("type")),
                plain("identityIds", Type::array_of(Type::string())),
                plain("userAssignedIdentities", of(Type::shaped(identity))),
                plain("delegatedResources", Type::object()),
            ],
        ),
    ]
    .into_iter()
}
