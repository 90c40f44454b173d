//! The config of pools that share a place, an image and a network: what the resource of a pool says, as keys.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::images;
use super::keys;
use super::ledger::{SourcePool, pointer_of, steps_of};
use super::start_task;
use crate::catalog::{
    self, BaseImage, Date, DriverClass, Generation, GpuModules, GpuVendor, NodeAgent, Status,
    VmSize,
};
use crate::check;

/// Region of what says none.
pub(super) const DEFAULT_LOCATION: &str = "eastus";
/// Stands for a name that no source says.
pub(super) const UNKNOWN: &str = "changeme";
/// The virtual machine of a pool's resource.
pub(super) const MACHINE: &str = "/properties/deploymentConfiguration/virtualMachineConfiguration";

/// A config in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The config.
    pub value: Map<String, Value>,
    /// What a person has to complete, each with its step.
    pub steps: Vec<(String, String)>,
    /// Why the resource of a pool says something else at a pointer, by pool and pointer.
    pub reasons: BTreeMap<(usize, String), String>,
    /// Why a patch is refused, by pool and pointer.
    pub refused: BTreeMap<(usize, String), String>,
}

/// Pools that one config can describe: they share what a config says once, and each has its own ID.
pub(super) fn groups(pools: &[SourcePool]) -> Vec<Vec<usize>> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    for (index, pool) in pools.iter().enumerate() {
        let at = |pointer: &str| pool.body.pointer(pointer).cloned().unwrap_or_default();
        let machine = |below: &str| at(&format!("{MACHINE}{below}"));
        let shared = json!([
            pool.place.account,
            pool.place.location,
            pool.place.group,
            machine("/nodeAgentSkuId"),
            machine("/imageReference"),
            machine("/containerConfiguration"),
            machine("/securityProfile"),
            at("/properties/networkConfiguration/subnetId"),
            at("/properties/networkConfiguration/publicIPAddressConfiguration"),
            pool.commands,
            pool.config.is_some().then_some(index),
        ]);
        let shared = shared.to_string().to_lowercase();
        let is_new = |members: &[usize]| {
            members.iter().all(|member| !pools[*member].id.eq_ignore_ascii_case(&pool.id))
        };
        match groups.iter_mut().find(|(known, members)| *known == shared && is_new(members)) {
            Some((_, members)) => members.push(index),
            None => groups.push((shared, vec![index])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// The config of a group of pools. `name` is the name of the deployment.
pub(super) fn draft(
    pools: &[&SourcePool],
    name: &str,
    as_of: Date,
    notes: &mut Vec<String>,
) -> Draft {
    let Some(first) = pools.first() else { return Draft::default() };
    let mut draft = Draft::default();
    if let Some(config) = &first.config {
        draft.value.clone_from(config);
        draft.reasons.insert((0, MACHINE.to_owned()), BAKES.to_owned());
        return draft;
    }
    draft.value.insert("name".into(), json!(name));
    place(&mut draft, first);
    let kept = kept_image(&mut draft, first, as_of);
    images::add(&mut draft, first, notes);
    node(&mut draft, pools, as_of);
    bake(&mut draft, first, kept.as_deref());
    network(&mut draft, pools);
    let mut batch = Map::new();
    match &first.place.account {
        Some(account) => {
            batch.insert("account".into(), json!({ "create": false, "name": account }));
        }
        None => draft.steps.push((
            "batch.account".to_owned(),
            "the source does not name the Batch account of its pool, so the config creates one. To use the existing \
             account, set `batch.account: { create: false, name: ... }`"
                .to_owned(),
        )),
    }
    let mut list = Vec::new();
    for (index, pool) in pools.iter().enumerate() {
        let map = pool_of(&mut draft, index, pool, as_of, notes);
        list.push(Value::Object(keys::ordered(map)));
    }
    batch.insert("pools".into(), Value::Array(list));
    draft.value.insert("batch".into(), Value::Object(batch));
    draft
}

const BAKES: &str = "prebake bakes a new image";

fn place(draft: &mut Draft, pool: &SourcePool) {
    let place = &pool.place;
    let known =
        |draft: &mut Draft, key: &str, what: &str, value: &Option<String>, stand_in: &str| {
            if value.is_none() {
                let step = format!("the source does not name its {what}: replace `{stand_in}`");
                draft.steps.push((key.to_owned(), step));
            }
            draft.value.insert(key.to_owned(), json!(value.as_deref().unwrap_or(stand_in)));
        };
    known(draft, "location", "region", &place.location, DEFAULT_LOCATION);
    known(draft, "resourceGroup", "resource group", &place.group, UNKNOWN);
    if let Some(subscription) = &place.subscription {
        draft.value.insert("subscription".into(), json!(subscription));
    }
}

fn text<'p>(pool: &'p SourcePool, pointer: &str) -> Option<&'p str> {
    pool.body.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The gallery image version that the pool boots, if its nodes can still boot it.
fn kept_image(draft: &mut Draft, pool: &SourcePool, as_of: Date) -> Option<String> {
    let id = text(pool, &format!("{MACHINE}/imageReference/id"))?;
    let lower = id.to_lowercase();
    let is_version = lower.contains("/galleries/") && lower.contains("/versions/");
    let agent = agent_of(pool);
    let ended = agent.as_ref().is_none_or(|agent| has_ended(agent, as_of));
    if is_version && !ended {
        return Some(id.to_owned());
    }
    let why = if is_version {
        "Batch no longer supports the node agent of this image, so prebake bakes an image with a supported one"
            .to_owned()
    } else if lower.contains("/galleries/") {
        "the pool starts from the newest version, and prebake needs a fixed one, so it bakes an image. To keep the \
         image of the gallery, set `gallery.imageVersionId` to one of its versions"
            .to_owned()
    } else {
        "Batch retired pools with managed images on 2026-03-31, so prebake bakes an image"
            .to_owned()
    };
    draft.reasons.insert((0, format!("{MACHINE}/imageReference")), why);
    None
}

fn has_ended(agent: &NodeAgent, as_of: Date) -> bool {
    agent.status == Status::Retired || agent.ends_on.is_some_and(|end| end <= as_of)
}

fn agent_of(pool: &SourcePool) -> Option<NodeAgent> {
    catalog::node_agent_by_id(text(pool, &format!("{MACHINE}/nodeAgentSkuId"))?)
}

/// The operating system, its VM size and its security.
fn node(draft: &mut Draft, pools: &[&SourcePool], as_of: Date) {
    let Some(first) = pools.first() else { return };
    let sizes: Vec<String> =
        pools.iter().enumerate().map(|(index, pool)| size_of(draft, index, pool, as_of)).collect();
    let os = operating_system(draft, first, &sizes, as_of);
    let mut node = Map::new();
    node.insert("os".into(), json!(os));
    if let Some(size) = sizes.first() {
        node.insert("vmSize".into(), json!(size));
    }
    if text(first, &format!("{MACHINE}/securityProfile/securityType"))
        .is_some_and(|kind| kind.eq_ignore_ascii_case("trustedLaunch"))
    {
        node.insert("securityType".into(), json!("trustedLaunch"));
    }
    draft.value.insert("node".into(), Value::Object(node));
}

/// The VM size as Azure spells it, or the one that replaces it.
fn size_of(draft: &mut Draft, index: usize, pool: &SourcePool, as_of: Date) -> String {
    let Some(written) = text(pool, "/properties/vmSize") else {
        let stand_in = catalog::config_default("cpu-size");
        let step = format!(
            "the VM size of {} is known only during the deployment: replace `{stand_in}`",
            pool.named()
        );
        let step = ("node.vmSize".to_owned(), step);
        if !draft.steps.contains(&step) {
            draft.steps.push(step);
        }
        return stand_in.to_owned();
    };
    let Some(size) = catalog::vm_size(written) else { return written.to_owned() };
    let ended = size.status == Status::Retired || size.retired_on.is_some_and(|end| end <= as_of);
    let family = size.family.to_lowercase().replace(' ', "");
    let retirement = catalog::retirement(&format!("batch-family:{family}"));
    let in_batch = retirement
        .as_ref()
        .is_some_and(|retirement| retirement.retired_on.is_some_and(|end| end <= as_of));
    if !ended && !in_batch {
        return size.name.into_owned();
    }
    let replacement = match &retirement {
        Some(retirement) => retirement.replacement,
        None if size.has_gpu() => catalog::config_default("gpu-size"),
        None => catalog::config_default("cpu-size"),
    };
    let loses_network = size.rdma && catalog::vm_size(replacement).is_some_and(|new| !new.rdma);
    let network = if loses_network { ". The new size has no InfiniBand" } else { "" };
    draft.reasons.insert(
        (index, "/properties/vmSize".to_owned()),
        format!(
            "Azure retired `{}`. The config uses `{replacement}`: check its quota{network}",
            size.name
        ),
    );
    replacement.to_owned()
}

/// Whether the driver of a base image serves the GPU of a size: the bake checks such a driver and installs no other.
fn serves(image: &BaseImage, size: Option<&VmSize>) -> bool {
    let Some(size) = size.filter(|size| size.has_gpu()) else { return true };
    match image.gpu_driver {
        "no" => true,
        "rocm" => size.gpu_vendor == GpuVendor::Amd,
        "proprietary" => {
            size.driver_class == DriverClass::Cuda && size.gpu_modules == GpuModules::Proprietary
        }
        _ => {
            size.driver_class == DriverClass::Cuda
                && matches!(size.gpu_modules, GpuModules::Open | GpuModules::Either)
        }
    }
}

/// The operating systems of configs by the name that node agents give them.
const SYSTEMS: [(&str, &str); 4] = [
    ("ubuntu 24.04", "ubuntu-24.04"),
    ("ubuntu 22.04", "ubuntu-22.04"),
    ("el 9", "almalinux-9"),
    ("el 8", "almalinux-8"),
];

fn operating_system(draft: &mut Draft, pool: &SourcePool, sizes: &[String], as_of: Date) -> String {
    let part = |name: &str| text(pool, &format!("{MACHINE}/imageReference/{name}"));
    let (publisher, offer, sku) = (part("publisher"), part("offer"), part("sku"));
    let image = catalog::marketplace_image(
        publisher.unwrap_or_default(),
        offer.unwrap_or_default(),
        sku.unwrap_or_default(),
    );
    let agent = agent_of(pool);
    let pointer = (0, format!("{MACHINE}/nodeAgentSkuId"));
    if let (Some(image), Some(agent)) = (&image, &agent)
        && image.os != agent.os
    {
        draft.reasons.insert(
            pointer.clone(),
            format!(
                "the node agent does not match the image `{} {}`, so no node of this pool can start. The config uses \
                 the agent of the image",
                image.offer, image.sku
            ),
        );
    }
    let of_image = image.as_ref().map(|image| image.os);
    let guessed = guess(&[offer, sku]);
    let os = of_image.or(agent.as_ref().map(|agent| agent.os)).or(guessed);
    let known = SYSTEMS.iter().find(|(name, _)| Some(*name) == os);
    let served = os.and_then(|os| catalog::node_agents().find(|agent| agent.os == os));
    let ended = served.as_ref().is_some_and(|agent| has_ended(agent, as_of));
    if let (Some((_, key)), false) = (known, ended) {
        // A marketplace image that prebake bakes from stays the base of the new image.
        let own = image.filter(|image| {
            sizes.iter().all(|size| serves(image, catalog::vm_size(size).as_ref()))
        });
        return own.map_or(*key, |image| image.os_key).to_owned();
    }
    let default = successor(&[offer, sku], sizes);
    let named = text(pool, &pointer.1).map_or_else(
        || [offer, sku].into_iter().flatten().collect::<Vec<_>>().join(" "),
        str::to_owned,
    );
    let why = if ended {
        format!("Batch no longer supports `{named}`. The config uses {default}")
    } else if named.is_empty() {
        format!("the source does not name its operating system. The config uses {default}")
    } else {
        format!("prebake cannot bake an image for `{named}`. The config uses {default}")
    };
    draft.steps.push((
        "node.os".to_owned(),
        format!("{why}. Check that your images and commands run on it"),
    ));
    draft.reasons.insert(pointer, why);
    default.to_owned()
}

/// The operating system in place of one that has ended: an HPC image has what MPI needs, and a plain one has not.
fn successor(names: &[Option<&str>], sizes: &[String]) -> &'static str {
    const HPC: &str = "ubuntu-hpc-24.04";
    let hpc = names.iter().flatten().any(|name| name.to_lowercase().contains("hpc"));
    let image = catalog::base_image(HPC, Generation::V2).filter(|image| {
        let starts = |size: &VmSize| size.boots(image.generation) == Some(true);
        let sizes = sizes.iter().map(|size| catalog::vm_size(size));
        hpc && sizes
            .into_iter()
            .all(|size| serves(image, size.as_ref()) && size.as_ref().is_none_or(starts))
    });
    image.map_or_else(|| catalog::config_default("os"), |image| image.os_key)
}

/// What the names of a marketplace image say of the system in it.
fn guess(names: &[Option<&str>]) -> Option<&'static str> {
    let said = names.iter().flatten().copied().collect::<Vec<_>>().join(" ").to_lowercase();
    let has = |signs: &[&str]| signs.iter().any(|sign| said.contains(sign));
    let systems: [(&[&str], &str); 8] = [
        (&["24.04", "24_04", "2404", "noble"], "ubuntu 24.04"),
        (&["22.04", "22_04", "2204", "jammy"], "ubuntu 22.04"),
        (&["20.04", "20_04", "2004", "20-04", "focal"], "ubuntu 20.04"),
        (&["18.04", "18_04", "1804", "18-04"], "ubuntu 18.04"),
        (&["16.04", "16_04", "1604", "16-04"], "ubuntu 16.04"),
        (&["centos"], "centos 7"),
        (&["debian-12", "debian 12"], "debian 12"),
        (&["debian"], "debian 10"),
    ];
    systems.into_iter().find(|(signs, _)| has(signs)).map(|(_, os)| os)
}

