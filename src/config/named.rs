//! Lists whose items all have names merge by them across layers: an item of the upper layer changes the one of its
//! name, and a new name comes to the end. `$remove: true` on an item takes it out, and `$replace: true` on the
//! first item makes the upper list stand in place of the lower one.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::Document;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};

/// The lists, the key that names an item, and what an item is.
const LISTS: [(&str, &str, &str); 5] = [
    ("/batch/pools", "id", "pool"),
    ("/images", "name", "image"),
    ("/bake/steps", "name", "step"),
    ("/bake/certificates", "name", "certificate"),
    ("/gallery/targetRegions", "region", "region"),
];

/// Takes an item out of the lower list.
pub(super) const REMOVE: &str = "$remove";
/// Replaces the lower list.
pub(super) const REPLACE: &str = "$replace";

/// Lays a document over another, lists with names item by item. Reports `PB0310` where items of the lower layer
/// stay in a list that the upper layer gives, too.
pub(super) fn lay(lower: &mut Document, mut upper: Document, diagnostics: &mut Diagnostics) {
    for (pointer, name, _) in LISTS {
        let both = |document: &Document| {
            document
                .value
                .pointer(pointer)
                .and_then(Value::as_array)
                .is_some_and(|list| !list.is_empty())
        };
        if !both(lower) || !both(&upper) || replaces(&upper, pointer) {
            continue;
        }
        let below = lower.items(pointer);
        let above = upper.items(pointer);
        // Where an item has no name, the upper list replaces the lower one.
        let named = |item: &Document| item.value.get(name).is_some_and(Value::is_string);
        if !below.iter().chain(&above).all(named) {
            continue;
        }
        let merged = merge(below, above, name, pointer, diagnostics);
        // The whole list comes from the upper layer now, and its items know where each value is from.
        upper.put_items(pointer, merged);
    }
    lower.overlay(upper);
}

fn replaces(upper: &Document, pointer: &str) -> bool {
    upper.value.pointer(&format!("{pointer}/0/{REPLACE}")) == Some(&Value::Bool(true))
}

fn removes(item: &Document) -> bool {
    item.value.get(REMOVE) == Some(&Value::Bool(true))
}

fn merge(
    below: Vec<Document>,
    above: Vec<Document>,
    name: &str,
    pointer: &str,
    diagnostics: &mut Diagnostics,
) -> Vec<Document> {
    let named = |item: &Document| item.value.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut merged: Vec<(Option<Document>, bool)> =
        below.into_iter().map(|item| (Some(item), false)).collect();
    let lower = merged.len();
    let first = above.first().and_then(|item| item.place(""));
    for item in above {
        let wanted = named(&item);
        let same = |(known, used): &(Option<Document>, bool)| {
            !used && wanted.is_some() && known.as_ref().and_then(named) == wanted
        };
        match merged[..lower].iter().position(same) {
            Some(at) if removes(&item) => merged[at] = (None, true),
            Some(at) => {
                if let Some(known) = &mut merged[at].0 {
                    known.overlay(item);
                }
                merged[at].1 = true;
            }
            None => merged.push((Some(item), true)),
        }
    }
    let kept: Vec<String> = merged[..lower]
        .iter()
        .filter(|(_, used)| !used)
        .filter_map(|(item, _)| item.as_ref().and_then(named))
        .collect();
    if !kept.is_empty() {
        let list = pointer.trim_start_matches('/').replace('/', ".");
        let shown: Vec<String> = kept.iter().map(|name| format!("`{name}`")).collect();
        let title = format!("`{list}` keeps {} from the lower layer", shown.join(", "));
        let mut finding = Diagnostic::new(Severity::Info, "PB0310", title)
            .reason("items are merged by name; up to version 0.1, the upper list replaced the lower one")
            .help(format!("to replace the list, add `{REPLACE}: true` to its first item; to remove one item, add `{{ \
                           {name}: ..., {REMOVE}: true }}`"));
        finding.place = first;
        "the upper list starts here".clone_into(&mut finding.label);
        diagnostics.push(finding);
    }
    merged.into_iter().filter_map(|(item, _)| item).collect()
}

