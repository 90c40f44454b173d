use crate::diagnostic::pointer;
use std::borrow::Cow;
use std::sync::OnceLock;

use serde_json::{Number, Value};

use super::layout;
use super::pattern::Pattern;

/// A schema that was laid out, with the patterns that texts were held against and the targets of the references that
/// were followed.
#[derive(Debug)]
pub(super) struct Layout {
    bytes: Cow<'static, [u8]>,
    patterns: Box<[OnceLock<Pattern>]>,
    /// Where the target of each reference stands, if there is one.
    targets: Box<[OnceLock<Option<usize>>]>,
}

impl Layout {
    /// Takes the bytes that [`layout::layout`] gave.
    pub(super) fn new(bytes: impl Into<Cow<'static, [u8]>>) -> Self {
        let bytes = bytes.into();
        let patterns = (0..number(&bytes, 4)).map(|_| OnceLock::new()).collect();
        let targets = (0..number(&bytes, 8)).map(|_| OnceLock::new()).collect();
        Self { bytes, patterns, targets }
    }

    pub(super) fn root(&self) -> SchemaNode<'_> {
        SchemaNode { layout: self, at: number(&self.bytes, 0) }
    }
}

/// One value of a schema, where it stands in the layout. Keywords are few, and found by looking at each.
#[derive(Debug, Clone, Copy)]
pub(super) struct SchemaNode<'a> {
    layout: &'a Layout,
    at: usize,
}

impl<'a> SchemaNode<'a> {
    /// The entries of an object, with the bytes of their keys: finding out that these are a text takes longer than
    /// comparing them.
    pub(super) fn entries(self) -> Option<impl Iterator<Item = (&'a [u8], Self)>> {
        let read = move |[start, length, at]: [usize; 3]| {
            let key = &self.layout.bytes[start..start + length];
            (key, Self { layout: self.layout, at })
        };
        Some(self.rows::<3>(layout::OBJECT)?.map(read))
    }

    /// The elements of an array.
    pub(super) fn elements(self) -> Option<impl Iterator<Item = Self> + Clone> {
        let read = move |[at]: [usize; 1]| Self { layout: self.layout, at };
        Some(self.rows::<1>(layout::ARRAY)?.map(read))
    }

    /// A property of an object.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        let bytes = &self.layout.bytes;
        let named = |[start, length, _]: &[usize; 3]| {
            *length == name.len() && &bytes[*start..*start + *length] == name.as_bytes()
        };
        let [_, _, at] = self.rows::<3>(layout::OBJECT)?.find(named)?;
        Some(Self { layout: self.layout, at })
    }

    /// What a JSON pointer leads to from here, through objects.
    pub(super) fn pointer(self, pointer: &str) -> Option<Self> {
        let mut steps = pointer.split('/');
        if !steps.next()?.is_empty() {
            return None;
        }
        steps.try_fold(self, |node, step| node.get(&pointer::unescape(step)))
    }

    /// A text.
    pub(super) fn as_str(self) -> Option<&'a str> {
        self.as_bytes().map(text)
    }

    /// The bytes of a text.
    pub(super) fn as_bytes(self) -> Option<&'a [u8]> {
        match self.kind() {
            layout::TEXT => Some(self.characters(1)),
            layout::REFERENCE => Some(self.characters(5)),
            _ => None,
        }
    }

    /// The schema that a reference of this schema leads to.
    pub(super) fn target(self) -> Option<Self> {
        if self.kind() != layout::REFERENCE {
            return None;
        }
        let found = || {
            let pointer = text(self.characters(5)).strip_prefix('#')?;
            Some(self.layout.root().pointer(pointer)?.at)
        };
        let at = *self.layout.targets[self.number(1)].get_or_init(found);
        Some(Self { at: at?, ..self })
    }

    /// A pattern of texts.
    pub(super) fn as_pattern(self) -> Option<&'a Pattern> {
        let made = || Pattern::new(text(self.characters(5)));
        (self.kind() == layout::PATTERN)
            .then(|| self.layout.patterns[self.number(1)].get_or_init(made))
    }

    /// A number.
    pub(super) fn as_number(self) -> Option<Number> {
        (self.kind() == layout::NUMBER).then(|| text(self.characters(1)).parse().ok())?
    }

    /// Whether it is this very value; of objects and arrays, nothing is said.
    pub(super) fn is(self, value: &Value) -> bool {
        match value {
            Value::Null => self.kind() == layout::NULL,
            Value::Bool(truth) => self.kind() == if *truth { layout::TRUE } else { layout::FALSE },
            Value::Number(number) => self.as_number().as_ref() == Some(number),
            Value::String(text) => self.as_bytes() == Some(text.as_bytes()),
            Value::Array(_) | Value::Object(_) => false,
        }
    }

    fn kind(self) -> u8 {
        self.layout.bytes[self.at]
    }

    fn number(self, after: usize) -> usize {
        number(&self.layout.bytes, self.at + after)
    }

    fn characters(self, after: usize) -> &'a [u8] {
        let start = self.at + after + 4;
        &self.layout.bytes[start..start + self.number(after)]
    }

    /// The numbers of each element or entry.
    fn rows<const N: usize>(
        self,
        kind: u8,
    ) -> Option<impl Iterator<Item = [usize; N]> + Clone + use<'a, N>> {
        (self.kind() == kind).then(|| {
            let bytes = &self.layout.bytes[self.at + 5..][..self.number(1) * N * 4];
            bytes
                .chunks_exact(N * 4)
                .map(|row| std::array::from_fn(|column| number(row, column * 4)))
        })
    }
}

