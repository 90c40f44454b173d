//! Resources, properties, files and findings as a template shows them.

use serde::Serialize;
use serde_json::Value;

use crate::catalog::mutability::Verdict;
use crate::diagnostic::text::is_wild;
use crate::diagnostic::{Diagnostic, Severity};
use crate::diff::{
    Access, Action, Diff, FileChange, FileKind, FileState, LineState, Pairing, PropertyChange,
    PropertyChangeType, ResourceChange, SecurityChange, path_text, text_hunks,
};

/// Longer values are shown by their start.
const MAX_VALUE: usize = 240;
/// Texts longer than this are compared line by line.
const LONG_TEXT: usize = 120;
/// More lines of a file are left out.
const MAX_LINES: usize = 400;
/// More values of a new or deleted resource are left out.
const MAX_LEAVES: usize = 60;

/// What types are called; others by the last part of their name.
const KINDS: [(&str, &str); 22] = [
    ("microsoft.authorization/roleassignments", "role assignment"),
    ("microsoft.batch/batchaccounts", "Batch account"),
    ("microsoft.batch/batchaccounts/applications", "application package"),
    ("microsoft.batch/batchaccounts/pools", "pool"),
    ("microsoft.compute/galleries", "gallery"),
    ("microsoft.compute/galleries/images", "image definition"),
    ("microsoft.compute/galleries/images/versions", "image version"),
    ("microsoft.compute/virtualmachines", "virtual machine"),
    ("microsoft.compute/virtualmachines/extensions", "VM extension"),
    ("microsoft.containerregistry/registries", "registry"),
    ("microsoft.containerregistry/registries/taskruns", "ACR task run"),
    ("microsoft.containerregistry/registries/tasks", "ACR task"),
    ("microsoft.managedidentity/userassignedidentities", "identity"),
    ("microsoft.network/natgateways", "NAT gateway"),
    ("microsoft.network/networkinterfaces", "network interface"),
    ("microsoft.network/networksecuritygroups", "security group"),
    ("microsoft.network/privateendpoints", "private endpoint"),
    ("microsoft.network/publicipaddresses", "public address"),
    ("microsoft.network/virtualnetworks", "virtual network"),
    ("microsoft.network/virtualnetworks/subnets", "subnet"),
    ("microsoft.storage/storageaccounts", "storage account"),
    ("microsoft.virtualmachineimages/imagetemplates", "image template"),
];

/// What a type is called in a sentence.
pub(super) fn kind_words(kind: &str) -> String {
    let lower = kind.to_lowercase();
    let known = KINDS.iter().find(|(name, _)| *name == lower);
    known.map_or_else(
        || kind.rsplit('/').next().unwrap_or(kind).to_owned(),
        |(_, words)| (*words).to_owned(),
    )
}

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LineView {
    /// `+`, `-`, space, or nothing before the heading of a hunk.
    pub sign: &'static str,
    /// `added`, `removed`, `context` or `hunk`.
    pub class: &'static str,
    /// The text.
    pub text: String,
}

/// One property of a resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PropertyView {
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
}

/// One resource that differs.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceView {
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
    /// Its full name.
    pub name: String,
    /// What people call it, where that is not its name.
    pub title: String,
    /// The name that it had, where that differs.
    pub previous_name: String,
    /// The stage that deploys it.
    pub stage: String,
    /// What happens if it is deployed as it is.
    pub consequence: String,
    /// What to do.
    pub advice: String,
    /// `instead` of a dangerous change, `note` on a harmless one.
    pub advice_word: &'static str,
    /// The rule that tells its story.
    pub rule: &'static str,
    /// What differs, the worst first.
    pub properties: Vec<PropertyView>,
    /// What a new resource has or a deleted one had.
    pub leaves: Vec<LineView>,
}

impl ResourceView {
    pub(super) fn new(change: &ResourceChange, anchor: usize) -> Self {
        let before = change.before.as_ref().map(|before| before.name.clone());
        let lone = matches!(change.action, Action::Create | Action::Delete);
        Self {
            anchor,
            action: change.action,
            sign: change.action.sign(),
            words: words(change),
            kind: change.kind.clone(),
            kind_words: kind_words(&change.kind),
            name: change.name.clone(),
            title: if change.name.ends_with(&change.title) {
                String::new()
            } else {
                change.title.clone()
            },
            previous_name: before.filter(|before| *before != change.name).unwrap_or_default(),
            stage: change.stage.clone(),
            consequence: change.consequence.clone(),
            advice: change.advice.clone(),
            advice_word: if change.action.is_dangerous() { "instead" } else { "note" },
            rule: change.rule,
            properties: change.properties.iter().map(PropertyView::new).collect(),
            leaves: if lone { body_lines(change) } else { Vec::new() },
        }
    }
}

