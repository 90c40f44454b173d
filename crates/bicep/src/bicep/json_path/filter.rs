//! The conditions that filters set.

use std::cmp::Ordering;

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::{Path, Search};

/// The largest pattern, compiled.
const MAXIMUM_PATTERN: usize = 1 << 20;

/// What an item must meet.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// One of these.
    Any(Vec<Condition>),
    /// All of these.
    All(Vec<Condition>),
    /// There is such a value.
    Exists(Operand),
    /// A value on the left compares like this to one on the right.
    Compare(Operand, Comparison, Operand),
}

/// One side of a comparison.
#[derive(Debug, Clone)]
pub enum Operand {
    /// The values that a path leads to, from the root or from the item.
    Path(bool, Path),
    /// A value.
    Literal(Value),
    /// What a text must match.
    Pattern(Regex),
}

impl PartialEq for Operand {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Path(left, path), Self::Path(right, other)) => left == right && path == other,
            (Self::Literal(left), Self::Literal(right)) => left == right,
            (Self::Pattern(left), Self::Pattern(right)) => left.as_str() == right.as_str(),
            _ => false,
        }
    }
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
}

impl Comparison {
    /// All, as they are written, longer signs first.
    pub const ALL: [(&'static str, Self); 10] = [
        ("===", Self::Equal),
        ("!==", Self::NotEqual),
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<>", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("=~", Self::Matches),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    fn holds(self, left: &Value, right: &Value) -> bool {
        let structure = |value: &Value| matches!(value, Value::Array(_) | Value::Object(_));
        if structure(left) || structure(right) {
            return self == Self::NotEqual;
        }
        let order = order(left, right);
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::NotEqual => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
            Self::Matches => false,
        }
    }
}

impl Operand {
    /// A pattern that texts must match.
    pub fn pattern(pattern: &str, insensitive: bool) -> Option<Self> {
        let mut builder = RegexBuilder::new(pattern);
        builder.case_insensitive(insensitive).size_limit(MAXIMUM_PATTERN);
        builder.build().ok().map(Self::Pattern)
    }

    fn values<'v>(&'v self, search: &Search<'v>, item: &'v Value) -> Option<Vec<&'v Value>> {
        match self {
            Self::Path(true, steps) => search.found(search.root, steps),
            Self::Path(false, steps) => search.found(item, steps),
            Self::Literal(value) => Some(vec![value]),
            Self::Pattern(_) => Some(Vec::new()),
        }
    }
}

impl Condition {
    /// Whether an item meets it. Nothing if that takes too long to find out.
    pub fn holds<'v>(&'v self, search: &Search<'v>, item: &'v Value) -> Option<bool> {
        match self {
            Self::Any(conditions) => {
                for condition in conditions {
                    if condition.holds(search, item)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
            Self::All(conditions) => {
                for condition in conditions {
                    if !condition.holds(search, item)? {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Self::Exists(operand) => Some(!operand.values(search, item)?.is_empty()),
            Self::Compare(left, _, Operand::Pattern(pattern)) => {
                let matches =
                    |value: &&Value| value.as_str().is_some_and(|text| pattern.is_match(text));
                Some(left.values(search, item)?.iter().any(matches))
            }
            Self::Compare(left, comparison, right) => {
                let right = right.values(search, item)?;
                let left = left.values(search, item)?;
                search.spend(left.len().saturating_mul(right.len()))?;
                let holds = |left: &&Value| right.iter().any(|right| comparison.holds(left, right));
                Some(left.iter().any(holds))
            }
        }
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, Value::Null) => Some(Ordering::Equal),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => match (left.as_i64(), right.as_i64()) {
            (Some(left), Some(right)) => Some(left.cmp(&right)),
            _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
        },
        _ => None,
    }
}