fn number(bytes: &[u8], at: usize) -> usize {
    let number = bytes[at..].first_chunk().map(|number| u32::from_le_bytes(*number));
    number.unwrap_or_default() as usize
}

/// A layout is made of texts.
fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(text: &str) -> Layout {
        let schema = serde_json::from_str(text).expect("it is JSON");
        Layout::new(layout::layout(&schema).expect("it is small"))
    }

    #[test]
    fn values_are_those_of_the_text() {
        let all = laid_out(
            r#" { "a": { "b/c": [1, "two", null, {"d": true}] }, "e\n": -1.5, "f": 1e30, "g": {} } "#,
        );
        let root = all.root();
        let list: Vec<SchemaNode<'_>> =
            root.pointer("/a/b~1c").and_then(SchemaNode::elements).into_iter().flatten().collect();
        assert_eq!(list.len(), 4);
        assert!(list[0].is(&Value::from(1)) && list[2].is(&Value::Null));
        assert!(!list[0].is(&Value::from(2)) && !list[0].is(&Value::from("1")));
        assert_eq!(list[1].as_str(), Some("two"));
        assert!(list[1].as_number().is_none() && list[1].as_pattern().is_none());
        assert!(list[3].get("d").is_some_and(|truth| truth.is(&Value::Bool(true))));
        assert!(root.get("e\n").is_some_and(|number| number.is(&Value::from(-1.5))));
        assert!(root.get("f").is_some_and(|number| number.is(&Value::from(1e30))));
        assert_eq!(root.get("g").and_then(SchemaNode::entries).map(Iterator::count), Some(0));
        assert!(root.pointer("a").is_none() && root.pointer("/a/x").is_none());
        let names: Vec<&str> =
            root.entries().into_iter().flatten().map(|(name, _)| text(name)).collect();
        assert_eq!(names, ["a", "e\n", "f", "g"]);
    }

    #[test]
    fn a_pattern_is_one_only_where_it_is_a_keyword() {
        let all = laid_out(
            r#"{"pattern": "^o", "properties": {"pattern": {"pattern": "^p"}}, "x": "^q"}"#,
        );
        let pattern = |pointer: &str| all.root().pointer(pointer).and_then(SchemaNode::as_pattern);
        assert!(pattern("/pattern").is_some_and(|pattern| pattern.matches("option")));
        let inner = pattern("/properties/pattern/pattern");
        assert!(inner.is_some_and(|pattern| pattern.matches("p") && !pattern.matches("o")));
        assert!(pattern("/properties/pattern").is_none() && pattern("/x").is_none());
    }

    #[test]
    fn a_reference_leads_from_where_it_is_a_keyword() {
        let all = laid_out(
            r##"{"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"$ref": "#"}, "c": {"$ref": "#/$defs/none"},
            "d": {"$ref": "other.json#/$defs/c"}, "$ref": {"title": "x"}}, "x": "#/$defs/c"}"##,
        );
        let root = all.root();
        let at = |pointer: &str| root.pointer(pointer).expect("it is there");
        // The target is found once, then known.
        for _ in 0..2 {
            let target = |pointer: &str| at(pointer).target().map(|target| target.at);
            assert_eq!(target("/$ref"), Some(at("/$defs/a~1b").at));
            assert_eq!(target("/$defs/a~1b/$ref"), Some(root.at));
            for none in ["/$defs/c/$ref", "/$defs/d/$ref", "/$defs/$ref", "/x"] {
                assert_eq!(target(none), None, "{none}");
            }
        }
        assert_eq!(at("/$ref").as_str(), Some("#/$defs/a~1b"));
        assert!(at("/$ref").is(&Value::from("#/$defs/a~1b")) && !at("/$ref").is(&Value::from("#")));
    }

    #[test]
    fn remarks_are_dropped_but_properties_of_their_names_stay() {
        let all = laid_out(
            r#"{"description": "x", "default": ["y", {}], "properties":
            {"title": {"type": "string", "$comment": "z"}, "default": {"const": 1}}}"#,
        );
        let root = all.root();
        let title = root.pointer("/properties/title/type").and_then(SchemaNode::as_str);
        assert_eq!(title, Some("string"));
        assert!(root.pointer("/properties/default/const").is_some());
        assert!(root.get("default").is_none() && root.get("description").is_none());
        assert!(root.pointer("/properties/title/$comment").is_none());
    }
}
