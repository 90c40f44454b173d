//! The live body of a resource, from the rendered one.

use std::collections::BTreeMap;

use super::Delta;
use crate::arm::evaluate::{Evaluated, Properties};
use crate::catalog;
use crate::catalog::mutability::{self, Comparison};
use crate::expand::Resource;

/// The property that holds the tags of a resource.
const TAGS: &str = "tags";
/// Properties that identify an element of a list.
const KEYS: [&str; 4] = ["name", "id", "key", "value"];

/// Turns the rendered body of a resource into the live one. A difference that means nothing is counted, and the
/// previous render stands for the live value.
pub(super) struct Undo<'a> {
    new: &'a Resource,
    old: Option<&'a Resource>,
    hidden: &'a mut BTreeMap<&'static str, usize>,
}

/// The same place in the previous render, as far as it has it.
type Old<'a> = Option<&'a Evaluated>;

impl<'a> Undo<'a> {
    pub(super) fn new(
        new: &'a Resource,
        old: Option<&'a Resource>,
        hidden: &'a mut BTreeMap<&'static str, usize>,
    ) -> Self {
        Self { new, old, hidden }
    }

    /// The rendered body with differences undone.
    pub(super) fn all(&mut self, deltas: &[Delta]) -> Properties {
        let old = self.old.map(|old| Evaluated::Object(old.body.clone()));
        let mut body = Evaluated::Object(self.new.body.clone());
        for delta in deltas {
            self.undo(&mut body, old.as_ref(), &delta.path, delta, &mut Vec::new());
        }
        match body {
            Evaluated::Object(body) => body,
            _ => self.new.body.clone(),
        }
    }

    /// Undoes one difference at the rest of its path.
    fn undo(
        &mut self,
        value: &mut Evaluated,
        old: Old<'_>,
        path: &str,
        delta: &Delta,
        walked: &mut Vec<String>,
    ) {
        let Evaluated::Object(object) = value else { return };
        let (key, rest) = first_step(object, delta, path);
        walked.push(key.to_owned());
        let old = old.and_then(|old| old.get(key));
        if rest.is_empty() {
            self.settle(object, key, old, delta, walked);
        } else {
            let below = object
                .entry(key.to_owned())
                .or_insert_with(|| Evaluated::Object(Properties::default()));
            self.undo(below, old, rest, delta, walked);
        }
        walked.pop();
    }

    /// Gives the property at the end of a path its live value.
    fn settle(
        &mut self,
        object: &mut Properties,
        key: &str,
        old: Old<'_>,
        delta: &Delta,
        walked: &mut Vec<String>,
    ) {
        if let (Some(value), false) = (object.get_mut(key), delta.children.is_empty()) {
            match value {
                Evaluated::Array(items) => self.elements(items, old, &delta.children, walked),
                _ => {
                    for child in &delta.children {
                        self.undo(value, old, &child.path, child, walked);
                    }
                }
            }
            return;
        }
        if delta.no_effect {
            *self.hidden.entry("no effect").or_default() += 1;
            return;
        }
        let rendered = object.get(key).filter(|_| !delta.only_live);
        let live = delta.before.as_ref().filter(|_| !delta.only_rendered);
        match self.noise(walked, live, rendered) {
            Some(_) => put(object, key, self.stand_in(old, rendered)),
            None => put(object, key, live.cloned()),
        }
    }

    /// Undoes the differences of the elements of a list, which name them by position.
    fn elements(
        &mut self,
        items: &mut Vec<Evaluated>,
        old: Old<'_>,
        children: &[Delta],
        walked: &mut Vec<String>,
    ) {
        walked.push("[]".to_owned());
        let mut only_rendered = Vec::new();
        let mut only_live = Vec::new();
        for child in children {
            let Ok(index) = child.path.parse::<usize>() else { continue };
            if child.only_live {
                only_live.push((index, child.before.clone()));
            } else if child.only_rendered {
                only_rendered.push(index);
            } else if let Some(item) = items.get_mut(index) {
                let old = old.and_then(|old| matching(old, item));
                if child.children.is_empty() {
                    *item = child.before.clone().unwrap_or(Evaluated::Null);
                } else {
                    for grandchild in &child.children {
                        self.undo(item, old, &grandchild.path, grandchild, walked);
                    }
                }
            }
        }
        only_rendered.sort_unstable();
        for index in
            only_rendered.into_iter().rev().filter(|index| *index < items.len()).collect::<Vec<_>>()
        {
            items.remove(index);
        }
        only_live.sort_by_key(|(index, _)| *index);
        for (index, value) in only_live {
            let at = index.min(items.len());
            items.insert(at, value.unwrap_or(Evaluated::Null));
        }
        walked.pop();
    }

    /// The live body, as far as one of the renders has something to say of it: what Azure fills in is no news.
    pub(super) fn restricted(&mut self, live: &Properties) -> Properties {
        let old = self.old.map(|old| Evaluated::Object(old.body.clone()));
        let new = Evaluated::Object(self.new.body.clone());
        let live = Evaluated::Object(live.clone());
        match self.restrict(Some(&live), Some(&new), old.as_ref(), &mut Vec::new()) {
            Some(Evaluated::Object(body)) => body,
            _ => Properties::default(),
        }
    }

