//! Takes the texts of files, gives the pools that they hold and what moves with them.
//!
//! `detect` says what a file is; `resource`, `terraform`, `shipyard` and `script` read one kind each.

mod detect;
mod resource;
mod script;
mod shipyard;
mod terraform;
mod variables;

pub(crate) use variables::{KNOWN_VARIABLES, Variables};

use std::borrow::Cow;

use serde_json::Value;

use super::ledger::{MOST_OF_A_POOL, SourcePool};
use super::{File, Refusal};
use detect::Kind;

/// Most pools of one run.
const MOST_POOLS: usize = 500;
/// Most properties of one run, all pools together.
const MOST_PROPERTIES: usize = 50_000;

/// Something that is no pool but belongs to one, or stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Companion {
    /// The file that it comes from.
    pub file: String,
    /// What it is: `job nightly`.
    pub what: String,
    /// The pool that it is bound to, if it says.
    pub pool: Option<String>,
    /// What becomes of it.
    pub becomes: Becomes,
}

/// What becomes of a companion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Becomes {
    /// A person has to do something.
    Step(Cow<'static, str>),
    /// It stays as it is.
    Stays(Cow<'static, str>),
}

/// What the files hold.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub pools: Vec<SourcePool>,
    pub companions: Vec<Companion>,
    /// Pools that are not migrated, each with the reason.
    pub refused: Vec<(String, String)>,
    /// What is wrong with the source itself.
    pub notes: Vec<String>,
    /// What the files are, in words.
    pub origin: String,
    /// The account, where a file describes one.
    pub account: super::ledger::Place,
}

/// Reads files that belong together.
pub(super) fn read(files: &[File]) -> Result<Sources, Refusal> {
    let mut documents = Vec::new();
    for file in files {
        documents.push((file, detect::detect(file)?));
    }
    let mut sources = Sources::default();
    let mut origins: Vec<&str> = Vec::new();
    for (_, kind) in &documents {
        let words = kind.words();
        if !origins.contains(&words) {
            origins.push(words);
        }
    }
    sources.origin = origins.join(" and ");
    let parameters: Vec<&Value> = documents
        .iter()
        .filter_map(|(_, kind)| match kind {
            Kind::Parameters(value) => Some(value),
            _ => None,
        })
        .collect();
    for (file, kind) in &documents {
        match kind {
            Kind::Things(things) => resource::things(file, things, &mut sources),
            Kind::Template(template) => {
                resource::template(file, template, &parameters, &mut sources)?;
            }
            Kind::Terraform(state) => terraform::state(file, state, &mut sources),
            Kind::Parameters(_) | Kind::Shipyard(_) | Kind::Script(_) | Kind::Environment(_) => {}
        }
    }
    shipyard::read(&documents, &mut sources);
    script::read(&documents, &mut sources);
    for pool in &mut sources.pools {
        fill(&mut pool.place, &sources.account);
    }
    enough(sources, files)
}

/// What the variables of the script say.
pub(super) fn from_variables(variables: &Variables) -> Sources {
    let mut sources =
        Sources { origin: "the variables of batch-prep-v2.sh".to_owned(), ..Sources::default() };
    let pool = variables::pool_of_variables(variables, None, &mut sources.notes);
    sources.pools.push(pool);
    sources
}

fn fill(place: &mut super::ledger::Place, known: &super::ledger::Place) {
    let same_account = match (&place.account, &known.account) {
        (Some(own), Some(known)) => own.eq_ignore_ascii_case(known),
        _ => true,
    };
    if same_account {
        place.account = place.account.take().or_else(|| known.account.clone());
        place.location = place.location.take().or_else(|| known.location.clone());
        place.group = place.group.take().or_else(|| known.group.clone());
        place.subscription = place.subscription.take().or_else(|| known.subscription.clone());
    }
}

/// Takes pools out that prebake cannot serve, and refuses sources that hold no other.
fn enough(mut sources: Sources, files: &[File]) -> Result<Sources, Refusal> {
    let pools = std::mem::take(&mut sources.pools);
    let properties: usize = pools.iter().map(|pool| pool.properties).sum();
    let oversized = pools.iter().any(|pool| pool.properties > MOST_OF_A_POOL);
    if oversized || pools.len() > MOST_POOLS || properties > MOST_PROPERTIES {
        return Err(Refusal {
            what: "the source is too large for one run".to_owned(),
            why: format!(
                "the limits are {MOST_POOLS} pools, {MOST_OF_A_POOL} properties in one pool and {MOST_PROPERTIES} in \
                 total"
            ),
            help: "export fewer pools in one file".to_owned(),
        });
    }
    for pool in pools {
        match unserved(&pool) {
            Some(why) => {
                sources.refused.push((format!("{} of {}", pool.named(), pool.file), why));
            }
            None => sources.pools.push(pool),
        }
    }
    if !sources.pools.is_empty() {
        return Ok(sources);
    }
    if let Some((what, why)) = sources.refused.first() {
        let more = match sources.refused.len() {
            1 => String::new(),
            all => format!(" (and {} more)", all - 1),
        };
        return Err(Refusal {
            what: format!("{what} cannot be migrated{more}"),
            why: why.clone(),
            help: if why == NO_SIZE {
                "export the whole pool: `az batch pool show --pool-id ID > pool.json`".to_owned()
            } else {
                "keep this pool as it is, or migrate a Linux pool".to_owned()
            },
        });
    }
    let names: Vec<String> = files.iter().map(|file| format!("`{}`", file.name)).collect();
    Err(Refusal {
        what: format!("no pool in {}", names.join(", ")),
        why: match sources.companions.first() {
            Some(companion) => {
                format!("it describes {}, but a config is created from a pool", companion.what)
            }
            None => "a config is created from a pool".to_owned(),
        },
        help: "add the pool itself: `az batch pool show --pool-id ID > pool.json`".to_owned(),
    })
}

const NO_SIZE: &str = "it is incomplete: it has no VM size";

/// Why prebake cannot serve a pool.
fn unserved(pool: &SourcePool) -> Option<String> {
    let machine = "/properties/deploymentConfiguration/virtualMachineConfiguration";
    let text = |below: &str| {
        let value = pool.body.pointer(&format!("{machine}{below}"));
        value.and_then(Value::as_str).unwrap_or_default().to_lowercase()
    };
    let names_windows = ["/nodeAgentSkuId", "/imageReference/publisher", "/imageReference/offer"]
        .iter()
        .any(|below| text(below).contains("windows"));
    let configures = pool.body.pointer(&format!("{machine}/windowsConfiguration")).is_some();
    if names_windows || configures || text("/licenseType").starts_with("windows") {
        return Some("it is a Windows pool, and prebake supports only Linux".to_owned());
    }
    let cloud_service = pool.entries.iter().any(|entry| {
        entry.at.to_lowercase().contains("cloudserviceconfiguration")
            || entry.at.starts_with("cloud_service_configuration")
    });
    if cloud_service {
        return Some(
            "it is a Windows pool of Cloud Services, which Azure retired on 2024-02-29".to_owned(),
        );
    }
    let size = pool.body.pointer("/properties/vmSize").and_then(Value::as_str).unwrap_or_default();
    let has_size = !size.is_empty() || pool.is_unknown("vmSize") || pool.config.is_some();
    (!has_size).then(|| NO_SIZE.to_owned())
}
