use std::borrow::Cow;
use std::sync::OnceLock;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use super::finding::Finding;
use super::{keyword, symbolic, translate};

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

/// A JSON Schema that is compiled when it is first used.
#[derive(Debug)]
pub struct Schema {
    name: String,
    text: Cow<'static, str>,
    compiled: OnceLock<Result<Compiled, BrokenSchema>>,
}

#[derive(Debug)]
struct Compiled {
    document: Value,
    validator: Validator,
}

/// Backtracking steps that one pattern may take on one text.
const BACKTRACK_LIMIT: usize = 50_000;

impl Schema {
    /// A schema with a name for messages and its text.
    pub fn new(name: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), text: text.into(), compiled: OnceLock::new() }
    }

    /// The name, such as `Microsoft.Batch/batchAccounts/pools@2025-06-01` or `config`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The text of the schema.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The schema as a value.
    pub fn document(&self) -> Result<&Value, BrokenSchema> {
        Ok(&self.compiled()?.document)
    }

    /// Every place where the value does not meet this schema.
    pub fn findings(&self, value: &Value, values: Values) -> Result<Vec<Finding>, BrokenSchema> {
        let compiled = self.compiled()?;
        let value = match values {
            Values::Literal => Cow::Borrowed(value),
            Values::Symbolic => symbolic::without_nulls(value),
        };
        // Most values are right, and this question is several times cheaper than the next one.
        if compiled.validator.is_valid(&value) {
            return Ok(Vec::new());
        }
        let errors: Vec<_> = compiled.validator.iter_errors(&value).collect();
        Ok(translate::findings(&errors, &compiled.document, values))
    }

    fn compiled(&self) -> Result<&Compiled, BrokenSchema> {
        self.compiled.get_or_init(|| self.compile()).as_ref().map_err(Clone::clone)
    }

    fn compile(&self) -> Result<Compiled, BrokenSchema> {
        let broken = |reason: String| BrokenSchema { name: self.name.clone(), reason };
        let document: Value =
            serde_json::from_str(&self.text).map_err(|error| broken(error.to_string()))?;
        let validator = jsonschema::options()
            .with_keyword(keyword::READ_ONLY, |_, value, _| Ok(keyword::read_only(value)))
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACK_LIMIT))
            .build(&document)
            .map_err(|error| broken(error.to_string()))?;
        Ok(Compiled { document, validator })
    }
}
