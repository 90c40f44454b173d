//! Takes the [`Config`], gives the [`Model`]: defaults filled, names derived, images, pools and registry
//! linked, decisions taken (driver, node agent, role, generation).
//!
//! Formats no text: that is `render`. Reports `PB1xxx` at the config's own places. `resolve` here calls
//! one file for each part of the config; `resolver` is what they share, and `lost` what it keeps to itself.

mod access;
pub mod bake;
mod batch;
mod blue_green;
mod closed;
mod cloud;
pub mod defaults;
mod digest;
mod gpu;
mod images;
mod names;
mod network;
mod node;
mod node_image;
mod omitted;
mod origin;
mod pool;
mod pool_identity;
mod pool_machine;
mod pool_tasks;
mod quota;
mod registry;
mod resolver;
mod resource_id;
mod secret;
mod sizes;
mod stacks;
mod tags;

pub use access::{Access, Grant, Principal, Scope, Submitter};
pub use batch::{Batch, NodeIdentity};
pub use closed::{AgentPool, Endpoint, Endpoints, PublicAccess};
pub use digest::{KnownDigests, hex, hex_digest};
pub(crate) use digest::{same_bytes, same_text};
pub use gpu::Gpu;
pub use images::{Build, Image, Import, NameValue};
pub use network::{CreatedNetwork, Network, PoolSubnet};
pub use node::{Has, Node, Os, Plan};
pub use node_image::{BakedImage, NodeImage, TargetRegion};
pub use origin::Origins;
pub use pool::{Application, AutoScale, Containers, FixedScale, Pool, Scale};
pub use pool_machine::{Machine, User};
pub use pool_tasks::{
    FileSystem, HostMount, Job, Mount, ResourceFile, Share, StartTask, TaskContainer,
};
pub use registry::{Registry, Role};
pub use resource_id::ResourceId;
use resource_id::is_resource_id;
pub use secret::Secret;
pub use sizes::Size;
pub use stacks::Stacks;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::catalog::{self, Cloud, Overlay, Stage};
use crate::config::{Config, Document, Partial};
use crate::diagnostic::{Diagnostics, Severity, nearest};
use bake::BakePlan;
use names::Names;
use resolver::Resolver;
use sizes::Sizes;

/// What a config means: the one context that templates see.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// Name of the deployment.
    pub name: String,
    /// Region, as ARM spells it.
    pub location: String,
    /// The cloud of the region.
    pub cloud: Cloud,
    /// Resource group.
    pub resource_group: String,
    /// Subscription, if the config names one.
    pub subscription: Option<String>,
    /// Tags of every resource.
    pub tags: BTreeMap<String, String>,
    /// Name of the user-assigned identity that pulls private images.
    pub identity: Option<String>,
    /// That identity, when it exists.
    pub identity_at: Option<ResourceId>,
    /// Name of the identity under which tasks push in ABAC mode.
    pub build_identity: Option<String>,
    /// The registry.
    pub registry: Option<Registry>,
    /// The container images.
    pub images: Vec<Image>,
    /// The nodes.
    pub node: Node,
    /// What the nodes boot.
    pub node_image: NodeImage,
    /// The VM that bakes the image, when one is baked.
    pub builder: Option<Builder>,
    /// The steps of the bake, when an image is baked.
    pub bake: Option<BakePlan>,
    /// The network.
    pub network: Network,
    /// The Batch account, when pools are deployed.
    pub batch: Option<Batch>,
    /// Private endpoints.
    pub endpoints: Endpoints,
    /// Roles and identities.
    pub access: Access,
    /// Deployment stacks, when the config asks for them.
    pub stacks: Option<Stacks>,
    /// The stages that this config deploys, in order.
    pub stages: Vec<Stage>,
}

/// The VM that bakes the image.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Builder {
    /// VM name.
    pub vm: String,
    /// VM size.
    pub size: Size,
    /// OS disk in GiB.
    pub os_disk_gb: u32,
    /// Version of the marketplace image.
    pub image_version: String,
    /// SSH public key of its user.
    pub ssh_public_key: String,
    /// Minutes until the bake counts as failed.
    pub timeout_minutes: u32,
    /// Azure Image Builder bakes instead of a VM of ours.
    pub image_builder: bool,
    /// Name of the image template under Azure Image Builder.
    pub image_template: String,
    /// Size of the proxy VM with which Azure Image Builder reaches a network of yours.
    pub proxy_size: &'static str,
    /// Name of the identity under which Azure Image Builder works.
    pub identity: String,
    /// That identity, when it exists.
    pub identity_at: Option<ResourceId>,
    /// Role that joins a subnet.
    pub network_role: Role,
    /// Role that publishes to a gallery.
    pub publisher_role: Role,
    /// Role that assigns an identity to a VM.
    pub operator_role: Role,
}

