//! What a changed property does in Azure, which values are equal there, and how lists are matched.
//!
//! Three tables, read once: `mutability.tsv`, `defaults.tsv` and `comparisons.tsv`. Their rows name
//! paths of a resource body; [`Facts`] walks down a body and knows the rows that hold there.

use super::table::{Row, Table};
use super::tables::{COMPARISONS, DEFAULTS, MUTABILITY};
use crate::arm::evaluate::Evaluated;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use memchr::arch::all::is_equal;
use memchr::memchr;

/// What Azure does with a change, the harmless first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Accepted, and nothing is different.
    NoEffect,
    /// Accepted and effective at once.
    InPlace,
    /// Accepted; a run or a handler starts again.
    RunsAgain,
    /// Accepted; nodes or runs that exist keep the old value until an event.
    Later,
    /// No source tells.
    Unknown,
    /// Batch accepts it only while the pool has no nodes.
    EmptyPool,
    /// Needs a new resource or a new name.
    Replace,
    /// The deployment fails.
    Refused,
}

impl Verdict {
    /// As a reader reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::NoEffect => "no effect",
            Self::InPlace => "in place",
            Self::RunsAgain => "runs again",
            Self::Later => "in place, later",
            Self::Unknown => "unknown, check manually",
            Self::EmptyPool => "needs an empty pool",
            Self::Replace => "replace",
            Self::Refused => "refused",
        }
    }
}

