//! Group C: containers on the pool, their names and their registries.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Check;
use super::finding::{Sink, Target};
use super::node::{Node, last_segment, same_id};
use super::pool::base_image;
use super::subject::{Pool, View};
use crate::catalog::{self, RegistryMode, Role};
use crate::diagnostic::Span;

pub(super) const RULES: &[(&str, Check)] = &[
    ("CTR001", preloaded_images_need_a_configuration),
    ("CTR002", tasks_have_container_settings),
    ("CTR003", configuration_has_a_type),
    ("CTR004", private_images_have_a_registry),
    ("CTR005", registry_identity_is_on_the_pool),
    ("CTR006", identity_without_password),
    ("CTR007", pool_identity_is_user_assigned),
    ("CTR008", pool_may_pull),
    ("CTR009", role_fits_the_registry),
    ("CTR010", docker_hub_serves_few_nodes),
    ("CTR011", tags_are_pinned),
    ("CTR012", image_names_agree),
    ("CTR013", run_options_are_allowed),
    ("CTR014", containers_are_removed),
    ("CTR015", command_runs_inside),
    ("CTR016", small_registry_serves_few_nodes),
    ("CTR017", registry_is_near),
    ("CTR018", driver_is_new_enough),
    ("CTR019", image_has_docker),
];

/// The registry of an image name; nothing for Docker Hub's short names.
pub(super) fn registry_host(image: &str) -> Option<&str> {
    let (first, _) = image.split_once('/')?;
    (first.contains(['.', ':']) || first == "localhost").then_some(first)
}

/// Name without tag and digest, tag, digest.
fn parts(image: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, digest) = match image.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (image, None),
    };
    let after_slash = rest.rfind('/').map_or(0, |at| at + 1);
    match rest[after_slash..].find(':') {
        Some(colon) => {
            (&rest[..after_slash + colon], Some(&rest[after_slash + colon + 1..]), digest)
        }
        None => (rest, None, digest),
    }
}

/// The registry that this render deploys for a login server.
fn deployed_registry<'a>(view: &View<'a>, server: &str) -> Option<Node<'a>> {
    let name = server.split('.').next().unwrap_or(server);
    let is_azure = server.to_lowercase().contains(".azurecr.");
    view.of_kind("Microsoft.ContainerRegistry/registries")
        .find(|registry| is_azure && registry.resource().name.eq_ignore_ascii_case(name))
}

/// A task of a JSON file: tasks and jobs that a render carries along.
struct TaskFile<'a> {
    path: &'a str,
    text: &'a str,
    task: Value,
}

impl TaskFile<'_> {
    fn target(&self, key: &str) -> Target {
        let quoted = format!("\"{key}\"");
        let start = self.text.find(&quoted).unwrap_or(0);
        let end =
            if self.text[start..].starts_with(&quoted) { start + quoted.len() } else { start + 1 };
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Target::Artifact { path: self.path.to_owned(), span: Span::new(offset(start), offset(end)) }
    }

    fn text_at(&self, pointer: &str) -> Option<&str> {
        self.task.pointer(pointer).and_then(Value::as_str)
    }
}

fn task_files<'a>(view: &View<'a>) -> Vec<TaskFile<'a>> {
    let json = |path: &str| path.rsplit('.').next() == Some("json");
    view.subject
        .artifacts
        .iter()
        .filter(|(path, _)| json(path) && (path.starts_with("tasks/") || path.starts_with("jobs/")))
        .filter_map(|(path, text)| {
            let value: Value = serde_json::from_str(text).ok()?;
            let task = value.get("jobManagerTask").cloned().unwrap_or(value);
            task.get("commandLine").is_some().then_some(TaskFile { path, text, task })
        })
        .collect()
}

fn preloaded_images_need_a_configuration(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(bake) = view.bakes.iter().find(|bake| bake.pulls()) else { return };
    for pool in &view.pools {
        if pool.uses_own_image() && !pool.runs_containers() && view.definition_of(pool).is_some() {
            let target = pool.at("deploymentConfiguration/virtualMachineConfiguration");
            sink.report(&target, "its image has containers on disk that no task can use")
                .also(bake.place_of("docker pull"), "pulled here");
        }
    }
}