/// Takes out what only says how lists merge. Reports `PB0309` for an item that removes nothing.
pub(super) fn settle(document: &mut Document, diagnostics: &mut Diagnostics) {
    for (pointer, name, _) in LISTS {
        let Some(list) = document.value.pointer(pointer).and_then(Value::as_array) else {
            continue;
        };
        let marked = |item: &Value| item.get(REMOVE).is_some() || item.get(REPLACE).is_some();
        if !list.iter().any(marked) {
            continue;
        }
        let mut kept = Vec::new();
        for mut item in document.items(pointer) {
            if removes(&item) {
                let named = item.value.get(name).and_then(Value::as_str).unwrap_or_default();
                let mut finding =
                    Diagnostic::error("PB0309", format!("there is no item `{named}` to remove"))
                        .help(format!("correct `{name}`, or remove this item"));
                finding.place = item.place("");
                "no lower layer has this item".clone_into(&mut finding.label);
                diagnostics.push(finding);
                continue;
            }
            item.take(REMOVE);
            item.take(REPLACE);
            kept.push(item);
        }
        document.put_items(pointer, kept);
    }
}

/// A key of a config as messages name it: `batch.pools[].vmSize` of pool `dev`, each in backticks.
pub(super) fn key_words(config: &Value, pointer: &str) -> String {
    let key = format!("`{}`", path_of(pointer));
    let item = LISTS.iter().find_map(|(list, name, word)| {
        let rest = pointer.strip_prefix(list)?.strip_prefix('/')?;
        let (position, _) = rest.split_once('/')?;
        let item = config.pointer(&format!("{list}/{position}/{name}"))?.as_str()?;
        Some(format!("{key} of {word} `{item}`"))
    });
    item.unwrap_or(key)
}

/// A pointer as a path of the config with `[]` behind its lists.
pub(super) fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for step in pointer.split('/').skip(1) {
        if step.bytes().all(|byte| byte.is_ascii_digit()) {
            path.push_str("[]");
        } else {
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(step);
        }
    }
    path
}

impl Document {
    /// The items of a list, each a document of its own.
    fn items(&self, pointer: &str) -> Vec<Document> {
        let list = self.value.pointer(pointer).and_then(Value::as_array);
        let values = list.into_iter().flatten().cloned();
        let mut items: Vec<Document> =
            values.map(|value| Document::of(value, BTreeMap::new())).collect();
        let start = format!("{pointer}/");
        let below = self.entries_from(&start);
        for (known, entry) in below.take_while(|(known, _)| known.starts_with(&start)) {
            let rest = &known[start.len()..];
            let (index, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            if let Some(item) = index.parse().ok().and_then(|at: usize| items.get_mut(at)) {
                item.put_entry(rest.to_owned(), entry);
            }
        }
        items
    }

    /// Puts documents in the place of the items of a list.
    fn put_items(&mut self, pointer: &str, items: Vec<Document>) {
        let list_entry = self.entry(pointer);
        self.forget(pointer);
        let mut values = Vec::new();
        for (index, item) in items.into_iter().enumerate() {
            let (value, entries) = item.into_parts();
            values.push(value);
            for (known, entry) in entries {
                self.put_entry(format!("{pointer}/{index}{known}"), entry);
            }
        }
        if let Some(entry) = list_entry {
            self.put_entry(pointer.to_owned(), entry);
        }
        if let Some(list) = self.value.pointer_mut(pointer) {
            *list = Value::Array(values);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_key_of_an_item_is_told_with_the_name_of_the_item() {
        let config = json!({
            "batch": { "pools": [{ "id": "dev" }, { "id": "train", "mounts": [{ "path": "data" }] }] },
            "registry": { "sku": "Basic" },
            "images": [{}],
        });
        for (pointer, words) in [
            ("/batch/pools/1/mounts/0/path", "`batch.pools[].mounts[].path` of pool `train`"),
            ("/registry/sku", "`registry.sku`"),
            ("/images/0/tag", "`images[].tag`"),
            ("/images", "`images`"),
        ] {
            assert_eq!(key_words(&config, pointer), words);
        }
    }
}
