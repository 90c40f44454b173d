//! Nodes, vCPUs and GPUs of the pools, before and after.

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use super::judge::POOL;
use crate::arm::evaluate::Evaluated;
use crate::catalog;
use crate::check;
use crate::expand::Resource;

/// An amount of capacity. GPUs are a fraction where a size has a share of one.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quantity {
    /// Nodes.
    pub nodes: u64,
    /// Virtual CPUs.
    pub vcpus: u64,
    /// GPUs.
    pub gpus: f64,
    /// It may be more: a part of it cannot be known offline.
    pub at_least: bool,
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        self.nodes += other.nodes;
        self.vcpus += other.vcpus;
        self.gpus += other.gpus;
        self.at_least |= other.at_least;
    }
}

/// The capacity of one pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolCapacity {
    /// Quota family of its size, or the size itself when no source tells.
    pub family: String,
    /// Size of its nodes.
    pub vm_size: String,
    /// How much it can have.
    pub quantity: Quantity,
    /// Spot nodes among them.
    pub spot: u64,
    /// The number is the upper bound of a formula.
    pub auto_scale: bool,
    /// The size or the number of nodes cannot be known offline.
    pub unknown: bool,
    /// The formula, where it does not tell the most nodes: another one may ask for more.
    pub formula: Option<String>,
}

/// The capacity of one quota family.
#[derive(Debug, Clone, PartialEq)]
pub struct FamilyChange {
    /// The family.
    pub family: String,
    /// What all pools had.
    pub before: Quantity,
    /// What all pools will have.
    pub after: Quantity,
}

/// A pool, what it had and what it will have.
pub type PoolSides = (String, Option<PoolCapacity>, Option<PoolCapacity>);

/// The capacity of all pools of a render.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Capacity {
    /// All pools before.
    pub before: Quantity,
    /// All pools after.
    pub after: Quantity,
    /// By quota family, in the order of their names.
    pub families: Vec<FamilyChange>,
    /// By pool: its name, what it had and what it will have.
    pub pools: Vec<PoolSides>,
    /// Some numbers are upper bounds of formulas.
    pub auto_scale: bool,
    /// Pools whose capacity cannot be known offline.
    pub unknown: Vec<String>,
}

impl Capacity {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.pools.iter().all(|(_, before, after)| before == after)
    }

    /// Dedicated and spot nodes of each quota family, before and after.
    pub fn kinds(&self) -> BTreeMap<&str, [[u64; 2]; 2]> {
        let mut families: BTreeMap<&str, [[u64; 2]; 2]> = BTreeMap::new();
        for (_, before, after) in &self.pools {
            for (side, pool) in [before, after].into_iter().enumerate() {
                let Some(pool) = pool else { continue };
                let dedicated = pool.quantity.nodes.saturating_sub(pool.spot);
                let kinds = &mut families.entry(&pool.family).or_default()[side];
                kinds[0] = kinds[0].saturating_add(dedicated);
                kinds[1] = kinds[1].saturating_add(pool.spot);
            }
        }
        families
    }

    /// Whether some family grows.
    pub fn rises(&self) -> bool {
        self.families.iter().any(|family| {
            family.after.vcpus > family.before.vcpus
                || family.after.nodes > family.before.nodes
                || family.after.gpus > family.before.gpus
        })
    }
}

