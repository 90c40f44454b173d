//! The intermediate form of a template: what lowering makes of syntax, and what is emitted as JSON.
//!
//! Knows neither Bicep's syntax nor the JSON of templates. Expressions are those of the ARM template language,
//! `arm::expression`.

mod value;

pub use value::{Item, Key, Loop, Object, Property, Value};
