//! Values as JSON: literals stay literals, all else becomes an expression string.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::Recorder;
use crate::arm::expression::{Expression, write_template_string};
use crate::bicep::ir::{Item, Key, Loop, Object, Property, Value};

// The length of an expression, in bytes.
const USUAL_LENGTH: usize = 96;

impl Recorder {
    /// The JSON of a value.
    pub fn value(&mut self, value: Value) -> Json {
        match value {
            Value::Expression(expression) => plain(&expression),
            Value::Array(items) => self.array(items),
            Value::Object(object) => Json::Object(self.object(object)),
        }
    }

    fn array(&mut self, items: Vec<Item>) -> Json {
        let items = items.into_iter().enumerate();
        let items = items.map(|(index, item)| {
            self.at(&index.to_string(), item.place, |recorder| recorder.value(item.value))
        });
        Json::Array(items.collect())
    }

    /// The JSON of an object; loops among its properties go to `copy`.
    pub fn object(&mut self, object: Object) -> Map<String, Json> {
        let mut json = Map::new();
        for Property { key, value, place } in object.properties {
            let key = key.into_text();
            let value = self.at(&key, place, |recorder| recorder.value(value));
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
            self.at("copy", place, |recorder| {
                recorder.at(&index.to_string(), place, |recorder| recorder.looped(looped))
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
        let input = self.at("input", looped.body, |recorder| recorder.input(*looped.input));
        copy.insert("input".to_owned(), input);
        Json::Object(copy)
    }

    // ARM takes objects and texts as they are; any other literal would be a constant, not an input.
    fn input(&mut self, input: Value) -> Json {
        match input {
            Value::Expression(Expression::String(text)) => literal(&text),
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
        Expression::Call { name, arguments } if arguments.is_empty() => match name.as_str() {
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