fn bake(draft: &mut Draft, pool: &SourcePool, kept: Option<&str>) {
    if let Some(id) = kept {
        draft.value.insert("gallery".into(), json!({ "imageVersionId": id }));
        if !pool.commands.is_empty() {
            draft.steps.push((
                "bake.steps".to_owned(),
                "the config uses an existing image, so prebake bakes nothing: run these commands in the image or the \
                 start task"
                    .to_owned(),
            ));
        }
        return;
    }
    draft.value.insert("gallery".into(), json!({ "version": "1.0.0" }));
    let reference = (0, format!("{MACHINE}/imageReference"));
    draft
        .reasons
        .entry(reference)
        .or_insert_with(|| format!("{BAKES} with the driver, Docker and the container images"));
    if !pool.commands.is_empty() {
        let steps: Vec<Value> = pool.commands.iter().map(|run| json!({ "run": run })).collect();
        draft.value.insert("bake".into(), json!({ "steps": steps }));
    }
}

fn network(draft: &mut Draft, pools: &[&SourcePool]) {
    let Some(first) = pools.first() else { return };
    let base = "/properties/networkConfiguration";
    let provision = text(first, &format!("{base}/publicIPAddressConfiguration/provision"));
    let provision = provision.unwrap_or("BatchManaged").to_lowercase();
    let inbound = |pool: &&SourcePool| {
        let pools = pool.body.pointer(&format!("{base}/endpointConfiguration/inboundNatPools"));
        pools.and_then(Value::as_array).is_some_and(|pools| !pools.is_empty())
    };
    let mut network = Map::new();
    if let Some(id) = text(first, &format!("{base}/subnetId")) {
        network.insert("subnetId".into(), json!(id));
    }
    // Nodes of an existing subnet may have no other way out than the address that they have today.
    let has_subnet = network.contains_key("subnetId");
    if provision != "nopublicipaddresses" && (has_subnet || pools.iter().any(inbound)) {
        network.insert("nodeAddresses".into(), json!("batchManaged"));
    }
    if !has_subnet {
        let why = if first.is_unknown("subnetId") {
            "the subnet of the pool is known only during the deployment, so prebake creates a network with a NAT gateway. \
             To keep the subnet, set `network.subnetId`"
        } else {
            "the pool has no virtual network: prebake creates one with a NAT gateway, and the nodes get no public \
             addresses (`network.nodeAddresses`)"
        };
        draft.reasons.insert((0, base.to_owned()), why.to_owned());
    }
    if !network.is_empty() {
        draft.value.insert("network".into(), Value::Object(network));
    }
}

