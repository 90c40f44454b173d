//! Group D: the registry, its builds, and auto-storage.

use serde_json::Value;

use super::Check;
use super::finding::{Sink, Target};
use super::node::{Node, same_id};
use super::view::{Dockerfile, View};
use crate::catalog::name_rule;
use crate::diagnostic::Span;

pub(super) const RULES: &[(&str, Check)] = &[
    ("ACR001", registry_name_is_allowed),
    ("ACR002", settings_fit_the_sku),
    ("ACR003", tasks_reach_the_registry),
    ("ACR004", nodes_reach_the_registry),
    ("ACR005", steps_fit_the_task),
    ("ACR007", base_image_is_pinned),
    ("ACR008", platform_fits_the_nodes),
    ("ACR009", admin_user_is_off),
    ("ACR011", dockerfile_is_there),
    ("STO001", storage_fits_its_authentication),
];

fn registries<'a>(view: &View<'a>) -> impl Iterator<Item = Node<'a>> {
    view.of_kind("Microsoft.ContainerRegistry/registries")
}

fn registry_name_is_allowed(view: &View<'_>, sink: &mut Sink<'_>) {
    for registry in registries(view) {
        let Some(name) = registry.resource().own_name() else { continue };
        if name_rule(&registry.resource().kind).is_some_and(|rule| rule.check(name).is_err()) {
            sink.report(&registry, format!("`{name}` must have 5 to 50 letters and digits"));
        }
    }
}

fn settings_fit_the_sku(view: &View<'_>, sink: &mut Sink<'_>) {
    for registry in registries(view) {
        let sku = registry.at("sku/name");
        let Some(name) = sku.text().filter(|name| !name.eq_ignore_ascii_case("Premium")) else {
            continue;
        };
        let properties = registry.at("properties");
        let mut premium = Vec::new();
        let access = properties.at("publicNetworkAccess");
        if access.is("Disabled") {
            premium.push((access, "public network access cannot be switched off"));
        }
        let rules = properties.at("networkRuleSet");
        if !rules.at("ipRules").items().is_empty() || rules.at("defaultAction").is("Deny") {
            premium.push((rules, "network rules are not available"));
        }
        for (policy, label) in [
            ("retentionPolicy", "retention of untagged manifests is not available"),
            ("trustPolicy", "content trust is not available"),
        ] {
            let status = properties.at("policies").at(policy).at("status");
            if status.is("enabled") {
                premium.push((status, label));
            }
        }
        let encryption = properties.at("encryption/status");
        if encryption.is("enabled") {
            premium.push((encryption, "encryption with a customer-managed key is not available"));
        }
        let export = properties.at("policies/exportPolicy/status");
        if export.is("disabled") {
            premium.push((export, "exports cannot be switched off"));
        }
        let endpoints = properties.at("dataEndpointEnabled");
        if endpoints.boolean() == Some(true) {
            premium.push((endpoints, "dedicated data endpoints are not available"));
        }
        for (node, label) in premium {
            sink.report(&node, format!("{label} in {name} registries")).also(&sku, "the SKU");
        }
        anonymous_pull(&registry, name, sink);
        private_endpoints(view, &registry, name, sink);
        premium_parts(view, &registry, name, sink);
    }
}

/// Resources below a registry that only Premium has.
const PREMIUM_PARTS: [(&str, &str); 3] = [
    ("Microsoft.ContainerRegistry/registries/replications", "geo-replication is not available"),
    ("Microsoft.ContainerRegistry/registries/agentPools", "agent pools are not available"),
    (
        "Microsoft.ContainerRegistry/registries/connectedRegistries",
        "connected registries are not available",
    ),
];

fn premium_parts(view: &View<'_>, registry: &Node<'_>, sku: &str, sink: &mut Sink<'_>) {
    for (kind, label) in PREMIUM_PARTS {
        for part in view.of_kind(kind).filter(|part| is_below(part, registry)) {
            sink.report(&part, format!("{label} in {sku} registries"));
        }
    }
}

/// Whether a resource is a part of a registry, by its name.
fn is_below(part: &Node<'_>, registry: &Node<'_>) -> bool {
    let owner = part.resource().name.split('/').next().unwrap_or_default();
    owner.eq_ignore_ascii_case(&registry.resource().name)
}

