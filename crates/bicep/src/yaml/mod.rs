//! Takes YAML text and limits, gives one JSON value and the place of each value: the one reader of YAML
//! that somebody else wrote.
//!
//! It follows YAML 1.2's core schema. Aliases are expanded and counted as often as they are used, so that a
//! small text cannot make a large value. It does not know what the document is about.

mod problem;
mod reader;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::diagnostic::{FileId, Place};

pub use problem::{Problem, ProblemKind};

/// How much of a text is read.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest text in bytes.
    pub bytes: usize,
    /// Deepest nesting of mappings and sequences.
    pub depth: usize,
    /// Most values, with aliases expanded; 64 bytes of a repeated text count as one value.
    pub values: usize,
    /// Longest key in bytes.
    pub key_bytes: usize,
}

/// Limits of a file that a person gives to a command but that is no config: a pool, a matrix, a file that
/// Bicep loads.
pub const FOREIGN: Limits =
    Limits { bytes: 16 * 1024 * 1024, depth: 128, values: 500_000, key_bytes: 1024 };

/// Where a value stands: its key, if it has one, and the value itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The key of the mapping entry.
    pub key: Option<Place>,
    /// The value.
    pub value: Place,
}

/// Reads one document without its places.
pub fn read(text: &str, limits: Limits) -> Result<Value, Problem> {
    within(text, limits)?;
    Ok(reader::Reader::new(text, limits, None).document()?.0)
}

/// Reads one document with the place of each value by JSON pointer.
pub fn read_with_places(
    text: &str,
    limits: Limits,
    file: FileId,
) -> Result<(Value, BTreeMap<String, Entry>), Problem> {
    within(text, limits)?;
    reader::Reader::new(text, limits, Some(file)).document()
}

fn within(text: &str, limits: Limits) -> Result<(), Problem> {
    if text.len() <= limits.bytes {
        return Ok(());
    }
    let kind = ProblemKind::TooLarge { bytes: text.len(), most: limits.bytes };
    Err(Problem { kind, place: crate::diagnostic::Span::default() })
}
