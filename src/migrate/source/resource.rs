//! Pools as the data plane shows them, resources as Resource Manager shows them, and templates.

use serde_json::{Map, Value, json};

use super::{Becomes, Companion, Sources};
use crate::arm::Template;
use crate::arm::evaluate::Evaluated;
use crate::arm::expression::is_expression;
use crate::diagnostic::Diagnostics;
use crate::diff::POOL;
use crate::expand::{self, Context, Level};
use crate::migrate::ledger::{Entry, Fate, Place, SourcePool, region, shown};
use crate::migrate::{File, Refusal};

const ACCOUNT: &str = "Microsoft.Batch/batchAccounts";

/// Objects that the CLI or the REST API prints.
pub(super) fn things(file: &File, things: &[Value], sources: &mut Sources) {
    for thing in things {
        // What is too much for one run is refused, so the rest need not be read.
        if sources.pools.len() > super::MOST_POOLS {
            return;
        }
        let Value::Object(object) = thing else { continue };
        if is_pool_resource(object) {
            let mut pool = SourcePool::new(&file.name);
            pool.take_all("resource", thing);
            name_from_id(&mut pool, object);
            sources.pools.push(pool);
        } else if is_data_plane_pool(object) {
            let mut pool = SourcePool::new(&file.name);
            pool.take_all("batch", thing);
            one_scale(&mut pool, object);
            sources.pools.push(pool);
        } else {
            beside(file, object, sources);
        }
    }
}

/// `name` of what is embedded in a template is `account/pool`.
fn name_from_id(pool: &mut SourcePool, object: &Map<String, Value>) {
    let name = object.get("name").and_then(Value::as_str).unwrap_or_default();
    if let Some((account, _)) = name.split_once('/') {
        pool.place.account.get_or_insert_with(|| account.to_owned());
    }
}

fn is_pool_resource(object: &Map<String, Value>) -> bool {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let below = object.get("properties").and_then(Value::as_object);
    text("type").eq_ignore_ascii_case(POOL)
        || text("type").is_empty() && below.is_some_and(|below| below.contains_key("vmSize"))
}

fn is_data_plane_pool(object: &Map<String, Value>) -> bool {
    ["vmSize", "virtualMachineConfiguration", "cloudServiceConfiguration"]
        .iter()
        .any(|key| object.contains_key(*key))
}

/// The data plane shows the target of both ways to scale; the one that the pool does not use says nothing.
fn one_scale(pool: &mut SourcePool, object: &Map<String, Value>) {
    let scales = match object.get("enableAutoScale").and_then(Value::as_bool) {
        Some(scales) => scales,
        None => object.get("autoScaleFormula").is_some_and(Value::is_string),
    };
    let (unused, why) = if scales {
        ("fixedScale", "the formula sets the number of nodes")
    } else {
        ("autoScale", "the pool does not scale by formula (`enableAutoScale` is false)")
    };
    let scale = pool.body.pointer_mut("/properties/scaleSettings").and_then(Value::as_object_mut);
    if scale.is_some_and(|scale| scale.shift_remove(unused).is_some()) {
        let prefix = format!("/properties/scaleSettings/{unused}/");
        for entry in &mut pool.entries {
            if let Fate::Pool(pointers) = &entry.fate
                && pointers.iter().any(|pointer| pointer.starts_with(&prefix))
            {
                entry.fate = Fate::Dropped(why.to_owned());
            }
        }
    }
}

/// What is no pool.
fn beside(file: &File, object: &Map<String, Value>, sources: &mut Sources) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let kind = text("type");
    let id = match (text("id"), text("name")) {
        ("", name) => name,
        (id, _) => id.rsplit('/').next().unwrap_or(id),
    };
    if kind.eq_ignore_ascii_case(ACCOUNT) || object.contains_key("accountEndpoint") {
        account(object, sources);
        let why = if is_expression(id) {
            "it stays as it is. Its name is known only during the deployment: add the parameters file of the template with \
             another `--from`"
        } else {
            "the config uses this account and does not create it (`batch.account`)"
        };
        push(file, format!("Batch account `{id}`"), None, Becomes::Stays(why.into()), sources);
        return;
    }
    let pool = object.get("poolInfo").or_else(|| {
        object.get("jobSpecification").and_then(|specification| specification.get("poolInfo"))
    });
    let pool_id = pool.and_then(|info| info.get("poolId")).and_then(Value::as_str);
    if let Some(companion) = of_batch(object, kind, id, pool.is_some()) {
        let (what, becomes) = companion;
        push(file, what, pool_id.map(str::to_owned), becomes, sources);
        return;
    }
    let what = if kind.is_empty() { format!("`{id}`") } else { format!("{kind} `{id}`") };
    let why = "it is not a pool: it does not change, and the config does not manage it";
    push(file, what, None, Becomes::Stays(why.into()), sources);
}

