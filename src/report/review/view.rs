//! Resources and properties as a template shows them.

use std::borrow::Cow;

use serde::Serialize;

use super::access::without_scopes;
use super::files::origin_text;
use super::kinds::kind_words;
use super::lines::{LineView, line, line_view};
use crate::arm::evaluate::Evaluated;
use crate::catalog::StageName;
use crate::catalog::mutability::Verdict;
use crate::diff::{
    self, Action, LineState, Pairing, PropertyChange, PropertyChangeType, ResourceChange,
    path_text, text_hunks,
};
use crate::expand::Resource;

/// Longer JSON is written over several lines.
const LONG_TEXT: usize = 120;
/// Path, values and verdict of a property in one line of a terminal, less what stands around them.
const LINE: usize = 68;
/// Values that stay beside their path, however long that is.
const SHORT: usize = 24;
/// More lines of a value are left out.
const MAX_LINES: usize = 400;
/// More values of a new or deleted resource are left out.
const MAX_LEAVES: usize = 60;

/// One property of a resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertyView {
    /// Its sign.
    pub sign: &'static str,
    /// Where it is.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub class: &'static str,
    /// What differs, line by line.
    pub lines: Vec<LineView>,
    /// Before and after in one line; empty when they need more.
    pub short: String,
    /// The verdict in words, with its event or code.
    pub verdict: String,
    /// The verdict's name, for a style.
    pub level: Action,
    /// What happens.
    pub effect: String,
    /// It is gone from the render, and what Azure does with it then.
    pub reset: String,
    /// How well the verdict is known, and from where.
    pub source: String,
    /// The lines that it comes from, the user's own first; empty when none is known.
    pub at: String,
}

/// One resource that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResourceView {
    /// Unique in its review.
    pub anchor: usize,
    /// What happens.
    pub action: Action,
    /// Its sign.
    pub sign: &'static str,
    /// What happens, in words.
    pub words: String,
    /// Its type.
    pub kind: String,
    /// What its type is called.
    pub kind_words: String,
    /// What the types of it and of those that change alike are called, each once.
    pub kinds: Vec<String>,
    /// Its full name; what a role assignment allows, whose name tells nothing.
    pub name: String,
    /// The name that it had, where that differs.
    pub previous_name: String,
    /// The stage that deploys it.
    pub stage: StageName,
    /// Others that change exactly alike, by type and name.
    pub also: Vec<String>,
    /// What happens if it is deployed as it is.
    pub consequence: String,
    /// What to do.
    pub advice: String,
    /// `instead` of a dangerous change, `note` on a harmless one.
    pub advice_word: &'static str,
    /// The rule that tells its story.
    pub rule: &'static str,
    /// The lines that it comes from, the user's own first; empty when none is known.
    pub at: String,
    /// What differs, the worst first.
    pub properties: Vec<PropertyView>,
    /// What a new resource has or a deleted one had.
    pub leaves: Vec<LineView>,
}

impl ResourceView {
    /// Whether one account of the change is enough for both.
    fn is_like(&self, other: &Self) -> bool {
        let alike = |(one, other): (&PropertyView, &PropertyView)| {
            PropertyView { at: String::new(), ..one.clone() }
                == PropertyView { at: String::new(), ..other.clone() }
        };
        matches!(self.action, Action::Modify | Action::Rebake)
            && self.action == other.action
            && self.properties.len() == other.properties.len()
            && self.properties.iter().zip(&other.properties).all(alike)
            && (&self.consequence, &self.advice) == (&other.consequence, &other.advice)
    }

    fn join(&mut self, other: Self) {
        self.also.push(format!("{} `{}`", other.kind_words, other.name));
        if !self.kinds.contains(&other.kind_words) {
            self.kinds.push(other.kind_words);
        }
    }

    pub(super) fn new(change: &ResourceChange, leaves: bool) -> Self {
        let telling = change.name.ends_with(&change.title);
        let name = |resource: &Resource| {
            if telling { resource.name.clone() } else { diff::title(resource) }
        };
        let before = change.before.as_deref().map(name);
        let own = if telling { &change.name } else { &change.title };
        let gone = matches!(change.action, Action::Delete | Action::Retire);
        let one_sided = leaves && (gone || change.action == Action::Create);
        Self {
            anchor: 0,
            action: change.action,
            sign: change.action.sign(),
            words: words(change),
            kind: change.kind.clone(),
            kind_words: kind_words(&change.kind),
            kinds: vec![kind_words(&change.kind)],
            also: Vec::new(),
            name: own.clone(),
            previous_name: before.filter(|before| before != own).unwrap_or_default(),
            stage: change.stage.clone(),
            consequence: change.consequence.clone(),
            advice: change.advice.clone(),
            advice_word: advice_word(change.action),
            rule: change.rule,
            at: origin_text(&change.origin),
            properties: change.properties.iter().map(PropertyView::new).collect(),
            leaves: if one_sided { body_lines(change) } else { Vec::new() },
        }
    }
}

