//! Values as JSON: literals stay literals, all else becomes an expression string.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::Emitter;
use crate::arm::expression::{Expression, write_template_string};
use crate::bicep::ir::{Item, Key, Loop, Object, Property, Value};

// The length of an expression, in bytes.
const USUAL_LENGTH: usize = 96;

impl Emitter {
    /// The JSON of a value.
    pub fn value(&mut self, value: Value) -> Json {
        match value {
            Value::Expression(Expression::String(text)) => Json::String(template_text(text)),
            Value::Expression(expression) => plain(&expression),
            Value::Array(items) => self.array(items),
            Value::Object(object) => Json::Object(self.object(object)),
            Value::Loaded(loaded) => data(&loaded),
            Value::Template(json) => json,
        }
    }

    fn array(&mut self, items: Vec<Item>) -> Json {
        let items = items.into_iter().enumerate();
        let items = items.map(|(index, item)| {
            self.at(&index.to_string(), item.place, |emitter| emitter.value(item.value))
        });
        Json::Array(items.collect())
    }

    /// The JSON of an object; loops among its properties go to `copy`.
    pub fn object(&mut self, object: Object) -> Map<String, Json> {
        let mut json = Map::with_capacity(object.properties.len() + 1);
        for Property { key, value, place } in object.properties {
            let key = key.into_text();
            let value = self.at(&key, place, |emitter| emitter.value(value));
            json.insert(key, value);
        }
        if !object.loops.is_empty() {
            json.insert("copy".to_owned(), self.loops(object.loops));
        }
        json
    }

    /// The `copy` of several loops.
    pub fn loops(&mut self, loops: Vec<Loop>) -> Json {
        let loops = loops.into_iter().enumerate();
        let copies = loops.map(|(index, looped)| {
            let place = looped.place;
            self.at("copy", place, |emitter| {
                emitter.at(&index.to_string(), place, |emitter| emitter.looped(looped))
            })
        });
        Json::Array(copies.collect())
    }

    /// `{name?, count, input}` of a loop.
    pub fn looped(&mut self, looped: Loop) -> Json {
        let mut copy = Map::new();
        if let Some(name) = looped.name {
            copy.insert("name".to_owned(), Json::String(name));
        }
        copy.insert("count".to_owned(), string(&looped.count));
        let input = self.at("input", looped.body, |emitter| emitter.input(*looped.input));
        copy.insert("input".to_owned(), input);
        Json::Object(copy)
    }

    // ARM takes objects and texts as they are; any other literal would be a constant, not an input.
    fn input(&mut self, input: Value) -> Json {
        match input {
            Value::Expression(Expression::String(text)) => Json::String(template_text(text)),
            Value::Expression(expression) => string(&expression.into_call()),
            other => self.value(other),
        }
    }
}

/// An expression as a template holds it: literals plainly, all else as a string.
pub fn plain(expression: &Expression) -> Json {
    match expression {
        Expression::String(text) => literal(text),
        Expression::Integer(value) => Json::from(*value),
        Expression::Call { name, arguments } if arguments.is_empty() => match &**name {
            "null" => Json::Null,
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "createObject" => Json::Object(Map::new()),
            _ => string(expression),
        },
        _ => string(expression),
    }
}

/// The `[...]` string of an expression, literals included.
pub fn string(expression: &Expression) -> Json {
    // Long enough for most, so that the text seldom moves while it grows.
    let mut text = String::with_capacity(USUAL_LENGTH);
    // Writing to a string cannot fail.
    let _ = write!(text, "[{expression}]");
    Json::String(text)
}

/// A literal text as a template holds it: what looks like an expression gets one more bracket.
pub fn literal(text: &str) -> Json {
    Json::String(write_template_string(text).into_owned())
}

/// The text of such a literal.
pub fn template_text(text: String) -> String {
    match write_template_string(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(escaped) => escaped,
    }
}

/// What a file holds: each text is a literal, and what Bicep cannot write an expression.
pub fn data(value: &Json) -> Json {
    match value {
        Json::String(text) => literal(text),
        Json::Array(items) => items.iter().map(data).collect(),
        Json::Object(object) => {
            let name = |key: &String| Key::Name(key.clone()).into_text();
            Json::Object(object.iter().map(|(key, value)| (name(key), data(value))).collect())
        }
        Json::Number(number) if number.as_i64().is_none() => plain(&Expression::number(number)),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn escapes_what_looks_like_an_expression() {
        assert_eq!(literal("[test]"), "[[test]");
        assert_eq!(literal("[]"), "[[]");
        assert_eq!(literal("[test"), "[test");
        assert_eq!(literal("[a]\n"), "[a]\n");
    }

    #[test]
    fn writes_expressions_that_are_literals_plainly() {
        for (expression, expected) in [
            (Expression::null(), json!(null)),
            (Expression::bool(true), json!(true)),
            (Expression::Integer(2_199_023_255_552), json!(2_199_023_255_552_i64)),
            (Expression::call("createObject", Vec::new()), json!({})),
            (Expression::parameter("a"), json!("[parameters('a')]")),
        ] {
            assert_eq!(Emitter::default().value(Value::Expression(expression)), expected);
        }
    }

    #[test]
    fn the_input_of_a_loop_is_never_a_constant() {
        let input = |input| Emitter::default().input(Value::Expression(input));
        assert_eq!(input(Expression::Integer(1)), "[int(1)]");
        assert_eq!(input(Expression::bool(true)), "[true()]");
        assert_eq!(input(Expression::string("a")), "a");
    }

    #[test]
    fn a_property_is_no_loop() {
        let data = json!({ "copy": 0.5, "[x]": "[y]" });
        let expected = json!({ "[string('copy')]": "[json('0.5')]", "[[x]": "[[y]" });
        assert_eq!(super::data(&data), expected);
    }
}
