//! The review for machines: the names of what-if, with verdicts and `replacePaths` besides.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::answers::{self, Level, Question, Verdict as AnswerVerdict};
use super::fleet::Fleet;
use super::section::Body;
use crate::catalog::mutability::Verdict;
use crate::diagnostic::Diagnostic;
use crate::diff::{
    Action, Diff, FileState, Pairing, PropertyChange, PropertyChangeType, ResourceChange, Segment,
    Sides, path_text,
};
use crate::expand::Resource;
use crate::report::Report;
use crate::report::store::{Kept, Store};
use crate::report::written::Piece;

/// Version of the format; it grows when a field changes its meaning or goes.
const VERSION: u32 = 1;
/// What stands between two objects of a list.
const NEXT: &str = ",\n    ";

/// The objects of one config, as they stand in the lists of the whole.
#[derive(Debug)]
pub(super) struct Texts {
    /// Any number of them; empty when there is none.
    changes: Kept,
    config: Kept,
}

/// One config: its changes, and everything about it that is no resource.
pub(super) fn texts(name: &str, diff: &Diff, store: &Store) -> Texts {
    let changes = diff.resources.iter().flat_map(|change| change_entries(name, change));
    let counts: Map<String, Value> = Action::ALL
        .into_iter()
        .map(|action| (action.name().to_owned(), Value::from(diff.count(action))))
        .collect();
    let config = json!({
        "name": name,
        "isNew": diff.sides == Sides::New,
        "isGone": diff.sides == Sides::Previous,
        "counts": counts,
        "exitCode": diff.detailed_exit(),
        "answers": answers::answers(diff),
        "security": diff.security.iter().map(security).collect::<Vec<_>>(),
        "capacity": capacity(diff),
        "poolIds": diff.pool_ids.iter()
            .map(|(base, id)| (base.clone(), Value::from(id.as_str())))
            .collect::<Map<_, _>>(),
        "files": files(diff),
        "findings": diff.findings.iter().enumerate().map(|(index, finding)| json!({
            "origin": diff.finding_origins.get(index),
            "code": finding.code,
            "severity": finding.severity,
            "title": finding.title,
            "reason": finding.reason,
            "help": finding.help,
        })).collect::<Vec<_>>(),
        "noise": diff.noise,
        "live": diff.live.as_ref().map(|live| json!({
            "drift": live.drift.as_ref().map(|drift| drift.iter().map(|change| json!({
                "resourceId": change.id,
                "resourceType": change.kind,
                "name": change.name,
                "changeType": match change.action {
                    Action::Create => "Create",
                    Action::Delete | Action::Retire => "Delete",
                    _ => "Modify",
                },
                "delta": delta(change.properties.iter().map(|one| (&one.path[..], one))),
            })).collect::<Vec<_>>()),
            "hidden": live.hidden,
            "unseen": live.unseen,
            "ignored": live.ignored,
        })),
    });
    let changes: Vec<String> = changes.map(|change| element(&change)).collect();
    Texts { changes: store.put(changes.join(NEXT)), config: store.put(element(&config)) }
}

/// An element of a list of the whole: no string of JSON holds a line end as such.
fn element(value: &Value) -> String {
    pretty(value).split('\n').collect::<Vec<_>>().join("\n    ")
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a JSON value can be written")
}

/// All configs of a run: changes in one list, as what-if has them.
pub(super) fn report(fleet: Fleet, store: Arc<Store>) -> Result<Report, Box<Diagnostic>> {
    let mut head = pretty(&head(&fleet, &store)?);
    head.truncate(head.len() - "\n}".len());
    let (mut changes, mut configs) = (Vec::new(), Vec::new());
    for section in fleet.sections {
        if let Body::Json(texts) = section.body {
            changes.push(texts.changes);
            configs.push(texts.config);
        }
    }
    let (mut pieces, mut parts) = (vec![Piece::Own(head)], Vec::new());
    for (name, mut objects) in [("changes", changes), ("configs", configs)] {
        objects.retain(|objects| objects.len() > 0);
        let (start, end) = if objects.is_empty() { ("", "") } else { ("\n    ", "\n  ") };
        pieces.push(Piece::Own(format!(",\n  \"{name}\": [{start}")));
        for (index, objects) in objects.into_iter().enumerate() {
            if index > 0 {
                pieces.push(Piece::Own(NEXT.to_owned()));
            }
            pieces.push(Piece::Part(parts.len()));
            parts.push(objects);
        }
        pieces.push(Piece::Own(format!("{end}]")));
    }
    pieces.push(Piece::Own("\n}\n".to_owned()));
    Ok(Report::new(pieces, parts, store))
}