/// Resources that change exactly alike, such as by a tag that all of them have, told once. Gives for each
/// resource the place of its account, too.
pub(super) fn grouped(resources: Vec<ResourceView>) -> (Vec<ResourceView>, Vec<usize>) {
    let mut groups: Vec<ResourceView> = Vec::new();
    let mut places = Vec::new();
    for mut resource in resources {
        let place = groups.iter().position(|group| group.is_like(&resource));
        places.push(place.unwrap_or(groups.len()));
        if let Some(place) = place {
            groups[place].join(resource);
        } else {
            resource.anchor = groups.len();
            groups.push(resource);
        }
    }
    (groups, places)
}

/// Where the change itself cannot be avoided any more, its advice is no alternative to it.
fn advice_word(action: Action) -> &'static str {
    if action.is_dangerous() && action != Action::Delete { "instead" } else { "note" }
}

fn words(change: &ResourceChange) -> String {
    match (change.action, &change.pairing) {
        (Action::Rebake, _) => "recreated for the next bake".to_owned(),
        (Action::Retire, _) => "deleted after the bake".to_owned(),
        (_, Pairing::BlueGreen { .. }) => "a new pool next to the old one".to_owned(),
        (Action::Beside, _) if change.is(diff::DEFINITION) => {
            "a new image definition next to the old one".to_owned()
        }
        (Action::Beside, _) => "a new version next to the old one".to_owned(),
        (Action::Replace, Pairing::Renamed) => {
            let before = change.before.as_ref().map(|before| &before.name);
            let place =
                if before == Some(&change.name) { "in another scope" } else { "under a new name" };
            format!("replaced {place}")
        }
        (Action::Replace, _) => "must be replaced".to_owned(),
        (Action::Refused, _) => "refused".to_owned(),
        (Action::EmptyPool, _) => "needs an empty pool".to_owned(),
        (Action::Create, _) => "created".to_owned(),
        (Action::Delete, _) => "no longer rendered".to_owned(),
        (Action::Modify, _) if change.verdict == Verdict::RunsAgain => "runs again".to_owned(),
        (Action::Modify, _) => format!("modified {}", change.verdict.words()),
        (Action::NoChange, _) => "unchanged".to_owned(),
    }
}

impl PropertyView {
    pub(super) fn new(change: &PropertyChange) -> Self {
        let mut before = change.before.as_ref().map(shown);
        let mut after = change.after.as_ref().map(shown);
        if let (Some(before), Some(after)) = (&mut before, &mut after) {
            drop_shared_scope(before, after);
        }
        let (sign, class) = match change.change {
            PropertyChangeType::Create => ("+", "added"),
            PropertyChangeType::Delete => ("-", "removed"),
            PropertyChangeType::Modify => ("~", "changed"),
            PropertyChangeType::NoEffect => ("x", "changed"),
        };
        let path = without_scopes(&path_text(&change.path));
        // What a new resource has from the start has no verdict but when it holds.
        let (verdict, effect) = match change.anew {
            Some(when) => (when.to_owned(), String::new()),
            None => (verdict(change), change.effect.clone()),
        };
        if path == "name" && change.before.as_ref().is_some_and(Evaluated::is_symbolic) {
            (before, after) = (None, Some("(computed by Azure)".to_owned()));
        }
        let sides: Vec<&str> =
            [&before, &after].into_iter().flatten().map(String::as_str).collect();
        let short = sides.join(" → ");
        let room = LINE.saturating_sub(path.chars().count() + verdict.chars().count());
        let fits = short.chars().count() <= room.max(SHORT) && !short.contains('\n');
        let reset = match (change.reset, &change.reset_to) {
            (true, Some(value)) => {
                format!("removed from the render, so Azure resets it to {}", shown(value))
            }
            (true, None) => "removed from the render, so Azure resets or removes it".to_owned(),
            _ => String::new(),
        };
        let source = if change.source.is_empty() {
            change.confidence.clone()
        } else {
            format!("{}: {}", change.confidence, change.source)
        };
        Self {
            sign,
            path,
            class,
            lines: lines(before.as_deref(), after.as_deref()),
            short: if fits { short } else { String::new() },
            verdict,
            level: level(change.verdict),
            effect,
            reset,
            source,
            at: origin_text(&change.origin),
        }
    }
}

