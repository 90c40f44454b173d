use serde_json::{Map, Value, json};

use super::variables::{KNOWN_VARIABLES, Variables};
use super::{script, shipyard};
use crate::diff::POOL;
use crate::migrate::{File, Refusal};
use crate::yaml;

/// What a file is.
#[derive(Debug)]
pub(super) enum Kind {
    /// Pools, resources, jobs and the like, as the CLI and the REST API print them.
    Things(Vec<Value>),
    /// A deployment template.
    Template(Value),
    /// A parameters file of a template.
    Parameters(Value),
    /// What `terraform show -json` prints.
    Terraform(Value),
    /// A file of Batch Shipyard.
    Shipyard(Value),
    /// `batch-prep-v2.sh` or an older one.
    Script(String),
    /// The variables of the script.
    Environment(Variables),
}

impl Kind {
    /// In words, for the first lines of the config.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Things(_) => "the output of the Azure CLI",
            Self::Template(_) | Self::Parameters(_) => "a deployment template",
            Self::Terraform(_) => "a Terraform state",
            Self::Shipyard(_) => "a Batch Shipyard configuration",
            Self::Script(_) => "the configuration section of the script",
            Self::Environment(_) => "the variables of batch-prep-v2.sh",
        }
    }
}

/// What a file is, or why it cannot be read.
pub(super) fn detect(file: &File) -> Result<Kind, Refusal> {
    let text = file.text.trim_start();
    if let Some((what, help)) = written_form(&file.name) {
        return Err(Refusal {
            what: format!("`{}` is {what}, which prebake does not read", file.name),
            why: "its values are known only after it is evaluated".to_owned(),
            help: help.to_owned(),
        });
    }
    if text.starts_with(['{', '[']) {
        // YAML's flow style is nearly JSON, and Shipyard's first versions were configured in JSON.
        let value = serde_json::from_str(text)
            .map_err(|error| malformed(file, &format!("it is not JSON: {error}")))?;
        return of_json(value).ok_or_else(|| foreign(file));
    }
    if script::is_script(&file.text) {
        return Ok(Kind::Script(file.text.clone()));
    }
    if let Some(variables) = environment(&file.text) {
        return Ok(Kind::Environment(variables));
    }
    let looks_like_yaml = text.lines().any(|line| {
        let line = line.trim_end();
        line.split_once(':').is_some_and(|(key, _)| shipyard::KEYS.contains(&key))
    });
    match yaml::read(&file.text, yaml::FOREIGN) {
        Ok(value) if shipyard::is_shipyard(&value) => Ok(Kind::Shipyard(value)),
        Ok(_) => Err(foreign(file)),
        Err(problem) if looks_like_yaml => {
            let line = file.text[..problem.place.start as usize].lines().count().max(1);
            Err(malformed(file, &format!("{problem}, near line {line}")))
        }
        Err(_) => Err(foreign(file)),
    }
}

fn of_json(value: Value) -> Option<Kind> {
    if let Value::Array(items) = value {
        return (!items.is_empty() && items.iter().all(is_thing)).then_some(Kind::Things(items));
    }
    let Value::Object(object) = &value else { return None };
    let schema = object.get("$schema").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    if schema.contains("deploymentparameters") {
        return Some(Kind::Parameters(value));
    }
    if schema.contains("deploymenttemplate")
        || object.contains_key("contentVersion") && object.contains_key("resources")
    {
        return Some(Kind::Template(value));
    }
    if object.contains_key("terraform_version") || object.contains_key("format_version") {
        let known = ["values", "planned_values", "resources"];
        return known.iter().any(|key| object.contains_key(*key)).then_some(Kind::Terraform(value));
    }
    if shipyard::is_shipyard(&value) {
        return Some(Kind::Shipyard(value));
    }
    if let Some(template) = pool_template(object) {
        return Some(Kind::Template(template));
    }
    // The answer of a list operation of the REST API.
    if let Some(Value::Array(items)) = object.get("value") {
        return (!items.is_empty() && items.iter().all(is_thing))
            .then(|| Kind::Things(items.clone()));
    }
    is_thing(&value).then_some(Kind::Things(vec![value]))
}

