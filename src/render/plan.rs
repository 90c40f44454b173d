//! The plan of a deployment: what `prebake deploy` does with the render, as data that a reviewer reads.
//!
//! It holds everything that is known before Azure is asked: `prebake deploy` decides nothing that the render
//! can decide.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::Artifacts;
use crate::catalog::{self, Lifecycle, Stage};
use crate::model::{self, Model, NodeImage};

/// Name of the plan in a render.
pub const PLAN: &str = "deploy.json";

/// Version of the plan's form; another one needs another prebake.
pub(crate) const PLAN_VERSION: u32 = 1;

/// Tag of the resources of a bake: the digest of what it runs.
pub(crate) const BAKE_TAG: &str = "prebake-bake";

/// What `prebake deploy` does with a render.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "deploy.json of a prebake render")]
pub struct Plan {
    /// Version of the plan's form.
    pub version: u32,
    /// Version of prebake that rendered.
    pub prebake: String,
    /// Name of the deployment.
    pub name: String,
    /// The subscription; nothing means the one of the login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// The resource group, which is created when it is not there.
    pub resource_group: String,
    /// Tags of the resource group, where it is created.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The region.
    pub location: String,
    /// The cloud of the region: a name in the table of clouds.
    pub cloud: String,
    /// The stages, in the order in which they deploy.
    pub stages: Vec<PlannedStage>,
    /// Resource providers that the subscription needs.
    pub providers: BTreeSet<String>,
    /// The registry of private images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<PlannedRegistry>,
    /// Images that ACR Tasks build.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub builds: Vec<PlannedBuild>,
    /// Images that the registry imports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<PlannedImport>,
    /// The bake on a VM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<PlannedBake>,
    /// The bake by Azure Image Builder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_builder: Option<PlannedImageBuilder>,
    /// The image version that the nodes boot.
    pub image: PlannedImage,
    /// The Batch account with its pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<PlannedBatch>,
}

/// Which part of a deployment a stage belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// Everything up to the image version: `--image-only`.
    Image,
    /// The account and its pools: `--batch-only`.
    Batch,
}

/// A stage: one deployment of one template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedStage {
    /// `registry`, `builder`, `image` or `batch`.
    pub name: Stage,
    /// The part that it belongs to.
    pub part: Part,
    /// Compiled template, relative to the render.
    pub template: String,
    /// Parameters file, relative to the render.
    pub parameters: String,
    /// SHA-256 over the template and the parameters.
    pub digest: String,
    /// Its resources are made for one bake and removed after it.
    pub removed_after: bool,
}

/// The registry of private images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedRegistry {
    /// Name without the domain.
    pub name: String,
    /// Resource group, when it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_group: Option<String>,
    /// Subscription, when it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// This deployment creates it.
    pub create: bool,
    /// Repository permissions decide who may push and pull.
    pub abac: bool,
    /// Agent pool on which builds run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_pool: Option<String>,
    /// Role that whoever starts a build needs.
    pub push_role: String,
}

/// An image that ACR Tasks build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedBuild {
    /// `repository:tag`, without the registry.
    pub image: String,
    /// Folder beside the config, or a URL that the registry fetches.
    pub context: String,
    /// The registry fetches the context by itself.
    pub remote: bool,
    /// The task run of the registry stage that builds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_run: Option<String>,
    /// Dockerfile, relative to the context.
    pub dockerfile: String,
    /// Target stage of the Dockerfile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Build arguments.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
    /// Time limit in seconds.
    pub timeout_seconds: u32,
}

/// An image that the registry imports.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedImport {
    /// `repository:tag`, without the registry.
    pub image: String,
    /// Host of the source registry.
    pub host: String,
    /// `repository:tag` or `repository@digest` in the source registry.
    pub source: String,
    /// Resource ID of the source registry, if the deploying identity reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry_id: Option<String>,
    /// User of a source registry that requires a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Environment variable that holds the password of that user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_variable: Option<String>,
}