fn head(fleet: &Fleet, store: &Store) -> Result<Value, Box<Diagnostic>> {
    let whole = fleet.whole(store)?;
    let of = |question: Question| whole.answers.iter().find(|it| it.question == question);
    let is = |question, verdict| of(question).is_some_and(|answer| answer.verdict == verdict);
    Ok(json!({
        "version": VERSION,
        "status": if fleet.without == 0 { "Succeeded" } else { "Failed" },
        "summary": {
            "configs": whole.total,
            "changedConfigs": if whole.many { whole.changed } else {
                usize::from(fleet.sections.iter().any(|section| !section.brief.empty))
            },
            "failedConfigs": fleet.without,
            "counts": whole.counts.iter()
                .map(|count| (count.action.name().to_owned(), Value::from(count.count)))
                .collect::<Map<_, _>>(),
            "replacesOrDeletes": of(Question::Danger).is_some_and(|it| it.level > Level::Calm),
            "accessWidens": is(Question::Access, AnswerVerdict::Widens),
            "costRises": is(Question::Cost, AnswerVerdict::Rises),
            "answers": whole.answers,
            "detailedExitCode": fleet.detailed_exit(),
        },
    }))
}

/// What-if knows no replacement: a resource under a new id is one that comes and one that goes.
fn change_entries(config: &str, change: &ResourceChange) -> Vec<Value> {
    let (before, after) = (change.before.as_deref(), change.after.as_deref());
    if change.pairing == Pairing::Same {
        let change_type = match change.action {
            Action::Create => "Create",
            Action::Delete | Action::Retire => "Delete",
            Action::NoChange => "NoChange",
            _ => "Modify",
        };
        return vec![entry(config, change, change_type, &change.id, (before, after))];
    }
    let old_id = before.map_or("", |before| before.id.as_str());
    let mut create = entry(config, change, "Create", &change.id, (None, after));
    if change.action == Action::Beside {
        create["beside"] = Value::from(old_id);
        return vec![create];
    }
    let mut delete = entry(config, change, "Delete", old_id, (before, None));
    create["replaces"] = Value::from(old_id);
    delete["replacedBy"] = Value::from(change.id.as_str());
    if let Some(before) = before {
        delete["name"] = Value::from(before.name.as_str());
        delete["stage"] = json!(before.stage);
    }
    delete["delta"] = json!([]);
    vec![create, delete]
}

fn entry(
    config: &str,
    change: &ResourceChange,
    change_type: &str,
    id: &str,
    (before, after): (Option<&Resource>, Option<&Resource>),
) -> Value {
    let replaced: Vec<String> = change
        .properties
        .iter()
        .filter(|property| property.verdict == Verdict::Replace)
        .map(|property| path_text(&property.path))
        .collect();
    json!({
        "config": config,
        "resourceId": id,
        "resourceType": change.kind,
        "name": change.name,
        "stage": change.stage,
        "changeType": change_type,
        "action": change.action.name(),
        "lifecycle": change.lifecycle,
        "removal": change.removal,
        "sign": change.action.sign(),
        "verdict": change.verdict,
        "consequence": change.consequence,
        "advice": change.advice,
        "rule": change.rule,
        "origin": change.origin,
        "pairing": match &change.pairing {
            Pairing::Same => "same",
            Pairing::Renamed => "renamed",
            Pairing::NextVersion => "nextVersion",
            Pairing::BlueGreen { .. } => "blueGreen",
        },
        "before": before.map(resource),
        "after": after.map(resource),
        "delta": delta(change.properties.iter().map(|property| (&property.path[..], property))),
        "replacePaths": replaced,
        "noise": change.noise.total(),
    })
}

fn resource(resource: &Resource) -> Value {
    let mut whole = Map::new();
    whole.insert("id".to_owned(), Value::from(resource.id.as_str()));
    whole.insert("type".to_owned(), Value::from(resource.kind.as_str()));
    whole.insert("apiVersion".to_owned(), Value::from(resource.api_version.as_str()));
    whole.insert("name".to_owned(), Value::from(resource.name.as_str()));
    whole.extend(resource.body_json());
    Value::Object(whole)
}

