//! Changes of who may do or reach what, lifted out of the properties.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::affected::{AffectedValue, affected, collect_property, facts};
use super::change::{Action, Redacted, Removal, ResourceChange};
use super::cidr::{Addresses, ports};
use super::roles::{last_part, role};
use crate::arm::evaluate::Evaluated;
use crate::catalog::SECURITY as TABLE;

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
    pub before: Option<Evaluated>,
    /// The new value.
    pub after: Option<Evaluated>,
    /// It narrows once somebody deletes the old resource, which a deployment leaves as it is.
    pub once_deleted: bool,
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

pub(super) struct Row {
    kind: &'static str,
    pub(super) steps: Vec<&'static str>,
    /// How many steps lead to a part without which the value is nothing; 0 where the default holds then.
    pub(super) part: usize,
    rule: Rule,
    /// The property beside the list that lets everybody in while it is `Allow`.
    wall: Option<&'static str>,
    area: SecurityKind,
    label: &'static str,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    TABLE
        .rows()
        .map(|row| {
            let [kind, path, rule, area, label] = row.cells();
            let (name, detail) = rule.split_once(':').unwrap_or((rule, ""));
            let part = path.split_once('?').map_or(0, |(part, _)| steps(part).len());
            let wall =
                (matches!(name, "added" | "address") && !detail.is_empty()).then_some(detail);
            let (rule, area) = (parse_rule(name, detail), parse_area(area));
            Row { kind, steps: steps(path), part, rule, wall, area, label }
        })
        .collect()
});

