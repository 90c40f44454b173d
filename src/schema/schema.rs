use std::borrow::Cow;
use std::sync::OnceLock;

use jsonschema::{PatternOptions, Validator};
use serde_json::{Value, json};

use super::finding::Finding;
use super::judged::Whole;
use super::node::{Layout, SchemaNode};
use super::{keyword, layout, open, reading, symbolic, translate};
use crate::arm::evaluate::{Evaluated, Properties};

/// How to read the strings of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Every text means itself: configs, cloud-init, pool files.
    Literal,
    /// Texts may be ARM expressions, which satisfy any type they can have, and null is absence.
    Symbolic,
}

/// A schema that cannot be used: not JSON, or not a JSON Schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenSchema {
    /// The schema's name.
    pub name: String,
    /// What the engine says about it.
    pub reason: String,
}

impl std::fmt::Display for BrokenSchema {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the schema `{}` cannot be used: {}", self.name, self.reason)
    }
}

impl std::error::Error for BrokenSchema {}

/// A JSON Schema that is compiled when it is first needed, once for all threads.
#[derive(Debug)]
pub struct Schema {
    name: String,
    text: Cow<'static, str>,
    /// Nothing when the text is no JSON, of which the engine then says more.
    layout: OnceLock<Option<Layout>>,
    document: OnceLock<Result<Value, BrokenSchema>>,
    engine: OnceLock<Result<Validator, BrokenSchema>>,
}

/// Backtracking steps that one pattern may take on one text.
const BACKTRACK_LIMIT: usize = 50_000;

impl Schema {
    /// A schema with a name for messages and its text.
    pub fn new(name: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
            layout: OnceLock::new(),
            document: OnceLock::new(),
            engine: OnceLock::new(),
        }
    }

    /// The same for one that was laid out when prebake was built.
    pub(crate) fn embedded(name: &str, text: &'static str, layout: &'static [u8]) -> Self {
        let schema = Self::new(name, text);
        let _ = schema.layout.set(Some(Layout::new(layout)));
        schema
    }

    /// The name, such as `Microsoft.Batch/batchAccounts/pools@2025-06-01` or `config`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of the schema.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether a value needed the engine so far.
    pub fn is_built(&self) -> bool {
        self.engine.get().is_some()
    }

    /// Whether it is a JSON Schema, which is otherwise found out when it is first needed.
    pub fn check(&self) -> Result<(), BrokenSchema> {
        self.engine().map(|_| ())
    }

    /// The schema as a value.
    pub fn document(&self) -> Result<&Value, BrokenSchema> {
        let parse =
            || serde_json::from_str(&self.text).map_err(|error| self.broken(error.to_string()));
        self.document.get_or_init(parse).as_ref().map_err(Clone::clone)
    }

    /// Whether a resource plainly meets this schema and its texts are in their open lists. In any doubt it is false:
    /// then [`Self::findings`] and [`Self::unlisted`] say what is wrong, if anything.
    pub fn plainly_takes(
        &self,
        body: &Properties,
        name: &Evaluated,
        elsewhere: fn(&str) -> bool,
    ) -> bool {
        let whole = Whole { body, name };
        self.root().is_some_and(|root| reading::fits_and_is_listed(root, &whole, elsewhere))
    }

    /// Every place where the value does not meet this schema.
    pub fn findings(&self, value: &Value, values: Values) -> Result<Vec<Finding>, BrokenSchema> {
        let value = match values {
            Values::Literal => Cow::Borrowed(value),
            Values::Symbolic => symbolic::without_nulls(value),
        };
        if self.root().is_some_and(|root| reading::fits(root, &*value, values)) {
            return Ok(Vec::new());
        }
        self.judged(&value, values)
    }

    /// Every text that its open list does not name: the service may take it, but it is likely mistyped. Those of
    /// properties that are judged elsewhere are left out.
    pub fn unlisted(
        &self,
        value: &Value,
        values: Values,
        elsewhere: fn(&str) -> bool,
    ) -> Vec<Finding> {
        self.root().map_or_else(Vec::new, |root| open::unlisted(root, value, values, elsewhere))
    }

    /// The findings at one property of an object, where the others are not there to be judged.
    pub fn property_findings(
        &self,
        name: &str,
        value: &Value,
        values: Values,
    ) -> Result<Vec<Finding>, BrokenSchema> {
        let fits = |root: SchemaNode<'_>| {
            let rule = root.get("properties").and_then(|properties| properties.get(name));
            rule.is_some_and(|rule| reading::fits(rule, value, values))
        };
        if self.root().is_some_and(fits) {
            return Ok(Vec::new());
        }
        let mut findings = self.judged(&json!({ name: value }), values)?;
        let pointer = format!("/{name}");
        findings.retain(|finding| finding.pointer == pointer);
        Ok(findings)
    }

    /// The findings of the engine alone. Tests hold it beside [`Self::findings`].
    pub fn judged(&self, value: &Value, values: Values) -> Result<Vec<Finding>, BrokenSchema> {
        let engine = self.engine()?;
        let errors: Vec<_> = engine.iter_errors(value).collect();
        Ok(translate::findings(&errors, self.document()?, values))
    }

    fn root(&self) -> Option<SchemaNode<'_>> {
        let lay_out = || layout::layout(self.document().ok()?).map(Layout::new);
        self.layout.get_or_init(lay_out).as_ref().map(Layout::root)
    }

    fn engine(&self) -> Result<&Validator, BrokenSchema> {
        self.engine.get_or_init(|| self.build()).as_ref().map_err(Clone::clone)
    }

    fn build(&self) -> Result<Validator, BrokenSchema> {
        jsonschema::options()
            .with_keyword(keyword::READ_ONLY, |_, value, _| Ok(keyword::read_only(value)))
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT))
            .build(self.document()?)
            .map_err(|error| self.broken(error.to_string()))
    }

    fn broken(&self, reason: String) -> BrokenSchema {
        BrokenSchema { name: self.name.clone(), reason }
    }
}
