//! The types of expressions: what is known of a value before it is computed.
//!
//! A type is a small value that shares its parts, so that it is copied freely and compared quickly. A type
//! of Azure's tables is only named until somebody looks into it. Where less is known than Microsoft's
//! compiler knows, a type is [`Type::Any`], which fits everywhere: a file that is good is never refused.
//!
//! Read `model` for what a type is, `azure` for bodies of resources, `template` for what ARM templates
//! declare, `assign` for what fits where.

mod assign;
mod azure;
mod flags;
mod model;
mod template;

pub use assign::assignable;
pub use azure::{ResourceBody, declared_by_azure, resource_body, without_flag};
pub use flags::{Flags, Marks};
pub use model::{ArrayType, DiscriminatedType, Integer, ObjectType, Property, Text, Type};
pub use template::{Declared, Exported, exported_by_template, of_template};
