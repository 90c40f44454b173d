//! The review for machines: the names of what-if, with verdicts and `replacePaths` besides.

use serde_json::{Map, Value, json};

use super::{Fleet, Level};
use crate::catalog::mutability::Verdict;
use crate::diff::{
    Action, Diff, FileState, Pairing, PropertyChange, PropertyChangeType, ResourceChange, Segment,
    path_text,
};
use crate::expand::Resource;

/// Version of the format; it grows when a field changes its meaning or goes.
const VERSION: u32 = 1;

/// One config: its changes, and everything about it that is no resource.
pub(super) fn config(name: &str, diff: &Diff) -> Value {
    let changes: Vec<Value> =
        diff.resources.iter().flat_map(|change| change_entries(name, change)).collect();
    let counts: Map<String, Value> = Action::ALL
        .into_iter()
        .map(|action| (action_name(action).to_owned(), Value::from(diff.count(action))))
        .collect();
    json!({
        "changes": changes,
        "config": {
            "name": name,
            "isNew": !diff.sides.0,
            "isGone": !diff.sides.1,
            "counts": counts,
            "exitCode": diff.detailed_exit_code(),
            "security": diff.security.iter().map(security).collect::<Vec<_>>(),
            "capacity": capacity(diff),
            "files": files(diff),
            "findings": diff.findings.iter().map(|finding| json!({
                "code": finding.code,
                "severity": finding.severity,
                "title": finding.title,
                "reason": finding.reason,
                "help": finding.help,
            })).collect::<Vec<_>>(),
            "noise": diff.noise,
        },
    })
}

/// All configs of a run: changes in one list, as what-if has them.
pub(super) fn fleet(fleet: &Fleet, configs: &[Value]) -> Value {
    let changes: Vec<&Value> =
        configs.iter().filter_map(|config| config["changes"].as_array()).flatten().collect();
    let level = |index: usize| fleet.answers.get(index).map_or(Level::Calm, |answer| answer.level);
    json!({
        "version": VERSION,
        "status": if fleet.without == 0 { "Succeeded" } else { "Failed" },
        "summary": {
            "configs": fleet.total,
            "changedConfigs": if fleet.many { fleet.changed } else {
                usize::from(fleet.reviews.iter().any(|review| !review.empty))
            },
            "failedConfigs": fleet.without,
            "counts": fleet.counts.iter()
                .map(|count| (action_name(count.action).to_owned(), Value::from(count.count)))
                .collect::<Map<_, _>>(),
            "replacesOrDeletes": level(0) > Level::Calm,
            "accessWidens": level(1) == Level::Danger,
            "costRises": fleet.answers.get(2).is_some_and(|answer| answer.word == "RISES"),
            "detailedExitCode": fleet.detailed_exit_code(),
        },
        "changes": changes,
        "configs": configs.iter().map(|config| &config["config"]).collect::<Vec<_>>(),
    })
}

fn action_name(action: Action) -> &'static str {
    match action {
        Action::Refused => "refused",
        Action::Delete => "delete",
        Action::Replace => "replace",
        Action::EmptyPool => "emptyPool",
        Action::Create => "create",
        Action::Modify => "modify",
        Action::NoChange => "noChange",
    }
}

/// What-if knows no replacement: a resource under a new id is one that comes and one that goes.
fn change_entries(config: &str, change: &ResourceChange) -> Vec<Value> {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    if change.pairing == Pairing::Same {
        let change_type = match change.action {
            Action::Create => "Create",
            Action::Delete => "Delete",
            Action::NoChange => "NoChange",
            _ => "Modify",
        };
        return vec![entry(config, change, change_type, &change.id, (before, after))];
    }
    let old_id = before.map_or("", |before| before.id.as_str());
    let mut create = entry(config, change, "Create", &change.id, (None, after));
    let mut delete = entry(config, change, "Delete", old_id, (before, None));
    create["replaces"] = Value::from(old_id);
    delete["replacedBy"] = Value::from(change.id.as_str());
    if let Some(before) = before {
        delete["name"] = Value::from(before.name.as_str());
        delete["stage"] = Value::from(before.stage.as_str());
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
        "action": action_name(change.action),
        "sign": change.action.sign(),
        "verdict": change.verdict,
        "consequence": change.consequence,
        "advice": change.advice,
        "rule": change.rule,
        "pairing": match &change.pairing {
            Pairing::Same => "same",
            Pairing::Renamed => "renamed",
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
    whole.extend(resource.body.clone());
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
