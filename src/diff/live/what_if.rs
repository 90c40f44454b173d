//! Reads what `az deployment group what-if --no-pretty-print` prints, and what the REST API answers.

use serde_json::Value;

use super::{Delta, Knowledge, Live, LiveResource};
use crate::arm::evaluate::Evaluated;

/// A forecast of one stage, as JSON.
#[derive(Debug, Clone, Copy)]
pub struct Forecast<'a> {
    /// The stage that it is of, as the user names it.
    pub stage: &'a str,
    /// What Azure said.
    pub json: &'a Value,
}

/// Reads a forecast. The CLI prints the changes at the top, the REST API below `properties`. `Err` says why it is
/// none.
pub fn forecast(forecast: Forecast<'_>) -> Result<Live, String> {
    let Forecast { stage, json } = forecast;
    let body = json.get("properties").filter(|_| json.get("changes").is_none()).unwrap_or(json);
    if let Some(error) =
        [json, body].iter().find_map(|part| part.get("error")).filter(|it| !it.is_null())
    {
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
        return Err(format!(
            "Azure could not create the forecast: {} {}",
            text("code"),
            text("message")
        ));
    }
    let Some(changes) = body.get("changes").and_then(Value::as_array) else {
        return Err("it has no `changes`, so it is not a forecast".to_owned());
    };
    let mut live = Live { stages: [stage.into()].into(), ..Live::default() };
    for (index, change) in changes.iter().enumerate() {
        live.resources.extend(resource(change).map_err(|why| format!("change {index}: {why}"))?);
    }
    let potential = body.get("potentialChanges").and_then(Value::as_array);
    for change in potential.into_iter().flatten() {
        let id = change.get("resourceId").and_then(Value::as_str).unwrap_or("a resource");
        let name = id.rsplit('/').next().unwrap_or(id);
        live.notes.push(format!("`{name}`: its condition is evaluated only during the deployment"));
    }
    let diagnostics = body.get("diagnostics").and_then(Value::as_array);
    for diagnostic in diagnostics.into_iter().flatten() {
        let text = |key: &str| diagnostic.get(key).and_then(Value::as_str).unwrap_or_default();
        live.notes.push(format!("{}: {}", text("code"), text("message")));
    }
    Ok(live)
}

fn resource(change: &Value) -> Result<Option<LiveResource>, String> {
    let text = |key: &str| change.get(key).and_then(Value::as_str);
    let Some(change_type) = text("changeType") else {
        return Err("it has no `changeType`".to_owned());
    };
    // A resource of an extension has identifiers of its own and no id.
    let Some(id) = text("resourceId") else { return Ok(None) };
    let deltas = || -> Result<Vec<Delta>, String> {
        let deltas = change.get("delta").and_then(Value::as_array);
        deltas.into_iter().flatten().map(delta).collect()
    };
    let knowledge = match change_type {
        "Create" => Knowledge::Absent,
        "NoChange" | "NoEffect" => Knowledge::AsRendered,
        "Ignore" | "Delete" => Knowledge::Untouched,
        "Modify" if change.get("delta").is_none_or(Value::is_null) => Knowledge::Untold(
            "Azure changes it, but the forecast contains only IDs and no details".to_owned(),
        ),
        "Modify" => Knowledge::Differs(deltas()?),
        "Deploy" => Knowledge::Untold(
            "Azure deploys it, but the forecast contains only IDs and no details".to_owned(),
        ),
        "Unsupported" => {
            let why = text("unsupportedReason").filter(|why| !why.is_empty());
            Knowledge::Untold(format!(
                "the forecast ignores it: {}",
                why.unwrap_or("Azure returned no reason")
            ))
        }
        other => return Err(format!("`{other}` is not a documented `changeType`")),
    };
    Ok(Some(LiveResource { id: id.to_owned(), knowledge }))
}

fn delta(json: &Value) -> Result<Delta, String> {
    let Some(path) = json.get("path").and_then(Value::as_str) else {
        return Err("a property change has no `path`".to_owned());
    };
    let kind = json.get("propertyChangeType").and_then(Value::as_str).unwrap_or_default();
    if !["Array", "Create", "Delete", "Modify", "NoEffect"].contains(&kind) {
        return Err(format!("`{kind}` is not a documented `propertyChangeType`"));
    }
    let children = json.get("children").and_then(Value::as_array);
    Ok(Delta {
        path: path.to_owned(),
        only_live: kind == "Delete",
        only_rendered: kind == "Create",
        no_effect: kind == "NoEffect",
        before: json.get("before").filter(|value| !value.is_null()).map(Evaluated::from_plain),
        children: children.into_iter().flatten().map(delta).collect::<Result<_, _>>()?,
    })
}
