//! Which part of an extended stage came from which line of the user.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::value::{APPEND, EXPRESSION};
use super::{declared, with_program};
use crate::bicep::syntax::{ArrayItemSyntax, ExpressionSyntax, StatementSyntax};
use crate::config::Document;
use crate::diagnostic::{Place, Span, pointer};

/// A step from a value into what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A property by its name.
    Property(String),
    /// An item of a list.
    Item(usize),
}

/// What one value of a patch changes, before it is known where it will stand.
#[derive(Debug)]
pub(super) struct Landing {
    /// Symbolic name of the resource.
    pub(super) symbol: String,
    /// The way from its body to the value.
    pub(super) steps: Vec<Step>,
    /// JSON pointer of the value in the config.
    pub(super) pointer: String,
    /// What stood there, as Bicep.
    pub(super) before: Option<String>,
    /// Whether nothing stands there afterwards.
    pub(super) removed: bool,
}

/// What a patch changed in a rendered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Path of the rendered file.
    pub path: String,
    /// Symbolic name of the resource.
    pub symbol: String,
    /// The property or item, with dots.
    pub property: String,
    /// JSON pointer of the value in the config.
    pub pointer: String,
    /// Where it stands in the user's file.
    pub place: Option<Place>,
    /// What prebake would have rendered, as Bicep.
    pub before: Option<String>,
    /// What is rendered, as Bicep.
    pub after: Option<String>,
}

impl Change {
    /// What was changed, in words.
    pub fn told(&self) -> String {
        let Self { symbol, property, .. } = self;
        match (&self.before, &self.after) {
            (Some(before), Some(_)) => {
                let before = short(before);
                format!("a patch sets `{property}` of `{symbol}`; without it this is `{before}`")
            }
            (Some(_), None) => format!("a patch removes `{property}` of `{symbol}`"),
            (None, _) => format!("a patch adds `{property}` to `{symbol}`"),
        }
    }
}

/// The start of a text, on one line.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A part of a rendered file, and where it comes from.
#[derive(Debug, Clone, Copy)]
struct Part {
    span: Span,
    place: Place,
    change: usize,
}

/// What a config's `patch` made of a render.
#[derive(Debug, Default)]
pub struct Extension {
    changes: Vec<Change>,
    parts: BTreeMap<String, Vec<Part>>,
}

impl Extension {
    /// What was changed, in the order of stages and resources.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The change that made a part of a rendered file, and the line of the user's file that says this part.
    pub fn origin(&self, path: &str, span: Span) -> Option<(Place, &Change)> {
        let holds = |part: &&Part| part.span.start <= span.start && span.start < part.span.end;
        let parts = self.parts.get(path)?.iter().filter(holds);
        let part = parts.min_by_key(|part| part.span.end - part.span.start)?;
        Some((part.place, &self.changes[part.change]))
    }

    /// The first change of a resource whose declaration starts at this place.
    pub fn change_of(&self, path: &str, symbol: &str) -> Option<&Change> {
        self.changes.iter().find(|change| change.path == path && change.symbol == symbol)
    }

    /// Finds in the printed text where each change came to stand.
    pub(super) fn land(
        &mut self,
        path: &str,
        text: &str,
        landings: Vec<Landing>,
        document: &Document,
    ) {
        let mut parts = Vec::new();
        with_program(text, |program| {
            for landing in landings {
                let statement = declared(program, &landing.symbol);
                let body = statement.and_then(body);
                let mut cover = Cover { document, change: self.changes.len(), parts: &mut parts };
                let mut found = body.and_then(|body| follow(body, &landing.steps));
                if landing.removed {
                    // What is missed afterwards is missed where it stood.
                    let around = landing.steps.len().saturating_sub(1);
                    let around = body.and_then(|body| follow(body, &landing.steps[..around]));
                    if let Some(around) = around {
                        cover.part(around.key, &landing.pointer);
                    }
                    found = None;
                }
                if let Some(found) = &found {
                    cover.part(found.span, &landing.pointer);
                    if let Some(written) = document.value.pointer(&landing.pointer) {
                        cover.value(found.value, written, &landing.pointer);
                    }
                }
                self.changes.push(Change {
                    path: path.to_owned(),
                    symbol: landing.symbol,
                    property: dotted(&landing.steps),
                    place: document.key_place(&landing.pointer),
                    pointer: landing.pointer,
                    before: landing.before,
                    after: found.map(|found| text[found.value.span().range()].to_owned()),
                });
            }
        });
        self.parts.entry(path.to_owned()).or_default().extend(parts);
    }
}

