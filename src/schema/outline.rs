use std::fmt;
use std::sync::OnceLock;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Number, Value};

use super::pattern::Pattern;

/// A schema as it is read: without what only people read, in plain lists, and each of its larger parts only
/// once a value needs it. So it is there in a fraction of the time and memory that a whole [`Value`] takes.
/// Keywords are few, and found by looking at each.
#[derive(Debug)]
pub(super) enum Outline {
    Object(Vec<(String, Outline)>),
    Array(Vec<Outline>),
    Text(String),
    /// The value of `pattern`.
    Pattern(Box<Pattern>),
    Number(Number),
    Truth(bool),
    Null,
    /// JSON that no value has met yet.
    Unread(Box<RawValue>, OnceLock<Box<Outline>>),
}

impl Outline {
    fn read(&self) -> &Self {
        match self {
            Self::Unread(raw, read) => read.get_or_init(|| {
                // JSON that cannot be held, such as a number beyond all bounds, fits nothing.
                Box::new(serde_json::from_str(raw.get()).unwrap_or(Self::Null))
            }),
            read => read,
        }
    }

    /// The entries of an object.
    pub(super) fn entries(&self) -> Option<&[(String, Self)]> {
        match self.read() {
            Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of an array.
    pub(super) fn elements(&self) -> Option<&[Self]> {
        match self.read() {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// A property of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.entries()?.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// What a JSON pointer leads to from here, through objects.
    pub(super) fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut steps = pointer.split('/');
        if !steps.next()?.is_empty() {
            return None;
        }
        steps.try_fold(self, |node, step| {
            if step.contains('~') {
                return node.get(&step.replace("~1", "/").replace("~0", "~"));
            }
            node.get(step)
        })
    }

    /// A text.
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A pattern of texts.
    pub(super) fn as_pattern(&self) -> Option<&Pattern> {
        match self {
            Self::Pattern(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// A number.
    pub(super) fn as_number(&self) -> Option<&Number> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether it is this very value; of objects and arrays, nothing is said.
    pub(super) fn is(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(text), Value::String(value)) => text == value,
            (Self::Number(number), Value::Number(value)) => number == value,
            (Self::Truth(truth), Value::Bool(value)) => truth == value,
            (Self::Null, Value::Null) => true,
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed::Schema.deserialize(deserializer)
    }
}

/// What a value is that is read.
#[derive(Clone, Copy, PartialEq)]
enum Seed {
    /// A schema, or a keyword's value.
    Schema,
    /// An object of schemas by name.
    Schemas,
    /// The value of `pattern`.
    Pattern,
}

/// Keywords that people read, and engines do not.
const REMARKS: [&str; 5] = ["title", "description", "examples", "default", "$comment"];
/// Keywords whose value holds schemas under names of its own.
const CONTAINERS: [&str; 4] = ["properties", "$defs", "patternProperties", "dependentSchemas"];
/// A shorter schema is read at once.
const SHORT: usize = 160;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Outline;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outline, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Seed {
    fn of(keyword: &str) -> Self {
        match keyword {
            "pattern" => Self::Pattern,
            container if CONTAINERS.contains(&container) => Self::Schemas,
            _ => Self::Schema,
        }
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Outline;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Outline, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            let value = if self == Self::Schemas {
                let raw = map.next_value::<&RawValue>()?;
                if raw.get().len() > SHORT {
                    Outline::Unread(raw.to_owned(), OnceLock::new())
                } else {
                    serde_json::from_str(raw.get()).map_err(Error::custom)?
                }
            } else if REMARKS.contains(&key.as_str()) {
                map.next_value::<IgnoredAny>()?;
                continue;
            } else {
                map.next_value_seed(Self::of(&key))?
            };
            entries.push((key, value));
        }
        Ok(Outline::Object(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Outline, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element_seed(Self::Schema)? {
            elements.push(element);
        }
        Ok(Outline::Array(elements))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Outline, E> {
        Ok(match self {
            Self::Pattern => Outline::Pattern(Box::new(Pattern::new(text))),
            _ => Outline::Text(text.to_owned()),
        })
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Outline, E> {
        Ok(Outline::Truth(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Outline, E> {
        Ok(Outline::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Outline, E> {
        Ok(Outline::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Outline, E> {
        Ok(Number::from_f64(number).map_or(Outline::Null, Outline::Number))
    }

    fn visit_unit<E: Error>(self) -> Result<Outline, E> {
        Ok(Outline::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> serde_json::Result<Outline> {
        serde_json::from_str(text)
    }

    #[test]
    fn values_are_those_of_the_text() {
        let root = outline(r#" { "a": { "b/c": [1, "two", null, {"d": true}] }, "e\n": -1.5 } "#);
        let root = root.expect("it is JSON");
        let list = root.pointer("/a/b~1c").and_then(Outline::elements).unwrap_or_default();
        assert_eq!(list.len(), 4);
        assert!(list[0].is(&Value::from(1)) && list[2].is(&Value::Null));
        assert_eq!(list[1].as_str(), Some("two"));
        assert!(list[3].get("d").is_some_and(|truth| truth.is(&Value::Bool(true))));
        assert!(root.get("e\n").is_some_and(|number| number.is(&Value::from(-1.5))));
        assert!(root.pointer("a").is_none() && root.pointer("/a/x").is_none());
        assert!(outline("{").is_err() && outline("{} {}").is_err());
        assert!(outline(r#"{"properties": {"a": {"type": }}}"#).is_err());
    }

    #[test]
    fn a_large_part_is_read_when_it_is_asked_for() {
        let options: Vec<String> = (0..100).map(|number| format!("option-{number}")).collect();
        let text = serde_json::json!({ "$defs": { "a/b": { "enum": options, "pattern": "^o" } } });
        let root = outline(&text.to_string()).expect("it is JSON");
        let definitions = root.get("$defs").and_then(Outline::entries).unwrap_or_default();
        assert!(matches!(&definitions[0].1, Outline::Unread(_, read) if read.get().is_none()));
        let found = root.pointer("/$defs/a~1b/enum").and_then(Outline::elements);
        assert_eq!(found.and_then(|options| options[99].as_str()), Some("option-99"));
        let pattern = root.pointer("/$defs/a~1b/pattern").and_then(Outline::as_pattern);
        assert!(pattern.is_some_and(|pattern| pattern.matches("option-1")));
    }

    #[test]
    fn remarks_are_dropped_but_properties_of_their_names_stay() {
        let text = r#"{"description": "x", "examples": ["y", {}], "properties":
            {"title": {"type": "string", "examples": ["z"]}, "examples": {"const": 1}}}"#;
        let root = outline(text).expect("it is JSON");
        let title = root.pointer("/properties/title/type").and_then(Outline::as_str);
        assert_eq!(title, Some("string"));
        assert!(root.pointer("/properties/examples/const").is_some());
        assert!(root.get("examples").is_none() && root.get("description").is_none());
        assert!(root.pointer("/properties/title/examples").is_none());
    }
}
