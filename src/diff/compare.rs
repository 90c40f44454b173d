//! Two resource bodies, property by property.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::change::{Noise, PropertyChange, PropertyChangeType, Segment};
use super::origin::Origin;
use super::values::{self, Likeness};
use crate::arm::evaluate::{Evaluated, Properties};
use crate::catalog::mutability::{Comparison, Facts, Mutability, Verdict};
use crate::model::hex;

/// Properties that name an element of an array when no table says which does.
const USUAL_KEYS: [&str; 3] = ["name", "id", "key"];

/// What differs between two bodies of a type, and how much of it is noise.
pub(super) fn bodies(
    facts: Facts,
    before: &Properties,
    after: &Properties,
) -> (Vec<PropertyChange>, Noise) {
    let mut comparer = Comparer::default();
    comparer.noise.key_order += order_noise(before, after);
    comparer.objects(facts, before, after);
    (comparer.changes, comparer.noise)
}

/// A change of one value, with what the tables know about it.
pub(super) fn change(
    facts: Facts,
    path: Vec<Segment>,
    before: Option<&Evaluated>,
    after: Option<&Evaluated>,
) -> PropertyChange {
    let own = facts.mutability(before, after);
    // An element that comes or goes is no change of the elements that stay, whatever is fixed in those.
    let is_element = matches!(path.last(), Some(Segment::Named(_) | Segment::Index(_)));
    let row = match (before, after) {
        (Some(value), None) | (None, Some(value)) if !is_element => {
            worst(facts, value, before.is_some(), own)
        }
        _ => own,
    };
    let verdict = row.map_or(Verdict::Unknown, |row| row.verdict);
    let change = match (before, after) {
        _ if verdict == Verdict::NoEffect => PropertyChangeType::NoEffect,
        (None, _) => PropertyChangeType::Create,
        (_, None) => PropertyChangeType::Delete,
        _ => PropertyChangeType::Modify,
    };
    let text = |field: fn(&Mutability) -> &'static str| {
        row.map_or_else(String::new, |row| field(row).to_owned())
    };
    PropertyChange {
        path,
        change,
        before: before.map(|value| shown(facts, value)),
        after: after.map(|value| shown(facts, value)),
        verdict,
        interrupts: row.is_some_and(|row| row.interrupts),
        event: row.and_then(|row| row.event).map(str::to_owned),
        code: row.and_then(|row| row.code).map(str::to_owned),
        effect: text(|row| row.effect),
        advice: text(|row| row.advice),
        confidence: text(|row| row.confidence),
        source: text(|row| row.source),
        checked: text(|row| row.checked),
        reset: after.is_none(),
        reset_to: if after.is_none() { facts.default().cloned() } else { None },
        origin: Origin::default(),
        anew: None,
        in_use: row.is_some_and(|row| row.in_use),
    }
}

fn is_scalar(value: &Evaluated) -> bool {
    !value.is_object() && !value.is_array()
}

/// Whether a value is not shown as it is.
pub(super) fn hides(facts: Facts) -> bool {
    facts.has(&Comparison::Sensitive) || facts.has(&Comparison::Base64)
}

/// A value without its secrets, and without what no reader reads.
pub(super) fn shown(facts: Facts, value: &Evaluated) -> Evaluated {
    if facts.has(&Comparison::Sensitive) {
        return Evaluated::from("(secret)");
    }
    if facts.has(&Comparison::Base64) {
        return encoded(value);
    }
    match value {
        Evaluated::Object(object) => Evaluated::Object(shown_object(facts, object)),
        Evaluated::Array(elements) => {
            elements.iter().map(|element| shown(facts.element(), element)).collect()
        }
        scalar => scalar.clone(),
    }
}

/// An object without its secrets.
pub(super) fn shown_object(facts: Facts, object: &Properties) -> Properties {
    object.iter().map(|(key, value)| (key.clone(), shown(facts.property(key), value))).collect()
}

fn encoded(value: &Evaluated) -> Evaluated {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    let bytes =
        base64_simd::STANDARD.decode_to_vec(text).unwrap_or_else(|_| text.as_bytes().to_vec());
    let digest = Sha256::digest(&bytes);
    Evaluated::from(format!("({} bytes, SHA-256 {}...)", bytes.len(), hex(&digest[..4])))
}

