//! Which part of an extended stage came from which line of the user.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::add::Grown;
use super::value::{APPEND, EXPRESSION, is_kept};
use super::{declared, with_program};
use crate::bicep::lexer;
use crate::bicep::syntax::{
    ArrayItemSyntax, ExpressionSyntax, FileKind, ProgramSyntax, StatementSyntax,
};
use crate::catalog::Stage;
use crate::config::Document;
use crate::diagnostic::{FileId, Place, Sources, Span, pointer};

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

/// What a change is made by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// A key under `patch`.
    Patch,
    /// A file under `add`, by its path as the config names it.
    Added(String),
}

/// What a patch or an added file changed in a rendered file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What made it.
    pub kind: ChangeKind,
    /// Path of the rendered file.
    pub path: String,
    /// Symbolic name of the resource.
    pub symbol: String,
    /// The property or item, with dots.
    pub property: String,
    /// The same as a JSON pointer of the resource's body.
    pub target: String,
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
    /// Where it is said and what it makes, for lists of all changes: `account.properties.publicNetworkAccess`, before and after.
    pub fn line(&self) -> (String, String) {
        let Self { symbol, property, .. } = self;
        let what =
            if property.is_empty() { symbol.clone() } else { format!("{symbol}.{property}") };
        let effect = match (&self.kind, &self.before, &self.after) {
            (ChangeKind::Added(file), ..) => format!("added by {file}"),
            (_, Some(before), Some(after)) => format!("{} → {}", short(before), short(after)),
            (_, Some(before), None) => format!("removed, was {}", short(before)),
            (_, None, Some(after)) => format!("added: {}", short(after)),
            (_, None, None) => "unchanged".to_owned(),
        };
        (what, effect)
    }

    /// What was changed, in words.
    pub fn told(&self) -> String {
        let Self { symbol, property, .. } = self;
        if let ChangeKind::Added(file) = &self.kind {
            return format!("the added file `{file}` declares `{symbol}`");
        }
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

/// A file that was put into a stage, before it is known where its statements will stand.
#[derive(Debug)]
pub(super) struct Copied {
    pub(super) file: FileId,
    /// Its path, as the config names it.
    pub(super) path: String,
    /// Its text.
    pub(super) source: String,
    /// Its statements, in order.
    pub(super) statements: Vec<Span>,
    /// Their names.
    pub(super) names: Vec<String>,
    /// How many statements stand before its own.
    pub(super) first: usize,
}

/// A part of a rendered file that is a user's text: token by token, since the formatter moves them.
#[derive(Debug)]
struct Copy {
    span: Span,
    rendered: Vec<Span>,
    source: Vec<Span>,
    file: FileId,
    change: usize,
}

impl Copy {
    fn of(text: &str, span: Span, source: &str, at: Span, file: FileId, change: usize) -> Self {
        let mut rendered = tokens(text, span);
        let mut source = tokens(source, at);
        if rendered.len() != source.len() {
            // A patch changed it: then it is told as a whole.
            rendered.truncate(1);
            source.truncate(1);
        }
        Self { span, rendered, source, file, change }
    }

    fn place(&self, span: Span) -> Place {
        let after = self.rendered.partition_point(|token| token.start <= span.start);
        let last = self.rendered.partition_point(|token| token.start < span.end).max(after);
        let at = |index: usize| self.source.get(index.saturating_sub(1)).copied();
        let first = at(after).unwrap_or_default();
        Place { file: self.file, span: at(last).map_or(first, |last| first.to(last)) }
    }
}

/// The tokens of a part of a text that the formatter keeps.
fn tokens(text: &str, span: Span) -> Vec<Span> {
    let tokens = lexer::lex(text).tokens.into_iter();
    tokens
        .filter(|token| is_kept(token.kind))
        .map(|token| token.span)
        .filter(|token| span.start <= token.start && token.end <= span.end)
        .collect()
}

/// What a config's `patch` and `add` made of a render.
#[derive(Debug, Default)]
pub struct Extension {
    changes: Vec<Change>,
    parts: BTreeMap<String, Vec<Part>>,
    copies: BTreeMap<String, Vec<Copy>>,
    /// The rendered files among the sources.
    files: BTreeMap<FileId, String>,
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

    /// Finds the rendered files among the sources. `folder` is that of the render, as messages name it.
    pub fn locate(&mut self, folder: &str, sources: &Sources) {
        let prefix = format!("{folder}/");
        for (id, file) in sources.iter() {
            if let Some(path) = file.name.strip_prefix(&prefix) {
                self.files.insert(id, path.to_owned());
            }
        }
    }

    /// The change that made what stands at a place among the sources, and the line of the user's file that says it.
    pub fn at(&self, rendered: Place) -> Option<(Place, &Change)> {
        self.origin(self.files.get(&rendered.file)?, rendered.span)
    }

    /// The change that made a part of a rendered file, and the line of the user's file that says this part.
    pub fn origin(&self, path: &str, span: Span) -> Option<(Place, &Change)> {
        let holds = |part: Span| part.start <= span.start && span.start < part.end;
        let parts = self.parts.get(path).into_iter().flatten().filter(|part| holds(part.span));
        if let Some(part) = parts.min_by_key(|part| part.span.end - part.span.start) {
            return Some((part.place, &self.changes[part.change]));
        }
        let copy = self.copies.get(path)?.iter().find(|copy| holds(copy.span))?;
        Some((copy.place(span), &self.changes[copy.change]))
    }

    /// Finds where what was added to a stage came to stand.
    pub(super) fn grow(
        &mut self,
        stage: Stage,
        grown: &Grown,
        files: &BTreeMap<String, String>,
        document: &Document,
    ) {
        let path = stage.bicep();
        let first = self.changes.len();
        let mut starts = Vec::new();
        if let Some(text) = files.get(&path) {
            with_program(text, FileKind::Bicep, |program| {
                for file in &grown.copied {
                    starts.push(self.changes.len());
                    self.copied(&path, text, program, file);
                }
            });
        }
        for file in &grown.beside {
            let change = starts.get(file.of).unwrap_or(&first);
            if let Some(text) = files.get(&file.path) {
                let whole =
                    |text: &str| Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX));
                let (source, all) = (&file.source, whole(&file.source));
                let copy = Copy::of(text, whole(text), source, all, file.file, *change);
                self.copies.entry(file.path.clone()).or_default().push(copy);
            }
        }
        let path = stage.bicep_parameters();
        if let (Some(text), false) = (files.get(&path), grown.values.is_empty()) {
            self.assigned(&path, text, &grown.values, document);
        }
    }

    fn copied(&mut self, path: &str, text: &str, program: &ProgramSyntax<'_>, file: &Copied) {
        let own = program.statements.iter().skip(file.first);
        for ((statement, at), name) in own.zip(&file.statements).zip(&file.names) {
            let (span, change) = (statement.span(), self.changes.len());
            let copy = Copy::of(text, span, &file.source, *at, file.file, change);
            self.copies.entry(path.to_owned()).or_default().push(copy);
            self.changes.push(Change {
                kind: ChangeKind::Added(file.path.clone()),
                path: path.to_owned(),
                symbol: name.clone(),
                property: String::new(),
                target: String::new(),
                pointer: String::new(),
                place: Some(Place { file: file.file, span: *at }),
                before: None,
                after: None,
            });
        }
    }

    /// Finds the values of parameters, each with its name and its pointer in the config.
    fn assigned(
        &mut self,
        path: &str,
        text: &str,
        values: &[(String, String)],
        document: &Document,
    ) {
        let parts = self.parts.entry(path.to_owned()).or_default();
        let changes = &mut self.changes;
        with_program(text, FileKind::Parameters, |program| {
            for statement in program.statements {
                let StatementSyntax::ParameterAssignment(node) = statement else { continue };
                let value = values.iter().find(|(name, _)| name == node.name.name);
                let Some((_, pointer)) = value else { continue };
                let change = changes.len();
                let mut cover = Cover { document, change, parts };
                cover.part(node.span, pointer);
                if let Some(written) = document.value.pointer(pointer) {
                    cover.value(node.value, written, pointer);
                }
                changes.push(Change {
                    kind: ChangeKind::Patch,
                    path: path.to_owned(),
                    symbol: node.name.name.to_owned(),
                    property: String::new(),
                    target: String::new(),
                    pointer: pointer.clone(),
                    place: document.key_place(pointer),
                    before: None,
                    after: Some(text[node.value.span().range()].to_owned()),
                });
            }
        });
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
        with_program(text, FileKind::Bicep, |program| {
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
                    kind: ChangeKind::Patch,
                    path: path.to_owned(),
                    symbol: landing.symbol,
                    property: dotted(&landing.steps),
                    target: pointer_of(&landing.steps),
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

fn pointer_of(steps: &[Step]) -> String {
    let mut way = String::new();
    for step in steps {
        way.push('/');
        match step {
            Step::Property(name) => way.push_str(&pointer::escape(name)),
            Step::Item(index) => way.push_str(&index.to_string()),
        }
    }
    way
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