fn tasks_have_container_settings(view: &View<'_>, sink: &mut Sink<'_>) {
    if !view.pools.iter().any(Pool::runs_containers) {
        return;
    }
    for file in task_files(view) {
        if file.task.get("containerSettings").is_none() {
            sink.report(
                file.target("commandLine"),
                "runs on a container pool without `containerSettings`",
            );
        }
    }
}

fn configuration_has_a_type(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let kind = pool.machine("containerConfiguration/type");
        let known = kind.is("DockerCompatible") || kind.is("CriCompatible") || kind.is_symbolic();
        if pool.runs_containers() && !known {
            sink.report(&kind, "neither `DockerCompatible` nor `CriCompatible`");
        }
    }
}

fn private_images_have_a_registry(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let registries = pool.machine("containerConfiguration/containerRegistries").items();
        let servers: Vec<_> =
            registries.iter().map(|registry| registry.at("registryServer")).collect();
        if servers.iter().any(Node::is_symbolic) {
            continue;
        }
        let served = |host: &str| {
            servers.iter().filter_map(Node::text).any(|server| {
                server
                    .trim_start_matches("https://")
                    .trim_end_matches('/')
                    .eq_ignore_ascii_case(host)
            })
        };
        for image in pool.images() {
            let Some(text) = image.text() else { continue };
            let Some(host) = registry_host(&text).filter(|host| host.contains(".azurecr.")) else {
                continue;
            };
            let anonymous = deployed_registry(view, host).is_some_and(|registry| {
                registry.at("properties/anonymousPullEnabled").boolean() == Some(true)
            });
            if !served(host) && !anonymous {
                sink.report(&image, format!("`{host}` is not among `containerRegistries`"));
            }
        }
    }
}

fn registry_identity_is_on_the_pool(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let on_pool = pool.node.at("identity/userAssignedIdentities").members();
        let mut used: Vec<_> = pool
            .machine("containerConfiguration/containerRegistries")
            .items()
            .into_iter()
            .map(|registry| registry.at("identityReference/resourceId"))
            .collect();
        used.push(pool.at("startTask/containerSettings/registry/identityReference/resourceId"));
        for identity in used {
            let Some(id) = identity.raw() else { continue };
            if !on_pool.iter().any(|(known, _)| same_id(known, id)) {
                sink.report(&identity, format!("the pool does not have `{}`", last_segment(id)));
            }
        }
    }
}

fn identity_without_password(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        for registry in pool.machine("containerConfiguration/containerRegistries").items() {
            let password = registry.at("password");
            if registry.at("identityReference").exists()
                && (password.exists() || registry.at("username").exists())
            {
                sink.report(&registry, "has an identity and a user name or password");
            } else if password.text().is_some() {
                sink.report(&password, "the password is written in the template");
            }
        }
    }
}

fn pool_identity_is_user_assigned(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let kind = pool.node.at("identity/type");
        if kind.text().is_some_and(|text| text.to_lowercase().contains("systemassigned")) {
            sink.report(&kind, "a pool cannot have one");
        }
    }
}

/// A role assignment of this render with the role it gives and the scope on which.
struct Assignment<'a> {
    node: Node<'a>,
    role: Option<Role>,
    scope: String,
}

fn assignments<'a>(view: &View<'a>) -> Vec<Assignment<'a>> {
    view.of_kind("Microsoft.Authorization/roleAssignments")
        .map(|node| {
            let definition = node.at("properties/roleDefinitionId");
            let role = definition.raw().and_then(|id| guids(id).find_map(catalog::role_by_id));
            let id = node.resource().id.to_lowercase();
            let end =
                id.find("/providers/microsoft.authorization/roleassignments").unwrap_or(id.len());
            let scope = id[..end].to_owned();
            Assignment { node, role, scope }
        })
        .collect()
}

fn guids(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-')
        .filter(|part| part.len() == 36)
}

impl Assignment<'_> {
    fn is_on(&self, registry: &Node<'_>) -> bool {
        same_id(&self.scope, &registry.resource().id)
    }

    fn covers(&self, registry: &Node<'_>) -> bool {
        self.is_on(registry)
            || registry.resource().id.to_lowercase().starts_with(&format!("{}/", self.scope))
            || !self.scope.contains("/providers/")
    }

    fn allows_pull(&self) -> bool {
        self.role.as_ref().is_none_or(|role| {
            role.registry_mode != RegistryMode::Neither && role.used_for.contains("pull")
                || role.used_for.contains("images")
                || matches!(role.name, "Owner" | "Contributor")
        })
    }

    /// Whether it may be for this identity: only an assignment that names another one is not.
    fn may_be_for(&self, identity: &str, others: &[&str]) -> bool {
        let principal = self.node.at("properties/principalId");
        let text = principal.raw().unwrap_or("").to_lowercase();
        let names = |id: &str| text.contains(&last_segment(id).to_lowercase());
        names(identity) || !others.iter().any(|other| names(other))
    }
}

