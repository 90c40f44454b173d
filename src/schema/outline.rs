use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A schema as it is read: without what only people read, and in plain lists, so that it is there in a
/// fraction of the time that a whole [`Value`] takes. Keywords are few, and found by looking at each.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outline {
    Object(Vec<(String, Outline)>),
    Array(Vec<Outline>),
    Scalar(Value),
}

impl Outline {
    /// The entries of an object.
    pub(super) fn entries(&self) -> Option<&[(String, Self)]> {
        match self {
            Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of an array.
    pub(super) fn elements(&self) -> Option<&[Self]> {
        match self {
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
        steps.try_fold(self, |node, step| node.get(&step.replace("~1", "/").replace("~0", "~")))
    }

    /// A text, a number, a truth value or null.
    pub(super) fn scalar(&self) -> Option<&Value> {
        match self {
            Self::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// A text.
    pub(super) fn as_str(&self) -> Option<&str> {
        self.scalar()?.as_str()
    }

    /// Whether it is this very value; of objects and arrays, nothing is said.
    pub(super) fn is(&self, value: &Value) -> bool {
        self.scalar() == Some(value)
    }
}

impl<'de> Deserialize<'de> for Outline {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Seed { remark: false }.deserialize(deserializer)
    }
}

/// Reads a value. That of a remark is dropped unless it is an object: then its key is the name of a property.
#[derive(Clone, Copy)]
struct Seed {
    remark: bool,
}

/// Keywords that people read, and engines do not.
const REMARKS: [&str; 4] = ["title", "description", "examples", "$comment"];

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Outline;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Outline, D::Error> {
        deserializer.deserialize_any(self)
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
            let remark = REMARKS.contains(&key.as_str());
            entries.push((key, map.next_value_seed(Self { remark })?));
        }
        Ok(Outline::Object(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Outline, A::Error> {
        let mut elements = Vec::new();
        if self.remark {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Outline::Array(elements));
        }
        while let Some(element) = list.next_element_seed(Self { remark: false })? {
            elements.push(element);
        }
        Ok(Outline::Array(elements))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Outline, E> {
        Ok(Outline::Scalar(if self.remark { Value::Null } else { Value::from(text) }))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Outline, E> {
        Ok(Outline::Scalar(Value::from(truth)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Outline, E> {
        Ok(Outline::Scalar(Value::from(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Outline, E> {
        Ok(Outline::Scalar(Value::from(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Outline, E> {
        Ok(Outline::Scalar(Value::from(number)))
    }

    fn visit_unit<E: Error>(self) -> Result<Outline, E> {
        Ok(Outline::Scalar(Value::Null))
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
    }

    #[test]
    fn remarks_are_dropped_but_properties_of_their_names_stay() {
        let text = r#"{"description": "x", "examples": ["y", {}], "properties":
            {"title": {"type": "string", "examples": ["z"]}, "examples": {"const": 1}}}"#;
        let root = outline(text).expect("it is JSON");
        let title = root.pointer("/properties/title/type").and_then(Outline::as_str);
        assert_eq!(title, Some("string"));
        assert!(root.pointer("/properties/examples/const").is_some());
        assert_eq!(root.get("examples"), Some(&Outline::Array(vec![])));
        assert_eq!(root.get("description"), Some(&Outline::Scalar(Value::Null)));
    }
}
