//! What the properties of a resource are, once it is known what they are given.

use super::Checker;
use crate::bicep::binder::ResourceId;
use crate::bicep::types::{
    ArrayType, DiscriminatedType, Flags, Integer, ObjectType, Property, Text, Type, assignable,
};

/// How deep into a value that is given a type is followed.
const DEEPEST: u8 = 8;

impl<'a> Checker<'a, '_> {
    /// The type of a property of a resource, from what it is given and what is declared.
    pub(super) fn given_type(
        &self,
        id: ResourceId,
        name: &'a str,
        declared: Type<'a>,
        flags: Flags,
    ) -> Type<'a> {
        if let Some(known) = self.given.borrow().get(&(id, name)) {
            return known.clone();
        }
        let body = self.bound.resource(id).syntax.body().object;
        let Some(given) = body.and_then(|body| body.property(name)) else { return declared };
        let found = narrowed(&self.infer(given.value), &declared, 0);
        let found = present(found, &declared, flags);
        self.given.borrow_mut().insert((id, name), found.clone());
        found
    }
}

/// The type that a value has where another type is declared.
fn narrowed<'a>(given: &Type<'a>, declared: &Type<'a>, depth: u8) -> Type<'a> {
    if depth > DEEPEST {
        return declared.clone();
    }
    match (declared, given) {
        (_, Type::Any | Type::Error) | (Type::Any, _) => Type::Any,
        (Type::String(text), Type::String(own)) if text.literal.is_none() => within(own, text),
        (Type::Int(number), Type::Int(own)) if number.literal.is_none() => {
            Type::Int(Integer { literal: own.literal, ..*number })
        }
        (Type::Object(object), Type::Object(own)) => members(own, object, depth),
        (Type::Discriminated(several), Type::Object(own)) => {
            chosen(own, several).map_or(Type::Any, |object| members(own, object, depth))
        }
        (Type::Array(array), Type::Array(own)) => items(own, array, depth),
        (_, Type::Union(all)) => {
            Type::any_of(all.iter().map(|member| narrowed(member, declared, depth + 1))).collapsed()
        }
        (Type::Union(all), given) => {
            let fitting = all.iter().filter(|member| assignable(given, member));
            let fitting: Vec<Type<'a>> = fitting.cloned().collect();
            if fitting.is_empty() { declared.clone() } else { Type::any_of(fitting) }
        }
        (Type::Bool(..), Type::Bool(..)) | (_, Type::Null) => given.clone(),
        _ => declared.clone(),
    }
}

/// The same without the null that stands for a property that is left out.
fn present<'a>(found: Type<'a>, declared: &Type<'a>, flags: Flags) -> Type<'a> {
    if flags.has(Flags::REQUIRED) || declared.allows_null() {
        return found;
    }
    match found {
        Type::Null => declared.clone(),
        found => found.without_null().unwrap_or(found),
    }
}

/// The text that is given, within what the declaration allows.
pub(super) fn within<'a>(given: &Text<'a>, declared: &Text<'a>) -> Type<'a> {
    if given.literal.is_some() {
        return Type::String(*given);
    }
    let minimum = [given.minimum, declared.minimum].into_iter().flatten().max();
    let maximum = [given.maximum, declared.maximum].into_iter().flatten().min();
    Type::String(Text { minimum, maximum, ..*declared })
}

fn members<'a>(given: &ObjectType<'a>, declared: &ObjectType<'a>, depth: u8) -> Type<'a> {
    let properties =
        declared.properties.iter().map(|property| match given.property(property.name) {
            Some(own) if !property.flags.has(Flags::READ_ONLY) => {
                let (declared, own) = (property.kind(), own.kind());
                // Of a property that may be absent, the text is not kept.
                let is_known = property.flags.has(Flags::REQUIRED)
                    && matches!(own, Type::String(Text { literal: Some(_), .. }))
                    && matches!(declared, Type::Union(_))
                    && assignable(&own, &declared);
                let kind = if is_known { own } else { narrowed(&own, &declared, depth + 1) };
                let kind = present(kind, &declared, property.flags);
                Property::new(property.name, kind, property.flags)
            }
            _ => property.clone(),
        });
    Type::shaped(ObjectType { properties: properties.collect(), ..declared.clone() })
}

/// The object that a value is, which the property that tells objects apart decides.
fn chosen<'t, 'a>(
    given: &ObjectType<'a>,
    several: &'t DiscriminatedType<'a>,
) -> Option<&'t ObjectType<'a>> {
    match given.property(several.key)?.kind() {
        Type::String(Text { literal: Some(value), .. }) => several.member(value).map(|it| &**it),
        _ => None,
    }
}

fn items<'a>(given: &ArrayType<'a>, declared: &ArrayType<'a>, depth: u8) -> Type<'a> {
    if let Some(items) = &given.items {
        let items = items.iter().map(|item| narrowed(item, &declared.item(), depth + 1));
        return Type::tuple(items.collect());
    }
    let item = narrowed(&given.item(), &declared.item(), depth + 1);
    Type::array_between(item, given.minimum, given.maximum, declared.marks)
}
