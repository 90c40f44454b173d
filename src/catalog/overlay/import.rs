use std::collections::{BTreeMap, BTreeSet};

use super::answer::{
    AnswerError, Asked, BatchAccount, BatchSku, Image, ImageSku, Location, Provider, Registry,
    SupportedImage, Usage, VmSku,
};
use super::file::{Fault, Rows};
use super::layout::{
    API_VERSIONS, BATCH_SIZES, IMAGES, INDEX, LAYOUTS, Layout, NODE_AGENTS, QUOTA_USE, QUOTAS,
    REGIONS, REGISTRIES, SIZES,
};
use crate::catalog::{Date, api_versions};

/// The files of an overlay in the making.
#[derive(Debug, Clone)]
pub struct Collected {
    location: Option<String>,
    checked: Date,
    pub(super) tables: BTreeMap<&'static str, Rows>,
}

impl Collected {
    /// Nothing yet. `location` is the region that was asked about, where the caller knows it; `checked` is the day
    /// on which Azure was asked.
    pub fn new(location: Option<String>, checked: Date) -> Self {
        Self { location, checked, tables: BTreeMap::new() }
    }

    /// Takes the files of an overlay that exists, before any answer: what is not asked again stays.
    ///
    /// # Errors
    /// If one of them cannot be read, with its name.
    pub fn keep(
        &mut self,
        index: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<(), (String, Fault)> {
        let listed = Rows::read(INDEX, index).map_err(|fault| (INDEX.file(), fault))?;
        let location = listed.iter().map(|cells| cells[1].clone()).find(|cell| !cell.is_empty());
        let asked = self.location.clone().or_else(|| location.clone());
        if asked != location && location.is_some() {
            let why = format!(
                "it is for region `{}`; use a separate folder for each region",
                location.unwrap_or_default()
            );
            return Err((INDEX.file(), Fault { line: 0, why }));
        }
        self.location = asked;
        for layout in LAYOUTS {
            let Some(text) = files.get(&layout.file()) else { continue };
            let rows = Rows::read(layout, text).map_err(|fault| (layout.file(), fault))?;
            self.tables.insert(layout.name, rows);
        }
        Ok(())
    }

    /// The region that was asked about, if any answer or the caller said it.
    pub fn location(&self) -> Option<&str> {
        self.location.as_deref()
    }

    /// Whether a table needs to know its region, and none was said.
    pub fn lacks_location(&self) -> bool {
        let regional = [SIZES, BATCH_SIZES, QUOTAS, IMAGES, NODE_AGENTS];
        self.location.is_none()
            && regional.iter().any(|layout| self.tables.contains_key(layout.name))
    }

    /// The texts of all files, the index among them, by name.
    pub fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut index = Rows::default();
        for layout in LAYOUTS {
            let Some(rows) = self.tables.get(layout.name) else { continue };
            files.insert(layout.file(), rows.text(layout));
            let location = self.location.clone().unwrap_or_default();
            let days = rows.iter().map(|cells| cells[layout.width() - 1].clone());
            let checked = days.min().unwrap_or_else(|| self.checked.to_string());
            index.add(vec![layout.file(), location, "prebake catalog import".to_owned(), checked]);
        }
        files.insert(INDEX.file(), index.text(INDEX));
        files
    }

    /// The rows of a file. Those of an earlier answer to another question stay.
    pub(super) fn table(&mut self, layout: Layout) -> &mut Rows {
        self.tables.entry(layout.name).or_default()
    }

    /// Removes the rows that a new answer to the same question replaces.
    fn forget(&mut self, layout: Layout, prefix: &str, stay: impl Fn(&str) -> bool) {
        if let Some(rows) = self.tables.get_mut(layout.name) {
            rows.forget(prefix, stay);
        }
    }

    pub(super) fn row(&mut self, layout: Layout, mut cells: Vec<String>, command: &str) {
        let location = self.location.clone().unwrap_or_default();
        let command = match location.as_str() {
            "" => command.to_owned(),
            location => format!("{command} ({location})"),
        };
        cells.extend([command, self.checked.to_string()]);
        self.table(layout).add(cells);
    }

    /// Says which region the answers are about; two that disagree are a mistake of the caller's.
    fn about(&mut self, location: &str) -> Result<(), AnswerError> {
        let short: String = location.to_lowercase().chars().filter(|c| *c != ' ').collect();
        match &self.location {
            None => self.location = Some(short),
            Some(known) if *known != short => {
                return Err(AnswerError::OtherRegion { answer: short, catalog: known.clone() });
            }
            Some(_) => {}
        }
        Ok(())
    }
}