fn steps(path: &'static str) -> Vec<&'static str> {
    path.split('.')
        .map(|step| step.trim_end_matches('?'))
        .flat_map(|step| match step.strip_suffix("[]") {
            Some(name) => vec![name, "[]"],
            None => vec![step],
        })
        .collect()
}

fn parse_rule(name: &str, value: &'static str) -> Rule {
    match name {
        "to" => Rule::To(value),
        "from" => Rule::From(value),
        "added" => Rule::Added,
        "removed" => Rule::Removed,
        "address" => Rule::Address,
        "ports" => Rule::Ports,
        "rule" => Rule::Whole,
        "lower" => Rule::Lower,
        "system" => Rule::System,
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

/// The changes of access in these resources, what widens first.
pub(super) fn security(changes: &[ResourceChange]) -> Vec<SecurityChange> {
    let mut found = Vec::new();
    for change in changes.iter().filter(|change| change.action != Action::NoChange) {
        found.extend(role(change));
        let rows: Vec<&'static Row> =
            ROWS.iter().filter(|row| row.kind == "*" || change.is(row.kind)).collect();
        let mut told: Vec<String> = Vec::new();
        // Rows of one label name one thing that is written in several ways.
        for rows in rows.chunk_by(|a, b| a.label == b.label) {
            let affected = rows.iter().flat_map(|row| affected(change, row)).collect();
            for item in settle(&rows[0].rule, rows[0].area, affected) {
                found.extend(told_once(change, item, &mut told));
            }
        }
    }
    found.sort_by_key(|change| change.access);
    found
}

/// The change of access that a value makes. Of a rule or an endpoint that comes or goes whole, its parts
/// are no news.
fn told_once(
    change: &ResourceChange,
    item: AffectedValue,
    told: &mut Vec<String>,
) -> Option<SecurityChange> {
    if told.iter().any(|whole| item.path.starts_with(whole.as_str())) {
        return None;
    }
    let row = item.row;
    if item.one_sided().is_some() && row.steps.ends_with(&["[]"]) {
        told.push(format!("{}.", item.path));
        told.push(format!("{}[", item.path));
    }
    let access = behind_wall(change, &item, item.settled.or_else(|| access(change, &item)))?;
    let stays = change.removal.is_some_and(|removal| removal != Removal::ByDeployment);
    let once_deleted = stays && access == Access::Narrows;
    // What somebody deletes is the old resource.
    let named = change.before.as_ref().filter(|_| once_deleted);
    Some(SecurityChange {
        access,
        area: row.area,
        kind: change.kind.clone(),
        name: named.map_or(&change.name, |before| &before.name).clone(),
        label: row.label.to_owned(),
        path: item.path,
        before: item.before,
        after: item.after,
        once_deleted,
    })
}

/// Decides what only the values of one thing together tell.
fn settle(rule: &Rule, area: SecurityKind, affected: Vec<AffectedValue>) -> Vec<AffectedValue> {
    match (rule, area) {
        (Rule::Address, _) => merge(without_rewritten(affected)),
        (Rule::Ports, _) => without_rewritten(affected),
        (Rule::Added, SecurityKind::Identity) => moved(affected),
        (Rule::Whole, _) => renamed(affected),
        _ => affected,
    }
}

/// The range that an address rule or a bare value names.
fn range(value: &Evaluated) -> Option<Cow<'_, str>> {
    value.written().or_else(|| value.get("value").or_else(|| value.get("id"))?.written())
}

/// An identity that goes and comes under its name is the same one in another place.
fn moved(mut affected: Vec<AffectedValue>) -> Vec<AffectedValue> {
    let ends = |item: &AffectedValue| {
        let name = last_part(item.path.trim_end_matches(']')).to_lowercase();
        (name, item.after.is_some())
    };
    let sides: Vec<_> = affected.iter().map(ends).collect();
    for item in &mut affected {
        let (name, comes) = ends(item);
        if sides.contains(&(name, !comes)) {
            item.settled = Some(Access::Changes);
        }
    }
    affected
}

/// A rule that goes and comes with another name or priority and lets through what it did.
fn renamed(mut affected: Vec<AffectedValue>) -> Vec<AffectedValue> {
    let content = |item: &AffectedValue| {
        let (value, comes) = item.one_sided()?;
        let rule = value.get("properties").unwrap_or(value).as_object()?;
        let key = |key: &&String| !["name", "id", "etag", "priority"].contains(&key.as_str());
        let mut parts: Vec<String> = rule
            .iter()
            .filter(|(name, _)| key(name))
            .map(|(name, value)| format!("{name}:{value}").to_lowercase())
            .collect();
        parts.sort_unstable();
        Some((parts, comes))
    };
    let sides: Vec<_> = affected.iter().filter_map(content).collect();
    for item in &mut affected {
        if content(item).is_some_and(|(parts, comes)| sides.contains(&(parts, !comes))) {
            item.settled = Some(Access::Changes);
        }
    }
    affected
}

/// A range that one element writes in another way, alone or in a list, lets through what it did.
fn without_rewritten(affected: Vec<AffectedValue>) -> Vec<AffectedValue> {
    let ends = |item: &AffectedValue| {
        let (value, comes) = item.one_sided()?;
        Some((item.element().to_owned(), range(value)?.to_lowercase(), comes))
    };
    let sides: Vec<_> = affected.iter().filter_map(ends).collect();
    let rewritten = |item: &AffectedValue| {
        ends(item).is_some_and(|(element, range, comes)| sides.contains(&(element, range, !comes)))
    };
    affected.into_iter().filter(|item| !rewritten(item)).collect()
}

/// A range that comes inside one that goes narrows access, and the other way round.
fn merge(mut affected: Vec<AffectedValue>) -> Vec<AffectedValue> {
    let one_sided = |item: &AffectedValue| {
        let (value, comes) = item.one_sided()?;
        Some((comes, range(value).and_then(|range| Addresses::parse(&range))?))
    };
    let ranges: Vec<_> = affected.iter().filter_map(one_sided).collect();
    for item in &mut affected {
        let Some((added, inner)) = one_sided(item) else { continue };
        if ranges.iter().any(|(other, outer)| *other != added && outer.contains(inner)) {
            item.settled = Some(if added { Access::Narrows } else { Access::Widens });
        }
    }
    affected
}

/// An exception of a firewall means nothing while everybody is let in, and comes and goes with the wall.
fn behind_wall(
    change: &ResourceChange,
    item: &AffectedValue,
    access: Option<Access>,
) -> Option<Access> {
    let row = item.row;
    let Some(wall) = row.wall else { return access };
    let parent = &row.steps[..row.steps.len().saturating_sub(2)];
    let default = facts(change, parent).property(wall).default();
    let open = |side: &Option<Redacted>| {
        let steps: Vec<&str> = parent.iter().copied().chain([wall]).collect();
        let mut found = Vec::new();
        collect_property(&side.as_ref()?.whole().body, &steps, "", &mut found);
        let value = found.first().map(|(_, value)| value).filter(|value| !value.is_null());
        Some(is(value.or(default), "Allow"))
    };
    let (before, after) = (open(&change.before), open(&change.after));
    match (before.or(after)?, after.or(before)?) {
        (true, true) => None,
        (false, false) => access,
        (before, after) => Some(opened(before, after)),
    }
}

fn access(change: &ResourceChange, item: &AffectedValue) -> Option<Access> {
    let row = item.row;
    let one_sided =
        matches!(change.action, Action::Create | Action::Delete | Action::Retire) || item.whole;
    // What a resource that exists leaves out, Azure sets to the default.
    let default = if one_sided { None } else { facts(change, &row.steps).default() };
    let (before, after) = (item.before.as_ref().or(default), item.after.as_ref().or(default));
    if before == after {
        return None;
    }
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
            before.and_then(range).as_deref(),
            after.and_then(range).as_deref(),
            Addresses::parse,
            Addresses::contains,
        ),
        Rule::Ports => wider(
            before.and_then(range).as_deref(),
            after.and_then(range).as_deref(),
            ports,
            |outer, inner| outer.0 <= inner.0 && outer.1 >= inner.1,
        ),
        Rule::Whole => rule_access(item),
        Rule::Lower => {
            match (before.and_then(Evaluated::as_str), after.and_then(Evaluated::as_str)) {
                (Some(before), Some(after)) if after < before => Access::Widens,
                (Some(before), Some(after)) if after > before => Access::Narrows,
                _ => Access::Changes,
            }
        }
        Rule::Any => Access::Changes,
    };
    let flips = row.rule != Rule::Whole && denies(change, item);
    let access = if flips { access.flip() } else { access };
    is_news(change, item, access).then_some(access)
}