/// A value of a rendered file.
#[derive(Debug, Clone, Copy)]
struct Found<'a> {
    /// It, with its key.
    span: Span,
    /// Its key, or the name of the resource.
    key: Span,
    value: ExpressionSyntax<'a>,
}

/// The body of a resource or module.
fn body(statement: StatementSyntax<'_>) -> Option<Found<'_>> {
    let (name, body) = match statement {
        StatementSyntax::Resource(node) => (node.name, node.body()),
        StatementSyntax::Module(node) => (node.name, node.body()),
        _ => return None,
    };
    let value = ExpressionSyntax::Object(body.object?);
    // What a body misses is told at its brace.
    let key = Span::new(name.span.start, value.span().start + 1);
    Some(Found { span: statement.span(), key, value })
}

/// The value at the end of a way.
fn follow<'a>(body: Found<'a>, steps: &[Step]) -> Option<Found<'a>> {
    let mut at = body;
    for step in steps {
        at = match (step, at.value) {
            (Step::Property(name), ExpressionSyntax::Object(node)) => {
                let property = node.property(name)?;
                Found { span: property.span, key: property.key.span(), value: property.value }
            }
            (Step::Item(index), ExpressionSyntax::Array(node)) => match node.items.get(*index)? {
                ArrayItemSyntax::Value(value) => {
                    Found { span: value.span(), key: value.span(), value: *value }
                }
                ArrayItemSyntax::Spread(_) => return None,
            },
            _ => return None,
        };
    }
    Some(at)
}

pub(super) fn dotted(steps: &[Step]) -> String {
    let steps: Vec<String> = steps
        .iter()
        .map(|step| match step {
            Step::Property(name) => name.clone(),
            Step::Item(index) => index.to_string(),
        })
        .collect();
    steps.join(".")
}

/// Goes through a value of the config and what was printed of it side by side.
struct Cover<'a> {
    document: &'a Document,
    change: usize,
    parts: &'a mut Vec<Part>,
}

impl Cover<'_> {
    fn part(&mut self, span: Span, pointer: &str) {
        if let Some(place) = self.document.key_place(pointer) {
            self.parts.push(Part { span, place, change: self.change });
        }
    }

    fn value(&mut self, printed: ExpressionSyntax<'_>, written: &Value, pointer: &str) {
        match (printed, written) {
            (printed, Value::Object(map)) if map.contains_key(EXPRESSION) => {
                self.part(printed.span(), &format!("{pointer}/{EXPRESSION}"));
            }
            (ExpressionSyntax::Array(_), Value::Object(map)) => {
                if let Some(items) = map.get(APPEND) {
                    self.value(printed, items, &format!("{pointer}/{APPEND}"));
                }
            }
            (ExpressionSyntax::Object(node), Value::Object(map)) => {
                for property in node.properties() {
                    self.property(property.name(), property.span, property.value, map, pointer);
                }
            }
            (ExpressionSyntax::Array(node), Value::Array(items)) => {
                for (index, (item, value)) in node.items.iter().zip(items).enumerate() {
                    let pointer = format!("{pointer}/{index}");
                    self.part(item.span(), &pointer);
                    if let ArrayItemSyntax::Value(item) = item {
                        self.value(*item, value, &pointer);
                    }
                }
            }
            _ => {}
        }
    }

    fn property(
        &mut self,
        name: Option<&str>,
        span: Span,
        value: ExpressionSyntax<'_>,
        map: &Map<String, Value>,
        pointer: &str,
    ) {
        if let Some((key, written)) = name.and_then(|name| map.get_key_value(name)) {
            let pointer = format!("{pointer}/{}", pointer::escape(key));
            self.part(span, &pointer);
            self.value(value, written, &pointer);
        }
    }
}
