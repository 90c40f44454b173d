//! Finds the types that are the same, also where they refer to themselves.
//!
//! All types start in one class for each shape. A class whose members refer to different classes falls
//! apart, until none does any more: what is left in one class is the same type.

use std::collections::HashMap;
use std::error::Error;

use super::read::Type;

/// The classes of equal types.
pub struct Merged {
    /// The class of each type.
    pub class: Vec<usize>,
    /// The first type of each class.
    pub representatives: Vec<usize>,
}

/// Merges equal types.
pub fn merge(types: &[Type]) -> Result<Merged, Box<dyn Error>> {
    let shapes = numbered(types.iter().map(shape)).0;
    let references: Vec<Vec<usize>> = types
        .iter()
        .map(|found| found.references().iter().map(|reference| reference.number).collect())
        .collect();
    let (mut class, mut representatives) = (shapes.clone(), Vec::new());
    loop {
        let keys = (0..types.len()).map(|number| {
            let used: Vec<u32> = references[number]
                .iter()
                .map(|used| u32::try_from(class[*used]).unwrap_or(u32::MAX))
                .collect();
            (shapes[number], used)
        });
        let (next, firsts) = numbered(keys);
        class = next;
        // Classes only fall apart; when their number stays, none did.
        if firsts.len() == representatives.len() {
            return Ok(Merged { class, representatives: firsts });
        }
        representatives = firsts;
    }
}

/// A number for each key, counted in the order in which keys appear, and where each appears first.
fn numbered<K: std::hash::Hash + Eq>(keys: impl Iterator<Item = K>) -> (Vec<usize>, Vec<usize>) {
    let (mut known, mut firsts) = (HashMap::new(), Vec::new());
    let numbers = keys.enumerate().map(|(at, key)| {
        *known.entry(key).or_insert_with(|| {
            firsts.push(at);
            firsts.len() - 1
        })
    });
    let numbers = numbers.collect();
    (numbers, firsts)
}

/// All of a type except what it refers to.
fn shape(found: &Type) -> String {
    match found {
        Type::Any => "any".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Integer { min_value, max_value } => format!("integer {min_value:?} {max_value:?}"),
        Type::String { min_length, max_length, pattern, sensitive } => {
            format!("string {min_length:?} {max_length:?} {pattern:?} {sensitive}")
        }
        Type::Literal { value } => format!("literal {value}"),
        Type::Union { .. } => "union".to_owned(),
        Type::Array { min_length, max_length, .. } => {
            format!("array {min_length:?} {max_length:?}")
        }
        Type::Object { name, properties, additional_properties, sensitive } => {
            let mut shape =
                format!("object {name} {} {sensitive}", additional_properties.is_some());
            for (name, property) in properties {
                shape.extend([" ", name, " ", &property.flags.to_string()]);
            }
            shape
        }
        Type::Discriminated { name, discriminator, base_properties, elements } => {
            let mut shape = format!("discriminated {name} {discriminator}");
            for (name, property) in base_properties {
                shape.extend([" ", name, " ", &property.flags.to_string()]);
            }
            shape.extend(elements.keys().flat_map(|value| [" ", value]));
            shape
        }
        Type::Resource { readable_scopes, writable_scopes, .. } => {
            format!("resource {readable_scopes} {writable_scopes}")
        }
        Type::Function { name, input, .. } => format!("function {name} {}", input.is_some()),
    }
}