/// The row that decides when a whole value comes or goes: its own, or that of a part which is worse
/// than any update.
fn worst(
    facts: Facts,
    value: &Evaluated,
    removed: bool,
    own: Option<&'static Mutability>,
) -> Option<&'static Mutability> {
    let mut rows = Vec::new();
    if let Evaluated::Object(object) = value {
        for (key, value) in object {
            let facts = facts.property(key);
            let (before, after) = if removed { (Some(value), None) } else { (None, Some(value)) };
            rows.extend(worst(facts, value, removed, facts.mutability(before, after)));
        }
    }
    let weight = |row: &Mutability| row.verdict;
    let part = rows.into_iter().max_by_key(|row| weight(row));
    match (own, part) {
        (Some(own), Some(part)) if part.verdict >= Verdict::EmptyPool => {
            Some(if weight(part) > weight(own) { part } else { own })
        }
        (own, part) => own.or(part),
    }
}

/// One if the keys that two objects share come in another order.
fn order_noise(before: &Properties, after: &Properties) -> usize {
    let old = before.keys().filter(|key| after.contains_key(*key));
    let new = after.keys().filter(|key| before.contains_key(*key));
    usize::from(old.ne(new))
}

/// How many objects of two equal values have their keys in another order.
fn reordered(before: &Evaluated, after: &Evaluated) -> usize {
    match (before, after) {
        (Evaluated::Object(before), Evaluated::Object(after)) => {
            let below = before.iter().filter_map(|(key, value)| Some((value, after.get(key)?)));
            order_noise(before, after)
                + below.map(|(before, after)| reordered(before, after)).sum::<usize>()
        }
        (Evaluated::Array(before), Evaluated::Array(after)) => {
            before.iter().zip(after).map(|(before, after)| reordered(before, after)).sum()
        }
        _ => 0,
    }
}

#[derive(Default)]
struct Comparer {
    changes: Vec<PropertyChange>,
    noise: Noise,
    path: Vec<Segment>,
}

/// Why a value that only one side has makes no difference.
enum Silence {
    Empty,
    Default,
    ReadOnly,
}

impl Comparer {
    fn value(&mut self, facts: Facts, before: Option<&Evaluated>, after: Option<&Evaluated>) {
        let some = |value: Option<&'_ Evaluated>| value.is_some_and(|value| !value.is_null());
        if !some(before) && !some(after) {
            self.noise.empty += usize::from(before.is_some() != after.is_some());
            return;
        }
        let before = before.filter(|value| !value.is_null());
        let after = after.filter(|value| !value.is_null());
        if before == after {
            if let (Some(before), Some(after)) = (before, after) {
                self.noise.key_order += reordered(before, after);
            }
            return;
        }
        if facts.has(&Comparison::Ignore) {
            self.noise.read_only += 1;
            return;
        }
        match (before, after) {
            // No part of a secret is shown either.
            (Some(before), Some(after))
                if facts.has(&Comparison::Sensitive)
                    && !(is_scalar(before) && is_scalar(after)) =>
            {
                self.push(facts, Some(before), Some(after));
            }
            (Some(Evaluated::Object(before)), Some(Evaluated::Object(after))) => {
                self.noise.key_order += order_noise(before, after);
                self.objects(facts, before, after);
            }
            (Some(Evaluated::Array(old)), Some(Evaluated::Array(new))) => {
                self.arrays(facts, old, new);
            }
            (Some(before), Some(after)) => match values::compare(facts, before, after) {
                Likeness::Same => {}
                Likeness::LetterCase => self.noise.letter_case += 1,
                Likeness::Formatting => self.noise.formatting += 1,
                Likeness::Different => self.push(facts, Some(before), Some(after)),
            },
            (before, after) => self.one_sided(facts, before, after),
        }
    }

    fn one_sided(&mut self, facts: Facts, before: Option<&Evaluated>, after: Option<&Evaluated>) {
        match before.or(after).and_then(|value| silence(facts, value)) {
            Some(Silence::Empty) => self.noise.empty += 1,
            Some(Silence::Default) => self.noise.defaults += 1,
            Some(Silence::ReadOnly) => self.noise.read_only += 1,
            None => self.push(facts, before, after),
        }
    }

    fn push(&mut self, facts: Facts, before: Option<&Evaluated>, after: Option<&Evaluated>) {
        self.changes.push(change(facts, self.path.clone(), before, after));
    }

    fn below(&mut self, segment: Segment, visit: impl FnOnce(&mut Self)) {
        self.path.push(segment);
        visit(self);
        self.path.pop();
    }

