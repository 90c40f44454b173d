//! Takes what a team has today, gives a config that says the same, and what became of each property.
//!
//! `source` reads the files, `mapping` says where a property goes in the resource of a pool, and `ledger` holds that
//! resource with the fate of each property. `config` makes keys of it, `trial` renders the config in memory, `patch`
//! puts what no key says into patches, and `proof` compares the rendered pool with the source. Reads no file.

mod config;
mod images;
mod keys;
mod ledger;
mod mapping;
mod patch;
mod proof;
mod report;
mod resource_type;
mod secrets;
mod source;
mod start_task;
mod trial;

pub(crate) use report::Report;
pub use report::{Outcome, Row};
pub(crate) use source::{KNOWN_VARIABLES, Variables};

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostics, Sources};
use crate::pipeline::Tools;
use ledger::SourcePool;
use source::Becomes;

/// A file of a source.
#[derive(Debug, Clone)]
pub struct File {
    /// Its name, as messages give it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why a source cannot be migrated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub what: String,
    /// Why.
    pub why: String,
    /// The next step.
    pub help: String,
}

/// A config made from something else.
#[derive(Debug)]
pub struct MigratedConfig {
    /// The name of its deployment.
    pub name: String,
    /// The config as YAML, with comments on top.
    pub yaml: String,
    /// What stands against its render.
    pub diagnostics: Diagnostics,
    /// The texts that the findings point into.
    pub sources: Sources,
}

/// What came of a source.
#[derive(Debug)]
pub struct Migrated {
    /// The configs: one for the pools that share place, image and network.
    pub configs: Vec<MigratedConfig>,
    /// What became of each property.
    pub report: Report,
    /// What was wrong with the source.
    pub notes: Vec<String>,
}

/// Makes configs from files that belong together.
pub fn migrate(files: &[File], tools: &Tools) -> Result<Migrated, Refusal> {
    let sources = source::read(files)?;
    Ok(configs(sources, tools))
}

/// Makes a config from the variables of `batch-prep-v2.sh`.
pub fn migrate_variables(variables: &Variables, tools: &Tools) -> Migrated {
    configs(source::from_variables(variables), tools)
}

fn configs(mut sources: source::Sources, tools: &Tools) -> Migrated {
    let mut notes = std::mem::take(&mut sources.notes);
    sources.pools.iter_mut().for_each(secrets::take_out);
    let mut report = Report::default();
    let mut configs = Vec::new();
    let mut names = BTreeSet::new();
    for members in config::groups(&sources.pools) {
        let pools: Vec<&SourcePool> = members.iter().map(|index| &sources.pools[*index]).collect();
        let name = name_of(&pools, &mut names);
        let (made, rows) = one(&pools, &name, &sources.origin, tools, &mut notes);
        configs.push(made);
        report.rows.extend(rows);
    }
    report.rows.extend(beside(&sources));
    notes.dedup();
    Migrated { configs, report, notes }
}

/// The name of a deployment, which no other config of the run has.
fn name_of(pools: &[&SourcePool], names: &mut BTreeSet<String>) -> String {
    let first = pools.first();
    let own = match (pools.len(), first.and_then(|pool| pool.place.account.as_deref())) {
        (count, Some(account)) if count > 1 => account,
        _ => first.map_or("pool", |pool| pool.id.as_str()),
    };
    let name = config::deployment_name(own);
    let numbered = (2..).map(|number| {
        let number = format!("-{number}");
        format!("{}{number}", &name[..name.len().min(config::MOST_NAME - number.len())])
    });
    let free = std::iter::once(name.clone()).chain(numbered).find(|name| !names.contains(name));
    let free = free.unwrap_or(name);
    names.insert(free.clone());
    free
}

/// The config of a group of pools, with the rows of the report.
fn one(
    pools: &[&SourcePool],
    name: &str,
    origin: &str,
    tools: &Tools,
    notes: &mut Vec<String>,
) -> (MigratedConfig, Vec<Row>) {
    let mut draft = config::draft(pools, name, tools.as_of, notes);
    let mut trial = trial::repaired(&mut draft, pools.len(), tools);
    let nothing = BTreeSet::new();
    let missing: Vec<Vec<String>> = (0..pools.len())
        .map(|index| {
            let rendered = trial.bodies.get(index).and_then(Option::as_ref);
            let proof = proof::Proof {
                pool: pools[index],
                index,
                draft: &draft,
                rendered,
                patched: &nothing,
            };
            proof.missing()
        })
        .collect();
    let patched = patch::add(&mut draft, pools, &missing, &mut trial, tools);
    let mut rows = Vec::new();
    for (index, pool) in pools.iter().enumerate() {
        let rendered = trial.bodies.get(index).and_then(Option::as_ref);
        let patched = patched.get(&index).unwrap_or(&nothing);
        let proof = proof::Proof { pool, index, draft: &draft, rendered, patched };
        rows.extend(proof.rows());
    }
    rows.extend(draft.steps.iter().map(|(key, step)| Row {
        pool: pools.first().map(|pool| pool.id.clone()).unwrap_or_default(),
        file: String::new(),
        source: key.clone(),
        value: String::new(),
        outcome: Outcome::Step,
        property: String::new(),
        key: key.clone(),
        now: None,
        why: step.clone(),
    }));
    let name = draft.value.get("name").and_then(Value::as_str).unwrap_or(name).to_owned();
    let yaml = yaml_of(&draft.value, origin);
    let made =
        MigratedConfig { name, yaml, diagnostics: trial.diagnostics, sources: trial.sources };
    (made, rows)
}

/// What is no pool, and pools that are not migrated.
fn beside(sources: &source::Sources) -> Vec<Row> {
    let row = |file: &str, what: &str, pool: &str, outcome: Outcome, why: &str| Row {
        pool: pool.to_owned(),
        file: file.to_owned(),
        source: what.to_owned(),
        value: String::new(),
        outcome,
        property: String::new(),
        key: String::new(),
        now: None,
        why: why.to_owned(),
    };
    let companions = sources.companions.iter().map(|companion| {
        let pool = companion.pool.as_deref().unwrap_or_default();
        let (outcome, why) = match &companion.becomes {
            Becomes::Step(why) => (Outcome::Step, why),
            Becomes::Stays(why) => (Outcome::Stays, why),
        };
        row(&companion.file, &companion.what, pool, outcome, why)
    });
    let refused = sources.refused.iter().map(|(what, why)| {
        row(
            "",
            what,
            "",
            Outcome::Dropped,
            &format!("{why}, so prebake does not migrate this pool"),
        )
    });
    companions.chain(refused).collect()
}

/// The config as text. The schema that its first line names is written beside it.
fn yaml_of(config: &Map<String, Value>, origin: &str) -> String {
    let yaml = serde_yaml::to_string(config).expect("plain data with string keys serializes");
    format!("{SCHEMA_LINE}# Created by `prebake init` from {origin}.\n{yaml}")
}

/// Name of the schema file beside a config.
pub const SCHEMA_FILE: &str = "prebake.schema.json";
/// The line by which editors find it.
pub const SCHEMA_LINE: &str = "# yaml-language-server: $schema=./prebake.schema.json\n";

/// The pools of a config by position, each with the pointers that a patch sets.
type Patched = BTreeMap<usize, BTreeSet<String>>;
