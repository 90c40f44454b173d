//! A schema as the bytes in which it is read: without what only people read, and so that nothing must be
//! taken apart before it is used. `build.rs` lays out the schemas that prebake carries with this file; those
//! of a team are laid out when they are first needed.
//!
//! Numbers are `u32`, little-endian. The bytes begin with the offset of the root and the numbers of
//! patterns and of references. A node is one byte that says what it is, and
//! - for a text or a number: its length and its characters,
//! - for a pattern: its number among the patterns, then the same,
//! - for a reference to another schema: its number among the references, then the same,
//! - for an array: how many elements it has, and the offset of each,
//! - for an object: how many entries it has, and for each the offset and length of its key and the offset of
//!   its value.

use serde_json::Value;

pub(super) const NULL: u8 = 0;
pub(super) const FALSE: u8 = 1;
pub(super) const TRUE: u8 = 2;
pub(super) const NUMBER: u8 = 3;
pub(super) const TEXT: u8 = 4;
pub(super) const PATTERN: u8 = 5;
pub(super) const ARRAY: u8 = 6;
pub(super) const OBJECT: u8 = 7;
pub(super) const REFERENCE: u8 = 8;

/// Bytes before the first node.
const HEADER: usize = 12;

/// Keywords that people read, and engines do not.
const REMARKS: [&str; 4] = ["title", "description", "default", "$comment"];
/// Keywords whose value holds schemas under names of its own.
const CONTAINERS: [&str; 4] = ["properties", "$defs", "patternProperties", "dependentSchemas"];

/// Lays out a schema. Nothing when it has more than fits, which is four gigabytes.
pub(super) fn layout(schema: &Value) -> Option<Vec<u8>> {
    let mut writer = Writer { bytes: vec![0; HEADER], patterns: 0, references: 0 };
    let root = writer.node(schema, Place::Schema)?;
    let header = [root, writer.patterns, writer.references].map(u32::to_le_bytes);
    writer.bytes[..HEADER].copy_from_slice(header.as_flattened());
    Some(writer.bytes)
}

/// What a value is for the schema that it stands in.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// A schema, or a keyword's value.
    Schema,
    /// An object of schemas by name.
    Schemas,
    /// The value of `pattern`.
    Pattern,
    /// The value of `$ref`.
    Reference,
}

impl Place {
    fn below(self, key: &str) -> Self {
        match key {
            _ if self == Self::Schemas => Self::Schema,
            "pattern" => Self::Pattern,
            "$ref" => Self::Reference,
            container if CONTAINERS.contains(&container) => Self::Schemas,
            _ => Self::Schema,
        }
    }
}

struct Writer {
    bytes: Vec<u8>,
    patterns: u32,
    references: u32,
}

impl Writer {
    /// Writes what is below a node, then the node. Gives its offset.
    fn node(&mut self, value: &Value, place: Place) -> Option<u32> {
        match value {
            Value::Array(elements) => {
                let offsets: Option<Vec<u32>> =
                    elements.iter().map(|element| self.node(element, Place::Schema)).collect();
                let at = self.start(ARRAY)?;
                self.number(u32::try_from(elements.len()).ok()?);
                offsets?.into_iter().for_each(|offset| self.number(offset));
                Some(at)
            }
            Value::Object(entries) => {
                let mut written = Vec::new();
                for (key, value) in entries {
                    if place == Place::Schemas || !REMARKS.contains(&key.as_str()) {
                        let start = self.offset()?;
                        self.bytes.extend_from_slice(key.as_bytes());
                        let length = u32::try_from(key.len()).ok()?;
                        written.push([start, length, self.node(value, place.below(key))?]);
                    }
                }
                let at = self.start(OBJECT)?;
                self.number(u32::try_from(written.len()).ok()?);
                written.into_iter().flatten().for_each(|number| self.number(number));
                Some(at)
            }
            Value::String(text) => {
                let (kind, count) = match place {
                    Place::Pattern => (PATTERN, Some(&mut self.patterns)),
                    Place::Reference => (REFERENCE, Some(&mut self.references)),
                    Place::Schema | Place::Schemas => (TEXT, None),
                };
                let number = count.map(|count| std::mem::replace(count, *count + 1));
                let at = self.start(kind)?;
                if let Some(number) = number {
                    self.number(number);
                }
                self.text(text)?;
                Some(at)
            }
            Value::Number(number) => {
                let at = self.start(NUMBER)?;
                self.text(&number.to_string())?;
                Some(at)
            }
            Value::Bool(truth) => self.start(if *truth { TRUE } else { FALSE }),
            Value::Null => self.start(NULL),
        }
    }

    fn offset(&self) -> Option<u32> {
        u32::try_from(self.bytes.len()).ok()
    }

    fn start(&mut self, kind: u8) -> Option<u32> {
        let at = self.offset()?;
        self.bytes.push(kind);
        Some(at)
    }

    fn number(&mut self, number: u32) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    fn text(&mut self, text: &str) -> Option<()> {
        self.number(u32::try_from(text.len()).ok()?);
        self.bytes.extend_from_slice(text.as_bytes());
        Some(())
    }
}