fn anonymous_pull(registry: &Node<'_>, sku: &str, sink: &mut Sink<'_>) {
    let anonymous = registry.at("properties/anonymousPullEnabled");
    if sku.eq_ignore_ascii_case("Basic") && anonymous.boolean() == Some(true) {
        sink.report(&anonymous, "anonymous pull is not available in Basic registries")
            .help("set `registry.sku` to `Standard` or `Premium`, or remove the setting");
    }
}

fn private_endpoints(view: &View<'_>, registry: &Node<'_>, sku: &str, sink: &mut Sink<'_>) {
    for endpoint in view.of_kind("Microsoft.Network/privateEndpoints") {
        for target in endpoint_targets(&endpoint) {
            if target.id().is_some_and(|id| same_id(&id, &registry.resource().id)) {
                sink.report(
                    &target,
                    format!("private endpoints are not available in {sku} registries"),
                );
            }
        }
    }
}

/// The resources that a private endpoint leads to.
pub(super) fn endpoint_targets<'a>(endpoint: &Node<'a>) -> Vec<Node<'a>> {
    endpoint
        .at("properties/privateLinkServiceConnections")
        .items()
        .iter()
        .map(|connection| connection.at("properties/privateLinkServiceId"))
        .filter(Node::exists)
        .collect()
}

fn is_private(registry: &Node<'_>) -> bool {
    registry.at("properties/publicNetworkAccess").is("Disabled")
}

/// The setting that keeps the agents of shared tasks, which come from public addresses, out of a registry.
fn closed_to_agents<'a>(registry: &Node<'a>) -> Option<Node<'a>> {
    let access = registry.at("properties/publicNetworkAccess");
    let action = registry.at("properties/networkRuleSet/defaultAction");
    if access.is("Disabled") { Some(access) } else { action.is("Deny").then_some(action) }
}

/// Whether a registry lets tasks in that prove who they are.
fn lets_tasks_bypass(registry: &Node<'_>) -> bool {
    let options = registry.at("properties/networkRuleBypassOptions");
    let services = !options.exists() || options.is("AzureServices");
    let allowed = registry.at("properties/networkRuleBypassAllowedForTasks").boolean();
    services && allowed == Some(true)
}

fn tasks_reach_the_registry(view: &View<'_>, sink: &mut Sink<'_>) {
    for registry in registries(view) {
        let Some(closed) = closed_to_agents(&registry) else { continue };
        let bypass = lets_tasks_bypass(&registry);
        for (kind, agent) in [
            ("Microsoft.ContainerRegistry/registries/tasks", "properties/agentPoolName"),
            (
                "Microsoft.ContainerRegistry/registries/taskRuns",
                "properties/runRequest/agentPoolName",
            ),
        ] {
            for task in view.of_kind(kind).filter(|task| is_below(task, &registry)) {
                // A run of a task has the identity of the task, which is judged by itself.
                let of_task = task.at("properties/runRequest/type").is("TaskRunRequest");
                let identity = task.at("identity/type").text();
                let proves = kind.ends_with("/tasks")
                    && identity.is_some_and(|kind| kind.to_lowercase().contains("systemassigned"));
                if task.at(agent).exists() || of_task || (bypass && proves) {
                    continue;
                }
                sink.report(&task, "it runs on a shared agent outside the network of the registry")
                    .also(&closed, "the registry refuses public access");
            }
        }
    }
}

fn nodes_reach_the_registry(view: &View<'_>, sink: &mut Sink<'_>) {
    let consumers = !view.pools.is_empty() || !view.builders().is_empty();
    for registry in registries(view).filter(|registry| consumers && is_private(registry)) {
        let endpoints = view.of_kind("Microsoft.Network/privateEndpoints");
        let reached = endpoints
            .flat_map(|endpoint| endpoint_targets(&endpoint))
            .any(|target| target.id().is_none_or(|id| same_id(&id, &registry.resource().id)));
        if !reached {
            sink.report(
                &registry.at("properties/publicNetworkAccess"),
                "there is no private endpoint for it",
            );
        }
    }
}

/// A file of the render with the span of its first line that begins so.
fn line_of(path: &str, text: &str, start: &str) -> Target {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start().trim_start_matches("- ");
        if trimmed.starts_with(start) {
            let indent = line.len() - trimmed.len();
            return artifact(path, at + indent, at + line.trim_end().len());
        }
        at += line.len();
    }
    artifact(path, 0, text.find('\n').unwrap_or(text.len()))
}