fn verdict(change: &PropertyChange) -> String {
    match (change.verdict, &change.event, &change.code) {
        (Verdict::Later, Some(event), _) => format!("in place, later: {event}"),
        (Verdict::Refused, _, Some(code)) => format!("refused: {code}"),
        (Verdict::InPlace, _, _) if change.interrupts => "in place, interrupts".to_owned(),
        (verdict, _, _) => verdict.words().to_owned(),
    }
}

fn level(verdict: Verdict) -> Action {
    match verdict {
        Verdict::Refused => Action::Refused,
        Verdict::Replace => Action::Replace,
        Verdict::EmptyPool => Action::EmptyPool,
        Verdict::NoEffect => Action::NoChange,
        _ => Action::Modify,
    }
}

/// A value as a reader reads it: an expression as it stands, everything else as JSON.
fn shown(value: &Evaluated) -> String {
    match value {
        Evaluated::Symbolic(expression) => {
            let text = expression.to_template_string();
            if text.contains(char::is_control) { value.to_string() } else { text }
        }
        Evaluated::String(text) if text.contains('\n') => text.clone(),
        Evaluated::Object(_) | Evaluated::Array(_) => {
            let one_line = value.to_string();
            if one_line.len() <= LONG_TEXT {
                return one_line;
            }
            serde_json::to_string_pretty(value).unwrap_or(one_line)
        }
        other => other.to_string(),
    }
}

/// Two ids of one resource group are told from its providers on.
fn drop_shared_scope(before: &mut String, after: &mut String) {
    let scope = before.find("/providers/").filter(|at| *at > 0).unwrap_or(0);
    let shared = before.get(..scope).filter(|start| start.starts_with("\"/subscriptions/"));
    if shared.is_some_and(|start| after.get(..scope) == Some(start)) {
        before.replace_range(..scope, "\"…");
        after.replace_range(..scope, "\"…");
    }
}

fn lines(before: Option<&str>, after: Option<&str>) -> Vec<LineView> {
    if let (Some(before), Some(after)) = (before, after)
        && before.contains('\n')
        && after.contains('\n')
    {
        let hunks = text_hunks(before, after);
        return hunks.iter().flat_map(|hunk| &hunk.lines).map(line).take(MAX_LINES).collect();
    }
    let side = |text: Option<&str>, state: LineState| -> Vec<LineView> {
        let all = text.unwrap_or_default().lines();
        all.take(MAX_LINES).map(|text| line_view(state, text)).collect()
    };
    let mut lines = side(before, LineState::Removed);
    lines.extend(side(after, LineState::Added));
    lines
}

/// The values of a resource that comes or goes, one a line.
fn body_lines(change: &ResourceChange) -> Vec<LineView> {
    let state = if change.action == Action::Create { LineState::Added } else { LineState::Removed };
    let Some(resource) = change.after.as_ref().or(change.before.as_ref()) else {
        return Vec::new();
    };
    let mut leaves = Vec::new();
    for (key, value) in &resource.body {
        flatten(key, value, &mut leaves);
    }
    let more = leaves.len().saturating_sub(MAX_LEAVES);
    leaves.truncate(MAX_LEAVES);
    let mut lines: Vec<LineView> = leaves.iter().map(|text| line_view(state, text)).collect();
    if more > 0 {
        lines.push(line_view(LineState::Context, &format!("({more} more values)")));
    }
    lines
}

fn flatten(path: &str, value: &Evaluated, found: &mut Vec<String>) {
    if found.len() > MAX_LEAVES * 4 {
        return;
    }
    match value {
        Evaluated::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                flatten(&format!("{path}.{key}"), value, found);
            }
        }
        Evaluated::Array(elements) if elements.iter().any(Evaluated::is_object) => {
            for (index, element) in elements.iter().enumerate() {
                let name = element.get("name").and_then(Evaluated::written);
                let label = name.map_or_else(|| index.to_string(), Cow::into_owned);
                flatten(&format!("{path}[{label}]"), element, found);
            }
        }
        other => found.push(format!("{path}: {}", shown(other).replace('\n', " "))),
    }
}
