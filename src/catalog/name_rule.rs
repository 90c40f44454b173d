use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use regex_lite::Regex;

use super::table::Row;
use super::tables::NAME_RULES as TABLE;

/// Patterns are compiled once each, when first asked for: a fleet checks thousands of names.
static RULES: LazyLock<BTreeMap<String, NameRule>> = LazyLock::new(|| {
    TABLE.rows().map(|row| (row.key().to_ascii_lowercase(), parse(row))).collect()
});

/// What Azure takes as the name of a resource type, or as a `registry/repository`, `registry/tag`,
/// `tag/name`, `tag/value`.
#[derive(Debug)]
pub struct NameRule {
    /// The resource type.
    pub kind: &'static str,
    /// Fewest characters.
    pub min: usize,
    /// Most characters.
    pub max: usize,
    pattern: &'static str,
    compiled: OnceLock<Option<Regex>>,
    /// The pattern in words.
    pub allowed: &'static str,
    /// Within what it must be unique.
    pub unique_in: &'static str,
    /// Where the row comes from.
    pub source: &'static str,
}

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    /// Fewer characters than the least.
    TooShort,
    /// More characters than the most.
    TooLong,
    /// Not what the pattern allows.
    Characters,
}

impl NameRule {
    /// Judges a name without its parents' names.
    pub fn check(&self, name: &str) -> Result<(), NameProblem> {
        let length = name.chars().count();
        if length < self.min {
            return Err(NameProblem::TooShort);
        }
        if length > self.max {
            return Err(NameProblem::TooLong);
        }
        let matches = if name.is_ascii() {
            let regex = self.compiled.get_or_init(|| Regex::new(self.pattern).ok());
            regex.as_ref().is_none_or(|regex| regex.is_match(name))
        } else {
            // Rare, and some rules allow the letters of every script: the slower engine knows them.
            regex::Regex::new(self.pattern).map_or(true, |regex| regex.is_match(name))
        };
        if matches { Ok(()) } else { Err(NameProblem::Characters) }
    }
}

/// The rule for a resource type.
pub(crate) fn name_rule(kind: &str) -> Option<&'static NameRule> {
    RULES.get(&kind.to_ascii_lowercase())
}

fn parse(row: Row) -> NameRule {
    let [kind, min, max, pattern, allowed, unique_in, source] = row.cells();
    NameRule {
        kind,
        min: min.parse().unwrap_or(0),
        max: max.parse().unwrap_or(usize::MAX),
        pattern,
        compiled: OnceLock::new(),
        allowed,
        unique_in,
        source,
    }
}