/// Jobs, schedules, certificates and application packages.
fn of_batch(
    object: &Map<String, Value>,
    kind: &str,
    id: &str,
    has_pool: bool,
) -> Option<(String, Becomes)> {
    let lower = kind.to_lowercase();
    if object.contains_key("jobSpecification") {
        let auto = object
            .get("jobSpecification")
            .and_then(|specification| specification.pointer("/poolInfo/autoPoolSpecification"));
        return Some((
            format!("job schedule `{id}`"),
            Becomes::Step(if auto.is_some() { AUTO_POOL.into() } else { SCHEDULE.into() }),
        ));
    }
    if has_pool {
        let auto = object.get("poolInfo").and_then(|info| info.get("autoPoolSpecification"));
        let step = if auto.is_some() { AUTO_POOL } else { JOB };
        return Some((format!("job `{id}`"), Becomes::Step(step.into())));
    }
    if object.contains_key("thumbprint") || lower.ends_with("/certificates") {
        let thumbprint = object.get("thumbprint").and_then(Value::as_str).unwrap_or(id);
        return Some((format!("certificate `{thumbprint}`"), Becomes::Step(CERTIFICATE.into())));
    }
    let application = ["allowUpdates", "packageVersions", "applicationId"]
        .iter()
        .any(|key| object.contains_key(*key));
    (application || lower.contains("/applications"))
        .then(|| (format!("application package `{id}`"), Becomes::Step(PACKAGE.into())))
}

pub(super) const JOB: &str = "the job stays in its account and refers to the ID of its pool. If the new pool has the \
                              same ID, let the job end, or disable it while the pool is replaced. Otherwise, assign \
                              the job to the new pool (`az batch job set --job-id ID --pool-id POOL`)";
pub(super) const SCHEDULE: &str = "the schedule stays in its account and refers to the ID of its pool. Disable it \
                                   while the pool is replaced (`az batch job-schedule disable --job-schedule-id \
                                   ID`), and update the pool ID if it changes";
const AUTO_POOL: &str = "it creates a pool for each run (`autoPoolSpecification`), which prebake does not manage. To \
                         run on the baked image, assign it to the new pool (`poolInfo.poolId`)";
pub(super) const CERTIFICATE: &str = "Batch retired certificates on 2024-02-29. Store it in Key Vault, and let tasks \
                                      read it with an identity of the pool (`identities`)";
pub(super) const PACKAGE: &str = "the package stays in its account. If the new pool is in another account, upload it \
     there (`az batch application package create`), or bake the files into the image (`bake.steps`)";

fn push(file: &File, what: String, pool: Option<String>, becomes: Becomes, sources: &mut Sources) {
    sources.companions.push(Companion { file: file.name.clone(), what, pool, becomes });
}

/// What an account says of the place of its pools.
fn account(object: &Map<String, Value>, sources: &mut Sources) {
    let text = |key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut pool = SourcePool::new("");
    if let Some(id) = text("id") {
        pool.resource_id(&id);
    }
    let Place { account, group, subscription, .. } = pool.place;
    let known = &mut sources.account;
    let literal = |text: &String| !is_expression(text);
    known.account = text("name").filter(literal).or(account);
    known.location = text("location").filter(literal).map(|text| region(&text));
    known.group = text("resourceGroup").or(group);
    known.subscription = subscription;
}