/// Of what is new only what opens is news, of what is gone only what closes.
fn is_news(change: &ResourceChange, item: &AffectedValue, access: Access) -> bool {
    match change.action {
        Action::Create => access == Access::Widens,
        Action::Delete | Action::Retire => access == Access::Narrows,
        _ if item.whole && item.row.rule != Rule::Any => {
            access == if item.after.is_some() { Access::Widens } else { Access::Narrows }
        }
        _ => true,
    }
}

fn is(value: Option<&Evaluated>, text: &str) -> bool {
    value.is_some_and(|value| value.is_word(text))
}

fn opened(before: bool, after: bool) -> Access {
    match (before, after) {
        (false, true) => Access::Widens,
        (true, false) => Access::Narrows,
        _ => Access::Changes,
    }
}

fn system(value: Option<&Evaluated>) -> bool {
    let text = value.and_then(Evaluated::as_str).unwrap_or_default();
    text.to_lowercase().contains("systemassigned")
}

fn presence(item: &AffectedValue) -> Access {
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
fn rule_access(item: &AffectedValue) -> Access {
    let denies = |value: &Evaluated| {
        let inner = value.get("properties").unwrap_or(value);
        is(inner.get("access"), "Deny")
    };
    let access = presence(item);
    let value = item.after.as_ref().or(item.before.as_ref());
    if value.is_some_and(denies) { access.flip() } else { access }
}

/// Whether the value belongs to a security rule that denies: then a wider range closes.
fn denies(change: &ResourceChange, item: &AffectedValue) -> bool {
    let Some((_, rest)) = item.path.split_once("securityRules[") else {
        return false;
    };
    let Some((name, inner)) = rest.split_once(']') else { return false };
    let side = change.after.as_ref().or(change.before.as_ref());
    let rules = side.and_then(|resource| resource.body.get("properties")?.get("securityRules"));
    let rule = rules.and_then(Evaluated::as_array).and_then(|rules| {
        rules.iter().find(|rule| {
            rule.get("name").and_then(Evaluated::written).is_some_and(|own| own == name)
        })
    });
    !inner.ends_with(".access")
        && rule
            .and_then(|rule| rule.get("properties"))
            .is_some_and(|rule| is(rule.get("access"), "Deny"))
}