fn pool_may_pull(view: &View<'_>, sink: &mut Sink<'_>) {
    let assignments = assignments(view);
    let identities: Vec<_> = view
        .of_kind("Microsoft.ManagedIdentity/userAssignedIdentities")
        .map(|identity| identity.resource().name.as_str())
        .collect();
    for pool in &view.pools {
        for reference in pool.machine("containerConfiguration/containerRegistries").items() {
            let identity = reference.at("identityReference/resourceId");
            let Some((server, id)) = reference.at("registryServer").text().zip(identity.raw())
            else {
                continue;
            };
            let Some(registry) = deployed_registry(view, &server) else { continue };
            let others: Vec<_> =
                identities.iter().copied().filter(|name| *name != last_segment(id)).collect();
            let may = assignments
                .iter()
                .any(|it| it.covers(&registry) && it.allows_pull() && it.may_be_for(id, &others));
            if !may {
                sink.report(&identity, format!("`{}` has no role on `{server}`", last_segment(id)))
                    .also(&registry, "the registry");
            }
        }
    }
}

fn role_fits_the_registry(view: &View<'_>, sink: &mut Sink<'_>) {
    for registry in view.of_kind("Microsoft.ContainerRegistry/registries") {
        let mode = registry.at("properties/roleAssignmentMode");
        if mode.is_symbolic() {
            continue;
        }
        let abac = mode.is("AbacRepositoryPermissions");
        let ignored = if abac { RegistryMode::Legacy } else { RegistryMode::Abac };
        for assignment in assignments(view).iter().filter(|assignment| assignment.is_on(&registry))
        {
            let Some(role) = assignment.role.as_ref().filter(|role| role.registry_mode == ignored)
            else {
                continue;
            };
            let wanted = if abac { "repository" } else { "registry" };
            let label =
                format!("`{}` has no effect: the registry honours {wanted} permissions", role.name);
            sink.report(&assignment.node.at("properties/roleDefinitionId"), label)
                .help(format!("assign `{}`", catalog::pull_role(abac).name))
                .also(&mode, "the registry's mode");
        }
    }
}

fn docker_hub_serves_few_nodes(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in view.pools.iter().filter(|pool| pool.fixed_nodes() > 10) {
        for image in pool.images() {
            let Some(text) = image.text() else { continue };
            let hub = registry_host(&text).is_none_or(|host| host.ends_with("docker.io"));
            let preloaded =
                view.bakes.iter().flat_map(super::bake::Bake::pulled).any(|(name, _)| name == text);
            if hub && !preloaded {
                sink.report(
                    &image,
                    format!("{} nodes pull it from Docker Hub", pool.fixed_nodes()),
                );
            }
        }
    }
}

fn tags_are_pinned(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let start = pool.at("startTask/containerSettings/imageName");
        for image in pool.images().into_iter().chain([start]) {
            let Some(text) = image.text() else { continue };
            match parts(&text) {
                (_, None, None) => {
                    sink.report(&image, "no tag means `latest`");
                }
                (_, Some("latest"), None) => {
                    sink.report(&image, "`latest` moves");
                }
                _ => {}
            }
        }
    }
}

fn image_names_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    bake_and_pools_agree(view, sink);
    build_and_pools_agree(view, sink);
    pool_files_agree(view, sink);
}

fn bake_and_pools_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    let pools: Vec<_> = view
        .pools
        .iter()
        .filter(|pool| {
            pool.uses_own_image() && view.definition_of(pool).is_some() && pool.runs_containers()
        })
        .collect();
    let fetched: BTreeSet<String> = pools
        .iter()
        .flat_map(|pool| pool.images())
        .filter_map(|image| image.text().map(|text| text.into_owned()))
        .collect();
    for bake in view.bakes.iter().filter(|bake| bake.pulls() && !pools.is_empty()) {
        let pulled = bake.pulled();
        for (image, target) in &pulled {
            if !fetched.contains(image) && !fetched.is_empty() {
                sink.report(target.clone(), format!("no pool names `{image}`"));
            }
        }
        for node in pools.iter().flat_map(|pool| pool.images()) {
            let Some(image) = node.text() else { continue };
            let same_repository = pulled.iter().any(|(other, _)| parts(other).0 == parts(&image).0);
            if !bake.lines().any(|line| line.contains(&*image)) && same_repository {
                sink.report(
                    &node,
                    format!("the bake pulls this image under another tag than `{image}`"),
                );
            }
        }
    }
}