/// The bake on a VM that is removed after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedBake {
    /// Digest of what the bake runs; every resource of the builder carries it as the tag `prebake-bake`.
    pub id: String,
    /// Name of the builder VM.
    pub vm: String,
    /// Minutes until the bake counts as failed.
    pub timeout_minutes: u32,
    /// Size of the builder.
    pub size: Cores,
    /// What is removed after the capture, in the order in which the resources let go of each other.
    pub removes: Vec<Removal>,
}

/// A resource to remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Removal {
    /// Resource type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name.
    pub name: String,
    /// API version of the removal.
    pub api_version: String,
}

/// The bake by Azure Image Builder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedImageBuilder {
    /// Name of the image template.
    pub template: String,
    /// Minutes until the run counts as failed.
    pub timeout_minutes: u32,
    /// Size of the VM that Image Builder bakes on.
    pub size: Cores,
}

/// The image version that the nodes boot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PlannedImage {
    /// A version that this deployment bakes.
    #[serde(rename_all = "camelCase")]
    Baked {
        /// Resource group of the gallery, when it is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource_group: Option<String>,
        /// Subscription of the gallery, when it is another one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        subscription: Option<String>,
        /// Gallery name.
        gallery: String,
        /// Image definition.
        definition: String,
        /// Version.
        version: String,
    },
    /// A version that is there.
    #[serde(rename_all = "camelCase")]
    Existing {
        /// Resource ID of the version.
        existing_id: String,
    },
}

/// A VM size and the cores that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Cores {
    /// VM size.
    pub vm_size: String,
    /// Quota family, as the subscription lists it.
    pub family: String,
    /// Cores of one VM.
    pub cores: u64,
}

/// The Batch account with its pools.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedBatch {
    /// Account name.
    pub account: String,
    /// The nodes count against the quota of the subscription, not of the account.
    pub user_subscription: bool,
    /// The pools.
    pub pools: Vec<PlannedPool>,
}

/// A pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct PlannedPool {
    /// Pool ID.
    pub id: String,
    /// The ID of the config, which all pools share that replace one another: blue-green.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// Size of a node.
    pub size: Cores,
    /// Dedicated nodes of a pool of fixed size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// The task of `--verify`, as Batch takes it; nothing for a pool that runs no containers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Value>,
}

impl Plan {
    /// The text of the file.
    pub fn text(&self) -> String {
        super::json_text(self)
    }

    /// The JSON Schema of the file.
    pub fn schema() -> String {
        let schema = SchemaSettings::draft2020_12()
            .for_deserialize()
            .into_generator()
            .into_root_schema_for::<Self>();
        super::json_text(&schema)
    }

    /// The stage of a name.
    pub fn stage(&self, name: Stage) -> Option<&PlannedStage> {
        self.stages.iter().find(|stage| stage.name == name)
    }
}

/// The digest of a stage: of the template and the parameters that Azure gets.
pub fn stage_digest(template: &str, parameters: &str) -> String {
    let parts = [template.as_bytes(), b"\0", parameters.as_bytes()];
    model::hex(&parts.into_iter().fold(Sha256::new(), Sha256::chain_update).finalize())
}

/// The plan of a render whose stages are compiled.
pub fn plan(model: &Model, artifacts: &Artifacts) -> Plan {
    Plan {
        version: PLAN_VERSION,
        prebake: env!("CARGO_PKG_VERSION").to_owned(),
        name: model.name.clone(),
        subscription: model.subscription.clone(),
        resource_group: model.resource_group.clone(),
        tags: model.tags.clone(),
        location: model.location.clone(),
        cloud: model.cloud.key.to_owned(),
        stages: model.stages.iter().map(|name| stage(*name, model, artifacts)).collect(),
        providers: super::deploy::providers(model).into_iter().map(str::to_owned).collect(),
        registry: model.registry.as_ref().map(registry),
        builds: model.images.iter().filter_map(|image| image.build.as_ref()).map(build).collect(),
        imports: model.images.iter().filter_map(|it| it.import.as_ref()).map(import).collect(),
        bake: bake(model, artifacts),
        image_builder: image_builder(model),
        image: image(model),
        batch: model.batch.as_ref().map(|batch| PlannedBatch {
            account: batch.account.clone(),
            user_subscription: batch.allocation_mode == "UserSubscription",
            pools: batch.pools.iter().map(|one| pool(model, one)).collect(),
        }),
    }
}