const DEFAULT_TIMEOUT_MINUTES: u32 = 90;

/// Resolves a config. `None` means that an error was reported; later parts are resolved all the same, so
/// that one run shows every error.
pub fn resolve(
    config: &Config,
    document: &Document,
    overlay: &Overlay,
    diagnostics: &mut Diagnostics,
) -> Option<Model> {
    let before = diagnostics.count(Severity::Error);
    let overlay = overlay.at(&short_region(&config.location));
    let mut resolver = Resolver::new(config, document, &[], overlay, diagnostics);
    let model = build(&mut resolver);
    if diagnostics.count(Severity::Error) > before { None } else { model }
}

/// Reports what is wrong with the part of a config that can be read, and nothing that follows from the rest.
pub fn report_partial(
    partial: &Partial,
    document: &Document,
    overlay: &Overlay,
    diagnostics: &mut Diagnostics,
) {
    let overlay = overlay.at(&short_region(&partial.config.location));
    let omitted = &partial.omitted;
    let mut resolver = Resolver::new(&partial.config, document, omitted, overlay, diagnostics);
    build(&mut resolver);
}

fn build(resolver: &mut Resolver<'_>) -> Option<Model> {
    let config = resolver.config;
    let names = Names::new(config);
    let location = location(resolver);
    let registry = registry::resolve(resolver, &names);
    let images = images::resolve(resolver, registry.as_ref());
    let sizes = sizes::resolve(resolver);
    let network = network::resolve(resolver, &names);
    let node = sizes.as_ref().and_then(|sizes| node::resolve(resolver, sizes));
    let os_key = node.as_ref().map_or("image", |node| node.os.key);
    let node_image = node_image::resolve(resolver, &names, &location, os_key);
    let (sizes, node, node_image, network) = (sizes?, node?, node_image?, network?);
    let builder = builder(resolver, &names, &node, &node_image, &sizes);
    image_builder_stands_there(resolver, builder.as_ref(), &location);
    image_builder_publishes(resolver, builder.as_ref(), &node_image);
    let private = images.iter().any(|image| image.private);
    let identity_at = access::pull_identity(resolver, private);
    let identity = private.then(|| identity_name(&names, identity_at.as_ref()));
    let puller = bake::PullIdentity::new(identity.as_deref(), identity_at.as_ref());
    let fabric = sizes.nodes().any(|machine| machine.size.rdma);
    let bake = builder
        .as_ref()
        .and_then(|builder| bake::resolve(resolver, &node, builder, &images, puller, fabric));
    let context = batch::PoolContext {
        node: &node,
        images: &images,
        pull_identity: private,
        identity: identity_at.as_ref().map(|at| at.id.as_str()).or(identity.as_deref()),
        node_image: &node_image,
        network: &network,
        sizes: &sizes.pools,
        storage: batch::Storage::default(),
    };
    let batch = batch::resolve(resolver, &names, context);
    let build_identity = build_identity(&names, &images, registry.as_ref());
    let mut model = Model {
        name: config.name.clone(),
        cloud: resolver.cloud(),
        location,
        resource_group: config.resource_group.clone(),
        subscription: config.subscription.clone(),
        tags: config.tags.clone(),
        identity,
        identity_at,
        endpoints: Endpoints::default(),
        access: access::resolve(resolver),
        build_identity,
        registry,
        images,
        node,
        node_image,
        builder,
        bake,
        network,
        batch,
        stacks: None,
        stages: Vec::new(),
    };
    complete(resolver, &mut model);
    Some(model)
}

/// Adds what follows from the rest of the model.
fn complete(resolver: &mut Resolver<'_>, model: &mut Model) {
    model.stages = stages(model);
    let stacks = resolver.config.stacks.as_ref();
    model.stacks = stacks.map(|stacks| Stacks::new(stacks, &model.stages));
    something_is_deployed(resolver, model);
    model.endpoints = closed::endpoints(resolver, model);
    access::complete(resolver, model);
}