/// When a row of the mutability table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Always,
    Added,
    Removed,
    To(&'static str),
    Within(Vec<&'static str>),
    Change(&'static str, &'static str),
    Shrinks,
}

impl Condition {
    fn parse(text: &'static str) -> Self {
        match text.split_once(':') {
            Some(("to", value)) => Self::To(value),
            Some(("within", values)) => Self::Within(values.split(',').collect()),
            Some(("change", pair)) => {
                let (from, to) = pair.split_once('>').unwrap_or((pair, ""));
                Self::Change(from, to)
            }
            _ if text == "added" => Self::Added,
            _ if text == "removed" => Self::Removed,
            _ if text == "shrinks" => Self::Shrinks,
            _ => Self::Always,
        }
    }

    fn holds(&self, before: Option<&Evaluated>, after: Option<&Evaluated>) -> bool {
        let is =
            |value: Option<&Evaluated>, text: &str| value.is_some_and(|value| value.is_word(text));
        match self {
            Self::Always => true,
            Self::Added => before.is_none(),
            Self::Removed => after.is_none(),
            Self::To(text) => is(after, text),
            Self::Within(texts) => {
                texts.iter().any(|text| is(before, text))
                    && texts.iter().any(|text| is(after, text))
            }
            Self::Change(from, to) => is(before, from) && is(after, to),
            Self::Shrinks => {
                let number = |value: Option<&Evaluated>| value.and_then(Evaluated::as_f64);
                number(after).zip(number(before)).is_some_and(|(after, before)| after < before)
            }
        }
    }
}

/// One row of the mutability table.
#[derive(Debug, Clone)]
pub struct Mutability {
    condition: Condition,
    /// What Azure does.
    pub verdict: Verdict,
    /// It interrupts running work.
    pub interrupts: bool,
    /// The event after which a later change holds.
    pub event: Option<&'static str>,
    /// Azure's error code, of a refusal.
    pub code: Option<&'static str>,
    /// Refused only while something uses what the path names.
    pub in_use: bool,
    /// What happens.
    pub effect: &'static str,
    /// What to do.
    pub advice: &'static str,
    /// How well it is known: documented, provider-inferred, issue, inferred.
    pub confidence: &'static str,
    /// Where it is known from.
    pub source: &'static str,
    /// The day on which it was last looked up.
    pub checked: &'static str,
}

impl Mutability {
    fn parse(columns: &[&'static str]) -> Self {
        let &[_, _, when, verdict, effect, advice, confidence, source, checked] = columns else {
            unreachable!("every row of mutability.tsv has nine columns, as its test proves");
        };
        let (word, detail) = verdict.split_once(':').unwrap_or((verdict, ""));
        let detail = (!detail.is_empty()).then_some(detail);
        let (verdict, event, code) = match word {
            "no-effect" => (Verdict::NoEffect, None, None),
            "in-place" | "in-place!" => (Verdict::InPlace, None, None),
            "runs-again" => (Verdict::RunsAgain, None, None),
            "later" => (Verdict::Later, detail, None),
            "empty-pool" => (Verdict::EmptyPool, None, None),
            "replace" => (Verdict::Replace, None, None),
            "refused" | "in-use" => (Verdict::Refused, None, detail),
            _ => (Verdict::Unknown, None, None),
        };
        Self {
            condition: Condition::parse(when),
            verdict,
            interrupts: word == "in-place!",
            event,
            code,
            in_use: word == "in-use",
            effect,
            advice,
            confidence,
            source,
            checked,
        }
    }
}

/// How two values at a path are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Exactly, even what looks like a resource ID.
    Exact,
    /// Letter case aside.
    IgnoreCase,
    /// The keys of an object, letter case aside; an empty value counts as there.
    IgnoreKeyCase,
    /// A region name: case and spaces aside.
    Region,
    /// An array whose order means nothing.
    Set,
    /// An array whose order counts and whose elements have no names.
    List,
    /// An array of objects matched by a property; `*.name` is the property of an only child.
    Keyed {
        /// The property.
        key: String,
        /// The order counts too.
        ordered: bool,
    },
    /// Empty is not absent.
    KeepEmpty,
    /// Azure fills it in or never acts on it.
    Ignore,
    /// An ISO 8601 duration.
    Duration,
    /// White space around it aside.
    Trim,
    /// A container image name, whose default tag is `latest`.
    Image,
    /// Compared but never shown.
    Sensitive,
    /// Base64 of a text.
    Base64,
}

impl Comparison {
    fn parse(text: &str) -> Option<Self> {
        Some(match text.split_once(':').unwrap_or((text, "")) {
            ("exact", _) => Self::Exact,
            ("nocase", _) => Self::IgnoreCase,
            ("nocase-keys", _) => Self::IgnoreKeyCase,
            ("region", _) => Self::Region,
            ("set", _) => Self::Set,
            ("list", _) => Self::List,
            ("key", key) => Self::Keyed { key: key.to_owned(), ordered: false },
            ("ordered", key) => Self::Keyed { key: key.to_owned(), ordered: true },
            ("keep-empty", _) => Self::KeepEmpty,
            ("ignore", _) => Self::Ignore,
            ("duration", _) => Self::Duration,
            ("trim", _) => Self::Trim,
            ("image", _) => Self::Image,
            ("sensitive", _) => Self::Sensitive,
            ("base64", _) => Self::Base64,
            _ => return None,
        })
    }
}

#[derive(Debug, Default)]
struct Node {
    /// Few, and found by looking at each: names are compared without regard to case.
    children: Vec<(Cow<'static, str>, Node)>,
    rows: Vec<usize>,
    comparisons: Vec<Comparison>,
    default: Option<Evaluated>,
}

impl Node {
    fn at(&mut self, path: Vec<Cow<'static, str>>) -> &mut Self {
        path.into_iter().fold(self, |node, step| {
            let known = node.children.iter().position(|(name, _)| name.eq_ignore_ascii_case(&step));
            let index = known.unwrap_or(node.children.len());
            if known.is_none() {
                node.children.push((step, Self::default()));
            }
            &mut node.children[index].1
        })
    }

    fn child(&self, name: &str) -> Option<&Self> {
        let named =
            |name: &str| self.children.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named(name).or_else(|| named("*")).map(|(_, node)| node)
    }

    /// Puts the rows of each node before those that it inherits, so that one list holds them all.
    fn inherit(&mut self, above: &[usize]) {
        self.rows.extend_from_slice(above);
        for (_, child) in &mut self.children {
            child.inherit(&self.rows);
        }
    }
}

/// What the tables say of a resource type. A config has few of them, so that lines are taken apart when their
/// type is first met.
#[derive(Default)]
struct Type {
    mutability: Vec<&'static str>,
    defaults: Vec<&'static str>,
    comparisons: Vec<&'static str>,
    read: OnceLock<Body>,
}

/// The body of a resource type.
#[derive(Default)]
struct Body {
    rows: Vec<Mutability>,
    top: Node,
}

impl Type {
    fn body(&self) -> &Body {
        self.read.get_or_init(|| {
            let mut body = Body::default();
            for columns in self.mutability.iter().map(|line| columns(line)) {
                let row = body.rows.len();
                each(&mut body.top, columns[1], |node| node.rows.push(row));
                body.rows.push(Mutability::parse(&columns));
            }
            for columns in self.defaults.iter().map(|line| columns(line)) {
                let value: Option<serde_json::Value> = serde_json::from_str(columns[2]).ok();
                let value = value.as_ref().map(Evaluated::from_plain);
                each(&mut body.top, columns[1], |node| node.default.clone_from(&value));
            }
            for columns in self.comparisons.iter().map(|line| columns(line)) {
                let rules = || columns[2].split(',').filter_map(Comparison::parse);
                each(&mut body.top, columns[1], |node| node.comparisons.extend(rules()));
            }
            body.top.inherit(&[]);
            body
        })
    }
}

/// Does something at every path of a pattern.
fn each(body: &mut Node, pattern: &'static str, mut act: impl FnMut(&mut Node)) {
    for path in paths(pattern) {
        act(body.at(path));
    }
}

/// The types of the tables, in lowercase.
static TYPES: LazyLock<BTreeMap<String, Type>> = LazyLock::new(|| {
    let mut types = BTreeMap::<String, Type>::new();
    let mut add = |table: Table, list: fn(&mut Type) -> &mut Vec<&'static str>| {
        let rows: Vec<&str> = lines(table).collect();
        let same =
            |one: &&str, next: &&str| is_equal(kind_of(one).as_bytes(), kind_of(next).as_bytes());
        for rows in rows.chunk_by(same) {
            list(types.entry(kind_of(rows[0]).to_lowercase()).or_default()).extend(rows);
        }
    };
    add(MUTABILITY, |kind| &mut kind.mutability);
    add(DEFAULTS, |kind| &mut kind.defaults);
    add(COMPARISONS, |kind| &mut kind.comparisons);
    types
});

/// The rows of a table, without comments and the line of column names.
fn lines(table: Table) -> impl Iterator<Item = &'static str> {
    table.lines()
}

