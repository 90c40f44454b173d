use std::borrow::Cow;

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

use super::finding::{Finding, FindingKind};
use super::schema::Values;
use super::{branch, keyword};
use crate::arm::expression::is_expression;
use crate::diagnostic::{nearest, pointer};

/// A reader stops reading long before this many.
const MOST_FINDINGS: usize = 1_000;
/// A closed list longer than this is not spelled out.
const MOST_NAMES: usize = 12;
/// Characters of a value that a message quotes.
const MOST_QUOTED: usize = 40;

/// Turns the engine's errors into findings.
pub(super) fn findings(
    errors: &[ValidationError<'_>],
    document: &Value,
    values: Values,
) -> Vec<Finding> {
    let mut translator = Translator { document, values, findings: Vec::new() };
    for error in errors {
        translator.translate(error);
    }
    let mut findings = translator.findings;
    findings.dedup();
    findings
}

struct Translator<'a> {
    document: &'a Value,
    values: Values,
    findings: Vec<Finding>,
}

impl Translator<'_> {
    fn translate(&mut self, error: &ValidationError<'_>) {
        if self.findings.len() >= MOST_FINDINGS || self.may_be_met_in_azure(error) {
            return;
        }
        let made = match error.kind() {
            Kind::AdditionalProperties { unexpected }
            | Kind::UnevaluatedProperties { unexpected } => {
                return self.unknown_properties(error, unexpected);
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
                return self.branches(error, context);
            }
            Kind::Required { property } => self.missing(error, property),
            Kind::Type { kind } => wrong_type(error, &type_names(kind)),
            Kind::Enum { options } => {
                let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
                unknown_value(error, options)
            }
            Kind::Constant { expected_value } => {
                unknown_value(error, std::slice::from_ref(expected_value.as_ref()))
            }
            Kind::Pattern { pattern } => Finding {
                pattern: Some(pattern.clone()),
                ..wrong_form(error, &format!("must match `{pattern}`"))
            },
            Kind::Format { format } => wrong_form(error, &format!("must be a valid {format}")),
            Kind::FalseSchema => not_allowed(error),
            Kind::Custom { keyword, .. } if keyword == keyword::READ_ONLY => read_only(error),
            kind => bound(error, kind),
        };
        self.findings.push(made);
    }

    /// An expression can still have the right value, so that only its place can be judged.
    fn may_be_met_in_azure(&self, error: &ValidationError<'_>) -> bool {
        if self.values == Values::Literal {
            return false;
        }
        match (error.instance().as_ref(), error.kind()) {
            (_, Kind::Custom { .. }) => false,
            (Value::String(text), _) => is_expression(text),
            // A property whose name is an expression can be the one that is missing.
            (Value::Object(map), Kind::Required { .. } | Kind::MinProperties { .. }) => {
                map.keys().any(|key| is_expression(key))
            }
            _ => false,
        }
    }

    fn unknown_properties(&mut self, error: &ValidationError<'_>, unexpected: &[String]) {
        let known = self.known_properties(error);
        for name in unexpected {
            if self.values == Values::Symbolic && is_expression(name) {
                continue;
            }
            let present = error.instance().as_object();
            let free = known
                .iter()
                .filter(|known| present.is_none_or(|map| !map.contains_key(known.as_str())));
            let suggestion = nearest(name, free.map(String::as_str)).map(str::to_owned);
            let help = match (&suggestion, known.len()) {
                (Some(word), _) => format!("did you mean `{word}`?"),
                (None, 1..=MOST_NAMES) => format!("use one of {}, or remove it", list(&known)),
                _ => format!("remove `{name}`"),
            };
            let owner = error.instance_path().as_str();
            self.findings.push(Finding {
                pointer: format!("{owner}/{}", pointer::escape(name)),
                on_key: true,
                kind: FindingKind::UnknownProperty,
                title: format!("unknown property `{name}`"),
                label: match last_name(owner) {
                    Some(owner) => format!("not a property of `{owner}`"),
                    None => "not a property of this document".to_owned(),
                },
                help,
                suggestion,
                missing: None,
                pattern: None,
            });
        }
    }

    fn known_properties(&self, error: &ValidationError<'_>) -> Vec<String> {
        let owner = self.owner(error).and_then(|owner| owner.get("properties"));
        let Some(properties) = owner.and_then(Value::as_object) else {
            return Vec::new();
        };
        let writable = properties.iter().filter(|(_, schema)| {
            *schema != &Value::Bool(false)
                && schema.get(keyword::READ_ONLY) != Some(&Value::Bool(true))
        });
        writable.map(|(name, _)| name.clone()).collect()
    }

    /// The subschema that holds the keyword that failed.
    fn owner(&self, error: &ValidationError<'_>) -> Option<&Value> {
        let keyword = error.schema_path().as_str();
        let owner = &keyword[..keyword.rfind('/')?];
        // The branches of a condition belong to the schema that holds the condition.
        let owner = owner.strip_suffix("/then").or(owner.strip_suffix("/else")).unwrap_or(owner);
        self.document.pointer(owner)
    }

    fn missing(&self, error: &ValidationError<'_>, property: &Value) -> Finding {
        let name = property.as_str().unwrap_or_default();
        let pointer = error.instance_path().as_str();
        let schema = self.owner(error).and_then(|owner| owner.get("properties")?.get(name));
        let help = match schema.and_then(|schema| self.expectation(schema)) {
            Some(expected) => format!("add `{name}`: {expected}"),
            None => format!("add `{name}`"),
        };
        Finding {
            pointer: pointer.to_owned(),
            on_key: false,
            kind: FindingKind::MissingProperty,
            title: format!("missing property `{name}`"),
            label: match last_name(pointer) {
                Some(owner) => format!("`{owner}` needs `{name}`"),
                None => format!("`{name}` is required"),
            },
            help,
            suggestion: None,
            missing: Some(name.to_owned()),
            pattern: None,
        }
    }

    /// What a property may hold, in a few words.
    fn expectation(&self, schema: &Value) -> Option<String> {
        let schema = match schema.get("$ref").and_then(Value::as_str) {
            Some(reference) => self.document.pointer(reference.strip_prefix('#')?)?,
            None => schema,
        };
        if let Some(options) = schema.get("enum").and_then(Value::as_array) {
            let options: Vec<_> = options.iter().map(plain).collect();
            return match options.len() {
                1 => Some(format!("`{}`", options[0])),
                2..=MOST_NAMES => Some(format!("one of {}", list(&options))),
                _ => None,
            };
        }
        schema.get("type").and_then(Value::as_str).map(with_article)
    }

    fn branches(&mut self, error: &ValidationError<'_>, context: &[Vec<ValidationError<'static>>]) {
        let met = |errors: &Vec<ValidationError<'static>>| {
            errors.iter().all(|error| self.may_be_met_in_azure(error))
        };
        if context.iter().any(met) {
            return;
        }
        match branch::meant(error.instance_path().as_str(), context) {
            branch::Meant::Branch(errors) => {
                for error in errors {
                    self.translate(error);
                }
            }
            branch::Meant::Types(expected) => self.findings.push(wrong_type(error, &expected)),
            branch::Meant::Values { error, options } => {
                self.findings.push(unknown_value(error, &options));
            }
        }
    }
}

