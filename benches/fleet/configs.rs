//! The configs of a fleet: the real example under names of their own, or configs that differ in everything.

use std::fmt::Write as _;

const EXAMPLE: &str = include_str!("../../examples/gpu-preload.yaml");

/// How the configs of a fleet differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// In their names only.
    Names,
    /// In region, size, system, images, steps of the bake, pools and their tasks.
    Everything,
}

const REGIONS: [&str; 8] = [
    "swedencentral",
    "westeurope",
    "northeurope",
    "westus3",
    "eastus",
    "southcentralus",
    "uksouth",
    "francecentral",
];
const SIZES: [&str; 6] = [
    "Standard_NC4as_T4_v3",
    "Standard_NC8as_T4_v3",
    "Standard_NC16as_T4_v3",
    "Standard_NC64as_T4_v3",
    "Standard_NC24ads_A100_v4",
    "Standard_NC40ads_H100_v5",
];
const SKUS: [&str; 3] = ["Basic", "Standard", "Premium"];
const SYSTEMS: [&str; 2] = ["ubuntu-24.04", "ubuntu-22.04"];

/// One config of a fleet.
pub fn config(kind: Kind, at: usize) -> String {
    match kind {
        Kind::Names => EXAMPLE.replace("name: vision\n", &format!("name: vision-{at:05}\n")),
        Kind::Everything => different(at),
    }
}

fn different(at: usize) -> String {
    let (region, group, team) = (REGIONS[at % 8], at % 97, at % 31);
    let (ticket, sku) = (at * 7919 % 100_000, SKUS[at % 3]);
    let mut text = format!(
        "name: varied-{at:05}\nlocation: {region}\nresourceGroup: group-{group}\n\
         tags: {{ team: team-{team}, ticket: \"{ticket}\" }}\n\
         registry: {{ create: true, sku: {sku} }}\nimages:\n"
    );
    for image in 0..=at % 3 {
        let (net, major, patch) = (at * 31 % 1009, at % 17, at % 5);
        let repository = at % 211;
        let _ = write!(
            text,
            "  - name: models/net-{net}-{image}\n    tag: \"{major}.{image}.{patch}\"\n    \
             build: {{ context: \"https://github.com/contoso/net-{repository}.git#main\" }}\n"
        );
    }
    let (system, size) = (SYSTEMS[at % 2], SIZES[at % 6]);
    let _ = writeln!(text, "node: {{ os: {system}, gpu: true, vmSize: {size} }}");
    if !at.is_multiple_of(4) {
        text.push_str("bake:\n  steps:\n");
    }
    for step in 0..at % 4 {
        let (name, serial) = (at % 13, at * 104_729 % 65_521);
        let _ = writeln!(
            text,
            "    - {{ name: step-{name}-{step}, run: \"install -d /opt/data-{at}-{step} && \
             echo {serial} > /opt/data-{at}-{step}/serial\" }}"
        );
    }
    let (major, minor, patch) = (at % 9, at % 50, at % 7);
    let _ = writeln!(text, "gallery: {{ version: {major}.{minor}.{patch} }}\nbatch:\n  pools:");
    for pool in 0..=at % 4 {
        text.push_str(&different_pool(at, pool));
    }
    text
}

fn different_pool(at: usize, pool: usize) -> String {
    let id = at % 23;
    let mut text = format!("    - id: pool-{id}-{pool}\n");
    let (most, minutes, nodes) = (2 + at % 40, 5 + at % 20, 1 + (at + pool) % 16);
    if (at + pool).is_multiple_of(3) {
        let _ = writeln!(
            text,
            "      autoScale: {{ formula: \"$TargetDedicatedNodes = min({most}, \
             $PendingTasks.GetSample(1));\", interval: PT{minutes}M }}"
        );
    } else {
        let _ = writeln!(text, "      nodes: {nodes}");
    }
    let (slots, owner, run) = (1 + at % 4, at % 37, at * pool);
    let _ = writeln!(
        text,
        "      taskSlotsPerNode: {slots}\n      metadata: {{ owner: owner-{owner}, run: \"{run}\" }}"
    );
    if at % 2 == 1 {
        let start = at * 13 % 997;
        let command = format!("/bin/sh -c 'echo {start} > /tmp/start-{pool}'");
        let _ = writeln!(text, "      startTask: {{ command: \"{command}\" }}");
    }
    text
}
