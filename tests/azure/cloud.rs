//! What there is in the cloud, and what is still going on in it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::answer::{Answer, error_object, refusal, resource_not_found};
use super::clock::Clock;
use super::knobs::Knobs;
use super::registry::Run;
use super::server::Service;

pub const SUBSCRIPTION: &str = "7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11";
pub const TENANT: &str = "aaaaaaaa-0000-4000-8000-00000000aaaa";
pub const CLIENT: &str = "bbbbbbbb-0000-4000-8000-00000000bbbb";
pub const SECRET: &str = "stand-in~secret";

/// A resource as Azure shows it, and what only Azure knows of it.
#[derive(Debug, Clone)]
pub struct Resource {
    /// `id`, `name`, `type`, `location`, `properties` and the like.
    pub shown: Value,
    /// What was asked for last, without what Azure added.
    pub asked: Value,
    pub vm: Option<Vm>,
}

impl Resource {
    pub fn text(&self, pointer: &str) -> &str {
        self.shown.pointer(pointer).and_then(Value::as_str).unwrap_or("")
    }

    pub fn is(&self, kind: &str) -> bool {
        self.text("/type").eq_ignore_ascii_case(kind)
    }
}

/// The state of a virtual machine.
#[derive(Debug, Clone)]
pub struct Vm {
    /// `running`, `stopped`, `deallocating`, `deallocated`.
    pub power: String,
    pub generalized: bool,
    /// As it was sent: base64.
    pub custom_data: String,
    /// Looks at its console so far.
    pub looks: usize,
}

/// A long-running operation.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `InProgress` or `Running`, then `Succeeded` or `Failed`.
    pub status: String,
    pub error: Option<Value>,
    /// What a poll of its result gives when it has ended.
    pub result: Option<Value>,
}

type Effect = Box<dyn FnOnce(&mut Cloud) + Send>;

pub struct Cloud {
    pub knobs: Knobs,
    pub clock: Clock,
    /// By lowercase name.
    pub groups: BTreeMap<String, Value>,
    /// By lowercase id.
    pub resources: BTreeMap<String, Resource>,
    /// By lowercase id.
    pub deployments: BTreeMap<String, super::deployment::Deployment>,
    /// By lowercase scope.
    pub locks: BTreeMap<String, String>,
    pub operations: BTreeMap<String, Operation>,
    /// Digests by `registry/repository:tag`.
    pub images: BTreeMap<String, String>,
    pub runs: Vec<Run>,
    pub blobs: BTreeMap<String, Vec<u8>>,
    /// By account and id.
    pub jobs: BTreeMap<(String, String), super::jobs::Job>,
    pub nodes: BTreeMap<(String, String), Vec<Value>>,
    /// Requests for which the stand-in has no answer: a gap in it, or a path that Azure does not have.
    pub unknown: Vec<String>,
    due: Vec<(Instant, u64, Effect)>,
    count: u64,
    base: String,
    hosts: BTreeMap<Service, u16>,
    open: Arc<dyn Fn(Service) -> u16 + Send + Sync>,
}

impl Cloud {
    pub fn new(open: Arc<dyn Fn(Service) -> u16 + Send + Sync>) -> Self {
        Self {
            knobs: Knobs::default(),
            clock: Clock::default(),
            groups: BTreeMap::new(),
            resources: BTreeMap::new(),
            deployments: BTreeMap::new(),
            locks: BTreeMap::new(),
            operations: BTreeMap::new(),
            images: BTreeMap::new(),
            runs: Vec::new(),
            blobs: BTreeMap::new(),
            jobs: BTreeMap::new(),
            nodes: BTreeMap::new(),
            unknown: Vec::new(),
            due: Vec::new(),
            count: 0,
            base: String::new(),
            hosts: BTreeMap::new(),
            open,
        }
    }

    /// `https://localhost:8443`
    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn set_base(&mut self, port: u16) {
        self.base = format!("https://localhost:{port}");
    }

    /// `localhost:8444`: where the service listens, from now on at least.
    pub fn host(&mut self, service: &Service) -> String {
        let port = match self.hosts.get(service) {
            Some(port) => *port,
            None => (self.open)(service.clone()),
        };
        self.hosts.insert(service.clone(), port);
        format!("localhost:{port}")
    }

    /// A number that no other call has got.
    pub fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    pub fn new_id(&mut self) -> String {
        format!("00000000-0000-4000-9000-{:012x}", self.next())
    }

    /// Does something later.
    pub fn after(&mut self, time: Duration, effect: impl FnOnce(&mut Self) + Send + 'static) {
        let number = self.next();
        self.due.push((Instant::now() + time, number, Box::new(effect)));
    }

    /// Does what is due, in order.
    pub fn settle(&mut self) {
        loop {
            let now = Instant::now();
            let first = self.due.iter().enumerate().filter(|(_, due)| due.0 <= now);
            let Some((at, _)) = first.min_by_key(|(_, due)| (due.0, due.1)) else { return };
            let (_, _, effect) = self.due.swap_remove(at);
            effect(self);
        }
    }