fn at(error: &ValidationError<'_>, kind: FindingKind) -> Finding {
    Finding {
        pointer: error.instance_path().as_str().to_owned(),
        on_key: false,
        kind,
        title: String::new(),
        label: String::new(),
        help: String::new(),
        suggestion: None,
        missing: None,
        pattern: None,
    }
}

fn wrong_type(error: &ValidationError<'_>, expected: &[&str]) -> Finding {
    let name = name_of(error);
    let (expected_words, expected_article) = (
        expected.join(" or "),
        expected.iter().map(|word| with_article(word)).collect::<Vec<_>>().join(" or "),
    );
    let found = error.instance();
    let help = match (expected, found.as_ref()) {
        (["string"], Value::Number(_) | Value::Bool(_)) => format!("put it in quotes: \"{found}\""),
        ([word], Value::String(text)) if is_quoted(word, text) => {
            format!("remove the quotes: `{text}`")
        }
        _ => format!("set {name} to {expected_article}"),
    };
    Finding {
        title: format!("expected {expected_words}, found {}", type_of(found)),
        label: format!("{name} must be {expected_article}"),
        help,
        ..at(error, FindingKind::WrongType)
    }
}

/// Whether a text is a value of the type in quotes.
fn is_quoted(word: &str, text: &str) -> bool {
    match word {
        "integer" => text.parse::<i64>().is_ok(),
        "number" => text.parse::<f64>().is_ok_and(f64::is_finite),
        "boolean" => matches!(text, "true" | "false"),
        _ => false,
    }
}