/// Adds one answer of the CLI to what was collected. Gives the command that answers so.
///
/// # Errors
/// If the bytes are not an answer that is known, or are about another region.
pub fn import(bytes: &[u8], into: &mut Collected) -> Result<&'static str, AnswerError> {
    Ok(match Asked::read(bytes)? {
        Asked::VmSkus(skus) => {
            vm_skus(&skus, into)?;
            "az vm list-skus"
        }
        Asked::Usage(usage) => {
            usages(&usage, into);
            "az vm list-usage"
        }
        Asked::BatchSkus(skus) => {
            batch_skus(&skus, into);
            "az batch location list-skus"
        }
        Asked::BatchQuota(quota) => {
            let command = "az batch location quotas show";
            let cells = vec![BATCH_ACCOUNTS.to_owned(), quota.account_quota.to_string()];
            into.row(QUOTAS, cells, command);
            command
        }
        Asked::BatchAccount(account) => {
            batch_account(&account, into)?;
            "az batch account show"
        }
        Asked::SupportedImages(images) => {
            supported_images(&images, into);
            "az batch pool supported-images list"
        }
        Asked::ImageSkus(skus) => {
            image_skus(&skus, into)?;
            "az vm image list-skus"
        }
        Asked::Images(found) => {
            images(&found, into);
            "az vm image list"
        }
        Asked::Locations(found) => {
            locations(&found, into);
            "az account list-locations"
        }
        Asked::Provider(found) => {
            provider(&found, into);
            "az provider show"
        }
        Asked::Registry(found) => {
            registry(found, into);
            "az acr show"
        }
    })
}

const BATCH_ACCOUNTS: &str = "batch:accounts";
const GIB_IN_BYTES: u64 = 1 << 30;

fn vm_skus(skus: &[VmSku], into: &mut Collected) -> Result<(), AnswerError> {
    let machines: Vec<&VmSku> = skus
        .iter()
        .filter(|sku| sku.resource_type.eq_ignore_ascii_case("virtualMachines"))
        .collect();
    if let Some(location) = only_location(&machines) {
        into.about(&location)?;
    }
    let location = into.location.clone().unwrap_or_default();
    into.tables.remove(SIZES.name);
    for sku in machines.iter().filter(|sku| is_in(sku, &location)) {
        let cells = size_cells(sku, &location);
        into.row(SIZES, cells, "az vm list-skus");
    }
    Ok(())
}

/// The region that all rows name, where it is one.
fn only_location(skus: &[&VmSku]) -> Option<String> {
    let mut names: Vec<String> = skus
        .iter()
        .flat_map(|sku| sku.locations.iter().flatten())
        .map(|name| name.to_lowercase())
        .collect();
    names.sort();
    names.dedup();
    (names.len() == 1).then(|| names.remove(0))
}

fn is_in(sku: &VmSku, location: &str) -> bool {
    let names: Vec<&String> = sku.locations.iter().flatten().collect();
    location.is_empty()
        || names.is_empty()
        || names.iter().any(|name| name.eq_ignore_ascii_case(location))
}

fn size_cells(sku: &VmSku, location: &str) -> Vec<String> {
    let capability = |name: &str| {
        let mut all = sku.capabilities.iter().flatten();
        let found = all.find(|known| known.name.eq_ignore_ascii_case(name));
        found.and_then(|known| known.value.clone()).unwrap_or_default()
    };
    let flag = |name: &str| match capability(name).to_lowercase().as_str() {
        "true" => "yes".to_owned(),
        "false" => "no".to_owned(),
        _ => String::new(),
    };
    let scaled = |name: &str, divisor: u64| {
        let number: Option<u64> = capability(name).parse().ok();
        number.map_or_else(String::new, |number| (number / divisor).to_string())
    };
    let count = |name: &str| {
        let number: Option<u32> = capability(name).parse().ok();
        number.map_or_else(String::new, |number| number.to_string())
    };
    let memory = capability("MemoryGB");
    let is_amount = memory.parse().is_ok_and(|gib: f64| gib.is_finite() && gib > 0.0);
    let trusted = match (flag("TrustedLaunchDisabled").as_str(), capability("HyperVGenerations")) {
        ("yes", _) => "no",
        ("no", _) => "yes",
        (_, generations) if generations.is_empty() => "",
        // The API says so of the exceptions alone.
        (_, generations) if generations.contains("V2") => "yes",
        _ => "no",
    };
    let retires = capability("RetirementDateUtc");
    let (offered, zones) = offer(sku, location);
    vec![
        sku.name.clone(),
        sku.family.clone().unwrap_or_default(),
        count("vCPUs"),
        if is_amount { memory } else { String::new() },
        count("GPUs"),
        capability("HyperVGenerations"),
        scaled("MaxResourceVolumeMB", 1024),
        scaled("NvmeDiskSizeInMiB", 1024),
        flag("PremiumIO"),
        flag("AcceleratedNetworkingEnabled"),
        flag("EphemeralOSDiskSupported"),
        scaled("CachedDiskBytes", GIB_IN_BYTES),
        flag("RdmaEnabled"),
        capability("CpuArchitectureType").to_lowercase(),
        trusted.to_owned(),
        flag("EncryptionAtHostSupported"),
        flag("LowPriorityCapable"),
        zones,
        if offered { "yes" } else { "no" }.to_owned(),
        day(&retires),
    ]
}

