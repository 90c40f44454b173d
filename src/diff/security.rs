//! Changes of who may do or reach what, lifted out of the properties.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::change::{Action, PropertyChange, ResourceChange, Segment, Shown, path_text};
use super::cidr::{Addresses, ports};
use super::compare;
use crate::catalog::mutability::Facts;
use crate::catalog::{self, Table};
use crate::expand::Resource;

const TABLE: Table = Table::new(include_str!("../catalog/tables/security.tsv"));
const ROLE_ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";

/// Which way a change goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// More may be done or reached.
    Widens,
    /// Something else may be done or reached.
    Changes,
    /// Less may be done or reached.
    Narrows,
}

impl Access {
    fn flip(self) -> Self {
        match self {
            Self::Widens => Self::Narrows,
            Self::Changes => Self::Changes,
            Self::Narrows => Self::Widens,
        }
    }

    /// As a reader reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Widens => "widens",
            Self::Changes => "changes",
            Self::Narrows => "narrows",
        }
    }
}

/// What kind of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum SecurityKind {
    /// What a principal may do.
    Role,
    /// Who a resource is.
    Identity,
    /// Reachable by everybody.
    PublicAccess,
    /// Reachable from some addresses.
    NetworkRule,
    /// An account that may do everything.
    AdminUser,
    /// How one proves who one is.
    Authentication,
}

impl SecurityKind {
    /// As a reader reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Identity => "identity",
            Self::PublicAccess => "public access",
            Self::NetworkRule => "network rule",
            Self::AdminUser => "admin user",
            Self::Authentication => "authentication",
        }
    }
}

/// One change of access.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityChange {
    /// Which way it goes.
    pub access: Access,
    /// What kind of access.
    pub area: SecurityKind,
    /// Type of the resource.
    pub kind: String,
    /// Name of the resource.
    pub name: String,
    /// What changes, in a few words.
    pub label: String,
    /// Where in the resource; empty for the whole of it.
    pub path: String,
    /// The previous value.
    pub before: Option<Value>,
    /// The new value.
    pub after: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    To(&'static str),
    From(&'static str),
    Added,
    Removed,
    Address,
    Ports,
    Whole,
    Lower,
    System,
    Any,
}

struct Row {
    kind: &'static str,
    steps: Vec<&'static str>,
    rule: Rule,
    area: SecurityKind,
    label: &'static str,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    TABLE
        .rows()
        .map(|row| {
            let [kind, path, rule, area, label] = row.cells();
            Row { kind, steps: steps(path), rule: parse_rule(rule), area: parse_area(area), label }
        })
        .collect()
});

