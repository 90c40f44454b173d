//! What a config means where it says nothing: each key that it leaves out, with the value that counts and where that
//! comes from. `prebake config show --defaults` prints it.

use serde_json::{Map, Value, json};

use super::{BakedImage, Batch, Builder, Model, Pool};
use crate::config::fields::DriverKind;

/// A key that the config leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct Supplied {
    /// JSON pointer of the key.
    pub pointer: String,
    /// The value that counts.
    pub value: Value,
    /// Where it comes from.
    pub origin: &'static str,
}

const DEFAULT: &str = "default";
const NAME: &str = "derived from `name`";
const UNIQUE: &str = "derived from `name`, `resourceGroup` and `subscription`";
const WITH_SUFFIX: &str = "derived from `name` and `names.suffix`";
const SIZE: &str = "chosen for the VM size";

/// The keys that a config leaves out, in the order of the model.
pub fn supplied(model: &Model, written: &Value) -> Vec<Supplied> {
    let mut found = Found { written, supplied: Vec::new() };
    found.registry(model);
    found.images(model);
    found.node(model);
    if let Some(builder) = &model.builder {
        found.builder(builder);
    }
    if let Some(baked) = model.node_image.baked() {
        found.gallery(baked);
    }
    found.network(model);
    if let Some(batch) = &model.batch {
        found.batch(batch);
    }
    if let Some(stacks) = &model.stacks {
        found.add("/stacks/actionOnUnmanage", stacks.action_on_unmanage, DEFAULT);
        found.add("/stacks/denySettingsMode", stacks.deny_settings_mode, DEFAULT);
    }
    found.supplied
}

/// Names of resources that no key of the config sets.
pub fn derived_names(model: &Model) -> Vec<(&'static str, &str)> {
    let mut names = Vec::new();
    names.extend(model.identity.as_deref().map(|name| ("identity that pulls images", name)));
    names.extend(model.build_identity.as_deref().map(|name| ("identity that builds images", name)));
    if let Some(builder) = &model.builder {
        if builder.image_builder {
            names.extend([
                ("image template", builder.image_template.as_str()),
                ("identity of Image Builder", builder.identity.as_str()),
            ]);
        } else {
            names.push(("builder", builder.vm.as_str()));
        }
    }
    if let Some(network) = model.network.pools.created() {
        names.extend([
            ("network", network.name.as_str()),
            ("security group", network.security_group.as_str()),
            ("NAT gateway", network.nat_gateway.as_str()),
            ("address of the NAT gateway", network.nat_address.as_str()),
        ]);
    }
    for pool in model.batch.iter().flat_map(|batch| &batch.pools) {
        if pool.id != pool.base_id {
            names.push(("pool", pool.id.as_str()));
        }
    }
    names
}

/// The value with the keys that are left out filled in.
pub fn filled(written: &Value, supplied: &[Supplied]) -> Value {
    let mut whole = written.clone();
    for one in supplied {
        let mut at = &mut whole;
        for key in one.pointer.split('/').skip(1) {
            at = match at {
                Value::Array(items) => {
                    let item = key.parse::<usize>().ok().and_then(|index| items.get_mut(index));
                    let Some(item) = item else { return whole };
                    item
                }
                other => {
                    if !other.is_object() {
                        *other = Value::Object(Map::new());
                    }
                    let Value::Object(map) = other else { return whole };
                    map.entry(key).or_insert(Value::Null)
                }
            };
        }
        *at = one.value.clone();
    }
    whole
}

struct Found<'a> {
    written: &'a Value,
    supplied: Vec<Supplied>,
}