fn artifact(path: &str, start: usize, end: usize) -> Target {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Target::Artifact { path: path.to_owned(), span: Span::new(offset(start), offset(end)) }
}

fn task_files<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    let artifacts = view.render.artifacts.iter();
    artifacts
        .filter(|(path, _)| path.rsplit('/').next() == Some("acr-task.yaml"))
        .map(|(path, text)| (path.as_str(), text.as_str()))
}

/// The time limit of the command that the file's own comment gives.
fn stated_timeout(text: &str) -> Option<i64> {
    let comments = text.lines().filter(|line| line.starts_with('#'));
    let words: Vec<&str> = comments.flat_map(str::split_whitespace).collect();
    let at = words.iter().position(|word| *word == "--timeout")?;
    words.get(at + 1)?.parse().ok()
}

fn steps_fit_the_task(view: &View<'_>, sink: &mut Sink<'_>) {
    let kinds = [
        "Microsoft.ContainerRegistry/registries/tasks",
        "Microsoft.ContainerRegistry/registries/taskRuns",
    ];
    // A task that builds from a Dockerfile does not run the file.
    let tasks = kinds
        .into_iter()
        .flat_map(|kind| view.of_kind(kind))
        .filter(|task| !task.at("properties/step/type").is("Docker"));
    let timeouts = tasks.filter_map(|task| {
        task.at("properties/timeout")
            .number()
            .or_else(|| task.at("properties/runRequest/timeout").number())
    });
    let deployed = timeouts.max();
    for (path, text) in task_files(view) {
        let Some(file) = view.render.values.get(path) else { continue };
        // Azure's default for a run that sets none.
        let task = deployed.max(stated_timeout(text)).unwrap_or(3600);
        let default = file.get("stepTimeout").and_then(Value::as_i64).unwrap_or(600);
        let steps = file.get("steps").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let total: i64 = steps
            .iter()
            .map(|step| step.get("timeout").and_then(Value::as_i64).unwrap_or(default))
            .fold(0, i64::saturating_add);
        let runs_here = kinds.into_iter().any(|kind| view.of_kind(kind).next().is_some());
        if total > task && runs_here {
            let key = if text.contains("stepTimeout:") { "stepTimeout:" } else { "steps:" };
            sink.report(
                line_of(path, text, key),
                format!("the steps can take {total} s, but the timeout of the task is {task} s"),
            )
            .help(format!("set `images[].build.timeout` to at least {total}"));
        }
    }
}

/// The `FROM` lines of a Dockerfile: the line, its platform and its image, if that is no earlier stage and no variable.
fn base_images(text: &str) -> Vec<(&str, Option<&str>, &str)> {
    let mut stages: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for line in text.lines().map(str::trim_start) {
        let mut words = line.split_whitespace();
        if !words.next().is_some_and(|word| word.eq_ignore_ascii_case("FROM")) {
            continue;
        }
        let (options, rest): (Vec<&str>, Vec<&str>) =
            words.partition(|word| word.starts_with("--"));
        let Some(image) = rest.first() else { continue };
        let platform = options.iter().find_map(|option| option.strip_prefix("--platform="));
        if !image.contains('$') && *image != "scratch" && !stages.contains(image) {
            found.push((line, platform, *image));
        }
        stages.extend(rest.get(2));
    }
    found
}

fn is_pinned(image: &str) -> bool {
    let tail = image.rsplit('/').next().unwrap_or(image);
    tail.contains('@') || tail.split_once(':').is_some_and(|(_, tag)| tag != "latest")
}

fn base_image_is_pinned(view: &View<'_>, sink: &mut Sink<'_>) {
    let files = view.render.artifacts.iter().filter(|(path, _)| {
        path.rsplit('/').next().is_some_and(|name| name.starts_with("Dockerfile"))
    });
    for (path, text) in files {
        for (line, _, image) in base_images(text).into_iter().filter(|one| !is_pinned(one.2)) {
            sink.report(line_of(path, text, line), format!("`{image}` moves"));
        }
    }
    for (file, text) in dockerfiles(view) {
        for (_, _, image) in base_images(text).into_iter().filter(|one| !is_pinned(one.2)) {
            sink.report(named_at(file), format!("`FROM {image}` of `{}` moves", file.name));
        }
    }
}

