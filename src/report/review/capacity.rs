//! Nodes, vCPUs and GPUs as a table.

use serde::Serialize;

use crate::diff::{Capacity, Quantity};

/// One row of the table of capacity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct CapacityRow {
    /// The quota family, or `total`.
    pub family: String,
    /// Nodes before and after, as text.
    pub nodes: String,
    /// vCPUs before and after, as text.
    pub vcpus: String,
    /// GPUs before and after, as text.
    pub gpus: String,
    /// Something in the row differs.
    pub changed: bool,
}

pub(super) fn rows(capacity: &Capacity) -> Vec<CapacityRow> {
    if capacity.is_empty() {
        return Vec::new();
    }
    let mut rows: Vec<CapacityRow> = capacity
        .families
        .iter()
        .map(|family| row(family.family.clone(), family.before, family.after))
        .collect();
    if rows.len() > 1 {
        rows.push(row("total".to_owned(), capacity.before, capacity.after));
    }
    rows
}

fn row(family: String, before: Quantity, after: Quantity) -> CapacityRow {
    let [old, new] = [before, after].map(amounts);
    CapacityRow {
        family,
        nodes: arrow(&old[0], &new[0]),
        vcpus: arrow(&old[1], &new[1]),
        gpus: arrow(&old[2], &new[2]),
        changed: before != after,
    }
}

/// Nodes, vCPUs and GPUs as text, with a plus where they may be more.
pub(super) fn amounts(quantity: Quantity) -> [String; 3] {
    let known = [quantity.nodes.to_string(), quantity.vcpus.to_string(), decimal(quantity.gpus)];
    known.map(|amount| if quantity.at_least { format!("{amount}+") } else { amount })
}

fn arrow(before: &str, after: &str) -> String {
    if before == after { after.to_owned() } else { format!("{before} → {after}") }
}

/// At most two decimals, and none for a whole number.
fn decimal(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
