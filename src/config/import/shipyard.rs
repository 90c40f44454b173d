use serde_json::{Map, Value, json};

use super::reference::add_images;
use super::variables::deployment_name;
use super::{Imported, note_if, yaml_of};
use crate::catalog;

/// A config from the pool and global configuration of Batch Shipyard.
pub(super) fn from_shipyard(files: &Value) -> Imported {
    let mut shipyard = Shipyard { files, notes: Vec::new() };
    let config = shipyard.config();
    Imported { yaml: yaml_of(&config, "a Batch Shipyard configuration"), notes: shipyard.notes }
}

/// Whether a document is one of Batch Shipyard's.
pub(super) fn is_shipyard(value: &Value) -> bool {
    ["pool_specification", "global_resources", "batch_shipyard"]
        .iter()
        .any(|key| value.get(key).is_some())
}

struct Shipyard<'a> {
    files: &'a Value,
    notes: Vec<String>,
}

impl Shipyard<'_> {
    fn pool(&self, pointer: &str) -> Option<&Value> {
        self.files.pointer(&format!("/pool_specification{pointer}"))
    }

    fn note_if(&mut self, wrong: bool, note: &str) {
        note_if(&mut self.notes, wrong, note);
    }

    fn text(&self, pointer: &str) -> Option<String> {
        self.pool(pointer).and_then(Value::as_str).map(str::to_owned)
    }

    fn number(&self, pointer: &str) -> u64 {
        self.pool(pointer).and_then(Value::as_u64).unwrap_or(0)
    }

    fn config(&mut self) -> Map<String, Value> {
        let id = self.text("/id").unwrap_or_else(|| "pool".to_owned());
        let mut config = Map::new();
        config.insert("name".into(), json!(deployment_name(&id)));
        config.insert("location".into(), json!(super::variables::DEFAULT_LOCATION));
        config.insert("resourceGroup".into(), json!("changeme"));
        self.notes.push(
            "region and resource group stand in Shipyard's credentials, which are not read: set \
             `location`, and put the group in place of `changeme`"
                .into(),
        );
        self.images(&mut config);
        config.insert("node".into(), self.node());
        config.insert("gallery".into(), json!({ "version": "1.0.0" }));
        if let Some(subnet) = self.text("/virtual_network/arm_subnet_id") {
            config.insert("network".into(), json!({ "subnetId": subnet }));
        }
        self.bake(&mut config);
        config.insert("batch".into(), json!({ "pools": [self.pool_of(&id)] }));
        self.note_if(
            self.pool("/gpu").is_some(),
            "`gpu.nvidia_driver` is not needed: the driver follows from the VM size and is baked",
        );
        config
    }

    fn images(&mut self, config: &mut Map<String, Value>) {
        let images =
            self.files.pointer("/global_resources/docker_images").and_then(Value::as_array);
        let images: Vec<&str> = images.into_iter().flatten().filter_map(Value::as_str).collect();
        add_images(&images, config, &mut self.notes);
        let other = "/global_resources/singularity_images";
        self.note_if(
            self.files.pointer(other).is_some(),
            "Singularity images are not preloaded: Batch runs Docker containers",
        );
    }

    fn node(&mut self) -> Value {
        let size = self.text("/vm_size").unwrap_or_default();
        let size = catalog::vm_size(&size).map_or(size, |known| known.name.into_owned());
        let offer = self.text("/vm_configuration/platform_image/offer").unwrap_or_default();
        let sku = self.text("/vm_configuration/platform_image/sku").unwrap_or_default();
        let agent = self.text("/vm_configuration/custom_image/node_agent").unwrap_or_default();
        let said = format!("{offer} {sku} {agent}").to_lowercase();
        let os = if said.contains("24.04") || said.contains("24_04") {
            "ubuntu-24.04"
        } else if said.contains("22.04") || said.contains("22_04") {
            "ubuntu-22.04"
        } else {
            let default = catalog::config_default("os");
            self.notes.push(format!(
                "`{}` has no Batch node agent today: {default} is taken",
                said.trim()
            ));
            default
        };
        self.note_if(
            self.pool("/vm_configuration/custom_image").is_some(),
            "the custom image is replaced by one that prebake bakes; `gallery.imageVersionId` keeps an old \
             one if it is in a gallery",
        );
        json!({ "os": os, "vmSize": size })
    }

    /// Commands that every node ran when it joined go into the image.
    fn bake(&mut self, config: &mut Map<String, Value>) {
        let commands = self.pool("/additional_node_prep/commands");
        let mut steps = Vec::new();
        for key in ["pre", "post"] {
            let list = commands.and_then(|commands| commands.get(key)).and_then(Value::as_array);
            steps.extend(list.into_iter().flatten().filter_map(Value::as_str));
        }
        if !steps.is_empty() {
            let steps: Vec<Value> = steps.iter().map(|run| json!({ "run": run })).collect();
            config.insert("bake".into(), json!({ "steps": steps }));
            self.notes.push(
                "the commands of `additional_node_prep` are baked into the image, once, as root"
                    .into(),
            );
        }
    }

    fn pool_of(&mut self, id: &str) -> Value {
        let mut pool = Map::new();
        pool.insert("id".into(), json!(id));
        if let Some(formula) = self.text("/autoscale/formula") {
            pool.insert("autoScale".into(), json!({ "formula": formula }));
        } else {
            pool.insert("nodes".into(), json!(self.number("/vm_count/dedicated")));
            let spot = self.number("/vm_count/low_priority");
            if spot > 0 {
                pool.insert("spotNodes".into(), json!(spot));
            }
        }
        self.note_if(
            self.pool("/autoscale/scenario").is_some(),
            "`autoscale.scenario` has no counterpart: write its formula under `autoScale`",
        );
        let slots = self.number("/task_slots_per_node").max(self.number("/max_tasks_per_node"));
        if slots > 1 {
            pool.insert("taskSlotsPerNode".into(), json!(slots));
        }
        if self.pool("/inter_node_communication_enabled") == Some(&Value::Bool(true)) {
            pool.insert("interNodeCommunication".into(), json!(true));
        }
        self.note_if(
            self.pool("/ssh").is_some(),
            "`ssh` is left out: nodes take no connections from outside",
        );
        Value::Object(pool)
    }
}