/// A pool template of the CLI's Batch extension, `{parameters, pool: {properties}}`, or a `pool` alone, as the
/// template of a deployment.
fn pool_template(object: &Map<String, Value>) -> Option<Value> {
    let pool = object.get("pool")?.as_object()?;
    let properties = pool.get("properties").and_then(Value::as_object).unwrap_or(pool);
    is_thing(&Value::Object(properties.clone())).then(|| {
        json!({
            "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
            "contentVersion": "1.0.0.0",
            "parameters": object.get("parameters").cloned().unwrap_or(json!({})),
            "variables": object.get("variables").cloned().unwrap_or(json!({})),
            "resources": [{
                "type": POOL, "apiVersion": "2024-07-01", "name": "account/pool", "properties": properties,
            }],
        })
    })
}

/// Keys that only things of Batch, or resources of Azure, have.
const SIGNS: [&str; 12] = [
    "vmSize",
    "virtualMachineConfiguration",
    "cloudServiceConfiguration",
    "poolInfo",
    "jobSpecification",
    "thumbprint",
    "accountEndpoint",
    "poolAllocationMode",
    "allowUpdates",
    "defaultVersion",
    "packageVersions",
    "applicationId",
];

fn is_thing(value: &Value) -> bool {
    let Value::Object(object) = value else { return false };
    let has = |object: &Map<String, Value>| SIGNS.iter().any(|sign| object.contains_key(*sign));
    let resource = object.get("type").and_then(Value::as_str).is_some_and(is_resource_type);
    let below = object.get("properties").and_then(Value::as_object).is_some_and(has);
    resource || has(object) || below
}

/// `Microsoft.Batch/batchAccounts` and the like.
fn is_resource_type(text: &str) -> bool {
    text.split_once('/').is_some_and(|(namespace, _)| namespace.contains('.'))
}

/// The variables of an environment file: every line is empty, a comment or an assignment, and at least one of
/// the script's variables is among them.
fn environment(text: &str) -> Option<Variables> {
    let mut variables = Variables::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=')?;
        let is_name = |name: &str| {
            let mut bytes = name.bytes();
            bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !is_name(name) {
            return None;
        }
        variables.insert(name.to_owned(), script::literal(name, value));
    }
    let known = variables.keys().any(|name| KNOWN_VARIABLES.contains(&name.as_str()));
    known.then_some(variables)
}

/// Sources that another program evaluates first.
fn written_form(name: &str) -> Option<(&'static str, &'static str)> {
    let forms = [
        (".bicep", "Bicep", "compile it with `prebake bicep build`, and name the JSON file"),
        (
            ".bicepparam",
            "Bicep parameters",
            "compile it with `prebake bicep build-params`, and name the JSON file",
        ),
        (
            ".tf",
            "a Terraform configuration",
            "run `terraform show -json > state.json`, and name that file",
        ),
    ];
    let found = forms.iter().find(|(ending, ..)| name.to_lowercase().ends_with(ending));
    found.map(|(_, what, help)| (*what, *help))
}

fn malformed(file: &File, why: &str) -> Refusal {
    Refusal {
        what: format!("`{}` cannot be read", file.name),
        why: why.to_owned(),
        help: "export it again, and check that the file is complete".to_owned(),
    }
}

fn foreign(file: &File) -> Refusal {
    Refusal {
        what: format!("the format of `{}` is unknown", file.name),
        why: "it is not `batch-prep-v2.sh` or its variables, the output of `az batch pool show`, a deployment \
              template, a Terraform state or a Batch Shipyard file"
            .to_owned(),
        help: "use one of these files, or create a new config with `prebake init`".to_owned(),
    }
}
