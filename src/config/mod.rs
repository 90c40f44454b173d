//! Takes YAML text, gives the [`Config`]: the file 1:1, every value with its place.
//!
//! Unknown keys are refused with the nearest known one, and all errors are reported, not the first
//! only. Defaults nothing: `model` does. Read `document` for YAML with places, then `fields`.

pub mod document;
pub mod fields;

pub use document::Document;
pub use fields::Config;