/// Adds up the pools of both sides.
pub(super) fn capacity(before: &[Arc<Resource>], after: &[Arc<Resource>]) -> Capacity {
    let mut capacity = Capacity::default();
    // Batch compares the ids of pools without regard to case.
    let mut pools: BTreeMap<String, PoolSides> = BTreeMap::new();
    let mut families: BTreeMap<String, (Quantity, Quantity)> = BTreeMap::new();
    for pool in before.iter().filter(|resource| is_pool(resource)) {
        let found = pool_capacity(pool);
        capacity.before += found.quantity;
        families.entry(found.family.clone()).or_default().0 += found.quantity;
        let sides = pools.entry(pool.name.to_lowercase()).or_default();
        (sides.0, sides.1) = (pool.name.clone(), Some(found));
    }
    for pool in after.iter().filter(|resource| is_pool(resource)) {
        let found = pool_capacity(pool);
        capacity.after += found.quantity;
        families.entry(found.family.clone()).or_default().1 += found.quantity;
        let sides = pools.entry(pool.name.to_lowercase()).or_default();
        (sides.0, sides.2) = (pool.name.clone(), Some(found));
    }
    capacity.pools = pools.into_values().collect();
    for (name, before, after) in &capacity.pools {
        let mut sides = before.iter().chain(after);
        if sides.clone().any(|pool| pool.unknown) {
            capacity.unknown.push(name.clone());
        }
        capacity.auto_scale |= sides.any(|pool| pool.auto_scale);
    }
    let family = |(family, (before, after))| FamilyChange { family, before, after };
    capacity.families = families.into_iter().map(family).collect();
    capacity
}

fn is_pool(resource: &Resource) -> bool {
    resource.kind.eq_ignore_ascii_case(POOL) && !resource.existing
}

fn pool_capacity(pool: &Resource) -> PoolCapacity {
    let properties = pool.body.get("properties").unwrap_or(&Evaluated::Null);
    let vm_size = properties.get("vmSize").and_then(Evaluated::written).unwrap_or_default();
    let size = catalog::vm_size(&vm_size);
    let nodes = nodes(properties.get("scaleSettings"));
    let count = nodes.dedicated.saturating_add(nodes.spot);
    let gpus = size
        .as_ref()
        .and_then(|size| size.gpus)
        .map_or(0.0, |gpus| f64::from(gpus.numerator) / f64::from(gpus.denominator.max(1)));
    let vcpus = size.as_ref().map_or(0, |size| u64::from(size.vcpus));
    let unknown = size.is_none() || nodes.unknown;
    let known = size.as_ref().map(|size| &*size.family).filter(|family| !family.is_empty());
    PoolCapacity {
        family: known.unwrap_or(&vm_size).to_owned(),
        vm_size: vm_size.into_owned(),
        quantity: Quantity {
            nodes: count,
            vcpus: count.saturating_mul(vcpus),
            gpus: f64::from(u32::try_from(count).unwrap_or(u32::MAX)) * gpus,
            at_least: unknown,
        },
        spot: nodes.spot,
        auto_scale: nodes.auto_scale,
        unknown,
        formula: nodes.formula,
    }
}

#[derive(Default)]
struct Nodes {
    dedicated: u64,
    spot: u64,
    auto_scale: bool,
    /// Only Azure can know all of them.
    unknown: bool,
    /// The formula that does not tell.
    formula: Option<String>,
}

impl Nodes {
    fn of([dedicated, spot]: [Option<u64>; 2]) -> Self {
        let unknown = dedicated.is_none() || spot.is_none();
        let (dedicated, spot) = (dedicated.unwrap_or_default(), spot.unwrap_or_default());
        Self { dedicated, spot, unknown, ..Self::default() }
    }
}

/// The nodes that scale settings allow.
fn nodes(settings: Option<&Evaluated>) -> Nodes {
    let Some(settings) = settings else { return Nodes::default() };
    if let Some(formula) = settings.get("autoScale").and_then(|scale| scale.get("formula")) {
        let known = formula.as_str().map(str::trim);
        let mut nodes = Nodes::of(known.map_or([None, None], check::most_nodes));
        nodes.auto_scale = true;
        let text = formula.written().filter(|_| nodes.unknown);
        nodes.formula = text.map(|text| text.trim().to_owned());
        return nodes;
    }
    let fixed = settings.get("fixedScale");
    let count = |key: &str| match fixed.and_then(|fixed| fixed.get(key)) {
        None | Some(Evaluated::Null) => Some(0),
        Some(value) => value.as_u64(),
    };
    Nodes::of([count("targetDedicatedNodes"), count("targetLowPriorityNodes")])
}
