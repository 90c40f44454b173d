//! Reads what plain GETs print: `az resource show`, and `az batch pool show` for what has no forecast.

use serde_json::{Map, Value};

use super::{Knowledge, LiveResource};
use crate::arm::evaluate::{Evaluated, Properties};
use crate::catalog::pool_properties;
use crate::diff::RenderState;
use crate::diff::judge::POOL;

/// What identifies a resource and is no part of its body.
const NOT_BODY: [&str; 6] = ["id", "name", "type", "apiVersion", "etag", "resourceGroup"];

/// The resources of one file: an object, or a list of them. A pool of the data plane does not know its account, so
/// it is looked for in the renders by its id. `Err` says why the file tells of no resource.
pub fn resources_of(
    json: &Value,
    previous: Option<&RenderState>,
    new: &RenderState,
) -> Result<Vec<LiveResource>, String> {
    let objects = match json {
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    };
    let renders = [Some(new), previous];
    objects.into_iter().map(|object| resource(object, &renders)).collect()
}

fn resource(json: &Value, renders: &[Option<&RenderState>]) -> Result<LiveResource, String> {
    let Some(object) = json.as_object() else { return Err("it is not a JSON object".to_owned()) };
    let text = |key: &str| object.get(key).and_then(Value::as_str);
    match (text("id"), text("type")) {
        (Some(id), Some(_)) if id.starts_with('/') => {
            let own = object.iter();
            let own =
                own.filter(|(key, value)| !NOT_BODY.contains(&key.as_str()) && !value.is_null());
            let body =
                own.map(|(key, value)| (key.clone(), Evaluated::from_plain(value))).collect();
            Ok(LiveResource { id: id.to_owned(), knowledge: Knowledge::Body(body) })
        }
        (Some(id), _) if object.contains_key("vmSize") => {
            let pools = renders.iter().flatten().flat_map(|state| &state.resources);
            let known = pools.into_iter().find(|pool| {
                pool.kind.eq_ignore_ascii_case(POOL)
                    && pool
                        .name
                        .rsplit('/')
                        .next()
                        .is_some_and(|name| name.eq_ignore_ascii_case(id))
            });
            let Some(pool) = known else { return Err(format!("no render contains a pool `{id}`")) };
            Ok(LiveResource { id: pool.id.clone(), knowledge: Knowledge::Body(body_of_pool(json)) })
        }
        _ => {
            Err("it is neither a resource (`id` and `type`) nor a pool (`id` and `vmSize`)"
                .to_owned())
        }
    }
}

/// A pool of the data plane as the body of its resource.
fn body_of_pool(json: &Value) -> Properties {
    let scales = json.get("enableAutoScale").and_then(Value::as_bool) == Some(true);
    let mut body = Value::Object(Map::new());
    for property in pool_properties() {
        let other_scale = if scales { "/fixedScale/" } else { "/autoScale/" };
        let Some(value) = json.pointer(property.data_plane).filter(|value| !value.is_null()) else {
            continue;
        };
        if property.resource.contains(other_scale) {
            continue;
        }
        let value = match value {
            Value::Bool(true) if property.is_enabled => Value::from("Enabled"),
            Value::Bool(false) if property.is_enabled => Value::from("Disabled"),
            other => other.clone(),
        };
        set(&mut body, property.resource, value);
    }
    by_id(&mut body);
    match Evaluated::from_plain(&body) {
        Evaluated::Object(body) => body,
        _ => Properties::default(),
    }
}

/// The data plane lists identities; the resource has a map of them by ID.
fn by_id(body: &mut Value) {
    let Some(identities) = body.pointer_mut("/identity/userAssignedIdentities") else { return };
    let Value::Array(listed) = identities else { return };
    let ids = listed.iter().filter_map(|identity| identity.get("resourceId")?.as_str());
    *identities = ids.map(|id| (id.to_owned(), Value::Object(Map::new()))).collect();
}

fn set(body: &mut Value, pointer: &str, value: Value) {
    let mut current = body;
    for key in pointer.split('/').skip(1) {
        let Value::Object(object) = current else { return };
        current = object.entry(key.to_owned()).or_insert_with(|| Value::Object(Map::new()));
    }
    *current = value;
}