fn pool_of(
    draft: &mut Draft,
    index: usize,
    pool: &SourcePool,
    as_of: Date,
    notes: &mut Vec<String>,
) -> Map<String, Value> {
    let mut map = Map::new();
    map.insert("id".into(), json!(if pool.id.is_empty() { "pool" } else { pool.id.as_str() }));
    let size = size_of(draft, index, pool, as_of);
    if index > 0 && draft.value["node"]["vmSize"] != json!(size) {
        map.insert("vmSize".into(), json!(size));
    }
    scale(&mut map, pool);
    start_task::add(draft, &mut map, index, pool, notes);
    keys::add(draft, &mut map, pool);
    let attached = pool.body.pointer("/identity/userAssignedIdentities").and_then(Value::as_object);
    let attached = attached.into_iter().flat_map(Map::keys).map(String::as_str);
    let pull = draft.value.get("access").and_then(|access| access["pullIdentityId"].as_str());
    let mut identities: Vec<&str> = Vec::new();
    // Azure refuses a registry that is read with an identity that the pool does not have.
    for id in attached.chain(images::identities(pool)) {
        if !identities.iter().copied().chain(pull).any(|known| known.eq_ignore_ascii_case(id)) {
            identities.push(id);
        }
    }
    if !identities.is_empty() {
        map.insert("identities".into(), json!(identities));
    }
    mounts(draft, &mut map, index, pool);
    let metadata = pairs(pool.body.pointer("/properties/metadata"));
    if !metadata.is_empty() {
        map.insert("metadata".into(), Value::Object(metadata));
    }
    if draft.value.get("images").is_none()
        && pool.body.pointer(&format!("{MACHINE}/containerConfiguration")).is_some()
    {
        map.insert("containers".into(), json!(true));
    }
    map
}

