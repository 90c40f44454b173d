use std::collections::HashMap;

use serde_json::Value;

use super::{Expression, TemplateString, parse, read_template_string};

/// The expressions of a template by their text, parsed once however often they are evaluated.
#[derive(Debug, Clone, Default)]
pub struct Expressions(HashMap<String, Expression, foldhash::fast::RandomState>);

impl Expressions {
    /// Those of a template. One that cannot be parsed is left out.
    pub fn of(template: &Value) -> Self {
        let mut found = Self::default();
        found.add(template);
        found
    }

    /// An expression, by its text without brackets.
    pub fn get(&self, text: &str) -> Option<&Expression> {
        self.0.get(text)
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add_text(text),
            Value::Array(items) => items.iter().for_each(|item| self.add(item)),
            Value::Object(map) => {
                for (key, value) in map {
                    self.add_text(key);
                    self.add(value);
                }
            }
            _ => {}
        }
    }

    fn add_text(&mut self, text: &str) {
        if let TemplateString::Expression(inner) = read_template_string(text)
            && !self.0.contains_key(inner)
            && let Ok(parsed) = parse(inner)
        {
            self.0.insert(inner.to_owned(), parsed);
        }
    }
}