    fn objects(&mut self, facts: Facts, before: &Properties, after: &Properties) {
        if facts.has(&Comparison::IgnoreKeyCase) {
            return self.keyed_objects(facts, before, after);
        }
        let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for key in keys {
            let facts = facts.property(key);
            self.below(Segment::Property(key.clone()), |comparer| {
                comparer.value(facts, before.get(key), after.get(key));
            });
        }
    }

    /// Objects whose keys are ids: their case means nothing, their presence everything.
    fn keyed_objects(&mut self, facts: Facts, before: &Properties, after: &Properties) {
        let by_key = |map: &'_ Properties| -> BTreeMap<String, String> {
            map.keys().map(|key| (key.to_lowercase(), key.clone())).collect()
        };
        let (old, new) = (by_key(before), by_key(after));
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for key in keys {
            let (old, new) = (old.get(key), new.get(key));
            if let (Some(old), Some(new)) = (old, new) {
                self.noise.letter_case += usize::from(old != new);
                continue;
            }
            let Some(label) = old.or(new) else { continue };
            let facts = facts.property(label);
            self.below(Segment::Named(label.clone()), |comparer| {
                let before = old.and_then(|key| before.get(key));
                comparer.push(facts, before, new.and_then(|key| after.get(key)));
            });
        }
    }

    fn arrays(&mut self, facts: Facts, before: &[Evaluated], after: &[Evaluated]) {
        if before.is_empty() || after.is_empty() {
            let whole =
                |side: &[Evaluated]| (!side.is_empty()).then(|| Evaluated::from(side.to_vec()));
            let (before, after) = (whole(before), whole(after));
            return self.one_sided(facts, before.as_ref(), after.as_ref());
        }
        for rule in facts.comparisons() {
            match rule {
                Comparison::Set if before.iter().chain(after).all(is_scalar) => {
                    return self.sets(facts.element(), before, after);
                }
                Comparison::List => return self.lists(facts.element(), before, after),
                Comparison::Keyed { key, ordered } => {
                    return self.keyed(facts, key, *ordered, before, after);
                }
                _ => {}
            }
        }
        match USUAL_KEYS.iter().find(|key| names(before, key) && names(after, key)) {
            Some(key) => self.keyed(facts, key, false, before, after),
            None => self.lists(facts.element(), before, after),
        }
    }

    fn sets(&mut self, facts: Facts, before: &[Evaluated], after: &[Evaluated]) {
        let mut elements: BTreeMap<String, (Vec<&Evaluated>, Vec<&Evaluated>)> = BTreeMap::new();
        for value in before {
            elements.entry(values::canonical(facts, value)).or_default().0.push(value);
        }
        for value in after {
            elements.entry(values::canonical(facts, value)).or_default().1.push(value);
        }
        let changes = self.changes.len();
        for (label, (old, new)) in elements {
            let both = old.len().min(new.len());
            let unlike = old.iter().zip(&new).filter(|(before, after)| before != after).count();
            self.noise.letter_case += unlike;
            self.below(Segment::Named(label), |comparer| {
                old[both..].iter().for_each(|value| comparer.push(facts, Some(value), None));
                new[both..].iter().for_each(|value| comparer.push(facts, None, Some(value)));
            });
        }
        let order = |side: &[Evaluated]| -> Vec<String> {
            side.iter().map(|value| values::canonical(facts, value)).collect()
        };
        if self.changes.len() == changes && order(before) != order(after) {
            self.noise.set_order += 1;
        }
    }

    fn keyed(
        &mut self,
        facts: Facts,
        key: &str,
        ordered: bool,
        before: &[Evaluated],
        after: &[Evaluated],
    ) {
        let (old, new) = (identified(facts, before, key), identified(facts, after, key));
        let shared = |side: &Identified, other: &Identified| -> Vec<(String, usize)> {
            let ids = side.order.iter().filter(|id| other.elements.contains_key(*id));
            ids.cloned().collect()
        };
        if shared(&old, &new) != shared(&new, &old) {
            if ordered {
                let names = |side: &Identified| -> Evaluated {
                    side.order.iter().map(|(name, _)| name.as_str()).collect()
                };
                self.push(facts, Some(&names(&old)), Some(&names(&new)));
            } else {
                self.noise.set_order += 1;
            }
        }
        let ids: BTreeSet<_> = old.elements.keys().chain(new.elements.keys()).collect();
        for id in ids {
            let (old, new) = (old.elements.get(id), new.elements.get(id));
            let Some((_, label)) = old.into_iter().chain(new).min_by_key(|(_, label)| label) else {
                continue;
            };
            let (before, after) = (old.map(|(value, _)| *value), new.map(|(value, _)| *value));
            self.below(Segment::Named(label.clone()), |comparer| {
                if before.is_some() && after.is_some() {
                    comparer.value(facts.element(), before, after);
                } else {
                    comparer.push(facts.element(), before, after);
                }
            });
        }
    }

    /// Lists are compared from both ends; what is left in the middle is paired by position, so that
    /// swapping the sides swaps the result and nothing else.
    fn lists(&mut self, facts: Facts, before: &[Evaluated], after: &[Evaluated]) {
        let same = |(before, after): (&Evaluated, &Evaluated)| equal(facts, before, after);
        let start = before.iter().zip(after).take_while(|pair| same(*pair)).count();
        let (old, new) = (&before[start..], &after[start..]);
        let end = old.iter().rev().zip(new.iter().rev()).take_while(|pair| same(*pair)).count();
        let (old, new) = (&old[..old.len() - end], &new[..new.len() - end]);
        for index in 0..old.len().max(new.len()) {
            self.below(Segment::Index(start + index), |comparer| {
                match (old.get(index), new.get(index)) {
                    (Some(before), Some(after)) => comparer.value(facts, Some(before), Some(after)),
                    (before, after) => comparer.push(facts, before, after),
                }
            });
        }
    }
}