fn scale(map: &mut Map<String, Value>, pool: &SourcePool) {
    let at = |name: &str| pool.body.pointer(&format!("/properties/scaleSettings/{name}"));
    if at("autoScale/formula").is_some() {
        return;
    }
    let count = |name: &str| at(&format!("fixedScale/{name}")).and_then(number).unwrap_or(0);
    map.insert("nodes".into(), json!(count("targetDedicatedNodes")));
    if count("targetLowPriorityNodes") > 0 {
        map.insert("spotNodes".into(), json!(count("targetLowPriorityNodes")));
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// `[{name, value}]` as a mapping, without values that are secrets.
pub(super) fn pairs(list: Option<&Value>) -> Map<String, Value> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    let pair = |item: &Value| {
        let name = item.get("name")?.as_str()?.to_owned();
        let value = item.get("value")?.as_str()?.to_owned();
        (!is_secret(&name, &value)).then(|| (name, json!(value)))
    };
    items.filter_map(pair).collect()
}

/// Whether a value that has this name is a secret.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    check::holds_secret(value) || check::holds_secret(&format!("{name}={value}"))
}

/// Mounts that need no secret.
fn mounts(draft: &mut Draft, map: &mut Map<String, Value>, index: usize, pool: &SourcePool) {
    let list = pool.body.pointer("/properties/mountConfiguration").and_then(Value::as_array);
    let identities = map.get("identities").and_then(Value::as_array).cloned().unwrap_or_default();
    let has_registry = draft.value.get("registry").is_some();
    let mut mounts = Vec::new();
    for (position, mount) in list.into_iter().flatten().enumerate() {
        let at = format!("/properties/mountConfiguration/{position}");
        if let Some(nfs) = mount.get("nfsMountConfiguration") {
            mounts.push(json!({
                "kind": "nfs", "source": nfs["source"], "path": nfs["relativeMountPath"],
                "options": nfs["mountOptions"],
            }));
        } else if let Some(blob) = mount.get("azureBlobFileSystemConfiguration") {
            let own = blob.pointer("/identityReference/resourceId").cloned();
            let identity = own.or_else(|| identities.first().cloned());
            if identity.is_none() && !has_registry {
                let why = "a blob container is mounted with an identity, but the pool has none: create one with the \
                           role Storage Blob Data Reader on the account, and add a mount (`mounts`, kind `blob`)";
                draft.reasons.insert((index, at), why.to_owned());
                continue;
            }
            mounts.push(json!({
                "kind": "blob", "source": blob["accountName"], "container": blob["containerName"],
                "path": blob["relativeMountPath"], "options": blob["blobfuseOptions"],
                "identity": identity,
            }));
        } else if mount.get("azureFileShareConfiguration").is_some() {
            let why = "Batch mounts an Azure Files share with the key of its account, but a config contains no keys: \
                       store the key in Key Vault and add the share (`mounts`, kind `azureFiles`), or mount it over \
                       NFS";
            draft.reasons.insert((index, at), why.to_owned());
        } else if mount.get("cifsMountConfiguration").is_some() {
            let why = "a CIFS mount needs a password, but a config contains no passwords: mount the files over NFS \
                       (`mounts`, kind `nfs`), or mount them in the start task with a secret from Key Vault";
            draft.reasons.insert((index, at), why.to_owned());
        }
    }
    for mount in &mut mounts {
        if let Some(object) = mount.as_object_mut() {
            object.retain(|_, value| !value.is_null());
        }
    }
    if !mounts.is_empty() {
        map.insert("mounts".into(), Value::Array(mounts));
    }
}

/// A name of a deployment from the name of something else.
pub(super) fn deployment_name(text: &str) -> String {
    let clean = |text: &str| -> String {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        text.chars().map(plain).take(MOST_NAME).collect::<String>().trim_matches('-').to_owned()
    };
    let name = clean(text);
    let fits = name.len() >= 2 && name.starts_with(|first: char| first.is_ascii_alphabetic());
    if fits { name } else { clean(&format!("batch-{name}")) }
}

/// Longest name of a deployment.
pub(super) const MOST_NAME: usize = 40;

/// What a pool says at a place, for a source whose fate is to be told.
pub(super) fn reason<'d>(draft: &'d Draft, pool: usize, pointer: &str) -> Option<&'d str> {
    let steps = steps_of(pointer);
    (1..=steps.len()).rev().find_map(|length| {
        let at = pointer_of(&steps[..length]);
        let own = draft.reasons.get(&(pool, at.clone()));
        // What the config says once holds for all of its pools.
        own.or_else(|| draft.reasons.get(&(0, at))).map(String::as_str)
    })
}