type Rest<'a> = (&'a [Segment], &'a PropertyChange);

/// Properties as what-if nests them: an array holds its elements, an element its properties.
fn delta<'a>(changes: impl Iterator<Item = Rest<'a>>) -> Vec<Value> {
    let mut groups: Vec<(String, Vec<Rest>)> = Vec::new();
    let mut found = Vec::new();
    for (path, property) in changes {
        let element = path.iter().position(|step| !matches!(step, Segment::Property(_)));
        match element {
            None => found.push(leaf(&path_text(path), property)),
            Some(at) => {
                let array = path_text(&path[..at]);
                let rest = (&path[at..], property);
                match groups.iter_mut().find(|(name, _)| *name == array) {
                    Some((_, group)) => group.push(rest),
                    None => groups.push((array, vec![rest])),
                }
            }
        }
    }
    found.extend(groups.into_iter().map(|(path, group)| {
        json!({
            "path": path,
            "propertyChangeType": "Array",
            "before": null,
            "after": null,
            "children": elements(group),
        })
    }));
    found
}

fn elements(changes: Vec<Rest>) -> Vec<Value> {
    let mut groups: Vec<(String, Vec<Rest>)> = Vec::new();
    let mut found = Vec::new();
    for (path, property) in changes {
        let Some((first, rest)) = path.split_first() else { continue };
        let label = match first {
            Segment::Property(name) | Segment::Named(name) => name.clone(),
            Segment::Index(index) => index.to_string(),
        };
        if rest.is_empty() {
            found.push(leaf(&label, property));
            continue;
        }
        match groups.iter_mut().find(|(name, _)| *name == label) {
            Some((_, group)) => group.push((rest, property)),
            None => groups.push((label, vec![(rest, property)])),
        }
    }
    found.extend(groups.into_iter().map(|(path, group)| {
        json!({
            "path": path,
            "propertyChangeType": "Modify",
            "before": null,
            "after": null,
            "children": delta(group.into_iter()),
        })
    }));
    found
}

fn leaf(path: &str, property: &PropertyChange) -> Value {
    let change = match property.change {
        PropertyChangeType::Create => "Create",
        PropertyChangeType::Delete => "Delete",
        PropertyChangeType::Modify => "Modify",
        PropertyChangeType::NoEffect => "NoEffect",
    };
    json!({
        "path": path,
        "propertyChangeType": change,
        "before": property.before,
        "after": property.after,
        "children": null,
        "fullPath": path_text(&property.path),
        "verdict": property.verdict,
        "interrupts": property.interrupts,
        "event": property.event,
        "errorCode": property.code,
        "effect": property.effect,
        "advice": property.advice,
        "confidence": property.confidence,
        "source": property.source,
        "checked": property.checked,
        "origin": property.origin,
        "reset": property.reset,
        "resetTo": property.reset_to,
    })
}

fn security(change: &crate::diff::SecurityChange) -> Value {
    json!({
        "access": change.access,
        "area": change.area,
        "resourceType": change.kind,
        "name": change.name,
        "label": change.label,
        "path": change.path,
        "before": change.before,
        "after": change.after,
        "onceDeleted": change.once_deleted,
    })
}

fn capacity(diff: &Diff) -> Value {
    let capacity = &diff.capacity;
    json!({
        "before": capacity.before,
        "after": capacity.after,
        "families": capacity.families.iter().map(|family| json!({
            "family": family.family,
            "before": family.before,
            "after": family.after,
        })).collect::<Vec<_>>(),
        "autoScale": capacity.auto_scale,
        "unknownPools": capacity.unknown,
    })
}

fn files(diff: &Diff) -> Vec<Value> {
    let differs = diff.files.files.iter().filter(|file| file.state != FileState::Unchanged);
    differs
        .map(|file| {
            json!({
                "path": file.path,
                "state": file.state,
                "kind": file.kind,
                "added": file.added,
                "removed": file.removed,
                "formattingOnly": file.formatting_only,
                "diff": if file.kind.is_shown_as_resources() { Value::Null } else {
                    Value::from(file.unified())
                },
            })
        })
        .collect()
}