fn equal(facts: Facts, before: &Evaluated, after: &Evaluated) -> bool {
    is_same(facts, Some(before), Some(after))
}

/// Whether Azure takes two values of a property for the same; a value that is left out is its default.
pub(crate) fn is_same(facts: Facts, before: Option<&Evaluated>, after: Option<&Evaluated>) -> bool {
    let mut comparer = Comparer::default();
    comparer.value(facts, before, after);
    comparer.changes.is_empty()
}

fn silence(facts: Facts, value: &Evaluated) -> Option<Silence> {
    if facts.has(&Comparison::Ignore) {
        return Some(Silence::ReadOnly);
    }
    if let Some(default) = facts.default()
        && equal(facts, default, value)
    {
        return Some(Silence::Default);
    }
    let keeps_empty = facts.has(&Comparison::KeepEmpty) || facts.has(&Comparison::IgnoreKeyCase);
    match value {
        Evaluated::Null => Some(Silence::Empty),
        Evaluated::Array(elements) => {
            (elements.is_empty() && !keeps_empty).then_some(Silence::Empty)
        }
        Evaluated::Object(object) if object.is_empty() => Some(Silence::Empty),
        Evaluated::Object(object) => {
            let quiet =
                |(key, value): (&String, &Evaluated)| silence(facts.property(key), value).is_some();
            (!keeps_empty && object.iter().all(quiet)).then_some(Silence::Default)
        }
        _ => None,
    }
}

/// Whether each element has this property as a text, and no two the same.
fn names(elements: &[Evaluated], key: &str) -> bool {
    let names: Option<BTreeSet<Cow<'_, str>>> =
        elements.iter().map(|element| element.get(key).and_then(Evaluated::written)).collect();
    names.is_some_and(|names| names.len() == elements.len())
}

/// The elements of an array by their lower-case key and, among equals, by their position.
struct Identified<'a> {
    order: Vec<(String, usize)>,
    elements: BTreeMap<(String, usize), (&'a Evaluated, String)>,
}

fn identified<'a>(facts: Facts, elements: &'a [Evaluated], key: &str) -> Identified<'a> {
    let facts = facts.element().property(key);
    let mut found = Identified { order: Vec::new(), elements: BTreeMap::new() };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for element in elements {
        let label = label(element, key);
        let name = values::canonical(facts, &Evaluated::from(label.as_str())).to_lowercase();
        let count = counts.entry(name.clone()).or_default();
        let id = (name, *count);
        *count += 1;
        found.order.push(id.clone());
        found.elements.insert(id, (element, label));
    }
    found
}

fn label(element: &Evaluated, key: &str) -> String {
    let value = match key.strip_prefix("*.") {
        Some(key) => {
            element.as_object().and_then(|object| object.values().find_map(|child| child.get(key)))
        }
        None => element.get(key),
    };
    match value {
        Some(value) => value.written().map_or_else(|| value.to_string(), Cow::into_owned),
        None => String::new(),
    }
}
