//! Functions and operators of values that are known: their value is what the expression is.

use super::Checker;
use super::declared::is_literal;
use crate::arm::evaluate::{Evaluated, applied};
use crate::bicep::types::{Flags, Marks, ObjectType, Property, Type};
use crate::diagnostic::Span;

/// The most parts and bytes of the values that a function is applied to while checking: beyond, only the
/// kind of what it gives is known.
const LARGEST: usize = 4_096;

impl<'a> Checker<'a, '_> {
    /// What a function of Azure gives for these arguments, if they and its value are known. Warns if
    /// Azure would refuse them.
    pub(super) fn folded(
        &self,
        function: &str,
        arguments: &[Type<'a>],
        place: Span,
    ) -> Option<Type<'a>> {
        let mut left = LARGEST;
        let values = arguments.iter().map(|argument| value_of(argument, &mut left));
        let values: Vec<Evaluated> = values.collect::<Option<_>>()?;
        match applied(function, &values) {
            Ok(found) => self.literal_of(&found?, &mut { LARGEST }),
            Err(why) => {
                let title = format!("`{function}` fails for these values");
                let words = (why.as_str(), "use values that it accepts");
                self.warning("BCP234", place, title, words);
                None
            }
        }
    }

    fn literal_of(&self, value: &Evaluated, left: &mut usize) -> Option<Type<'a>> {
        *left = left.checked_sub(1)?;
        Some(match value {
            Evaluated::Null => Type::Null,
            Evaluated::Bool(value) => Type::Bool(Some(*value), Marks::NONE),
            Evaluated::Integer(number) => Type::number(*number),
            Evaluated::Number(_) | Evaluated::Symbolic(_) => return None,
            Evaluated::String(text) => {
                *left = left.checked_sub(text.len())?;
                Type::literal(self.arena.alloc_str(text))
            }
            Evaluated::Array(items) => {
                let items: Option<Vec<Type<'a>>> =
                    items.iter().map(|item| self.literal_of(item, left)).collect();
                Type::tuple(items?)
            }
            Evaluated::Object(properties) => {
                let properties = properties.iter().map(|(name, value)| {
                    let kind = self.literal_of(value, left)?;
                    Some(Property::new(self.arena.alloc_str(name), kind, Flags::REQUIRED))
                });
                let properties: Option<Vec<Property<'a>>> = properties.collect();
                let properties = properties?;
                Type::shaped(ObjectType { properties, ..ObjectType::default() })
            }
        })
    }
}

/// The value of a type that has only one.
fn value_of(kind: &Type<'_>, left: &mut usize) -> Option<Evaluated> {
    *left = left.checked_sub(1)?;
    Some(match kind {
        Type::Null => Evaluated::Null,
        Type::Bool(value, _) => Evaluated::Bool((*value)?),
        Type::Int(number) => Evaluated::Integer(number.literal?),
        Type::String(text) => {
            let text = text.literal?;
            *left = left.checked_sub(text.len())?;
            Evaluated::String(text.to_owned())
        }
        Type::Array(array) => {
            let items: Option<Vec<Evaluated>> =
                array.items.as_ref()?.iter().map(|item| value_of(item, left)).collect();
            Evaluated::Array(items?)
        }
        Type::Object(object) if object.additional.is_none() && is_literal(kind) => {
            let properties = object.properties.iter();
            let properties = properties.map(|property| {
                Some((property.name.to_owned(), value_of(&property.kind(), left)?))
            });
            Evaluated::Object(properties.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