/// Whether the region is open to the subscription, and the zones that are.
fn offer(sku: &VmSku, location: &str) -> (bool, String) {
    let here = |name: &String| location.is_empty() || name.eq_ignore_ascii_case(location);
    let mut zones: Vec<String> = sku
        .location_info
        .iter()
        .flatten()
        .filter(|info| info.location.as_ref().is_none_or(here))
        .flat_map(|info| info.zones.iter().flatten().cloned())
        .collect();
    let mut offered = true;
    for restriction in sku.restrictions.iter().flatten() {
        let info = restriction.restriction_info.as_ref();
        let named = info.and_then(|info| info.locations.as_ref());
        if named.is_some_and(|names| !names.is_empty() && !names.iter().any(here)) {
            continue;
        }
        if restriction.kind.eq_ignore_ascii_case("Location") {
            offered = false;
        } else if let Some(closed) = info.and_then(|info| info.zones.as_ref()) {
            zones.retain(|zone| !closed.contains(zone));
        }
    }
    zones.sort();
    zones.dedup();
    (offered, zones.join(","))
}

/// The day of a time stamp, or nothing.
fn day(stamp: &str) -> String {
    let start = stamp.get(..10).unwrap_or_default();
    Date::parse(start).map_or_else(String::new, |day| day.to_string())
}

fn usages(usages: &[Usage], into: &mut Collected) {
    let command = "az vm list-usage";
    for layout in [QUOTAS, QUOTA_USE] {
        into.forget(layout, "compute:", |_| false);
    }
    for usage in usages {
        let name = format!("compute:{}", usage.name.value.replace(' ', ""));
        for (layout, number) in [(QUOTAS, &usage.limit), (QUOTA_USE, &usage.current_value)] {
            if let Some(number) = number.get() {
                into.row(layout, vec![name.clone(), number.to_string()], command);
            }
        }
    }
}

fn batch_skus(skus: &[BatchSku], into: &mut Collected) {
    into.tables.remove(BATCH_SIZES.name);
    for sku in skus {
        let end = day(sku.batch_support_end_of_life.as_deref().unwrap_or_default());
        into.row(BATCH_SIZES, vec![sku.name.clone(), end], "az batch location list-skus");
    }
}

fn batch_account(account: &BatchAccount, into: &mut Collected) -> Result<(), AnswerError> {
    if let Some(location) = &account.location {
        into.about(location)?;
    }
    // The quota of accounts is the answer to another question.
    into.forget(QUOTAS, "batch:", |key| key == BATCH_ACCOUNTS);
    let mut quotas = vec![
        ("pools".to_owned(), account.pool_quota),
        ("lowPriorityCores".to_owned(), account.low_priority_core_quota),
    ];
    // The total counts only where the families do not.
    if account.dedicated_core_quota_per_vm_family_enforced == Some(true) {
        let families = account.dedicated_core_quota_per_vm_family.iter().flatten();
        quotas.extend(families.map(|family| {
            let name = family.name.replace(' ', "");
            (name, Some(family.core_quota))
        }));
    } else {
        quotas.push(("dedicatedCores".to_owned(), account.dedicated_core_quota));
    }
    for (name, limit) in quotas {
        if let Some(limit) = limit {
            let cells = vec![format!("batch:{name}"), limit.to_string()];
            into.row(QUOTAS, cells, "az batch account show");
        }
    }
    Ok(())
}