/// The pools of a template, with its expressions evaluated as far as that is possible without Azure.
pub(super) fn template(
    file: &File,
    template: &Value,
    parameters: &[&Value],
    sources: &mut Sources,
) -> Result<(), Refusal> {
    let mut values = Map::new();
    for file in parameters {
        let given = file.get("parameters").and_then(Value::as_object);
        values.extend(given.cloned().unwrap_or_default());
    }
    let context = Context {
        level: Level::ResourceGroup,
        tenant_id: None,
        subscription_id: None,
        resource_group: None,
        location: None,
        management_group: None,
        deployment: None,
        public_cloud: true,
    };
    let template = Template { json: template.clone().into(), ..Template::default() };
    let mut diagnostics = Diagnostics::new();
    let parameters = json!({ "parameters": values });
    let expansion = expand::expand("migrated", &template, &parameters, &context, &mut diagnostics);
    if expansion.resources.is_empty() && diagnostics.has_errors() {
        let first = diagnostics.iter().map(|finding| finding.title.clone()).next();
        return Err(Refusal {
            what: format!("`{}` cannot be read", file.name),
            why: format!("the template cannot be evaluated: {}", first.unwrap_or_default()),
            help: "compile it with `prebake bicep build`, and add its parameters file with another `--from`"
                .to_owned(),
        });
    }
    for resource in &expansion.resources {
        of_template(file, resource, sources);
    }
    Ok(())
}

/// A resource of a template: a pool, or something beside it.
fn of_template(file: &File, resource: &expand::Resource, sources: &mut Sources) {
    if !resource.kind.eq_ignore_ascii_case(POOL) || resource.existing {
        let mut body = resource.body_json();
        body.insert("type".to_owned(), json!(resource.kind));
        body.insert("name".to_owned(), json!(resource.name));
        return beside(file, &body, sources);
    }
    let mut body = resource.body.clone();
    body.insert("type".to_owned(), Evaluated::from(resource.kind.as_str()));
    body.insert("name".to_owned(), resource.typed_name());
    let mut pool = SourcePool::new(&file.name);
    // The templates of the CLI's Batch extension hold a pool of the data plane.
    let of_extension = body.get("properties").filter(|below| {
        let machine = below.get("virtualMachineConfiguration");
        below.get("id").is_some() && machine.is_some_and(|machine| !machine.is_null())
    });
    let (kind, body) = match of_extension.cloned() {
        Some(properties) => ("batch", properties),
        None => ("resource", Evaluated::Object(body)),
    };
    let mut unknown = Vec::new();
    let body = known(&body, &mut Vec::new(), &mut unknown).unwrap_or_default();
    pool.take_all(kind, &body);
    if let ("batch", Value::Object(object)) = (kind, &body) {
        one_scale(&mut pool, object);
    } else if let Some((account, _)) = resource.name.split_once('/') {
        // A symbolic name is not known before the deployment.
        let parts = [resource.typed_name(), Evaluated::from_template_string(account)];
        if !parts.iter().any(Evaluated::is_symbolic) && !account.contains('{') {
            pool.place.account.get_or_insert_with(|| account.to_owned());
        }
    }
    pool.entries.extend(unknown.into_iter().map(|(at, value)| Entry {
        at,
        value,
        fate: Fate::Step(
            "the value is known only during the deployment. Add the parameters file of the template with another \
             `--from`, or set the value in the config"
                .to_owned(),
        ),
        file: file.name.clone(),
    }));
    sources.pools.push(pool);
}

/// What is known of a value before the deployment; the rest is told with its place.
fn known(
    value: &Evaluated,
    path: &mut Vec<String>,
    unknown: &mut Vec<(String, Value)>,
) -> Option<Value> {
    let mut below = |step: String, value: &Evaluated| {
        path.push(step);
        let found = known(value, path, unknown);
        path.pop();
        found
    };
    match value {
        Evaluated::Symbolic(_) => {
            unknown.push((shown(path), value.to_template()));
            None
        }
        Evaluated::Array(items) => {
            let items = items.iter().enumerate();
            Some(items.filter_map(|(at, item)| below(at.to_string(), item)).collect())
        }
        Evaluated::Object(object) => {
            let keys = object.iter().filter(|(key, _)| !is_expression(key));
            let known =
                keys.filter_map(|(key, value)| Some((key.clone(), below(key.clone(), value)?)));
            Some(Value::Object(known.collect()))
        }
        scalar => scalar.to_plain(),
    }
}
