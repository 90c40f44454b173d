use std::ops::Range;
use std::sync::OnceLock;

use indexmap::IndexMap;
use serde_json::Value;
use serde_json::value::RawValue;

/// A JSON text that is read level by level, as far as it is asked for: a schema of Azure has hundreds of
/// properties of which a resource writes a few.
#[derive(Debug)]
pub(super) struct Outline {
    range: Range<usize>,
    content: OnceLock<Content>,
}

#[derive(Debug)]
enum Content {
    Object(IndexMap<String, Outline>),
    Array(Vec<Outline>),
    Scalar(Value),
    /// Not JSON: fits nothing, so that the engine is asked and says so.
    Broken,
}

/// One value of an outline, with the text that it stands in.
#[derive(Clone, Copy)]
pub(super) struct Node<'a> {
    text: &'a str,
    outline: &'a Outline,
}

impl Outline {
    /// The whole of a text.
    pub(super) fn of(text: &str) -> Self {
        Self::at(0..text.len())
    }

    /// The outermost value; `text` is that of [`Self::of`].
    pub(super) fn root<'a>(&'a self, text: &'a str) -> Node<'a> {
        Node { text, outline: self }
    }

    fn at(range: Range<usize>) -> Self {
        Self { range, content: OnceLock::new() }
    }
}

impl<'a> Node<'a> {
    fn content(self) -> &'a Content {
        self.outline.content.get_or_init(|| {
            let own = self.text.get(self.outline.range.clone()).unwrap_or_default();
            content(self.text, own.trim_start()).unwrap_or(Content::Broken)
        })
    }

    /// The entries of an object.
    pub(super) fn entries(self) -> Option<impl Iterator<Item = (&'a str, Self)>> {
        let Content::Object(entries) = self.content() else { return None };
        Some(entries.iter().map(move |(key, value)| (key.as_str(), self.with(value))))
    }

    /// The elements of an array.
    pub(super) fn elements(self) -> Option<impl Iterator<Item = Self>> {
        let Content::Array(elements) = self.content() else { return None };
        Some(elements.iter().map(move |element| self.with(element)))
    }

    /// A property of an object.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        let Content::Object(entries) = self.content() else { return None };
        entries.get(name).map(|value| self.with(value))
    }

    /// What a JSON pointer leads to from here.
    pub(super) fn pointer(self, pointer: &str) -> Option<Self> {
        let mut steps = pointer.split('/');
        if !steps.next()?.is_empty() {
            return None;
        }
        steps.try_fold(self, |node, step| node.get(&step.replace("~1", "/").replace("~0", "~")))
    }

    /// A text, a number, a truth value or null.
    pub(super) fn scalar(self) -> Option<&'a Value> {
        match self.content() {
            Content::Scalar(value) => Some(value),
            _ => None,
        }
    }

    /// A text.
    pub(super) fn as_str(self) -> Option<&'a str> {
        self.scalar()?.as_str()
    }

    /// Whether it is this very value; of objects and arrays, nothing is said.
    pub(super) fn is(self, value: &Value) -> bool {
        self.scalar() == Some(value)
    }

    fn with(self, outline: &'a Outline) -> Self {
        Self { text: self.text, outline }
    }
}

/// One level of a text, and where in it the values below stand.
fn content(text: &str, own: &str) -> serde_json::Result<Content> {
    let below = |raw: &RawValue| {
        // A borrowed value is a slice of the text that it was read from.
        let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
        Outline::at(start..start + raw.get().len())
    };
    Ok(match own.as_bytes().first() {
        Some(b'{') => {
            let entries: IndexMap<String, &RawValue> = serde_json::from_str(own)?;
            let entries = entries.into_iter();
            Content::Object(entries.map(|(key, raw)| (key, below(raw))).collect())
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(own)?;
            Content::Array(elements.into_iter().map(below).collect())
        }
        _ => Content::Scalar(serde_json::from_str(own)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_those_of_the_text() {
        let text = r#" { "a": { "b/c": [1, "two", null, {"d": true}] }, "e\n": "f" } "#;
        let outline = Outline::of(text);
        let root = outline.root(text);
        let list: Vec<_> =
            root.pointer("/a/b~1c").and_then(Node::elements).into_iter().flatten().collect();
        assert_eq!(list.len(), 4);
        assert_eq!(list[0].scalar(), Some(&Value::from(1)));
        assert_eq!(list[1].as_str(), Some("two"));
        assert!(list[2].is(&Value::Null));
        assert!(list[3].get("d").is_some_and(|truth| truth.is(&Value::Bool(true))));
        let keys: Vec<_> = root.entries().into_iter().flatten().map(|(key, _)| key).collect();
        assert_eq!(keys, ["a", "e\n"]);
        assert!(root.pointer("a").is_none() && root.pointer("/a/x").is_none());
    }

    #[test]
    fn broken_text_is_nothing() {
        for text in ["", "{", "[1,", "{\"a\": }", "nul"] {
            let outline = Outline::of(text);
            let root = outline.root(text);
            assert!(
                root.entries().is_none() && root.elements().is_none() && root.scalar().is_none()
            );
        }
    }
}
