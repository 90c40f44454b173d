//! Group C: containers on the pool.

use super::Check;
use super::finding::Sink;
use super::node::Node;
use super::pool::base_image;
use super::view::View;
use crate::catalog;

pub(super) const RULES: &[(&str, Check)] = &[
    ("CTR001", preloaded_images_need_a_configuration),
    ("CTR003", configuration_has_a_type),
    ("CTR010", docker_hub_serves_few_nodes),
    ("CTR011", tags_are_pinned),
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
pub(super) fn parts(image: &str) -> (&str, Option<&str>, Option<&str>) {
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
pub(super) fn deployed_registry<'a>(view: &View<'a>, server: &str) -> Option<Node<'a>> {
    let name = server.split('.').next().unwrap_or(server);
    let is_azure = server.to_lowercase().contains(".azurecr.");
    view.of_kind("Microsoft.ContainerRegistry/registries")
        .find(|registry| is_azure && registry.resource().name.eq_ignore_ascii_case(name))
}

fn preloaded_images_need_a_configuration(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(bake) = view.bakes.iter().find(|bake| bake.pulls()) else { return };
    for pool in &view.pools {
        if pool.uses_own_image() && !pool.runs_containers() && view.definition_of(pool).is_some() {
            let target = pool.at("deploymentConfiguration/virtualMachineConfiguration");
            sink.report(&target, "its image contains preloaded images that no task can use")
                .also(bake.place_of("docker pull"), "the pull");
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

fn docker_hub_serves_few_nodes(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in view.pools.iter().filter(|pool| pool.fixed_nodes() > 10) {
        for image in pool.images() {
            let Some(text) = image.text() else { continue };
            let hub = registry_host(text).is_none_or(|host| host.ends_with("docker.io"));
            let preloaded =
                view.bakes.iter().flat_map(super::bake::Bake::pulled).any(|(name, _)| name == text);
            if hub && !preloaded {
                sink.report(
                    &image,
                    format!("{} nodes pull the image from Docker Hub", pool.fixed_nodes()),
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
            match parts(text) {
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

fn small_registry_serves_few_nodes(view: &View<'_>, sink: &mut Sink<'_>) {
    let preloads = view.bakes.iter().any(super::bake::Bake::pulls);
    for pool in view
        .pools
        .iter()
        .filter(|pool| pool.fixed_nodes() >= 50 && !(preloads && pool.uses_own_image()))
    {
        for image in pool.images() {
            let Some(text) = image.text() else { continue };
            let registry = registry_host(text).and_then(|host| deployed_registry(view, host));
            let Some(sku) = registry.map(|registry| registry.at("sku/name")) else { continue };
            if sku.is("Basic") || sku.is("Standard") {
                sink.report(
                    &image,
                    format!("{} nodes pull the image when they join", pool.fixed_nodes()),
                )
                .also(&sku, "the registry's SKU");
            }
        }
    }
}

fn registry_is_near(view: &View<'_>, sink: &mut Sink<'_>) {
    let region = |node: &Node<'_>| node.at("location").text().and_then(catalog::region);
    for pool in &view.pools {
        let Some(here) = view.account_of(pool).as_ref().and_then(region) else { continue };
        let servers = pool.machine("containerConfiguration/containerRegistries").items();
        for server in servers.iter().map(|registry| registry.at("registryServer")) {
            let registry = server.text().and_then(|server| deployed_registry(view, server));
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
            let Some(cuda) = cuda_major(text) else { continue };
            let Some(least) = catalog::cuda_driver(cuda).filter(|least| *least > driver) else {
                continue;
            };
            sink.report(
                &image,
                format!("CUDA {cuda} needs driver {least}, but the bake installs {driver}"),
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
                sink.report(bake.whole(), "the bake does not install Docker")
                    .also(&pool.machine("containerConfiguration"), "the pool runs container tasks");
            }
        }
    }
}