/// The Dockerfiles of the config that can be read.
fn dockerfiles<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a Dockerfile, &'a str)> {
    let files = view.render.declared.dockerfiles.iter();
    files.filter_map(|file| Some((file, file.text.as_deref().ok()?)))
}

/// The place in the config that names a Dockerfile.
fn named_at(file: &Dockerfile) -> Target {
    Target::Config { pointer: file.pointer.clone() }
}

fn dockerfile_is_there(view: &View<'_>, sink: &mut Sink<'_>) {
    for file in &view.render.declared.dockerfiles {
        match &file.text {
            Err(why) => {
                sink.report(named_at(file), format!("`{}` cannot be read: {why}", file.name));
            }
            Ok(text) if !text.lines().any(is_from) => {
                sink.report(named_at(file), format!("`{}` has no `FROM`", file.name));
            }
            Ok(_) => {}
        }
    }
}

fn is_from(line: &str) -> bool {
    line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("FROM"))
}

fn platform_fits_the_nodes(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(wanted) =
        view.pools.iter().find_map(|pool| pool.size.as_ref().map(|size| size.architecture.clone()))
    else {
        return;
    };
    let differs = |architecture: &str| {
        let arm = architecture.to_lowercase().contains("arm64");
        arm != (wanted == "arm64")
    };
    for kind in [
        "Microsoft.ContainerRegistry/registries/tasks",
        "Microsoft.ContainerRegistry/registries/taskRuns",
    ] {
        for task in view.of_kind(kind) {
            for path in
                ["properties/platform/architecture", "properties/runRequest/platform/architecture"]
            {
                let node = task.at(path);
                if node.text().is_some_and(differs) {
                    sink.report(&node, format!("the nodes are {wanted}"));
                }
            }
        }
    }
    for (file, text) in dockerfiles(view) {
        for (_, platform, image) in base_images(text) {
            if let Some(platform) = platform.filter(|platform| differs(platform)) {
                let label = format!("`{}` uses `{image}` for `{platform}`", file.name);
                sink.report(named_at(file), format!("{label}, and the nodes are {wanted}"));
            }
        }
    }
    for (path, text) in task_files(view) {
        for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let platform =
                line.split("--platform").nth(1).map(|rest| rest.trim_start_matches(['=', ' ']));
            let platform = platform.and_then(|rest| rest.split_whitespace().next());
            if platform.is_some_and(differs) {
                let start = line.trim_start().trim_start_matches("- ");
                sink.report(line_of(path, text, start), format!("the nodes are {wanted}"));
            }
        }
    }
}

fn admin_user_is_off(view: &View<'_>, sink: &mut Sink<'_>) {
    for registry in registries(view) {
        let admin = registry.at("properties/adminUserEnabled");
        if admin.boolean() == Some(true) {
            sink.report(&admin, "everyone with this password can push and delete images");
        }
    }
}

fn storage_fits_its_authentication(view: &View<'_>, sink: &mut Sink<'_>) {
    for account in view.of_kind("Microsoft.Batch/batchAccounts") {
        let auto = account.at("properties/autoStorage");
        let mode = auto.at("authenticationMode");
        let id = auto.at("storageAccountId");
        let storages = "Microsoft.Storage/storageAccounts";
        let storage = id
            .id()
            .and_then(|id| view.of_kind(storages).find(|it| same_id(&it.resource().id, &id)));
        let Some(storage) = storage else { continue };
        let keys = storage.at("properties/allowSharedKeyAccess");
        let uses_keys = !mode.is("BatchAccountManagedIdentity") && !mode.is_symbolic();
        if keys.boolean() == Some(false) && uses_keys {
            sink.report(
                &mode,
                "Batch would use an account key, but the storage account refuses keys",
            )
            .also(&keys, "the refusal");
        }
        let kind = storage.at("kind");
        if kind.is("BlobStorage") || kind.is("BlockBlobStorage") || kind.is("FileStorage") {
            sink.report(&kind, "auto-storage needs a general-purpose storage account")
                .help("set `kind` to `StorageV2`");
        }
    }
}
