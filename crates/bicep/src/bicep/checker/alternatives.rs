//! Properties of a value that is one of several objects.

use std::rc::Rc;

use foldhash::{HashSet, HashSetExt};

use super::Checker;
use crate::bicep::types::{Flags, Marks, ObjectType, Property, Text, Type};
use crate::diagnostic::{Severity, Span};

impl<'a> Checker<'a, '_> {
    /// The type of a property of one of several objects. Nothing if other values are among them.
    pub(super) fn property_of_one(
        &self,
        members: &[Type<'a>],
        name: &str,
        span: Span,
        safe: bool,
    ) -> Option<Type<'a>> {
        let mut objects: Vec<Rc<ObjectType<'a>>> = Vec::new();
        for member in members {
            match member {
                Type::Object(object) if !object.is_scope => objects.push(Rc::clone(object)),
                Type::Discriminated(several) => {
                    objects.extend(several.members.iter().map(|(_, object)| Rc::clone(object)));
                }
                _ => return None,
            }
        }
        let warns = safe || objects.iter().any(|object| object.marks.has(Marks::WARN_PROPERTY));
        let severity = if warns { Severity::Warning } else { Severity::Error };
        let found = objects.iter().map(|object| {
            let own = object.property(name).map(Property::kind);
            own.or_else(|| object.additional().map(|more| more.0))
        });
        let found: Vec<Option<Type<'a>>> = found.collect();
        let lacking = found.iter().any(Option::is_none);
        let kinds: Vec<Type<'a>> = found.into_iter().flatten().collect();
        if kinds.is_empty() {
            let names = objects.iter().flat_map(|object| object.readable());
            let mut names: Vec<&str> = names.map(|property| property.name).collect();
            names.sort_unstable();
            names.dedup();
            let base = Type::Object(Rc::default());
            let found = self.unknown_member(&base, name, span, &names, severity);
            return Some(if warns { Type::Any } else { found });
        }
        // Where something tells the objects apart, one that lacks the property gives null.
        if lacking && are_told_apart(&objects) {
            if !safe {
                self.fallback(name, span);
            }
            return Some(Type::any_of(kinds.into_iter().chain([Type::Null])).collapsed());
        }
        Some(Type::any_of(kinds).collapsed())
    }
}

/// Whether a property of all objects has another text in each.
fn are_told_apart(objects: &[Rc<ObjectType<'_>>]) -> bool {
    let Some(first) = objects.first() else { return false };
    first.properties.iter().any(|property| {
        let mut seen = HashSet::new();
        objects.iter().all(|object| {
            let own = object.property(property.name).filter(|own| own.flags.has(Flags::REQUIRED));
            match own.map(Property::kind) {
                Some(Type::String(Text { literal: Some(text), .. })) => seen.insert(text),
                _ => false,
            }
        })
    })
}