fn steps(path: &'static str) -> Vec<&'static str> {
    path.split('.')
        .flat_map(|step| match step.strip_suffix("[]") {
            Some(name) => vec![name, "[]"],
            None => vec![step],
        })
        .collect()
}

fn parse_rule(text: &'static str) -> Rule {
    match text.split_once(':').unwrap_or((text, "")) {
        ("to", value) => Rule::To(value),
        ("from", value) => Rule::From(value),
        ("added", _) => Rule::Added,
        ("removed", _) => Rule::Removed,
        ("address", _) => Rule::Address,
        ("ports", _) => Rule::Ports,
        ("rule", _) => Rule::Whole,
        ("lower", _) => Rule::Lower,
        ("system", _) => Rule::System,
        _ => Rule::Any,
    }
}

fn parse_area(text: &str) -> SecurityKind {
    match text {
        "role" => SecurityKind::Role,
        "identity" => SecurityKind::Identity,
        "publicAccess" => SecurityKind::PublicAccess,
        "adminUser" => SecurityKind::AdminUser,
        "authentication" => SecurityKind::Authentication,
        _ => SecurityKind::NetworkRule,
    }
}

/// One value before and after, at a place of the table.
struct Touched {
    path: String,
    before: Option<Value>,
    after: Option<Value>,
}

/// The changes of access in these resources, what widens first.
pub(super) fn security(changes: &[ResourceChange]) -> Vec<SecurityChange> {
    let mut found = Vec::new();
    for change in changes.iter().filter(|change| change.action != Action::NoChange) {
        found.extend(role(change));
        let rows = ROWS.iter().filter(|row| row.kind == "*" || change.is(row.kind));
        let mut told: Vec<String> = Vec::new();
        for row in rows {
            let touched = touched(change, &row.steps);
            let touched = match (&row.rule, row.area) {
                (Rule::Address, _) => merge(touched),
                (Rule::Added, SecurityKind::Identity) => moved(touched),
                _ => touched,
            };
            for (item, settled) in touched {
                // Of a rule or an endpoint that comes or goes whole, its parts are no news.
                if told.iter().any(|whole| item.path.starts_with(whole.as_str())) {
                    continue;
                }
                if item.before.is_some() != item.after.is_some() && row.steps.ends_with(&["[]"]) {
                    told.push(format!("{}.", item.path));
                    told.push(format!("{}[", item.path));
                }
                let access = settled.or_else(|| access(row, change, &item));
                found.extend(access.map(|access| SecurityChange {
                    access,
                    area: row.area,
                    kind: change.kind.clone(),
                    name: change.name.clone(),
                    label: row.label.to_owned(),
                    path: item.path,
                    before: item.before,
                    after: item.after,
                }));
            }
        }
    }
    found.sort_by_key(|change| change.access);
    found
}

type Settled = (Touched, Option<Access>);

/// The values at a place of the table that a change touches.
fn touched(change: &ResourceChange, row: &[&str]) -> Vec<Settled> {
    let side = |resource: &Option<Shown>, flip: bool| {
        let mut found = Vec::new();
        if let Some(resource) = resource {
            collect_property(&resource.whole().body, row, String::new(), &mut found);
        }
        found.into_iter().filter_map(move |(path, value)| {
            let value = Some(shown(change, row, &value)?);
            let (before, after) = if flip { (value, None) } else { (None, value) };
            Some((Touched { path, before, after }, None))
        })
    };
    match change.action {
        Action::Create => side(&change.after, false).collect(),
        Action::Delete => side(&change.before, true).collect(),
        _ => change.properties.iter().flat_map(|property| below(property, row)).collect(),
    }
}

/// The values at a place of the table within one changed property.
fn below(property: &PropertyChange, row: &[&str]) -> Vec<Settled> {
    let matches = |segment: &Segment, step: &str| match segment {
        Segment::Property(name) => name.eq_ignore_ascii_case(step),
        Segment::Named(_) | Segment::Index(_) => step == "[]",
    };
    let shared = property.path.iter().zip(row).all(|(segment, step)| matches(segment, step));
    if !shared {
        return Vec::new();
    }
    let path = path_text(&property.path);
    let Some(rest) = row.get(property.path.len()..).filter(|rest| !rest.is_empty()) else {
        let exact = row.len() == property.path.len();
        let item = Touched { path, before: property.before.clone(), after: property.after.clone() };
        // A part of a place that the table names counts only where any change counts.
        return if exact || row.last() != Some(&"[]") { vec![(item, None)] } else { Vec::new() };
    };
    let mut items: BTreeMap<String, Touched> = BTreeMap::new();
    for (value, is_after) in [(&property.before, false), (&property.after, true)] {
        let mut found = Vec::new();
        if let Some(value) = value {
            collect(value, rest, path.clone(), &mut found);
        }
        for (path, value) in found {
            let item = items.entry(path.clone()).or_insert_with(|| Touched {
                path,
                before: None,
                after: None,
            });
            *(if is_after { &mut item.after } else { &mut item.before }) = Some(value);
        }
    }
    items.into_values().map(|item| (item, None)).collect()
}

fn collect(value: &Value, steps: &[&str], path: String, found: &mut Vec<(String, Value)>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push((path, value.clone()));
        return;
    };
    match (value, *step) {
        (Value::Array(elements), "[]") => {
            for (index, element) in elements.iter().enumerate() {
                let label = element_name(element).unwrap_or_else(|| index.to_string());
                collect(element, rest, format!("{path}[{label}]"), found);
            }
        }
        (Value::Object(object), "[]") => {
            for (key, value) in object {
                collect(value, rest, format!("{path}[{key}]"), found);
            }
        }
        (Value::Object(object), _) => collect_property(object, steps, path, found),
        _ => {}
    }
}