fn supported_images(images: &[SupportedImage], into: &mut Collected) {
    into.tables.remove(NODE_AGENTS.name);
    for image in images {
        let reference = &image.image_reference;
        let key = format!("{}:{}:{}", reference.publisher, reference.offer, reference.sku);
        let end = day(image.batch_support_end_of_life.as_deref().unwrap_or_default());
        let verification = image.verification_type.clone().unwrap_or_default();
        let cells = vec![key, image.node_agent_sku_id.clone(), verification, end];
        into.row(NODE_AGENTS, cells, "az batch pool supported-images list");
    }
}

fn image_skus(skus: &[ImageSku], into: &mut Collected) -> Result<(), AnswerError> {
    for location in skus.iter().filter_map(|sku| sku.location.as_deref()) {
        into.about(location)?;
    }
    let keys: BTreeSet<String> = skus.iter().filter_map(|sku| image_of_id(&sku.id)).collect();
    let lowercase: BTreeSet<String> = keys.iter().map(|key| key.to_lowercase()).collect();
    for (offer, _) in keys.iter().filter_map(|key| key.rsplit_once(':')) {
        into.forget(IMAGES, &format!("{offer}:"), |key| lowercase.contains(key));
    }
    for key in keys {
        // A version that is known already is worth more than none.
        if into.table(IMAGES).get(&key).is_none() {
            into.row(IMAGES, vec![key, String::new()], "az vm image list-skus");
        }
    }
    Ok(())
}

/// `publisher:offer:sku` of an ID, which names a subscription besides.
fn image_of_id(id: &str) -> Option<String> {
    let parts: Vec<&str> = id.split('/').collect();
    let after = |word: &str| {
        let at = parts.iter().position(|part| part.eq_ignore_ascii_case(word))?;
        parts.get(at + 1).copied().filter(|part| !part.is_empty())
    };
    Some(format!("{}:{}:{}", after("publishers")?, after("offers")?, after("skus")?))
}

fn images(images: &[Image], into: &mut Collected) {
    let mut newest: BTreeMap<String, &Image> = BTreeMap::new();
    for image in images {
        let key = format!("{}:{}:{}", image.publisher, image.offer, image.sku);
        let known = newest.entry(key).or_insert(image);
        if version_parts(&image.version) > version_parts(&known.version) {
            *known = image;
        }
    }
    for (key, image) in newest {
        into.row(IMAGES, vec![key, image.version.clone()], "az vm image list");
    }
}

/// Versions are compared by their numbers: `22.04.10` is newer than `22.04.9`.
fn version_parts(version: &str) -> Vec<u64> {
    version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

fn locations(locations: &[Location], into: &mut Collected) {
    into.tables.remove(REGIONS.name);
    for location in locations {
        let metadata = location.metadata.as_ref();
        let logical = metadata
            .and_then(|metadata| metadata.region_type.as_deref())
            .is_some_and(|kind| kind.eq_ignore_ascii_case("Logical"));
        if logical {
            continue;
        }
        let paired = metadata.and_then(|metadata| metadata.paired_region.as_ref());
        let paired = paired.and_then(|paired| paired.first()).map(|paired| paired.name.clone());
        let zones = location.availability_zone_mappings.as_ref().map_or(0, Vec::len);
        let cells = vec![
            location.name.clone(),
            location.display_name.clone().unwrap_or_default(),
            paired.unwrap_or_default(),
            zones.to_string(),
        ];
        into.row(REGIONS, cells, "az account list-locations");
    }
}

fn provider(provider: &Provider, into: &mut Collected) {
    into.forget(API_VERSIONS, &format!("{}/", provider.namespace), |_| false);
    for found in &provider.resource_types {
        let kind = format!("{}/{}", provider.namespace, found.resource_type);
        let known = api_versions().find(|(known, _)| known.eq_ignore_ascii_case(&kind));
        let (Some((kind, _)), Some(versions)) = (known, &found.api_versions) else { continue };
        let mut versions = versions.clone();
        versions.sort();
        versions.dedup();
        into.row(API_VERSIONS, vec![kind.to_owned(), versions.join(",")], "az provider show");
    }
}

/// What an address begins with, which tells a domain name label; the rest is no business of a committed file.
fn host_name(login_server: &str) -> String {
    login_server.split('.').next().unwrap_or_default().to_owned()
}

fn registry(registry: Registry, into: &mut Collected) {
    let cells = vec![
        registry.name,
        registry.sku.name,
        host_name(&registry.login_server),
        registry.public_network_access.unwrap_or_default(),
        registry.role_assignment_mode.unwrap_or_default(),
    ];
    into.row(REGISTRIES, cells, "az acr show");
}