fn build_and_pools_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some((path, text)) =
        view.subject.artifacts.iter().find(|(path, _)| path.ends_with("acr-task.yaml"))
    else {
        return;
    };
    let built: Vec<(&str, usize)> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .flat_map(|line| {
            line.split(|letter: char| {
                letter.is_whitespace() || matches!(letter, '"' | '\'' | '[' | ']' | ',')
            })
        })
        .filter_map(|word| {
            word.strip_prefix("$Registry/").or_else(|| word.strip_prefix("{{.Run.Registry}}/"))
        })
        .filter(|image| !image.contains(['$', '{']))
        .map(|image| (image, image.as_ptr() as usize - text.as_ptr() as usize))
        .collect();
    for node in view.pools.iter().flat_map(Pool::images) {
        let Some(image) = node.text() else { continue };
        let Some(host) = registry_host(&image) else { continue };
        if deployed_registry(view, host).is_none() {
            continue;
        }
        let (name, tag, digest) = parts(&image[host.len() + 1..]);
        let same_name: Vec<_> = built.iter().filter(|(other, _)| parts(other).0 == name).collect();
        let Some((other, at)) = same_name.first() else { continue };
        if digest.is_none() && same_name.iter().all(|(other, _)| parts(other).1 != tag) {
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span::new(offset(*at), offset(at + other.len()));
            sink.report(&node, format!("the build makes `{other}`"))
                .also(Target::Artifact { path: path.clone(), span }, "built here");
        }
    }
}

fn pool_files_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let path = format!("pools/{}.json", pool.id());
        let Some(text) = view.subject.artifacts.get(&path) else { continue };
        let Ok(file) = serde_json::from_str::<Value>(text) else { continue };
        let names =
            file.pointer("/virtualMachineConfiguration/containerConfiguration/containerImageNames");
        let Some(names) = names.and_then(Value::as_array) else { continue };
        let listed: BTreeSet<_> = names.iter().filter_map(Value::as_str).collect();
        for image in pool.images() {
            if image.text().is_some_and(|name| !listed.contains(&*name)) {
                sink.report(&image, format!("`{path}` does not list it"));
            }
        }
    }
}

/// Container settings of start tasks and of tasks in files: where, and the text of a setting.
fn settings(view: &View<'_>, key: &str) -> Vec<(Target, Option<String>)> {
    let mut found = Vec::new();
    for pool in &view.pools {
        let container = pool.at("startTask/containerSettings");
        let node = container.at(key);
        if container.exists() && !node.is_symbolic() {
            found.push(((&node).into(), node.text().map(|text| text.into_owned())));
        }
    }
    for file in task_files(view) {
        if file.task.get("containerSettings").is_some() {
            let text = file.text_at(&format!("/containerSettings/{key}")).map(str::to_owned);
            let anchor = if text.is_some() { key } else { "containerSettings" };
            found.push((file.target(anchor), text));
        }
    }
    found
}

fn run_options_are_allowed(view: &View<'_>, sink: &mut Sink<'_>) {
    for (target, options) in settings(view, "containerRunOptions") {
        let options = options.unwrap_or_default();
        let refused = options
            .split_whitespace()
            .map(|option| option.split('=').next().unwrap_or(option))
            .find(|option| matches!(*option, "--gpus" | "--runtime"));
        if let Some(option) = refused {
            sink.report(target, format!("`{option}` is refused"))
                .help(format!("remove `{option}`"));
        }
    }
}

fn containers_are_removed(view: &View<'_>, sink: &mut Sink<'_>) {
    for (target, options) in settings(view, "containerRunOptions") {
        if !options.unwrap_or_default().split_whitespace().any(|option| option == "--rm") {
            sink.report(target, "the container stays on the node's disk");
        }
    }
}

