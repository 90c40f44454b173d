//! What `terraform show -json` prints, a state or a plan with the values that are planned, and a state file.

use serde_json::{Map, Value, json};

use super::resource::{CERTIFICATE, JOB, PACKAGE};
use super::{Becomes, Companion, Sources};
use crate::migrate::File;
use crate::migrate::ledger::{SourcePool, region};

/// Deepest nesting of modules.
const DEEPEST: usize = 32;

pub(super) fn state(file: &File, state: &Value, sources: &mut Sources) {
    let values = state.get("values").or_else(|| state.get("planned_values"));
    if let Some(root) = values.and_then(|values| values.get("root_module")) {
        module(file, root, sources, 0);
    }
    // A state file as it lies on the disk has instances with attributes.
    for resource in state.get("resources").and_then(Value::as_array).into_iter().flatten() {
        let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
        let instances = resource.get("instances").and_then(Value::as_array);
        for instance in instances.into_iter().flatten() {
            let shown = json!({
                "address": format!("{}.{}", text("type"), text("name")),
                "mode": text("mode"), "type": text("type"), "values": instance["attributes"],
            });
            one(file, &shown, sources);
        }
    }
}

fn module(file: &File, module_value: &Value, sources: &mut Sources, depth: usize) {
    let list = |key: &str| module_value.get(key).and_then(Value::as_array).into_iter().flatten();
    for resource in list("resources") {
        one(file, resource, sources);
    }
    if depth < DEEPEST {
        for child in list("child_modules") {
            module(file, child, sources, depth + 1);
        }
    }
}

fn one(file: &File, resource: &Value, sources: &mut Sources) {
    let text = |key: &str| resource.get(key).and_then(Value::as_str).unwrap_or_default();
    let empty = Map::new();
    let values = resource.get("values").and_then(Value::as_object).unwrap_or(&empty);
    let value = |key: &str| values.get(key).and_then(Value::as_str);
    let what = format!("`{}`", text("address"));
    let becomes = match text("type") {
        "azurerm_batch_pool" if text("mode") != "data" => {
            let mut pool = SourcePool::new(&file.name);
            pool.take_all("terraform", &Value::Object(values.clone()));
            sources.pools.push(pool);
            return;
        }
        "azurerm_batch_account" => {
            let account = &mut sources.account;
            account.account = value("name").map(str::to_owned);
            account.location = value("location").map(region);
            account.group = value("resource_group_name").map(str::to_owned);
            Becomes::Stays(
                "the config uses this account and does not create it (`batch.account`). It stays in Terraform"
                    .into(),
            )
        }
        "azurerm_batch_job" => Becomes::Step(JOB.into()),
        "azurerm_batch_certificate" => Becomes::Step(CERTIFICATE.into()),
        "azurerm_batch_application" => Becomes::Step(PACKAGE.into()),
        _ => Becomes::Stays("it is not a pool: it stays in Terraform".into()),
    };
    let pool = value("batch_pool_id").and_then(|id| id.rsplit('/').next()).map(str::to_owned);
    sources.companions.push(Companion { file: file.name.clone(), what, pool, becomes });
}