fn collect_property(
    object: &Map<String, Value>,
    steps: &[&str],
    path: String,
    found: &mut Vec<(String, Value)>,
) {
    let Some((step, rest)) = steps.split_first() else { return };
    let entry = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(step));
    if let Some((key, value)) = entry {
        let dot = if path.is_empty() { "" } else { "." };
        collect(value, rest, format!("{path}{dot}{key}"), found);
    }
}

/// A value of a place of the table without its secrets, nothing if it is part of one.
fn shown(change: &ResourceChange, row: &[&str], value: &Value) -> Option<Value> {
    if !catalog::mutability::hides(&change.kind) {
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
fn facts(change: &ResourceChange, row: &[&str]) -> Facts {
    row.iter().fold(catalog::mutability::facts(&change.kind), |facts, step| step_to(facts, step))
}

fn step_to(facts: Facts, step: &str) -> Facts {
    match step {
        "[]" => facts.element(),
        name => facts.property(name),
    }
}

fn element_name(element: &Value) -> Option<String> {
    let named = ["name", "value", "id"].iter().find_map(|key| element.get(key)?.as_str());
    named.or(element.as_str()).map(str::to_owned)
}

/// The range that an address rule or a bare value names.
fn range(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| value.get("value").or_else(|| value.get("id"))?.as_str())
}

/// An identity that goes and comes under its name is the same one in another place.
fn moved(touched: Vec<Settled>) -> Vec<Settled> {
    let ends = |item: &Touched| {
        let name = last_name(item.path.trim_end_matches(']')).to_lowercase();
        (name, item.after.is_some())
    };
    let sides: Vec<_> = touched.iter().map(|(item, _)| ends(item)).collect();
    let other = |(name, comes): (String, bool)| sides.contains(&(name, !comes));
    touched
        .into_iter()
        .map(|(item, settled)| {
            let moved = other(ends(&item)).then_some(Access::Changes);
            (item, settled.or(moved))
        })
        .collect()
}

/// A range that comes inside one that goes narrows access, and the other way round.
fn merge(touched: Vec<Settled>) -> Vec<Settled> {
    let parse = |value: &Option<Value>| value.as_ref().and_then(range).and_then(Addresses::parse);
    let lone = |item: &Touched| match (&item.before, &item.after) {
        (Some(_), None) => Some((false, parse(&item.before)?)),
        (None, Some(_)) => Some((true, parse(&item.after)?)),
        _ => None,
    };
    let ranges: Vec<_> = touched.iter().filter_map(|(item, _)| lone(item)).collect();
    touched
        .into_iter()
        .map(|(item, settled)| {
            let inside = lone(&item).and_then(|(added, inner)| {
                let covered =
                    ranges.iter().any(|(other, outer)| *other != added && outer.contains(inner));
                covered.then_some(if added { Access::Narrows } else { Access::Widens })
            });
            (item, settled.or(inside))
        })
        .collect()
}

fn access(row: &Row, change: &ResourceChange, item: &Touched) -> Option<Access> {
    let lone = matches!(change.action, Action::Create | Action::Delete);
    // What a resource that exists leaves out, Azure sets to the default.
    let default = if lone { None } else { facts(change, &row.steps).default() };
    let (before, after) = (item.before.as_ref().or(default), item.after.as_ref().or(default));
    let access = match &row.rule {
        Rule::To(value) => opened(is(before, value), is(after, value)),
        Rule::From(value) => {
            opened(before.is_some() && !is(before, value), after.is_some() && !is(after, value))
        }
        Rule::System => {
            let (before, after) = (system(before), system(after));
            return (before != after).then(|| opened(before, after));
        }
        Rule::Added => presence(item),
        Rule::Removed => presence(item).flip(),
        Rule::Address => wider(
            before.and_then(range),
            after.and_then(range),
            Addresses::parse,
            Addresses::contains,
        ),
        Rule::Ports => {
            wider(before.and_then(range), after.and_then(range), ports, |outer, inner| {
                outer.0 <= inner.0 && outer.1 >= inner.1
            })
        }
        Rule::Whole => rule_access(item),
        Rule::Lower => match (before.and_then(Value::as_str), after.and_then(Value::as_str)) {
            (Some(before), Some(after)) if after < before => Access::Widens,
            (Some(before), Some(after)) if after > before => Access::Narrows,
            _ => Access::Changes,
        },
        Rule::Any => Access::Changes,
    };
    let access =
        if denies(change, item) && row.rule != Rule::Whole { access.flip() } else { access };
    // Of a new resource only what opens is news, of a deleted one only what closes.
    let news = match change.action {
        Action::Create => access == Access::Widens,
        Action::Delete => access == Access::Narrows,
        _ => true,
    };
    news.then_some(access)
}

fn is(value: Option<&Value>, text: &str) -> bool {
    match value {
        Some(Value::String(value)) => value.eq_ignore_ascii_case(text),
        Some(Value::Bool(value)) => value.to_string() == text,
        _ => false,
    }
}

fn opened(before: bool, after: bool) -> Access {
    match (before, after) {
        (false, true) => Access::Widens,
        (true, false) => Access::Narrows,
        _ => Access::Changes,
    }
}

fn system(value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.to_lowercase().contains("systemassigned")
}

fn presence(item: &Touched) -> Access {
    opened(item.before.is_some(), item.after.is_some())
}

fn wider<T: Copy>(
    before: Option<&str>,
    after: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    contains: impl Fn(T, T) -> bool,
) -> Access {
    let (Some(before), Some(after)) = (before, after) else {
        return opened(before.is_some(), after.is_some());
    };
    match (parse(before), parse(after)) {
        (Some(before), Some(after)) if contains(after, before) => Access::Widens,
        (Some(before), Some(after)) if contains(before, after) => Access::Narrows,
        _ => Access::Changes,
    }
}

/// A whole security rule that comes or goes.
fn rule_access(item: &Touched) -> Access {
    let denies = |value: &Value| {
        let inner = value.get("properties").unwrap_or(value);
        is(inner.get("access"), "Deny")
    };
    let access = presence(item);
    let value = item.after.as_ref().or(item.before.as_ref());
    if value.is_some_and(denies) { access.flip() } else { access }
}

/// Whether the value belongs to a security rule that denies: then a wider range closes.
fn denies(change: &ResourceChange, item: &Touched) -> bool {
    let Some((_, rest)) = item.path.split_once("securityRules[") else {
        return false;
    };
    let Some((name, inner)) = rest.split_once(']') else { return false };
    let side = change.after.as_ref().or(change.before.as_ref());
    let rules = side.and_then(|resource| resource.body.get("properties")?.get("securityRules"));
    let rule = rules.and_then(Value::as_array).and_then(|rules| {
        rules.iter().find(|rule| rule.get("name").and_then(Value::as_str) == Some(name))
    });
    !inner.ends_with(".access")
        && rule
            .and_then(|rule| rule.get("properties"))
            .is_some_and(|rule| is(rule.get("access"), "Deny"))
}

/// A role assignment that comes, goes or changes.
fn role(change: &ResourceChange) -> Option<SecurityChange> {
    if !change.is(ROLE_ASSIGNMENT) {
        return None;
    }
    let told =
        |side: &Option<Shown>| side.as_ref().map(|resource| Value::from(assignment(resource)));
    let (before, after) = (told(&change.before), told(&change.after));
    let access = match (&change.before, &change.after) {
        (None, _) => Access::Widens,
        (_, None) => Access::Narrows,
        (Some(before), Some(after)) => other_role(before, after),
    };
    (before != after).then(|| SecurityChange {
        access,
        area: SecurityKind::Role,
        kind: change.kind.clone(),
        name: change.name.clone(),
        label: "role assignment".to_owned(),
        path: String::new(),
        before,
        after,
    })
}

/// Whether another role of one principal allows more or less.
fn other_role(before: &Resource, after: &Resource) -> Access {
    let (old_role, old_rest) = assigned(before);
    let (new_role, new_rest) = assigned(after);
    match (catalog::role(old_role), catalog::role(new_role)) {
        (Some(old), Some(new)) if old_rest == new_rest && new.includes(&old) => Access::Widens,
        (Some(old), Some(new)) if old_rest == new_rest && old.includes(&new) => Access::Narrows,
        _ => Access::Changes,
    }
}

/// What people call a resource: the last part of its name, or what a role assignment allows.
pub fn title(resource: &Resource) -> String {
    if resource.kind.eq_ignore_ascii_case(ROLE_ASSIGNMENT) {
        assignment(resource)
    } else {
        last_name(&resource.name).to_owned()
    }
}

/// `AcrPull for vision-id on visionacr`.
fn assignment(resource: &Resource) -> String {
    let (role, rest) = assigned(resource);
    format!("{role} {rest}")
}

/// A role, and for whom and on what it is assigned.
fn assigned(resource: &Resource) -> (&str, String) {
    let property = |key: &str| {
        resource.body.get("properties").and_then(|properties| properties.get(key)?.as_str())
    };
    let definition = property("roleDefinitionId").unwrap_or_default();
    let id = definition.trim_end_matches([')', ']', '\'']).rsplit(['/', '\'']).next();
    let role = match id.and_then(catalog::role_by_id) {
        Some(role) => role.name,
        None => id.unwrap_or(definition),
    };
    let scope = resource.id.to_lowercase().find("/providers/microsoft.authorization/");
    let scope = scope.and_then(|at| resource.id.get(..at)).unwrap_or_default();
    let on = if scope.is_empty() { "its scope" } else { last_name(scope) };
    (role, format!("for {} on {on}", principal(resource, property("principalId"), scope)))
}

/// The name of the identity that a role is assigned to. A symbolic name stands for the one other resource
/// that the assignment waits for.
fn principal<'a>(resource: &'a Resource, id: Option<&'a str>, scope: &str) -> &'a str {
    let Some(id) = id else { return "an unknown principal" };
    let symbolic = id.starts_with('[') && !id.contains('/');
    let mut others = resource.depends_on.iter().filter(|other| !other.eq_ignore_ascii_case(scope));
    match (symbolic, others.next(), others.next()) {
        (true, Some(only), None) => last_name(only),
        _ => last_name(id),
    }
}

/// The last name of an id, of the id inside an expression, or of the resource that it calls for.
fn last_name(text: &str) -> &str {
    if !text.starts_with('[') {
        return text.rsplit('/').find(|part| !part.is_empty()).unwrap_or(text);
    }
    let call = text.split_once("resourceId(").and_then(|(_, rest)| rest.split_once(')'));
    if let Some((arguments, _)) = call
        && let Some(name) = arguments.split('\'').rev().nth(1)
    {
        return name;
    }
    let quoted = || text.split('\'').skip(1).step_by(2);
    let id = quoted().find(|part| part.contains('/')).or_else(|| quoted().next()).unwrap_or(text);
    id.rsplit('/').find(|part| !part.is_empty()).unwrap_or(text)
}