fn command_runs_inside(view: &View<'_>, sink: &mut Sink<'_>) {
    let starts_docker = |text: &str| {
        super::shell::commands(text).first().is_some_and(|first| first.program() == "docker")
    };
    for pool in &view.pools {
        let command = pool.at("startTask/commandLine");
        let inside = pool.at("startTask/containerSettings").exists();
        if inside && command.text().is_some_and(|text| starts_docker(&text)) {
            sink.report(&command, "starts Docker inside the container");
        }
    }
    for file in task_files(view) {
        let inside = file.task.get("containerSettings").is_some();
        if inside && file.text_at("/commandLine").is_some_and(starts_docker) {
            sink.report(file.target("commandLine"), "starts Docker inside the container");
        }
    }
}

fn small_registry_serves_few_nodes(view: &View<'_>, sink: &mut Sink<'_>) {
    let preloads = view.bakes.iter().any(super::bake::Bake::pulls);
    for pool in view
        .pools
        .iter()
        .filter(|pool| pool.fixed_nodes() >= 50 && !(preloads && pool.uses_own_image()))
    {
        for image in pool.images() {
            let Some(text) = image.text() else { continue };
            let registry = registry_host(&text).and_then(|host| deployed_registry(view, host));
            let Some(sku) = registry.map(|registry| registry.at("sku/name")) else { continue };
            if sku.is("Basic") || sku.is("Standard") {
                sink.report(&image, format!("{} nodes pull it when they join", pool.fixed_nodes()))
                    .also(&sku, "the registry's SKU");
            }
        }
    }
}

fn registry_is_near(view: &View<'_>, sink: &mut Sink<'_>) {
    let region =
        |node: &Node<'_>| node.at("location").text().and_then(|name| catalog::region(&name));
    for pool in &view.pools {
        let Some(here) = view.account_of(pool).as_ref().and_then(region) else { continue };
        let servers = pool.machine("containerConfiguration/containerRegistries").items();
        for server in servers.iter().map(|registry| registry.at("registryServer")) {
            let registry = server.text().and_then(|server| deployed_registry(view, &server));
            let Some((registry, there)) =
                registry.and_then(|it| region(&it).map(|there| (it, there)))
            else {
                continue;
            };
            let replicated = view
                .of_kind("Microsoft.ContainerRegistry/registries/replications")
                .any(|replica| region(&replica).is_some_and(|place| place == here));
            if here != there && !replicated {
                let label = format!("the registry is in {}, the pool in {}", there.name, here.name);
                sink.report(&server, label).also(&registry.at("location"), "the registry's region");
            }
        }
    }
}

fn driver_is_new_enough(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(driver) = view.bakes.iter().find_map(super::bake_rules::driver_branch) else { return };
    for pool in view.pools.iter().filter(|pool| view.definition_of(pool).is_some()) {
        for image in pool.images() {
            let Some(text) = image.text() else { continue };
            let Some(cuda) = cuda_major(&text) else { continue };
            let Some(least) = catalog::cuda_driver(cuda).filter(|least| *least > driver) else {
                continue;
            };
            sink.report(
                &image,
                format!("CUDA {cuda} needs driver {least}, and the bake installs {driver}"),
            );
        }
    }
}

/// The CUDA version that a tag names: `cuda12.4`, `cu126`.
fn cuda_major(image: &str) -> Option<u32> {
    let tag = parts(image).1?.to_lowercase();
    let digits = |text: &str| -> String { text.chars().take_while(char::is_ascii_digit).collect() };
    if let Some(at) = tag.find("cuda") {
        return digits(&tag[at + 4..]).parse().ok();
    }
    let at = tag.find("cu1")?;
    digits(&tag[at + 2..]).get(..2)?.parse().ok()
}

fn image_has_docker(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in view.pools.iter().filter(|pool| pool.runs_containers()) {
        let Some((image, reference)) = base_image(view, pool).filter(|(image, _)| !image.docker)
        else {
            continue;
        };
        if !pool.uses_own_image() {
            sink.report(
                &reference.at("sku"),
                format!("`{}:{}` has no Docker", image.offer, image.sku),
            );
            continue;
        }
        for bake in view.bakes.iter().filter(|bake| bake.prepares_image()) {
            if !bake.mentions(&[
                "docker-ce",
                "moby-engine",
                "docker.io",
                "get.docker.com",
                "containerd",
            ]) {
                sink.report(bake.whole(), "the bake installs no Docker")
                    .also(&pool.machine("containerConfiguration"), "the pool runs containers");
            }
        }
    }
}
