//! Changes of access as a template shows them.

use std::borrow::Cow;

use serde::Serialize;

use super::kinds::kind_words;
use super::lines::shortened;
use crate::arm::evaluate::Evaluated;
use crate::diff::{Access, SecurityChange};

/// One change of access.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecurityView {
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
        let value = |value: &Option<Evaluated>, whole: bool| {
            let text = value.as_ref().map(|value| access_value(&change.path, value));
            text.map_or_else(
                || "–".to_owned(),
                |text| shortened(&if whole { text } else { without_scope(&text) }),
            )
        };
        let alike = value(&change.before, false) == value(&change.after, false);
        let level = match change.access {
            Access::Widens | Access::Changes => "warn",
            Access::Narrows => "calm",
        };
        let last = change.name.rsplit('/').next().unwrap_or(&change.name);
        let kind = kind_words(&change.kind);
        Self {
            access: change.access.words(),
            level,
            area: change.area.words(),
            label: change.label.clone(),
            resource: match (change.path.is_empty(), element(&change.path)) {
                (true, _) => kind,
                (false, None) => format!("{kind} {last}"),
                (false, Some(element)) => format!("{kind} {last}, {element}"),
            },
            path: without_scopes(&change.path),
            before: value(&change.before, alike),
            after: if change.once_deleted {
                format!("{} once it is deleted", value(&change.after, alike))
            } else {
                value(&change.after, alike)
            },
        }
    }
}

/// The element of a list that a path leads into: a rule, a subnet or a registry by its name.
fn element(path: &str) -> Option<&str> {
    let (name, rest) = path.split_once('[')?.1.split_once(']')?;
    let named = !name.starts_with('/') && name.starts_with(|first: char| first.is_alphabetic());
    (named && !rest.is_empty()).then_some(name)
}

/// The names in a resource id, without those of types: `vision-vnet/pools` of a subnet.
fn without_scope(text: &str) -> String {
    let provider =
        text.strip_prefix("/subscriptions/").and_then(|_| text.rsplit_once("/providers/"));
    let Some((_, id)) = provider else { return text.to_owned() };
    let names: Vec<&str> = id.split('/').skip(2).step_by(2).collect();
    names.join("/")
}

/// A path whose elements are ids, with their last names alone.
pub(super) fn without_scopes(path: &str) -> String {
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
fn access_value(path: &str, value: &Evaluated) -> String {
    let text = |key: &str| value.get(key).and_then(Evaluated::written);
    let rule = value.get("properties").unwrap_or(value);
    let part = |key: &str| match rule.get(key) {
        Some(Evaluated::Array(all)) => {
            let texts: Vec<_> = all.iter().filter_map(Evaluated::written).collect();
            texts.join(",")
        }
        value => value.and_then(Evaluated::written).unwrap_or_default().into_owned(),
    };
    match value {
        Evaluated::String(text) => text.clone(),
        Evaluated::Symbolic(expression) => expression.to_template_string(),
        Evaluated::Object(object) if object.is_empty() => {
            let key = path.rsplit('[').next().unwrap_or(path).trim_end_matches(']');
            key.rsplit('/').next().unwrap_or(key).to_owned()
        }
        Evaluated::Object(_) if rule.get("access").is_some() => {
            let from = part("sourceAddressPrefix") + &part("sourceAddressPrefixes");
            let from = if from.is_empty() { from } else { format!("from {from}") };
            let range = part("destinationPortRange") + &part("destinationPortRanges");
            let words = [part("access"), part("direction"), part("protocol"), range, from];
            let words: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
            words.join(" ")
        }
        Evaluated::Object(_) => {
            let known = ["value", "name", "id", "resourceId"].into_iter().find_map(text);
            known.map_or_else(|| value.to_string(), Cow::into_owned)
        }
        other => other.to_string(),
    }
}