/// The resource type of a row, its first column.
fn kind_of(line: &str) -> &str {
    &line[..memchr(b'\t', line.as_bytes()).unwrap_or(line.len())]
}

fn columns(line: &'static str) -> Vec<&'static str> {
    line.split('\t').collect()
}

/// `a.{b,c}[].d` as the paths it stands for, each as its steps (`[]` is one).
fn paths(pattern: &'static str) -> Vec<Vec<Cow<'static, str>>> {
    if !pattern.contains('{') {
        return vec![steps(pattern).map(Cow::Borrowed).collect()];
    }
    let owned = |path: &String| steps(path).map(|step| Cow::Owned(step.to_owned())).collect();
    choices(pattern).iter().map(owned).collect()
}

/// The paths of a pattern with one of each choice.
fn choices(pattern: &str) -> Vec<String> {
    let mut open = vec![String::new()];
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (choices, after) = after.split_once('}').unwrap_or((after, ""));
        open = open
            .iter()
            .flat_map(|path| {
                choices.split(',').map(move |choice| format!("{path}{before}{choice}"))
            })
            .collect();
        rest = after;
    }
    open.iter().map(|path| format!("{path}{rest}")).collect()
}

/// `a[].b` as `a`, `[]`, `b`.
fn steps(path: &str) -> impl Iterator<Item = &str> {
    path.split('.')
        .flat_map(|step| match step.strip_suffix("[]") {
            Some("") | None => [step, ""],
            Some(name) => [name, "[]"],
        })
        .filter(|step| !step.is_empty())
}

/// What is known at one path of a resource body: of its type, and of every type.
#[derive(Clone, Copy)]
pub struct Facts {
    own: Side,
    any: Side,
}

/// What one type says of a path: its node there, and the rows that hold at it.
#[derive(Clone, Copy)]
struct Side {
    body: Option<&'static Body>,
    node: Option<&'static Node>,
    rows: &'static [usize],
}

impl Side {
    fn of(kind: &str) -> Self {
        let body = TYPES.get(kind).map(Type::body);
        Self { body, node: body.map(|body| &body.top), rows: &[] }
    }

    fn step(self, name: &str) -> Self {
        let node = self.node.and_then(|node| node.child(name));
        Self { node, rows: node.map_or(self.rows, |node| &node.rows), ..self }
    }

    fn rows(self) -> impl Iterator<Item = &'static Mutability> {
        let row = move |index: &usize| self.body.and_then(|body| body.rows.get(*index));
        self.rows.iter().filter_map(row)
    }
}

/// What is known of a resource type, at the top of its body.
pub fn facts(kind: &str) -> Facts {
    Facts { own: Side::of(&kind.to_lowercase()), any: Side::of("*") }
}

/// Whether some value of this type is not shown as it is.
pub fn hides(kind: &str) -> bool {
    hidden(kind).next().is_some()
}

/// Whether a value at this path of a resource body may be one that is not shown as it is, may hold one, or may be part
/// of one. The tables need not be taken apart for it.
pub fn may_hide(kind: &str, path: &[&str]) -> bool {
    let meets = |hidden: &str| {
        let mut both = steps(hidden).zip(path);
        hidden.contains(['{', '*']) || both.all(|(one, step)| one.eq_ignore_ascii_case(step))
    };
    hidden(kind).any(meets)
}

