use serde_json::{Map, Value, json};

use super::reference::add_images;
use super::variables::deployment_name;
use super::{Imported, note_if, yaml_of};
use crate::catalog;

/// A config from what `az batch pool show` prints.
pub(super) fn from_pool(shown: &Value) -> Imported {
    let mut pool = Pool { shown, notes: Vec::new() };
    let config = pool.config();
    Imported { yaml: yaml_of(&config, "an `az batch pool show`"), notes: pool.notes }
}

/// Whether a JSON value is a pool as the data plane shows it.
pub(super) fn is_pool(value: &Value) -> bool {
    value.get("vmSize").is_some() && value.get("virtualMachineConfiguration").is_some()
}

struct Pool<'a> {
    shown: &'a Value,
    notes: Vec<String>,
}

impl Pool<'_> {
    fn text(&self, pointer: &str) -> Option<&str> {
        self.shown.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn number(&self, pointer: &str) -> u64 {
        self.shown.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
    }

    fn config(&mut self) -> Map<String, Value> {
        let id = self.text("/id").unwrap_or("pool").to_owned();
        let mut config = Map::new();
        config.insert("name".into(), json!(deployment_name(&id)));
        let (account, location) = self.place();
        config.insert("location".into(), json!(location));
        config.insert("resourceGroup".into(), json!("changeme"));
        self.notes
            .push("a pool does not know its resource group: put it in place of `changeme`".into());
        self.images(&mut config);
        config.insert("node".into(), self.node());
        config.insert("gallery".into(), self.gallery());
        if let Some(subnet) = self.text("/networkConfiguration/subnetId") {
            config.insert("network".into(), json!({ "subnetId": subnet }));
        }
        let mut batch = Map::new();
        if let Some(account) = account {
            batch.insert("account".into(), json!({ "create": false, "name": account }));
        }
        batch.insert("pools".into(), json!([self.pool(&id)]));
        config.insert("batch".into(), Value::Object(batch));
        config
    }

    /// Account and region stand in the pool's address, `https://account.region.batch.azure.com/...`.
    fn place(&mut self) -> (Option<String>, String) {
        let host =
            self.text("/url").and_then(|url| url.strip_prefix("https://")).unwrap_or_default();
        let mut parts = host.split('.').map(str::to_owned);
        if let (Some(account), Some(region)) = (parts.next(), parts.next()) {
            return (Some(account), region);
        }
        self.notes.push(
            "the pool has no `url`: `location` is a guess, and the account is created".into(),
        );
        (None, super::variables::DEFAULT_LOCATION.to_owned())
    }

    fn images(&mut self, config: &mut Map<String, Value>) {
        let container = self.shown.pointer("/virtualMachineConfiguration/containerConfiguration");
        let Some(container) = container.filter(|value| !value.is_null()) else {
            self.notes.push(
                "the pool has no containerConfiguration, so it runs no container tasks: list the images \
                 under `images`"
                    .into(),
            );
            return;
        };
        let names = container.get("containerImageNames").and_then(Value::as_array);
        let names: Vec<&str> = names.into_iter().flatten().filter_map(Value::as_str).collect();
        add_images(&names, config, &mut self.notes);
        let registries = container.get("containerRegistries").and_then(Value::as_array);
        let by_user = registries.into_iter().flatten().any(|registry| {
            ["username", "userName"]
                .iter()
                .any(|key| registry.get(key).is_some_and(Value::is_string))
        });
        note_if(
            &mut self.notes,
            by_user,
            "the pool pulls with a registry password: prebake pulls with an identity",
        );
    }

    fn node(&mut self) -> Value {
        let size = self.text("/vmSize").unwrap_or_default();
        let known =
            catalog::vm_size(size).map_or_else(|| size.to_owned(), |known| known.name.into_owned());
        let configuration = "/virtualMachineConfiguration";
        let agent = self
            .text(&format!("{configuration}/nodeAgentSKUId"))
            .or_else(|| self.text(&format!("{configuration}/nodeAgentSkuId")))
            .unwrap_or_default()
            .to_owned();
        let os = match agent.as_str() {
            "batch.node.ubuntu 24.04" => "ubuntu-24.04",
            "batch.node.ubuntu 22.04" => "ubuntu-22.04",
            "batch.node.el 9" => "almalinux-9",
            "batch.node.el 8" => "almalinux-8",
            other => {
                let default = catalog::config_default("os");
                self.notes.push(format!(
                    "node agent `{other}` is none that prebake bakes for: {default} is taken"
                ));
                default
            }
        };
        json!({ "os": os, "vmSize": known })
    }

    fn gallery(&mut self) -> Value {
        let image = self
            .text("/virtualMachineConfiguration/imageReference/virtualMachineImageId")
            .map(str::to_owned);
        match image {
            Some(id) if id.contains("/galleries/") && id.contains("/versions/") => {
                json!({ "imageVersionId": id })
            }
            Some(id) => {
                self.notes.push(format!(
                    "the pool boots `{id}`, which is no gallery image version: an image is baked instead"
                ));
                json!({ "version": "1.0.0" })
            }
            None => {
                self.notes.push(
                    "the pool boots a marketplace image and pulls at node start: an image is baked instead"
                        .into(),
                );
                json!({ "version": "1.0.0" })
            }
        }
    }

    fn pool(&mut self, id: &str) -> Value {
        let mut pool = Map::new();
        pool.insert("id".into(), json!(id));
        if let Some(name) = self.text("/displayName") {
            pool.insert("displayName".into(), json!(name));
        }
        if let Some(formula) = self.text("/autoScaleFormula") {
            pool.insert("autoScale".into(), json!({ "formula": formula }));
        } else {
            pool.insert("nodes".into(), json!(self.number("/targetDedicatedNodes")));
            let spot = self.number("/targetLowPriorityNodes");
            if spot > 0 {
                pool.insert("spotNodes".into(), json!(spot));
            }
        }
        let slots = self.number("/taskSlotsPerNode").max(self.number("/maxTasksPerNode"));
        if slots > 1 {
            pool.insert("taskSlotsPerNode".into(), json!(slots));
        }
        if self.shown.get("enableInterNodeCommunication") == Some(&Value::Bool(true)) {
            pool.insert("interNodeCommunication".into(), json!(true));
        }
        let metadata: Map<String, Value> = pairs(self.shown.get("metadata")).collect();
        if !metadata.is_empty() {
            pool.insert("metadata".into(), Value::Object(metadata));
        }
        self.start_task(&mut pool);
        Value::Object(pool)
    }

    fn start_task(&mut self, pool: &mut Map<String, Value>) {
        let Some(line) = self.text("/startTask/commandLine").map(str::to_owned) else { return };
        let command = without_shell(&line);
        note_if(
            &mut self.notes,
            command.is_none() && line.contains(['$', '|', '&', ';', '>']),
            "the start task uses shell signs without a shell, so they are arguments: prebake runs it under \
             bash",
        );
        let command = command.unwrap_or(&line);
        note_if(
            &mut self.notes,
            command.trim_end().ends_with("|| true") || command.contains("|| echo"),
            "the start task hides its failure, so broken nodes take tasks: let it fail",
        );
        let mut task = json!({ "command": command });
        if self.text("/startTask/userIdentity/autoUser/elevationLevel") == Some("admin") {
            task["elevation"] = json!("admin");
        }
        pool.insert("startTask".into(), task);
        let environment: Map<String, Value> =
            pairs(self.shown.pointer("/startTask/environmentSettings")).collect();
        if !environment.is_empty() {
            pool.insert("environment".into(), Value::Object(environment));
        }
    }
}

/// `[{name, value}]` as pairs.
fn pairs(list: Option<&Value>) -> impl Iterator<Item = (String, Value)> + '_ {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(|pair| {
        let name = pair.get("name")?.as_str()?;
        Some((name.to_owned(), json!(pair.get("value")?.as_str()?)))
    })
}

/// The command of `/bin/bash -c '...'`.
fn without_shell(line: &str) -> Option<&str> {
    let rest = ["/bin/bash -c ", "/bin/sh -c ", "bash -c ", "sh -c "]
        .iter()
        .find_map(|shell| line.strip_prefix(shell))?
        .trim();
    ['\'', '"']
        .iter()
        .find_map(|quote| rest.strip_prefix(*quote)?.strip_suffix(*quote))
        .or(Some(rest))
}
