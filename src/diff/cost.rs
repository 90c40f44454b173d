//! What both sides cost an hour, at the prices that the user brought.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::capacity::{Capacity, PoolCapacity};
use crate::arm::evaluate::Evaluated;
use crate::catalog::{self, Lifecycle, Overlay};
use crate::expand::Resource;

/// Hours of a month, as Azure's own calculator counts them.
pub(crate) const HOURS_A_MONTH: f64 = 730.0;

/// Amounts an hour, in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Cost {
    /// ISO 4217.
    pub currency: String,
    /// What was there before, an hour.
    pub before: f64,
    /// What will be there, an hour.
    pub after: f64,
    /// Meters without a price: what they measure is not in the amounts.
    pub missing: BTreeSet<String>,
}

/// What two sides cost; nothing where no prices were brought.
pub(super) fn cost(
    before: &[Arc<Resource>],
    after: &[Arc<Resource>],
    capacity: &Capacity,
    overlay: &Overlay,
) -> Option<Cost> {
    if !overlay.has_prices() {
        return None;
    }
    let mut bill = Bill { overlay, currency: String::new(), missing: BTreeSet::new() };
    let mut side = |resources: &[Arc<Resource>], pools: Vec<(&String, &PoolCapacity)>| -> f64 {
        let there = resources
            .iter()
            .filter(|it| !it.existing && it.stage.lifecycle() == Lifecycle::Lasting);
        let standing: f64 = there.map(|resource| bill.resource(resource)).sum();
        let pools = pools.into_iter().map(|(name, pool)| {
            let resource = resources.iter().find(|resource| resource.name == *name);
            bill.pool(pool, resource.map(|it| &**it))
        });
        standing + pools.sum::<f64>()
    };
    let of = |pick: fn(&super::PoolSides) -> Option<&PoolCapacity>| {
        let pools = capacity.pools.iter();
        pools.filter_map(move |pool| Some((&pool.0, pick(pool)?))).collect::<Vec<_>>()
    };
    let old = side(before, of(|(_, before, _)| before.as_ref()));
    let new = side(after, of(|(_, _, after)| after.as_ref()));
    // A sum of nothing is a negative zero, which adding zero makes a plain one.
    let (before, after) = (old + 0.0, new + 0.0);
    Some(Cost { currency: bill.currency, before, after, missing: bill.missing })
}

struct Bill<'a> {
    overlay: &'a Overlay,
    currency: String,
    missing: BTreeSet<String>,
}

impl Bill<'_> {
    /// The price of a meter for an hour.
    fn an_hour(&mut self, meter: String) -> f64 {
        let price = self.overlay.price(&meter);
        let hours = price.as_ref().and_then(|price| match price.value.unit.as_str() {
            "1 Hour" | "1/Hour" => Some(1.0),
            "1/Day" | "1 Day" => Some(24.0),
            "1/Month" | "1 Month" => Some(HOURS_A_MONTH),
            _ => None,
        });
        let Some((price, hours)) = price.zip(hours) else {
            self.missing.insert(meter);
            return 0.0;
        };
        self.currency = price.value.currency;
        price.value.amount / hours
    }

    fn resource(&mut self, resource: &Resource) -> f64 {
        let sku =
            resource.body.get("sku").and_then(|sku| sku.get("name")).and_then(Evaluated::written);
        match (resource.kind.to_lowercase().as_str(), sku.as_deref()) {
            ("microsoft.containerregistry/registries", Some(sku)) => {
                self.an_hour(format!("registry:{sku}"))
            }
            ("microsoft.network/natgateways", sku) => {
                self.an_hour(format!("nat:{}", sku.unwrap_or("Standard")))
            }
            ("microsoft.network/publicipaddresses", sku) => {
                self.an_hour(format!("address:{}", sku.unwrap_or("Standard")))
            }
            _ => 0.0,
        }
    }

    fn pool(&mut self, pool: &PoolCapacity, resource: Option<&Resource>) -> f64 {
        let spot = number(pool.spot.min(pool.quantity.nodes));
        let nodes = number(pool.quantity.nodes);
        let mut sum = 0.0;
        if nodes > spot {
            sum += (nodes - spot) * self.an_hour(format!("vm:{}:payg", pool.vm_size));
        }
        if spot > 0.0 {
            sum += spot * self.an_hour(format!("vm:{}:spot", pool.vm_size));
        }
        if nodes > 0.0 {
            let unknown = || vec![UNKNOWN_DISK.to_owned()];
            for meter in resource.map_or_else(unknown, disks) {
                sum += nodes * self.an_hour(meter);
            }
        }
        sum
    }
}

/// Node counts are far below the numbers that a float cannot hold.
fn number(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The OS disk of a pool that says nothing of it is as large as its image, which only Azure knows.
const UNKNOWN_DISK: &str = "disk:unknown size";

/// The meters of the disks of one node.
fn disks(pool: &Resource) -> Vec<String> {
    let machine = |key: &str| {
        let properties = pool.body.get("properties")?;
        let machine =
            properties.get("deploymentConfiguration")?.get("virtualMachineConfiguration")?;
        machine.get(key).cloned()
    };
    // A disk in the cache of the host costs nothing.
    let os = Some(machine("osDisk").unwrap_or(Evaluated::Null));
    let os = os.filter(|disk| disk.get("ephemeralOSDiskSettings").is_none());
    let data = machine("dataDisks").and_then(|disks| disks.as_array().cloned()).unwrap_or_default();
    // Batch documents a default type for data disks, and none for the OS disk.
    let os = os.iter().filter_map(|disk| disk_meter(disk, None));
    os.chain(data.iter().filter_map(|disk| disk_meter(disk, Some("Standard_LRS")))).collect()
}

/// `disk:E10 LRS` for a standard SSD of up to 128 GiB.
fn disk_meter(disk: &Evaluated, default: Option<&str>) -> Option<String> {
    let Some(gib) = disk.get("diskSizeGB").and_then(Evaluated::as_u64) else {
        return Some(UNKNOWN_DISK.to_owned());
    };
    let kind = disk.get("managedDisk").and_then(|managed| managed.get("storageAccountType"));
    let kind =
        kind.or_else(|| disk.get("storageAccountType")).and_then(Evaluated::as_str).or(default);
    let Some(kind) = kind else { return Some(format!("disk:{gib} GiB of unknown type")) };
    let (letter, redundancy) = match kind.split_once('_')? {
        ("Premium", redundancy) => ('P', redundancy),
        ("StandardSSD", redundancy) => ('E', redundancy),
        ("Standard", redundancy) => ('S', redundancy),
        _ => return None,
    };
    let tier = catalog::disk_tier(letter, gib)?;
    Some(format!("disk:{tier} {redundancy}"))
}