    /// Starts an operation that takes its time; `finish` may fail it with an error object.
    pub fn operation(
        &mut self,
        time: Duration,
        finish: impl FnOnce(&mut Self) -> Option<Value> + Send + 'static,
    ) -> String {
        let id = self.new_id();
        let status = "InProgress".to_owned();
        self.operations.insert(id.clone(), Operation { status, error: None, result: None });
        let key = id.clone();
        self.after(time, move |cloud| {
            let error = finish(cloud);
            cloud.end_operation(&key, error);
        });
        id
    }

    pub fn end_operation(&mut self, id: &str, error: Option<Value>) {
        if let Some(operation) = self.operations.get_mut(id) {
            let status = if error.is_some() { "Failed" } else { "Succeeded" };
            status.clone_into(&mut operation.status);
            operation.error = error;
        }
    }

    /// `202` with the headers by which an operation is followed.
    ///
    /// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations>.
    pub fn accepted(&self, namespace: &str, operation: &str) -> Answer {
        let url = format!(
            "{}/subscriptions/{SUBSCRIPTION}/providers/{namespace}/locations/swedencentral/operations/{operation}?api-version=2024-07-01",
            self.base
        );
        Answer::empty(202)
            .with_header("Location", format!("{url}&monitor=true"))
            .with_header("Azure-AsyncOperation", url)
            .with_header("Retry-After", self.knobs.retry_after.to_string())
    }

    pub fn need_group(&self, group: &str) -> Result<(), Answer> {
        if self.groups.contains_key(&group.to_lowercase()) {
            return Ok(());
        }
        let message = format!("Resource group '{group}' could not be found.");
        Err(refusal(404, "ResourceGroupNotFound", message))
    }

    pub fn location_of(&self, group: &str) -> String {
        let group = self.groups.get(&group.to_lowercase());
        group.and_then(|group| group["location"].as_str()).unwrap_or("").to_owned()
    }

    pub fn resource(&self, id: &str) -> Option<&Resource> {
        self.resources.get(&id.to_lowercase())
    }

    /// The resource, or Azure's refusal.
    pub fn need(&self, id: &str) -> Result<&Resource, Answer> {
        self.resource(id).ok_or_else(|| {
            let (group, kind, name) = parts_of(id);
            resource_not_found(&kind, &name, &group)
        })
    }

    /// The resource of this type with this name, whatever its group.
    pub fn named(&self, kind: &str, name: &str) -> Option<&Resource> {
        self.resources
            .values()
            .find(|resource| resource.is(kind) && resource.text("/name").eq_ignore_ascii_case(name))
    }

    /// The lock that keeps this scope from being deleted, or changed.
    pub fn check_lock(&self, id: &str, delete: bool) -> Result<(), Value> {
        let id = id.to_lowercase();
        let hit = self.locks.iter().find(|(scope, level)| {
            id.starts_with(scope.as_str()) && (delete || level.as_str() == "ReadOnly")
        });
        let Some((scope, _)) = hit else { return Ok(()) };
        // Shape: <https://learn.microsoft.com/azure/azure-resource-manager/management/lock-resources>.
        let verb = if delete { "delete" } else { "write" };
        Err(error_object(
            "ScopeLocked",
            format!(
                "The scope '{id}' cannot perform {verb} operation because following scope(s) are \
                 locked: '{scope}'. Please remove the lock and try again."
            ),
        ))
    }
}

/// Group, type and name of an id: `vision-batch`, `Microsoft.Batch/batchAccounts/pools`, `account/dev`.
pub fn parts_of(id: &str) -> (String, String, String) {
    let words: Vec<&str> = id.trim_matches('/').split('/').collect();
    let at = |name: &str| words.iter().rposition(|word| word.eq_ignore_ascii_case(name));
    let group = at("resourceGroups").and_then(|at| words.get(at + 1)).copied().unwrap_or("");
    let Some(provider) = at("providers") else {
        return (group.to_owned(), String::new(), String::new());
    };
    let rest = &words[provider + 1..];
    let types: Vec<&str> = rest.iter().skip(1).step_by(2).copied().collect();
    let names: Vec<&str> = rest.iter().skip(2).step_by(2).copied().collect();
    let namespace = rest.first().copied().unwrap_or("");
    (group.to_owned(), format!("{namespace}/{}", types.join("/")), names.join("/"))
}

/// The id of a resource, from the id of its group or subscription, its type and its full name.
pub fn id_of(scope: &str, kind: &str, name: &str) -> String {
    let (namespace, types) = kind.split_once('/').unwrap_or((kind, ""));
    let pairs = types.split('/').zip(name.split('/'));
    let mut id = format!("{scope}/providers/{namespace}");
    for (kind, name) in pairs {
        id = format!("{id}/{kind}/{name}");
    }
    id
}

pub fn group_id(group: &str) -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}")
}

/// A random-looking id that is always the same for the same text.
pub fn id_from(text: &str) -> String {
    let digest = prebake::model::hex_digest(text.as_bytes());
    format!(
        "{}-{}-4{}-8{}-{}",
        &digest[..8],
        &digest[8..12],
        &digest[12..15],
        &digest[15..18],
        &digest[18..30]
    )
}

/// Adds the members of one object to another.
pub fn extend(target: &mut Value, more: Value) {
    if !target.is_object() {
        *target = json!({});
    }
    if let (Some(target), Value::Object(more)) = (target.as_object_mut(), more) {
        let more: Map<String, Value> = more;
        target.extend(more);
    }
}