fn stage(name: Stage, model: &Model, artifacts: &Artifacts) -> PlannedStage {
    let (template, parameters) = (name.template(), name.parameters());
    let text = |path: &str| artifacts.files.get(path).map_or("", String::as_str);
    let image = super::deploy::is_before_image(name, model);
    PlannedStage {
        name,
        part: if image { Part::Image } else { Part::Batch },
        digest: stage_digest(text(&template), text(&parameters)),
        template,
        parameters,
        removed_after: name.lifecycle() == Lifecycle::OneBake,
    }
}

fn registry(registry: &model::Registry) -> PlannedRegistry {
    PlannedRegistry {
        name: registry.name.clone(),
        resource_group: registry.resource_group.clone(),
        subscription: registry.subscription.clone(),
        create: registry.create,
        abac: registry.abac,
        agent_pool: registry.agent_pool.as_ref().map(|pool| pool.name.clone()),
        push_role: registry.push_role.name.clone(),
    }
}

fn build(build: &model::Build) -> PlannedBuild {
    PlannedBuild {
        image: build.image.clone(),
        context: build.context.clone(),
        remote: build.remote,
        task_run: build.task_run.then(|| build.task_name.clone()),
        dockerfile: build.dockerfile.clone(),
        target: build.target.clone(),
        arguments: build.args.iter().map(|arg| (arg.name.clone(), arg.value.clone())).collect(),
        timeout_seconds: build.timeout,
    }
}

fn import(import: &model::Import) -> PlannedImport {
    PlannedImport {
        image: import.image.clone(),
        host: import.host.clone(),
        source: import.source.clone(),
        registry_id: import.registry.as_ref().map(|registry| registry.id.clone()),
        user: import.user.clone(),
        login_variable: import.login_variable.clone(),
    }
}

fn cores(size: &model::Size) -> Cores {
    Cores { vm_size: size.name.clone(), family: size.family.clone(), cores: u64::from(size.vcpus) }
}

fn bake(model: &Model, artifacts: &Artifacts) -> Option<PlannedBake> {
    let builder = model.builder.as_ref().filter(|builder| !builder.image_builder)?;
    let id = artifacts.bake_id.clone()?;
    let removal = |(kind, name): (&str, String)| Removal {
        kind: kind.to_owned(),
        name,
        api_version: catalog::api_version(kind).unwrap_or_default().to_owned(),
    };
    let removes = super::deploy::leftovers(model).into_iter().map(removal).collect();
    Some(PlannedBake {
        id,
        vm: builder.vm.clone(),
        timeout_minutes: builder.timeout_minutes,
        size: cores(&builder.size),
        removes,
    })
}

fn image_builder(model: &Model) -> Option<PlannedImageBuilder> {
    let builder = model.builder.as_ref().filter(|builder| builder.image_builder)?;
    Some(PlannedImageBuilder {
        template: builder.image_template.clone(),
        timeout_minutes: builder.timeout_minutes,
        size: cores(&builder.size),
    })
}

fn image(model: &Model) -> PlannedImage {
    match &model.node_image {
        NodeImage::Baked(baked) => PlannedImage::Baked {
            resource_group: baked.resource_group.clone(),
            subscription: baked.subscription.clone(),
            gallery: baked.gallery.clone(),
            definition: baked.definition.clone(),
            version: baked.version.clone(),
        },
        NodeImage::Existing(id) => PlannedImage::Existing { existing_id: id.clone() },
    }
}

fn pool(model: &Model, pool: &model::Pool) -> PlannedPool {
    PlannedPool {
        id: pool.id.clone(),
        replaces: (pool.id != pool.base_id).then(|| pool.base_id.clone()),
        size: cores(&pool.size),
        nodes: pool.scale.fixed().map(|fixed| fixed.nodes),
        verify: super::deploy::verify_task(model, pool),
    }
}