/// The name of the identity that pulls images: the existing one's, or a derived one.
fn identity_name(names: &Names<'_>, existing: Option<&ResourceId>) -> String {
    existing.map_or_else(|| names.local("pull"), |at| at.name.clone())
}

/// The identity of tasks in a registry that takes the rights of each repository from roles.
fn build_identity(
    names: &Names<'_>,
    images: &[Image],
    registry: Option<&Registry>,
) -> Option<String> {
    let task_run = images.iter().filter_map(|image| image.build.as_ref()).any(|b| b.task_run);
    let abac = registry.is_some_and(|registry| registry.abac);
    (task_run && abac).then(|| names.local("build"))
}

fn something_is_deployed(resolver: &mut Resolver<'_>, model: &Model) {
    if model.stages.is_empty() {
        resolver.error(
            "PB1028",
            "",
            "nothing to deploy",
            "the config bakes no image and deploys no pool",
            "add `batch` with a pool, or remove `gallery.imageVersionId` to bake an image",
        );
    }
}

/// Whether the stage of the registry deploys anything: the registry, the identity, its role, or builds.
fn registry_stage(model: &Model) -> bool {
    let Some(registry) = &model.registry else { return false };
    let pulls = model.identity.is_some();
    let builds = model.images.iter().filter_map(|image| image.build.as_ref());
    registry.create
        || (pulls && (model.access.assign_roles || model.identity_at.is_none()))
        || builds.into_iter().any(|build| build.task_run)
}

fn stages(model: &Model) -> Vec<Stage> {
    let baked = model.node_image.baked().is_some();
    let wanted = [
        (Stage::Registry, registry_stage(model)),
        (Stage::Builder, baked && model.builder.as_ref().is_some_and(|one| !one.image_builder)),
        (Stage::Image, baked),
        (Stage::Batch, model.batch.is_some()),
    ];
    wanted.into_iter().filter(|(_, wanted)| *wanted).map(|(stage, _)| stage).collect()
}

fn builder(
    resolver: &mut Resolver<'_>,
    names: &Names<'_>,
    node: &Node,
    node_image: &NodeImage,
    sizes: &Sizes,
) -> Option<Builder> {
    let written = resolver.config.builder.clone().unwrap_or_default();
    let bake = resolver.config.bake.clone();
    if node_image.baked().is_none() {
        for (key, given) in [
            ("builder", resolver.config.builder.is_some()),
            ("bake", resolver.config.bake.is_some()),
        ] {
            if given {
                resolver.error(
                    "PB1022",
                    &format!("/{key}"),
                    format!("`{key}` has no effect with `gallery.imageVersionId`"),
                    "the config uses an existing image, so prebake bakes nothing",
                    format!("remove `{key}`, or remove `imageVersionId` to bake an image"),
                );
            }
        }
        return None;
    }
    let own_size = sizes.builder.as_ref().map(|machine| Size::of(&machine.size));
    let method = bake.as_ref().and_then(crate::config::fields::Bake::method);
    let image_builder = method == Some(crate::config::fields::BakeMethod::ImageBuilder);
    let identity_at = image_builder_identity(resolver, &written, image_builder);
    Some(Builder {
        vm: names.local("builder"),
        size: own_size.unwrap_or_else(|| node.size.clone()),
        os_disk_gb: written
            .os_disk_gb
            .unwrap_or_else(|| node_image::default_os_disk(node.gpu.is_some())),
        image_version: written
            .image_version
            .or_else(|| newest_image(resolver.overlay, &node.os))
            .unwrap_or_else(|| "latest".to_owned()),
        ssh_public_key: written
            .ssh_public_key
            .unwrap_or_else(|| catalog::config_default("ssh-public-key").to_owned()),
        timeout_minutes: written.timeout_minutes.unwrap_or(DEFAULT_TIMEOUT_MINUTES),
        image_builder,
        image_template: image_template(names, node_image),
        proxy_size: catalog::config_default("image-builder-proxy-size"),
        identity: identity_at
            .as_ref()
            .map_or_else(|| names.local("image-builder"), |at| at.name.clone()),
        identity_at,
        network_role: Role::built_in("Network Contributor"),
        publisher_role: Role::built_in("Compute Gallery Artifacts Publisher"),
        operator_role: Role::built_in("Managed Identity Operator"),
    })
}

