//! The values at the places of the table of security that a change touches, without secrets.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::change::{Action, PropertyChange, Redacted, ResourceChange, Segment, path_text};
use super::compare;
use super::security::{Access, Row};
use crate::arm::evaluate::{Evaluated, Properties};
use crate::catalog;
use crate::catalog::mutability::Facts;

/// One value before and after, at a place of the table.
pub(super) struct AffectedValue {
    pub(super) row: &'static Row,
    pub(super) path: String,
    pub(super) before: Option<Evaluated>,
    pub(super) after: Option<Evaluated>,
    /// It comes or goes with the part that it belongs to.
    pub(super) whole: bool,
    /// Which way it goes, where another value decides.
    pub(super) settled: Option<Access>,
}

impl AffectedValue {
    fn new(row: &'static Row, path: String) -> Self {
        Self { row, path, before: None, after: None, whole: false, settled: None }
    }

    /// The value that comes or goes, and whether it comes.
    pub(super) fn one_sided(&self) -> Option<(&Evaluated, bool)> {
        match (&self.before, &self.after) {
            (Some(value), None) => Some((value, false)),
            (None, Some(value)) => Some((value, true)),
            _ => None,
        }
    }

    /// The path of the element that the value belongs to.
    pub(super) fn element(&self) -> &str {
        self.path.split_once(']').map_or(self.path.as_str(), |(element, _)| element)
    }
}

/// The values at a place of the table that a change touches.
pub(super) fn affected(change: &ResourceChange, row: &'static Row) -> Vec<AffectedValue> {
    let side = |resource: &Option<Redacted>, flip: bool| {
        let mut found = Vec::new();
        if let Some(resource) = resource {
            collect_property(&resource.whole().body, &row.steps, "", &mut found);
        }
        found.into_iter().filter_map(move |(path, value)| {
            let value = Some(shown(change, &row.steps, &value)?);
            let (before, after) = if flip { (value, None) } else { (None, value) };
            Some(AffectedValue { before, after, ..AffectedValue::new(row, path) })
        })
    };
    match change.action {
        Action::Create => side(&change.after, false).collect(),
        Action::Delete | Action::Retire => side(&change.before, true).collect(),
        _ => change.properties.iter().flat_map(|property| below(change, property, row)).collect(),
    }
}

/// The values at a place of the table within one changed property.
fn below(
    change: &ResourceChange,
    property: &PropertyChange,
    row: &'static Row,
) -> Vec<AffectedValue> {
    let matches = |segment: &Segment, step: &str| match segment {
        Segment::Property(name) => name.eq_ignore_ascii_case(step),
        Segment::Named(_) | Segment::Index(_) => step == "[]",
    };
    let depth = property.path.len();
    let shared = property.path.iter().zip(&row.steps).all(|(segment, step)| matches(segment, step));
    if !shared {
        return Vec::new();
    }
    let path = path_text(&property.path);
    let Some(rest) = row.steps.get(depth..).filter(|rest| !rest.is_empty()) else {
        let exact = row.steps.len() == depth;
        let (before, after) = (property.before.clone(), property.after.clone());
        let item = AffectedValue { before, after, ..AffectedValue::new(row, path) };
        // A part of a place that the table names counts only where any change counts.
        return if exact || row.steps.last() != Some(&"[]") { vec![item] } else { Vec::new() };
    };
    let one_sided = property.before.is_some() != property.after.is_some();
    let is_element = matches!(property.path.last(), Some(Segment::Named(_) | Segment::Index(_)));
    let whole = one_sided && (is_element || depth <= row.part);
    // A list that is left out has the elements of its default.
    let default = facts(change, &row.steps[..depth]).default().filter(|value| value.is_array());
    let mut items: BTreeMap<String, AffectedValue> = BTreeMap::new();
    for (value, is_after) in [(&property.before, false), (&property.after, true)] {
        let mut found = Vec::new();
        if let Some(value) = value.as_ref().or(default) {
            collect(value, rest, &path, &mut found);
        }
        for (path, value) in found {
            let new = |path| AffectedValue { whole, ..AffectedValue::new(row, path) };
            let item = items.entry(path.to_lowercase()).or_insert_with(|| new(path));
            *(if is_after { &mut item.after } else { &mut item.before }) = Some(value);
        }
    }
    items.into_values().filter(|item| item.before != item.after).collect()
}

fn collect(value: &Evaluated, steps: &[&str], path: &str, found: &mut Vec<(String, Evaluated)>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push((path.to_owned(), value.clone()));
        return;
    };
    match (value, *step) {
        (Evaluated::Array(elements), "[]") => {
            for (index, element) in elements.iter().enumerate() {
                let label = element_name(element).unwrap_or_else(|| index.to_string());
                collect(element, rest, &format!("{path}[{label}]"), found);
            }
        }
        (Evaluated::Object(object), "[]") => {
            for (key, value) in object {
                collect(value, rest, &format!("{path}[{key}]"), found);
            }
        }
        (Evaluated::Object(object), _) => collect_property(object, steps, path, found),
        _ => {}
    }
}

pub(super) fn collect_property(
    object: &Properties,
    steps: &[&str],
    path: &str,
    found: &mut Vec<(String, Evaluated)>,
) {
    let Some((step, rest)) = steps.split_first() else { return };
    let entry = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(step));
    if let Some((key, value)) = entry {
        let dot = if path.is_empty() { "" } else { "." };
        collect(value, rest, &format!("{path}{dot}{key}"), found);
    }
}

/// A value of a place of the table without its secrets, nothing if it is part of one.
fn shown(change: &ResourceChange, row: &[&str], value: &Evaluated) -> Option<Evaluated> {
    if !catalog::mutability::may_hide(&change.kind, row) {
        return Some(value.clone());
    }
    let mut here = catalog::mutability::facts(&change.kind);
    for step in row {
        if compare::hides(here) {
            return None;
        }
        here = step_to(here, step);
    }
    Some(compare::shown(here, value))
}

/// What the tables of mutability say of a place of the table.
pub(super) fn facts(change: &ResourceChange, row: &[&str]) -> Facts {
    row.iter().fold(catalog::mutability::facts(&change.kind), |facts, step| step_to(facts, step))
}

fn step_to(facts: Facts, step: &str) -> Facts {
    match step {
        "[]" => facts.element(),
        name => facts.property(name),
    }
}

fn element_name(element: &Evaluated) -> Option<String> {
    let named = ["name", "value", "id"].iter().find_map(|key| element.get(key)?.written());
    named.or_else(|| element.written()).map(Cow::into_owned)
}