fn words(change: &ResourceChange) -> String {
    match (change.action, &change.pairing) {
        (_, Pairing::BlueGreen { .. }) => "a new pool beside the old one".to_owned(),
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
        (Action::Modify, _) => format!("modified {}", change.verdict.words()),
        (Action::NoChange, _) => "unchanged".to_owned(),
    }
}

impl PropertyView {
    fn new(change: &PropertyChange) -> Self {
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
        let short = match (&before, &after) {
            (Some(before), Some(after)) if is_short(before) && is_short(after) => {
                format!("{before} → {after}")
            }
            (None, Some(only)) | (Some(only), None) if is_short(only) => only.clone(),
            _ => String::new(),
        };
        let reset = match (change.reset, &change.reset_to) {
            (true, Some(value)) => {
                format!("gone from the render, so Azure resets it to {}", shown(value))
            }
            (true, None) => "gone from the render, so Azure resets or removes it".to_owned(),
            _ => String::new(),
        };
        let source = if change.source.is_empty() {
            change.confidence.clone()
        } else {
            format!("{}: {}", change.confidence, change.source)
        };
        Self {
            sign,
            path: path_text(&change.path),
            class,
            lines: lines(before.as_deref(), after.as_deref()),
            short,
            verdict: verdict(change),
            level: level(change.verdict),
            effect: change.effect.clone(),
            reset,
            source,
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
fn shown(value: &Value) -> String {
    match value {
        Value::String(text)
            if !text.contains(char::is_control)
                && text.starts_with('[')
                && !text.starts_with("[[") =>
        {
            text.clone()
        }
        Value::String(text) if text.contains('\n') => text.clone(),
        Value::Object(_) | Value::Array(_) => {
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

fn is_short(text: &str) -> bool {
    text.len() <= LONG_TEXT && !text.contains('\n')
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

fn line(line: &crate::diff::HunkLine) -> LineView {
    line_view(line.state, &line.text)
}

fn line_view(state: LineState, text: &str) -> LineView {
    let (sign, class) = match state {
        LineState::Context => (" ", "context"),
        LineState::Removed => ("-", "removed"),
        LineState::Added => ("+", "added"),
    };
    LineView { sign, class, text: shortened(text) }
}

/// Writes control characters, which could drive a terminal, and those that reorder text as numbers.
pub(super) fn tame(data: &mut Value) {
    let wild = |symbol: char| symbol == '\n' || is_wild(symbol);
    match data {
        Value::String(text) if text.contains(wild) => {
            let tamed = |symbol: char| match symbol {
                symbol if wild(symbol) => format!("\\u{{{:x}}}", u32::from(symbol)),
                symbol => symbol.to_string(),
            };
            *text = text.chars().map(tamed).collect();
        }
        Value::Array(elements) => elements.iter_mut().for_each(tame),
        // The picture's own line ends are meant; the names in it are escaped already.
        Value::Object(object) => {
            object
                .iter_mut()
                .filter(|(key, _)| *key != "mermaid")
                .for_each(|(_, value)| tame(value));
        }
        _ => {}
    }
}

/// The start of a long text.
fn shortened(text: &str) -> String {
    if text.len() <= MAX_VALUE {
        return text.to_owned();
    }
    let end = (0..=MAX_VALUE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}… ({} more bytes)", &text[..end], text.len() - end)
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

fn flatten(path: &str, value: &Value, found: &mut Vec<String>) {
    if found.len() > MAX_LEAVES * 4 {
        return;
    }
    match value {
        Value::Object(object) if !object.is_empty() => {
            for (key, value) in object {
                flatten(&format!("{path}.{key}"), value, found);
            }
        }
        Value::Array(elements) if elements.iter().any(Value::is_object) => {
            for (index, element) in elements.iter().enumerate() {
                let name = element.get("name").and_then(Value::as_str);
                let label = name.map_or_else(|| index.to_string(), str::to_owned);
                flatten(&format!("{path}[{label}]"), element, found);
            }
        }
        other => found.push(format!("{path}: {}", shown(other).replace('\n', " "))),
    }
}

/// One change of access.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SecurityView {
    /// `widens`, `changes` or `narrows`.
    pub access: &'static str,
    /// A style for it.
    pub level: &'static str,
    /// What kind of access.
    pub area: &'static str,
    /// What changes.
    pub label: String,
    /// Of what.
    pub resource: String,
    /// Where in it.
    pub path: String,
    /// The previous value; a dash for none.
    pub before: String,
    /// The new value; a dash for none.
    pub after: String,
}

impl SecurityView {
    pub(super) fn new(change: &SecurityChange) -> Self {
        let value = |value: &Option<Value>| {
            let text = value.as_ref().map(|value| access_value(&change.path, value));
            text.map_or_else(|| "–".to_owned(), |text| shortened(&text))
        };
        let level = match change.access {
            Access::Widens => "danger",
            Access::Changes => "warn",
            Access::Narrows => "calm",
        };
        let last = change.name.rsplit('/').next().unwrap_or(&change.name);
        let kind = kind_words(&change.kind);
        Self {
            access: change.access.words(),
            level,
            area: change.area.words(),
            label: change.label.clone(),
            resource: if change.path.is_empty() { kind } else { format!("{kind} {last}") },
            path: without_scopes(&change.path),
            before: value(&change.before),
            after: value(&change.after),
        }
    }
}

/// A path whose elements are ids, with their last names alone.
fn without_scopes(path: &str) -> String {
    let part = |part: &str| match part.split_once(']') {
        Some((id, rest)) if id.starts_with('/') => {
            format!("{}]{rest}", id.rsplit('/').next().unwrap_or(id))
        }
        _ => part.to_owned(),
    };
    let parts: Vec<String> = path.split('[').map(part).collect();
    parts.join("[")
}

/// A rule, an address range or an identity in a few words.
fn access_value(path: &str, value: &Value) -> String {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let rule = value.get("properties").unwrap_or(value);
    let part = |key: &str| match rule.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(all)) => {
            let texts: Vec<&str> = all.iter().filter_map(Value::as_str).collect();
            texts.join(",")
        }
        _ => String::new(),
    };
    match value {
        Value::String(text) => text.clone(),
        Value::Object(object) if object.is_empty() => {
            let key = path.rsplit('[').next().unwrap_or(path).trim_end_matches(']');
            key.rsplit('/').next().unwrap_or(key).to_owned()
        }
        Value::Object(_) if rule.get("access").is_some() => {
            let from = part("sourceAddressPrefix") + &part("sourceAddressPrefixes");
            let range = part("destinationPortRange") + &part("destinationPortRanges");
            let words = [part("access"), part("direction"), part("protocol"), range, from];
            let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
            words.join(" ")
        }
        Value::Object(_) => {
            text("value").or_else(|| text("name")).map_or_else(|| value.to_string(), str::to_owned)
        }
        other => other.to_string(),
    }
}

/// One finding about the change itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingView {
    /// `error`, `warning` or `info`.
    pub severity: &'static str,
    /// Its code.
    pub code: String,
    /// What is wrong.
    pub title: String,
    /// Why.
    pub reason: String,
    /// What to do.
    pub help: String,
}

impl FindingView {
    pub(super) fn new(finding: &Diagnostic) -> Self {
        Self {
            severity: Severity::word(finding.severity),
            code: finding.code.to_string(),
            title: finding.title.clone(),
            reason: finding.reason.clone(),
            help: finding.help.clone(),
        }
    }
}

/// One file that is shown as text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileView {
    /// Its path in the render.
    pub path: String,
    /// A text for people, which repeats what the resources say.
    pub document: bool,
    /// What happened to it.
    pub state: FileState,
    /// Lines added.
    pub added: usize,
    /// Lines removed.
    pub removed: usize,
    /// What it leads to.
    pub consequence: &'static str,
    /// The lines; those of an added or removed file only by their number.
    pub lines: Vec<LineView>,
    /// Lines left out.
    pub more: usize,
}

/// The files whose text a reviewer should see.
pub(super) fn files(diff: &Diff) -> Vec<FileView> {
    let shown = diff
        .files
        .changed()
        .filter(|file| !file.kind.is_shown_as_resources() && !file.formatting_only);
    shown.map(file).collect()
}

fn file(file: &FileChange) -> FileView {
    let mut lines = Vec::new();
    for hunk in &file.hunks {
        lines.push(LineView { sign: "", class: "hunk", text: hunk.header() });
        lines.extend(hunk.lines.iter().map(line));
    }
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    let consequence = if file.state == FileState::Changed { file.kind.consequence() } else { "" };
    FileView {
        path: file.path.clone(),
        document: file.kind == FileKind::Document,
        state: file.state,
        added: file.added,
        removed: file.removed,
        consequence,
        lines,
        more,
    }
}