impl Found<'_> {
    /// Adds a key, unless the config has it or has another form of what holds it.
    fn add(&mut self, pointer: impl Into<String>, value: impl Into<Value>, origin: &'static str) {
        let pointer = pointer.into();
        let mut above = pointer.as_str();
        while let Some((rest, _)) = above.rsplit_once('/') {
            above = rest;
            match self.written.pointer(above) {
                Some(Value::Object(_) | Value::Array(_)) => break,
                Some(_) => return,
                None => {}
            }
        }
        if self.written.pointer(&pointer).is_none() {
            self.supplied.push(Supplied { pointer, value: value.into(), origin });
        }
    }

    /// Where a name that nobody else may have comes from.
    fn unique(&self) -> &'static str {
        if self.written.pointer("/names/suffix").is_some() { WITH_SUFFIX } else { UNIQUE }
    }

    fn registry(&mut self, model: &Model) {
        let Some(registry) = &model.registry else { return };
        if self.written.get("registry").is_none() {
            return;
        }
        self.add("/registry/create", registry.create, DEFAULT);
        self.add("/registry/name", registry.name.clone(), self.unique());
        if registry.create {
            self.add("/registry/sku", registry.sku, DEFAULT);
        }
        let mode = if registry.abac { "abac" } else { "legacy" };
        self.add("/registry/roleAssignmentMode", mode, DEFAULT);
    }

    fn images(&mut self, model: &Model) {
        for (index, image) in model.images.iter().enumerate() {
            let at = format!("/images/{index}");
            self.add(format!("{at}/preload"), image.preload, DEFAULT);
            if let Some(build) = &image.build {
                self.add(format!("{at}/build/dockerfile"), build.dockerfile.clone(), DEFAULT);
                self.add(format!("{at}/build/timeout"), build.timeout, DEFAULT);
            }
        }
    }

    fn node(&mut self, model: &Model) {
        let node = &model.node;
        self.add("/node/os", node.os.key, DEFAULT);
        self.add("/node/gpu", node.gpu.is_some(), SIZE);
        self.add("/node/vmSize", node.size.name.clone(), DEFAULT);
        if let Some(gpu) = node.gpu.as_ref().filter(|_| model.node_image.baked().is_some()) {
            let kind = if gpu.driver == DriverKind::Grid { "grid" } else { "dataCenter" };
            self.add("/node/driver/kind", kind, SIZE);
            self.add("/node/driver/modules", json!(gpu.modules), "chosen for the GPU");
        }
        let security = if node.trusted_launch { "trustedLaunch" } else { "standard" };
        self.add("/node/securityType", security, DEFAULT);
    }

    fn builder(&mut self, builder: &Builder) {
        let method = if builder.image_builder { "image-builder" } else { "vm" };
        self.add("/bake/method", method, DEFAULT);
        self.add("/builder/vmSize", builder.size.name.clone(), "same as the nodes");
        self.add("/builder/osDiskGb", builder.os_disk_gb, "default for the kind of node");
        self.add("/builder/imageVersion", builder.image_version.clone(), DEFAULT);
        self.add("/builder/timeoutMinutes", builder.timeout_minutes, DEFAULT);
    }

    fn gallery(&mut self, baked: &BakedImage) {
        self.add("/gallery/create", baked.create_gallery, DEFAULT);
        self.add("/gallery/name", baked.gallery.clone(), NAME);
        let definition = "derived from `name` and `node.os`";
        self.add("/gallery/imageDefinition", baked.definition.clone(), definition);
        if let Some(location) = baked.target_regions.first() {
            self.add("/gallery/replicas", location.replicas, DEFAULT);
        }
        self.add("/gallery/storage", baked.storage.clone(), DEFAULT);
    }

    fn network(&mut self, model: &Model) {
        if let Some(network) = model.network.pools.created() {
            self.add("/network/addressSpace", network.address_space.clone(), DEFAULT);
            let subnet = "the start of `network.addressSpace`";
            self.add("/network/poolSubnet", network.pool_subnet.clone(), subnet);
        }
        if model.batch.is_some() {
            let addresses = if model.network.private_nodes { "none" } else { "batchManaged" };
            self.add("/network/nodeAddresses", addresses, DEFAULT);
        }
    }

    fn batch(&mut self, batch: &Batch) {
        self.add("/batch/account/create", batch.create_account, DEFAULT);
        self.add("/batch/account/name", batch.account.clone(), self.unique());
        if batch.create_account {
            self.add("/batch/account/allocationMode", batch.allocation_mode, DEFAULT);
            self.add("/batch/storage/create", batch.storage_account.is_some(), DEFAULT);
        }
        if let Some(storage) = &batch.storage_account {
            self.add("/batch/storage/name", storage.clone(), self.unique());
        }
        for (index, pool) in batch.pools.iter().enumerate() {
            self.pool(&format!("/batch/pools/{index}"), pool);
        }
    }

    fn pool(&mut self, at: &str, pool: &Pool) {
        self.add(format!("{at}/vmSize"), pool.size.name.clone(), "from `node.vmSize`");
        if let Some(fixed) = pool.scale.fixed() {
            self.add(format!("{at}/nodes"), fixed.nodes, DEFAULT);
            self.add(format!("{at}/spotNodes"), fixed.spot_nodes, DEFAULT);
        }
        if let Some(scale) = pool.scale.formula() {
            self.add(format!("{at}/autoScale/interval"), scale.interval.clone(), DEFAULT);
        }
        self.add(format!("{at}/taskSlotsPerNode"), pool.task_slots_per_node, DEFAULT);
        self.add(format!("{at}/interNodeCommunication"), pool.inter_node_communication, DEFAULT);
        let containers = match pool.containers {
            Some(_) => "because the config has images",
            None => "because the config has no images",
        };
        self.add(format!("{at}/containers"), pool.containers.is_some(), containers);
        let replace = if pool.blue_green { "blue-green" } else { "in-place" };
        self.add(format!("{at}/replace"), replace, DEFAULT);
        if let Some(task) = &pool.start_task {
            let elevation =
                if task.elevation.eq_ignore_ascii_case("admin") { "admin" } else { "nonAdmin" };
            self.add(format!("{at}/startTask/elevation"), elevation, DEFAULT);
            self.add(format!("{at}/startTask/waitForSuccess"), task.wait_for_success, DEFAULT);
            let retries = task.max_task_retry_count;
            self.add(format!("{at}/startTask/maxTaskRetryCount"), retries, DEFAULT);
        }
    }
}
