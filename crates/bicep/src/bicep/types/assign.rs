use super::flags::Marks;
use super::model::Type;

/// Whether a value of one type may stand where another is wanted. Looks at what a type is, and not into
/// objects and arrays.
pub fn assignable(source: &Type<'_>, target: &Type<'_>) -> bool {
    match (source, target) {
        (Type::Namespace(_) | Type::Error, _) | (_, Type::Namespace(_)) => false,
        (Type::Any | Type::Azure(..), _) | (_, Type::Any | Type::Azure(..)) => true,
        // What another file could not make sense of takes nothing.
        (_, Type::Error) => matches!(source, Type::Null),
        (Type::Lambda, Type::Lambda) => true,
        (Type::Resource(_, false) | Type::Module(_, false), Type::Scope) => true,
        (Type::Object(object), Type::Scope) => object.is_scope,
        (Type::Resource(..) | Type::Module(..), Type::Dependency) => true,
        (Type::Object(object), Type::Dependency) => object.is_scope,
        (Type::String(source), Type::String(target)) => match (source.literal, target.literal) {
            (Some(source), Some(target)) => source == target,
            (None, Some(_)) => source.marks.has(Marks::LOOSE),
            (_, None) => true,
        },
        (Type::Int(source), Type::Int(target)) => match (source.literal, target.literal) {
            (Some(source), Some(target)) => source == target,
            (None, Some(_)) => source.marks.has(Marks::LOOSE),
            (_, None) => true,
        },
        (Type::Bool(source, marks), Type::Bool(target, _)) => match (source, target) {
            (Some(source), Some(target)) => source == target,
            (None, Some(_)) => marks.has(Marks::LOOSE),
            (_, None) => true,
        },
        (Type::Null, Type::Null) => true,
        (Type::Array(_) | Type::Resource(_, true) | Type::Module(_, true), Type::Array(_)) => true,
        (
            Type::Object(_)
            | Type::Discriminated(_)
            | Type::Resource(_, false)
            | Type::Module(_, false),
            Type::Object(_) | Type::Discriminated(_),
        ) => true,
        (Type::Union(members), _) => members.iter().all(|member| assignable(member, target)),
        (_, Type::Union(members)) => members.iter().any(|member| assignable(source, member)),
        _ => false,
    }
}