/// The identity under which Image Builder works, if the config names one that exists.
fn image_builder_identity(
    resolver: &mut Resolver<'_>,
    written: &crate::config::fields::Builder,
    image_builder: bool,
) -> Option<ResourceId> {
    let id = written.identity_id.as_ref()?;
    if !image_builder {
        resolver.error(
            "PB1022",
            "/builder/identityId",
            "`identityId` is only for `bake.method: image-builder`",
            "a builder VM uses the identity that pulls images",
            "remove it, or set `access.pullIdentityId` to that identity",
        );
    }
    ResourceId::of_identity(resolver, id, "/builder/identityId")
}

/// The newest version of the base image, as the subscription said it: a bake of tomorrow starts from the same one.
fn newest_image(overlay: &Overlay, os: &Os) -> Option<String> {
    let name = format!("{}:{}:{}", os.publisher, os.offer, os.sku);
    Some(overlay.image_version(&name)?.value)
}

/// A template cannot be changed, so every version has its own.
fn image_template(names: &Names<'_>, node_image: &NodeImage) -> String {
    let version = node_image.baked().map_or("", |baked| baked.version.as_str());
    names.local(&format!("image-{version}"))
}

/// The region of the deployment, and what stands beside it at the top of the config.
fn location(resolver: &mut Resolver<'_>) -> String {
    let location = region(resolver, &resolver.config.location, "/location");
    cloud::check(resolver);
    names::check_pattern(resolver);
    quota::check(resolver);
    tags::check(resolver);
    location
}

/// Image Builder exists in some regions only.
fn image_builder_stands_there(
    resolver: &mut Resolver<'_>,
    builder: Option<&Builder>,
    location: &str,
) {
    let Some(region) = catalog::region(location) else { return };
    if !builder.is_some_and(|builder| builder.image_builder) {
        return;
    }
    match region.image_builder {
        "no" => resolver.on(region.fact()).error(
            "PB1046",
            "/bake/method",
            format!("Azure VM Image Builder is not available in `{location}`"),
            "Azure would refuse the image template",
            "remove `method` to bake on a VM, or bake in another region and add this one to `gallery.targetRegions`",
        ),
        "preview" => resolver.on(region.fact()).report(
            Severity::Warning,
            "PB1047",
            "/bake/method",
            format!("Azure VM Image Builder is in preview in `{location}`"),
            "a subscription must register for the preview first",
            "run `az feature register --namespace Microsoft.VirtualMachineImages --name FairfaxPublicPreview`",
        ),
        _ => {}
    }
}

/// Image Builder's template and a definition in another resource group are two deployments.
fn image_builder_publishes(
    resolver: &mut Resolver<'_>,
    builder: Option<&Builder>,
    node_image: &NodeImage,
) {
    let creates = |baked: &BakedImage| baked.elsewhere && baked.create_definition;
    let creates = node_image.baked().is_some_and(creates);
    if creates && builder.is_some_and(|builder| builder.image_builder) {
        resolver.error(
            "PB1503",
            "/gallery",
            "Image Builder needs an existing image definition",
            "the gallery and the image template are in different resource groups",
            "create the definition there, and set `createDefinition: false`",
        );
    }
}

/// A region as ARM spells it. New regions appear often, so an unknown one is a warning.
fn region(resolver: &mut Resolver<'_>, name: &str, pointer: &str) -> String {
    if let Some(region) = catalog::region(name) {
        return region.name.to_owned();
    }
    if !name.chars().all(|letter| letter.is_alphanumeric() || letter == ' ') {
        let title = format!("`{name}` is not a valid region name");
        let label = "a region name consists of letters, digits and spaces";
        resolver.error(
            "PB1004",
            pointer,
            title,
            label,
            "use a name from `az account list-locations --query [].name`",
        );
        return name.to_owned();
    }
    let names = catalog::regions().map(|region| region.name);
    let help = match nearest(name, names) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "check the names with `az account list-locations --query [].name`".to_owned(),
    };
    let title = format!("unknown region `{name}`");
    resolver.report(
        Severity::Warning,
        "PB1004",
        pointer,
        title,
        "the catalog does not contain it",
        help,
    );
    name.to_lowercase().replace(' ', "")
}

/// The short name of a region that a config spells as people do.
pub fn short_region(name: &str) -> String {
    let known = catalog::region(name).map(|region| region.name.to_owned());
    known.unwrap_or_else(|| name.to_lowercase().replace(' ', ""))
}