/// The types and paths whose values are not shown as they are. They are few, and a first render needs nothing else of the
/// tables.
static HIDDEN: LazyLock<Vec<(String, &str)>> = LazyLock::new(|| {
    let hidden = |row: Row| {
        let [kind, path, rules] = row.cells();
        let mut rules = rules.split(',');
        rules
            .any(|rule| matches!(rule, "sensitive" | "base64"))
            .then(|| (kind.to_lowercase(), path))
    };
    COMPARISONS.rows().filter_map(hidden).collect()
});

fn hidden(kind: &str) -> impl Iterator<Item = &'static str> + use<> {
    let kind = kind.to_lowercase();
    HIDDEN.iter().filter(move |(of, _)| *of == "*" || *of == kind).map(|(_, path)| *path)
}

impl Facts {
    /// Whether the tables know this type at all.
    pub fn known_type(self) -> bool {
        self.own.body.is_some()
    }

    /// At a property of this value.
    #[must_use]
    pub fn property(self, name: &str) -> Self {
        Self { own: self.own.step(name), any: self.any.step(name) }
    }

    /// At an element of this array.
    #[must_use]
    pub fn element(self) -> Self {
        self.property("[]")
    }

    /// The rules of comparison written for this very path.
    pub fn comparisons(self) -> impl Iterator<Item = &'static Comparison> {
        let of = |side: Side| side.node.map_or(&[][..], |node| &node.comparisons);
        of(self.own).iter().chain(of(self.any))
    }

    /// Whether a rule of comparison holds at this path.
    pub fn has(self, rule: &Comparison) -> bool {
        self.comparisons().any(|comparison| comparison == rule)
    }

    /// What Azure takes when the value is left out.
    pub fn default(self) -> Option<&'static Evaluated> {
        self.own.node.and_then(|node| node.default.as_ref())
    }

    /// What a change here does: the nearest row whose condition holds.
    pub fn mutability(
        self,
        before: Option<&Evaluated>,
        after: Option<&Evaluated>,
    ) -> Option<&'static Mutability> {
        let mut rows = self.own.rows().chain(self.any.rows());
        rows.find(|row| row.condition.holds(before, after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_tables_can_be_read() {
        for columns in lines(MUTABILITY).map(columns) {
            assert_eq!(columns.len(), 9, "{columns:?}");
            let row = Mutability::parse(&columns);
            assert!(row.verdict != Verdict::Unknown || columns[3] == "unknown", "{columns:?}");
            assert!(
                ["documented", "provider-inferred", "issue", "inferred"].contains(&columns[6]),
                "{columns:?}"
            );
        }
        for columns in lines(DEFAULTS).map(columns) {
            assert!(serde_json::from_str::<serde_json::Value>(columns[2]).is_ok(), "{columns:?}");
        }
        for columns in lines(COMPARISONS).map(columns) {
            assert!(columns[2].split(',').all(|rule| Comparison::parse(rule).is_some()));
        }
    }

    #[test]
    fn a_path_that_may_hide_is_told_without_the_tables_being_read() {
        assert!(HIDDEN.len() > 10);
        for (kind, pattern) in HIDDEN.iter() {
            for path in paths(pattern) {
                let path: Vec<&str> = path.iter().map(|step| &**step).collect();
                for length in 0..=path.len() {
                    assert!(may_hide(kind, &path[..length]), "{kind}: {path:?}");
                }
                assert!(may_hide(&kind.to_uppercase(), &[&path[..], &["x"]].concat()));
                assert!(!may_hide(kind, &[&path[..path.len() - 1], &["x"]].concat()), "{path:?}");
            }
        }
        assert!(hides("Microsoft.Compute/virtualMachines"));
        assert!(!hides("Microsoft.ContainerRegistry/registries"));
    }

    #[test]
    fn braces_stand_for_each_choice() {
        let expected = [["a", "b", "[]", "d"], ["a", "c", "[]", "d"]];
        assert_eq!(paths("a.{b,c}[].d"), expected);
    }

    #[test]
    fn an_account_of_blobs_becomes_general_purpose_where_it_is() {
        let kind = facts("Microsoft.Storage/storageAccounts").property("kind");
        let verdict = |before: &str, after: &str| {
            let [before, after] = [before, after].map(|kind| Evaluated::from_plain(&kind.into()));
            kind.mutability(Some(&before), Some(&after)).map(|row| row.verdict)
        };
        assert_eq!(verdict("BlobStorage", "StorageV2"), Some(Verdict::InPlace));
        assert_eq!(verdict("StorageV2", "BlobStorage"), Some(Verdict::Replace));
    }
}