    fn restrict(
        &mut self,
        live: Option<&Evaluated>,
        new: Option<&Evaluated>,
        old: Old<'_>,
        walked: &mut Vec<String>,
    ) -> Option<Evaluated> {
        let shape = new.or(old);
        match (live, shape) {
            (Some(Evaluated::Object(live)), Some(Evaluated::Object(_))) => {
                Some(Evaluated::Object(self.restrict_object(live, new, old, walked)))
            }
            (Some(Evaluated::Array(items)), Some(Evaluated::Array(_))) => {
                walked.push("[]".to_owned());
                let restricted = items.iter().map(|item| {
                    let (new, old) = (
                        new.and_then(|new| matching(new, item)),
                        old.and_then(|old| matching(old, item)),
                    );
                    self.restrict(Some(item), new, old, walked).unwrap_or_else(|| item.clone())
                });
                let restricted = Evaluated::Array(restricted.collect());
                walked.pop();
                Some(restricted)
            }
            (live, Some(_)) => match self.noise(walked, live, new) {
                Some(_) => self.stand_in(old, new),
                None => live.cloned(),
            },
            (live, None) => live.cloned(),
        }
    }

    fn restrict_object(
        &mut self,
        live: &Properties,
        new: Option<&Evaluated>,
        old: Old<'_>,
        walked: &mut Vec<String>,
    ) -> Properties {
        let keys = |side: Option<&Evaluated>| -> Vec<String> {
            side.and_then(Evaluated::as_object)
                .into_iter()
                .flat_map(Properties::keys)
                .cloned()
                .collect()
        };
        let mut all = keys(new);
        for key in keys(old) {
            if !all.contains(&key) {
                all.push(key);
            }
        }
        // Tags are the user's even where a render has none.
        if walked.is_empty() && live.contains_key(TAGS) && !all.iter().any(|key| key == TAGS) {
            all.push(TAGS.to_owned());
        }
        if self.is_map(walked) {
            let known = |key: &String| all.iter().any(|known| known.eq_ignore_ascii_case(key));
            let others: Vec<String> = live.keys().filter(|key| !known(key)).cloned().collect();
            all.extend(others);
        }
        let mut restricted = Properties::default();
        for key in all {
            let found = live.get(&key).or_else(|| {
                live.iter()
                    .find(|(name, _)| name.eq_ignore_ascii_case(&key))
                    .map(|(_, value)| value)
            });
            let found = found.filter(|value| !value.is_null());
            walked.push(key.clone());
            let (new, old) = (new.and_then(|new| new.get(&key)), old.and_then(|old| old.get(&key)));
            let value = self.restrict(found, new, old, walked);
            walked.pop();
            put(&mut restricted, &key, value);
        }
        restricted
    }

    /// Whether the keys of an object are the user's, so that another one is no property that Azure fills in.
    fn is_map(&self, walked: &[String]) -> bool {
        let facts = mutability::facts(&self.new.kind);
        let here = walked.iter().fold(facts, |facts, step| facts.property(step));
        walked == [TAGS] || here.has(&Comparison::IgnoreKeyCase)
    }

    /// Why a difference means nothing, counted.
    fn noise(
        &mut self,
        walked: &[String],
        live: Option<&Evaluated>,
        rendered: Option<&Evaluated>,
    ) -> Option<&'static str> {
        if live == rendered {
            return None;
        }
        let path: Vec<&str> = walked.iter().map(String::as_str).collect();
        let why = catalog::forecast_noise(&self.new.kind, &path, live, rendered)?;
        *self.hidden.entry(why).or_default() += 1;
        Some(why)
    }

    /// What stands for a live value that nobody can know: the previous render's, else the new one's.
    fn stand_in(&self, old: Old<'_>, rendered: Option<&Evaluated>) -> Option<Evaluated> {
        if self.old.is_some() { old.cloned() } else { rendered.cloned() }
    }
}

/// The first step of a path and the rest of it. Keys may hold dots, so that the longest key that either side has
/// goes before a step that ends at the first dot.
fn first_step<'p>(object: &Properties, delta: &Delta, path: &'p str) -> (&'p str, &'p str) {
    let in_live = delta.before.as_ref().and_then(Evaluated::as_object);
    let keys = object.keys().chain(in_live.into_iter().flat_map(Properties::keys));
    let fits = |key: &&String| {
        path.strip_prefix(key.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let length = match keys.filter(fits).map(String::len).max() {
        Some(length) => length,
        None => path.find('.').unwrap_or(path.len()),
    };
    let rest = path[length..].strip_prefix('.').unwrap_or_default();
    (&path[..length], rest)
}

fn put(object: &mut Properties, key: &str, value: Option<Evaluated>) {
    match value {
        Some(value) => {
            object.insert(key.to_owned(), value);
        }
        None => {
            object.shift_remove(key);
        }
    }
}

/// The element of another list that an element of this one corresponds to.
fn matching<'v>(list: &'v Evaluated, item: &Evaluated) -> Option<&'v Evaluated> {
    let items = list.as_array()?;
    let key = KEYS.iter().find_map(|key| Some((*key, item.get(key)?.as_str()?)));
    match key {
        Some((key, value)) => items.iter().find(|other| {
            other
                .get(key)
                .and_then(Evaluated::as_str)
                .is_some_and(|it| it.eq_ignore_ascii_case(value))
        }),
        None => items.iter().find(|other| *other == item),
    }
}
