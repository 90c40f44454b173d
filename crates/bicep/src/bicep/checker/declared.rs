//! What type expressions stand for.

use foldhash::{HashSet, HashSetExt};

use super::Checker;
use super::interface::{Export, arguments_of, has, is_called};
use super::resources::is_resource_type;
use crate::azure_types;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{
    ArrayItemSyntax, DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, ObjectKeySyntax,
    ObjectTypeItemSyntax, ObjectTypeSyntax, ParameterDeclarationSyntax, TypeInstantiationSyntax,
    TypePropertyAccessSyntax, TypeSyntax, UnaryOperator,
};
use crate::bicep::types::{
    Flags, Integer, Marks, ObjectType, Property, ResourceBody, Text, Type, assignable, without_flag,
};

/// The decorators that bound a value or a length.
const BOUNDS: [&str; 4] = ["minLength", "maxLength", "minValue", "maxValue"];

impl<'a> Checker<'a, '_> {
    /// The type that a type expression describes, as far as it is known.
    pub(super) fn described(&self, syntax: TypeSyntax<'a>) -> Type<'a> {
        self.deeper(|| self.described_here(syntax)).unwrap_or(Type::Any)
    }

    /// The type of a declaration with its decorators.
    pub(super) fn described_with(
        &self,
        syntax: TypeSyntax<'a>,
        decorators: &[DecoratorSyntax<'a>],
    ) -> Type<'a> {
        self.decorated_type(self.described(syntax), decorators)
    }

    /// What a parameter takes.
    pub(super) fn parameter_type(&self, node: &ParameterDeclarationSyntax<'a>) -> Type<'a> {
        let declared = self.described_with(node.r#type, node.decorators);
        let Some(allowed) = arguments_of(node.decorators, "allowed") else {
            return declared;
        };
        let [ExpressionSyntax::Array(values)] = allowed else { return declared };
        let values = values.items.iter().filter_map(|item| match item {
            ArrayItemSyntax::Value(value) => Some(self.infer(*value)),
            ArrayItemSyntax::Spread(_) => None,
        });
        let values: Vec<Type<'a>> = values.collect();
        if values.is_empty() || !values.iter().all(|value| is_literal(value)) {
            return declared;
        }
        let some = declared.without_null().unwrap_or_else(|| declared.clone());
        let wanted = match &some {
            Type::Array(array) => some.clone().or(array.item()),
            _ => declared.clone(),
        };
        if !values.iter().all(|value| assignable(value, &wanted)) {
            return declared.marked(Marks::LOOSE);
        }
        let marks = declared.marks();
        let nullable = declared.allows_null();
        let values = values.into_iter().map(|value| value.marked(marks));
        let allowed = match some {
            Type::Array(_) => Type::array_of(Type::any_of(values)),
            _ => Type::any_of(values),
        };
        if nullable { allowed.or(Type::Null) } else { allowed }
    }

    fn decorated_type(&self, kind: Type<'a>, decorators: &[DecoratorSyntax<'a>]) -> Type<'a> {
        if decorators.is_empty() {
            return kind;
        }
        let number = |name: &str| self.bound_by(decorators, name);
        if self.crossed_bounds(&kind, decorators).is_some() {
            return Type::Error;
        }
        let secure = if has(decorators, "secure") { Marks::SECURE } else { Marks::NONE };
        match kind {
            Type::String(text) if text.literal.is_none() => Type::String(Text {
                minimum: number("minLength").or(text.minimum),
                maximum: number("maxLength").or(text.maximum),
                marks: text.marks.and(secure),
                ..text
            }),
            Type::Int(range) if range.literal.is_none() => Type::Int(Integer {
                minimum: number("minValue").or(range.minimum),
                maximum: number("maxValue").or(range.maximum),
                ..range
            }),
            Type::Array(array) if array.items.is_none() => {
                let (minimum, maximum) = (number("minLength"), number("maxLength"));
                if minimum.is_none() && maximum.is_none() {
                    return Type::Array(array);
                }
                Type::array_between(array.item(), minimum, maximum, array.marks)
            }
            Type::Object(object) => {
                if has(decorators, "sealed") {
                    let sealed = ObjectType {
                        additional: None,
                        marks: object.marks.and(secure),
                        ..(*object).clone()
                    };
                    return Type::shaped(sealed);
                }
                Type::Object(object).marked(secure)
            }
            Type::Union(members) if members.iter().any(|one| matches!(one, Type::Null)) => {
                let some = Type::Union(members).without_null().unwrap_or(Type::Any);
                match some {
                    Type::Union(_) => told_apart(some, decorators).or(Type::Null),
                    some => self.decorated_type(some, decorators).or(Type::Null),
                }
            }
            union @ Type::Union(_) => told_apart(union, decorators),
            other => other,
        }
    }

    /// The decorator whose bound leaves no value, because the least is above the greatest.
    pub(super) fn crossed_bounds<'d>(
        &self,
        kind: &Type<'a>,
        decorators: &'d [DecoratorSyntax<'a>],
    ) -> Option<&'d DecoratorSyntax<'a>> {
        let is_bound = |one: &DecoratorSyntax<'a>| BOUNDS.iter().any(|name| is_called(one, name));
        if !decorators.iter().any(is_bound) {
            return None;
        }
        let some = kind.without_null();
        let (own, names) = match some.as_ref().unwrap_or(kind) {
            Type::String(text) if text.literal.is_none() => {
                ((text.minimum, text.maximum), ["minLength", "maxLength"])
            }
            Type::Int(range) if range.literal.is_none() => {
                ((range.minimum, range.maximum), ["minValue", "maxValue"])
            }
            Type::Array(array) if array.items.is_none() => {
                ((array.minimum, array.maximum), ["minLength", "maxLength"])
            }
            _ => return None,
        };
        let [least, greatest] = names.map(|name| self.bound_by(decorators, name));
        let crossed = least.or(own.0)? > greatest.or(own.1)?;
        let written = |name: &&str| decorators.iter().find(|one| is_called(one, name));
        names.iter().find_map(written).filter(|_| crossed)
    }

    /// The number that a decorator is given.
    fn bound_by(&self, decorators: &[DecoratorSyntax<'a>], name: &str) -> Option<i64> {
        match self.infer(*arguments_of(decorators, name)?.first()?) {
            Type::Int(number) => number.literal,
            _ => None,
        }
    }

    fn described_here(&self, syntax: TypeSyntax<'a>) -> Type<'a> {
        match syntax {
            TypeSyntax::Variable(node) => self.named_type(node.name),
            TypeSyntax::Array(node) => Type::array_of(self.described(node.item)),
            TypeSyntax::Nullable(node) => match self.described(node.base) {
                Type::Error => Type::Error,
                base => base.or(Type::Null),
            },
            TypeSyntax::NonNull(node) => {
                let base = self.described(node.base);
                base.without_null().unwrap_or(base)
            }
            TypeSyntax::Union(node) => {
                let members = node.members.iter().map(|member| self.described(*member));
                let members: Vec<Type<'a>> = members.collect();
                if members.iter().any(Type::is_error) { Type::Error } else { Type::any_of(members) }
            }
            TypeSyntax::Object(node) => self.object_type(node),
            TypeSyntax::Tuple(node) => Type::tuple(
                node.items
                    .iter()
                    .map(|item| self.described_with(item.value, item.decorators))
                    .collect(),
            ),
            TypeSyntax::String(node) => match node.literal() {
                Some(text) => Type::literal(text),
                None => Type::string(),
            },
            TypeSyntax::Integer(node) => {
                i64::try_from(node.value).map_or(Type::int(), Type::number)
            }
            TypeSyntax::Boolean(node) => Type::Bool(Some(node.value), Marks::NONE),
            TypeSyntax::Null(_) => Type::Null,
            TypeSyntax::Unary(node) => match (node.operator, self.described(node.operand)) {
                (UnaryOperator::Minus, Type::Int(number)) => {
                    number.literal.and_then(i64::checked_neg).map_or(Type::int(), Type::number)
                }
                (UnaryOperator::Not, Type::Bool(Some(value), marks)) => {
                    Type::Bool(Some(!value), marks)
                }
                _ => Type::Any,
            },
            TypeSyntax::Parenthesized(node) => self.described(node.r#type),
            // The parser has reported it.
            TypeSyntax::Skipped(_) => Type::Any,
            TypeSyntax::PropertyAccess(node) => self.type_property(node),
            TypeSyntax::AdditionalPropertiesAccess(_)
            | TypeSyntax::ArrayAccess(_)
            | TypeSyntax::ItemsAccess(_) => self.part_of_type(syntax),
            TypeSyntax::Instantiation(node) => instantiated(node),
            TypeSyntax::Resource(_) if self.modules.experiment(RESOURCE_TYPES) => Type::Any,
            TypeSyntax::Resource(_) => Type::Error,
        }
    }

    /// What `.*`, an index or `[*]` picks from a type.
    fn part_of_type(&self, syntax: TypeSyntax<'a>) -> Type<'a> {
        match syntax {
            TypeSyntax::AdditionalPropertiesAccess(node) => match self.described(node.base) {
                Type::Object(object) if has_more(&object) => {
                    object.additional().map_or(Type::Any, |more| more.0)
                }
                Type::Any => Type::Any,
                _ => Type::Error,
            },
            TypeSyntax::ArrayAccess(node) => match (self.described(node.base), node.index) {
                (Type::Array(array), ExpressionSyntax::Integer(index)) => {
                    let at = usize::try_from(index.value).ok();
                    let item = at.and_then(|at| array.items.as_ref()?.get(at).cloned());
                    item.unwrap_or(Type::Error)
                }
                (Type::Any, _) => Type::Any,
                _ => Type::Error,
            },
            TypeSyntax::ItemsAccess(node) => match self.described(node.base) {
                Type::Any => Type::Any,
                Type::Array(array) if array.items.is_none() => array.item(),
                _ => Type::Error,
            },
            _ => Type::Any,
        }
    }

    fn type_property(&self, node: &TypePropertyAccessSyntax<'a>) -> Type<'a> {
        if let TypeSyntax::Variable(base) = node.base {
            match self.bound.target(base.name).map(|id| self.bound.symbol(id).kind) {
                Some(SymbolKind::Namespace(_)) => return built_in_type(node.name.name),
                Some(SymbolKind::Wildcard(import)) => {
                    let interface = self.modules.interface(import.path);
                    let export = interface.and_then(|found| found.exports.get(node.name.name));
                    return match export {
                        Some(Export::Type(kind)) => kind.clone(),
                        _ => Type::Any,
                    };
                }
                _ => {}
            }
        }
        let base = self.described(node.base);
        match base.without_null().unwrap_or(base) {
            Type::Object(object) => {
                object.property(node.name.name).map_or(Type::Error, Property::kind)
            }
            Type::Any => Type::Any,
            _ => Type::Error,
        }
    }

    fn object_type(&self, node: &ObjectTypeSyntax<'a>) -> Type<'a> {
        if is_invalid(node) {
            return Type::Error;
        }
        let properties = node.properties().filter_map(|property| {
            let kind = self.described_with(property.value, property.decorators);
            let nullable = matches!(kind, Type::Null) || kind.allows_null();
            let flags = if nullable { Flags::NONE } else { Flags::REQUIRED };
            Some(Property::new(property.name()?, kind, flags))
        });
        let properties: Vec<Property<'a>> = properties.collect();
        let additional = match node.additional_properties() {
            Some(more) => (self.described_with(more.value, more.decorators), Flags::NONE),
            None => (Type::Any, Flags::FALLBACK),
        };
        Type::shaped(ObjectType {
            properties,
            additional: Some(additional),
            ..ObjectType::default()
        })
    }

    fn named_type(&self, name: IdentifierSyntax<'a>) -> Type<'a> {
        let Some(id) = self.bound.target(name) else { return built_in_type(name.name) };
        match self.bound.symbol(id).kind {
            SymbolKind::Type(_) | SymbolKind::Imported(..) => self.symbol(id),
            SymbolKind::Namespace(_) | SymbolKind::Wildcard(_) => Type::Error,
            _ => Type::Any,
        }
    }
}

/// Whether the properties of an object type contradict each other, or are not known while compiling.
fn is_invalid(node: &ObjectTypeSyntax<'_>) -> bool {
    let mut names = HashSet::new();
    let mut more = 0;
    node.items.iter().any(|item| match item {
        ObjectTypeItemSyntax::Property(property) => match property.key {
            ObjectKeySyntax::Skipped(_) => false,
            _ => property.name().is_none_or(|name| !names.insert(name)),
        },
        ObjectTypeItemSyntax::AdditionalProperties(_) => {
            more += 1;
            more > 1
        }
        ObjectTypeItemSyntax::Skipped(_) => false,
    })
}

/// The experiment that gives parameters and outputs the types of resources.
pub(super) const RESOURCE_TYPES: &str = "resourceTypedParamsAndOutputs";

fn built_in_type<'a>(name: &str) -> Type<'a> {
    match name {
        "string" => Type::string().marked(Marks::LOOSE),
        "int" => Type::int().marked(Marks::LOOSE),
        "bool" => Type::bool().marked(Marks::LOOSE),
        "object" => Type::object(),
        "array" => Type::array(),
        "any" | "resourceInput" | "resourceOutput" | "resource" => Type::Any,
        _ => Type::Error,
    }
}

/// Whether an object says what its other properties are.
pub(super) fn has_more(object: &ObjectType<'_>) -> bool {
    object.additional.as_ref().is_some_and(|more| !more.1.has(Flags::FALLBACK))
}

/// Whether there is only one value of the type.
pub(super) fn is_literal(kind: &Type<'_>) -> bool {
    match kind {
        Type::Null | Type::Bool(Some(_), _) => true,
        Type::Int(number) => number.literal.is_some(),
        Type::String(text) => text.literal.is_some(),
        Type::Array(array) => {
            array.items.as_ref().is_some_and(|items| items.iter().all(is_literal))
        }
        Type::Object(object) => {
            // A type that is not sealed is no more than what it lists.
            let closed = object.additional.as_ref().is_none_or(|more| more.1.has(Flags::FALLBACK));
            let required = |property: &Property<'_>| property.flags.has(Flags::REQUIRED);
            closed
                && object
                    .properties
                    .iter()
                    .all(|property| required(property) && is_literal(&property.kind()))
        }
        _ => false,
    }
}

/// Objects that the property of `@discriminator` tells apart.
fn told_apart<'a>(union: Type<'a>, decorators: &[DecoratorSyntax<'a>]) -> Type<'a> {
    let key = arguments_of(decorators, "discriminator").and_then(<[_]>::first);
    let Some(key) = key.and_then(|key| key.literal()) else { return union };
    let Type::Union(members) = &union else { return union };
    let mut objects = Vec::new();
    for member in members.iter() {
        let object = match member {
            Type::Object(object) => object,
            Type::Any | Type::Discriminated(_) => return union,
            // Only objects can be told apart, which is reported where the type stands.
            _ => return Type::Error,
        };
        let value = object.property(key).map(Property::kind);
        let Some(Type::String(Text { literal: Some(text), .. })) = value else { return union };
        objects.push((text, std::rc::Rc::clone(object)));
    }
    Type::Discriminated(std::rc::Rc::new(crate::bicep::types::DiscriminatedType {
        key,
        members: objects,
        marks: Marks::NONE,
        is_system: false,
    }))
}

/// Whether this names the body of a resource.
pub(super) fn is_derived(node: &TypeInstantiationSyntax<'_>) -> bool {
    matches!(node.name.name, "resourceInput" | "resourceOutput")
}

/// The argument of `resourceInput` and `resourceOutput`, without its namespace.
pub(super) fn resource_text<'a>(node: &TypeInstantiationSyntax<'a>) -> Option<&'a str> {
    let [argument] = node.arguments else { return None };
    let TypeSyntax::String(text) = argument.without_parentheses() else { return None };
    let text = text.literal()?;
    Some(text.strip_prefix("az:").unwrap_or(text))
}

/// `resourceInput<'T@v'>` and `resourceOutput<'T@v'>`.
fn instantiated<'a>(node: &TypeInstantiationSyntax<'a>) -> Type<'a> {
    if !is_derived(node) {
        return if node.name.name == "resource" { Type::Any } else { Type::Error };
    }
    let Some(text) = resource_text(node) else { return Type::Error };
    let Some((kind, version)) = text.split_once('@').filter(|_| is_resource_type(text)) else {
        return if text.contains(':') { Type::Any } else { Type::Error };
    };
    let Some(found) = azure_types::resource(kind, version) else { return Type::Any };
    without_flag(ResourceBody::plain(found, kind), node.name.name == "resourceOutput")
}