fn unknown_value(error: &ValidationError<'_>, options: &[Value]) -> Finding {
    let name = name_of(error);
    let found = quoted(error.instance());
    let texts: Vec<String> = options.iter().map(plain).collect();
    let suggestion = error
        .instance()
        .as_str()
        .and_then(|text| nearest(text, texts.iter().map(String::as_str)))
        .map(str::to_owned);
    let help = match (&suggestion, texts.len()) {
        (Some(word), _) => format!("did you mean `{word}`?"),
        (None, 1) => format!("use `{}`", texts[0]),
        (None, 2..=MOST_NAMES) => format!("use one of {}", list(&texts)),
        (None, count) => format!(
            "use one of the {count} known values, such as {}",
            list(&texts[..texts.len().min(5)])
        ),
    };
    Finding {
        title: format!("unknown value {found} for {name}"),
        label: if texts.len() == 1 {
            format!("{name} must be `{}`", texts[0])
        } else {
            format!("not one of the {} values of {name}", texts.len())
        },
        help,
        suggestion,
        ..at(error, FindingKind::UnknownValue)
    }
}

fn wrong_form(error: &ValidationError<'_>, must: &str) -> Finding {
    Finding {
        title: format!("{} is not a valid value of {}", quoted(error.instance()), name_of(error)),
        label: must.to_owned(),
        help: format!(
            "change {} so that it {}",
            name_of(error),
            must.replacen("must be", "is", 1).replacen("must match", "matches", 1)
        ),
        ..at(error, FindingKind::WrongForm)
    }
}

fn not_allowed(error: &ValidationError<'_>) -> Finding {
    let name = name_of(error);
    Finding {
        on_key: true,
        title: format!("{name} is not allowed here"),
        label: "cannot be combined with the other properties".to_owned(),
        help: format!("remove {name}"),
        ..at(error, FindingKind::UnknownProperty)
    }
}

fn read_only(error: &ValidationError<'_>) -> Finding {
    let name = name_of(error);
    Finding {
        on_key: true,
        title: format!("{name} is read-only"),
        label: "only Azure sets this property".to_owned(),
        help: format!("remove {name}"),
        ..at(error, FindingKind::ReadOnly)
    }
}

fn bound(error: &ValidationError<'_>, kind: &Kind) -> Finding {
    let name = name_of(error);
    let found = error.instance();
    let (sort, size, limit) = match kind {
        Kind::MinLength { limit } => {
            (FindingKind::WrongLength, "short", at_least(*limit, "character"))
        }
        Kind::MaxLength { limit } => {
            (FindingKind::WrongLength, "long", at_most(*limit, "character"))
        }
        Kind::MinItems { limit } => (FindingKind::WrongLength, "short", at_least(*limit, "item")),
        Kind::MaxItems { limit } => (FindingKind::WrongLength, "long", at_most(*limit, "item")),
        Kind::MinProperties { limit } => {
            (FindingKind::WrongLength, "small", at_least(*limit, "property"))
        }
        Kind::MaxProperties { limit } => {
            (FindingKind::WrongLength, "large", at_most(*limit, "property"))
        }
        Kind::Minimum { limit } => (FindingKind::OutOfRange, "small", format!("at least {limit}")),
        Kind::Maximum { limit } => (FindingKind::OutOfRange, "large", format!("at most {limit}")),
        Kind::ExclusiveMinimum { limit } => {
            (FindingKind::OutOfRange, "small", format!("more than {limit}"))
        }
        Kind::ExclusiveMaximum { limit } => {
            (FindingKind::OutOfRange, "large", format!("less than {limit}"))
        }
        _ => return other(error),
    };
    let found = match found.as_ref() {
        Value::String(text) => count(text.chars().count() as u64, "character"),
        Value::Array(items) => count(items.len() as u64, "item"),
        Value::Object(map) => count(map.len() as u64, "property"),
        number => number.to_string(),
    };
    Finding {
        title: format!("{name} is too {size}"),
        label: format!("{limit}, found {found}"),
        help: format!("use {limit} for {name}"),
        ..at(error, sort)
    }
}

fn other(error: &ValidationError<'_>) -> Finding {
    let name = name_of(error);
    let (title, help) = match error.kind() {
        Kind::UniqueItems => {
            (format!("{name} repeats an item"), format!("remove the repeated item from {name}"))
        }
        Kind::OneOfMultipleValid { .. } => (
            format!("{name} matches more than one variant"),
            format!("keep the properties of one variant of {name}"),
        ),
        Kind::Not { .. } => {
            (format!("{name} has a combination that is not allowed"), format!("change {name}"))
        }
        Kind::PropertyNames { error } => {
            let key = quoted(error.instance());
            (format!("{key} is not a valid name in {name}"), format!("rename {key}"))
        }
        kind => {
            let keyword = kind.keyword();
            (format!("{name} violates the rule `{keyword}`"), format!("change {name}"))
        }
    };
    let label = title.clone();
    Finding { title, label, help, ..at(error, FindingKind::Other) }
}

fn type_names(kind: &TypeKind) -> Vec<&'static str> {
    match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(set) => set.iter().map(jsonschema::JsonType::as_str).collect(),
    }
}

/// The JSON type of a value, as messages name it.
pub(super) fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn with_article(word: &str) -> String {
    match word {
        "array" | "integer" | "object" => format!("an {word}"),
        "null" => "null".to_owned(),
        _ => format!("a {word}"),
    }
}

fn at_least(limit: u64, unit: &str) -> String {
    format!("at least {}", count(limit, unit))
}

fn at_most(limit: u64, unit: &str) -> String {
    format!("at most {}", count(limit, unit))
}

fn count(number: u64, unit: &str) -> String {
    match (number, unit) {
        (1, unit) => format!("1 {unit}"),
        (number, "property") => format!("{number} properties"),
        (number, unit) => format!("{number} {unit}s"),
    }
}

fn list(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn quoted(value: &Value) -> String {
    let text = plain(value);
    if text.chars().count() <= MOST_QUOTED {
        return format!("`{text}`");
    }
    format!("`{}...`", text.chars().take(MOST_QUOTED).collect::<String>())
}

fn name_of(error: &ValidationError<'_>) -> String {
    last_name(error.instance_path().as_str())
        .map_or_else(|| "the document".to_owned(), |name| format!("`{name}`"))
}

/// The last property name of a pointer; of an array's item, the array's name with the index.
fn last_name(pointer: &str) -> Option<Cow<'_, str>> {
    let (rest, last) = pointer.rsplit_once('/')?;
    let last = pointer::unescape(last);
    if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(match last_name(rest) {
            Some(owner) => format!("{owner}[{last}]").into(),
            None => last,
        });
    }
    Some(last)
}
