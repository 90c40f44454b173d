//! Takes the [`Model`], gives the [`Artifacts`]: every file of a render as path and text, through the Tera
//! templates.
//!
//! Decides nothing: a template that needs a decision needs a field of the model. Read `quote` for how
//! values become text, `templates` for the engine, `tags` and `bounds` for what keeps a team's own templates
//! within limits, then `render` here for which files there are.

mod acr_task;
pub mod bake;
mod bounds;
mod deploy;
mod json;
mod manifest;
mod plan;
mod pool_json;
pub mod quote;
mod tags;
mod template_digest;
mod templates;

pub use deploy::{NAME_DIGEST, deployment_prefix};
pub(crate) use json::json_text;
pub use manifest::{MANIFEST, Manifest, Target};
pub(crate) use plan::{BAKE_TAG, PLAN_VERSION};
pub use plan::{
    Cores, PLAN, Part, Plan, PlannedBake, PlannedBatch, PlannedBuild, PlannedImage,
    PlannedImageBuilder, PlannedImport, PlannedPool, PlannedRegistry, PlannedStage, Removal, plan,
    stage_digest,
};
pub(crate) use pool_json::SUBSCRIPTION_PLACEHOLDER;
pub(crate) use templates::read_ahead;
pub use templates::{EMBEDDED, Templates};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::catalog::Stage;
use crate::diagnostic::{Diagnostics, Sources};
use crate::model::bake::BakePlan;
use crate::model::{Model, Pool};

/// The files of a render.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// Path below the render's folder, with `/`, → text. A diff shares them.
    pub files: Arc<BTreeMap<String, String>>,
    /// Path → the template that made it, for those that a template made.
    pub templates: BTreeMap<String, String>,
    /// Digest of what the bake runs, when an image is baked.
    pub bake_id: Option<String>,
    /// Paths of those that a team's own template made.
    pub overlaid: BTreeSet<String>,
    /// What files say whose data is known, by path: these need not be read back.
    pub values: BTreeMap<&'static str, Value>,
}

impl Artifacts {
    /// Adds a file that no template makes.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<String>) {
        Arc::make_mut(&mut self.files).insert(path.into(), text.into());
    }

    /// Adds a file that a template made.
    fn insert_from(
        &mut self,
        template: &str,
        templates: &Templates,
        path: impl Into<String>,
        text: String,
    ) {
        let path = path.into();
        if templates.is_own(template) {
            self.overlaid.insert(path.clone());
        }
        self.templates.insert(path.clone(), template.to_owned());
        Arc::make_mut(&mut self.files).insert(path, text);
    }
}

/// What the templates see: the model, and what its pools' JSON cannot say.
#[derive(Serialize)]
struct View<'a> {
    #[serde(flatten)]
    model: &'a Model,
    version: &'static str,
    subscription_placeholder: &'static str,
    pool_files: Vec<PoolFile<'a>>,
    deploy: deploy::Deploy,
    /// Tags of what a bake makes: with its digest, by which `deploy` tells its own from another render's.
    bake_tags: BTreeMap<String, String>,
    #[serde(flatten)]
    acr_task: Option<acr_task::AcrTask>,
    extensions: Vec<ExtensionLine>,
}

/// What a patch or an added file of the config made, as the README lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExtensionLine {
    /// The rendered file.
    pub file: String,
    /// The resource, and the property after it.
    pub what: String,
    /// What became of it.
    pub effect: String,
    /// The pool's file for the data plane does not have it.
    pub missed: bool,
}

impl<'a> View<'a> {
    fn of(model: &'a Model, bake_id: Option<&str>, extensions: Vec<ExtensionLine>) -> Self {
        let pools = model.batch.as_ref().map_or(&[][..], |batch| &batch.pools);
        let file = |pool| PoolFile { path: pool_path(pool), pool, limits: pool_json::limits(pool) };
        Self {
            model,
            version: env!("CARGO_PKG_VERSION"),
            subscription_placeholder: SUBSCRIPTION_PLACEHOLDER,
            pool_files: pools.iter().map(file).collect(),
            deploy: deploy::deploy(model, bake_id),
            bake_tags: bake_tags(model, bake_id),
            acr_task: acr_task::acr_task(model),
            extensions,
        }
    }

    fn context(&self) -> tera::Context {
        tera::Context::from_serialize(self).expect("plain data with text keys serializes")
    }
}

#[derive(Serialize)]
struct PoolFile<'a> {
    path: String,
    pool: &'a Pool,
    limits: Vec<&'static str>,
}

/// Renders every file that templates and the model make. Reports `PB2002` for templates that fail.
///
/// # Panics
/// Never: the model is plain data and serializes.
pub fn render(
    model: &Model,
    templates: &Templates,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Artifacts> {
    let mut artifacts = Artifacts::default();
    let mut complete = true;
    bounds::open();
    let files = files(model);
    let of_bake = model.bake.as_ref().map(bake::templates).unwrap_or_default();
    let of_files = files.iter().map(|(_, template)| template);
    templates.prepare(&of_files.chain(&of_bake).map(String::as_str).collect::<Vec<_>>());
    if let Some(plan) = &model.bake {
        artifacts.bake_id = bake_file(plan, templates, sources, diagnostics, &mut artifacts);
        complete &= artifacts.bake_id.is_some();
    }
    let pools = model.batch.as_ref().map_or(&[][..], |batch| &batch.pools);
    let context = View::of(model, artifacts.bake_id.as_deref(), Vec::new()).context();
    for (path, template) in files {
        match templates.render(&template, &context, sources, diagnostics) {
            Some(text) => artifacts.insert_from(&template, templates, path, ended(text)),
            None => complete = false,
        }
    }
    for pool in pools {
        artifacts.insert(pool_path(pool), json_text(&pool_json::body(model, pool)));
        if let Some(job) = &pool.job {
            let text = json_text(&pool_json::job(pool, job));
            artifacts.insert(format!("jobs/{}.json", pool.base_id), text);
        }
    }
    if !pools.is_empty() {
        let ids: BTreeMap<&str, &str> =
            pools.iter().map(|pool| (pool.base_id.as_str(), pool.id.as_str())).collect();
        artifacts.insert(POOL_IDS, json_text(&ids));
    }
    complete.then_some(artifacts)
}

/// Renders the README again, with what the config's own patches and files made of the render.
///
/// # Panics
/// Never: the model is plain data and serializes.
pub fn readme(
    model: &Model,
    templates: &Templates,
    extensions: Vec<ExtensionLine>,
    artifacts: &mut Artifacts,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let context = View::of(model, artifacts.bake_id.as_deref(), extensions).context();
    let text = templates.render(README_TEMPLATE, &context, sources, diagnostics)?;
    artifacts.insert_from(README_TEMPLATE, templates, README, ended(text));
    Some(())
}

const README: &str = "README.md";
const README_TEMPLATE: &str = "readme/README.md.tera";

/// A text that ends with its last line.
fn ended(mut text: String) -> String {
    let end = text.trim_end().len();
    text.truncate(end);
    text.push('\n');
    text
}

/// The file that says under which ID each pool of the config is deployed, for those who submit jobs.
pub const POOL_IDS: &str = "pool-ids.json";

/// What carries the bake to its machine, and the digest of what it runs.
fn bake_file(
    plan: &BakePlan,
    templates: &Templates,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
    artifacts: &mut Artifacts,
) -> Option<String> {
    let files = bake::bake_files(templates, plan, sources, diagnostics)?;
    if plan.image_builder {
        let text = bake::single_script(templates, plan, &files, sources, diagnostics)?;
        artifacts.insert_from(bake::SCRIPT_TEMPLATE, templates, bake::SCRIPT, text);
    } else {
        let text = bake::custom_data(templates, plan, &files, sources, diagnostics)?;
        artifacts.insert_from(bake::CUSTOM_DATA_TEMPLATE, templates, bake::CUSTOM_DATA, text);
        // A team's own template may write anything.
        if !templates.is_own(bake::CUSTOM_DATA_TEMPLATE) {
            artifacts.values.insert(bake::CUSTOM_DATA, bake::custom_data_value(&files));
        }
    }
    Some(files.bake_id)
}

fn bake_tags(model: &Model, bake_id: Option<&str>) -> BTreeMap<String, String> {
    let mut tags = model.tags.clone();
    if let Some(id) = bake_id {
        tags.insert(BAKE_TAG.to_owned(), id.to_owned());
    }
    tags
}

fn pool_path(pool: &Pool) -> String {
    format!("pools/{}.json", pool.base_id)
}

/// Whether what a stage deploys lies outside the resource group of the config.
fn is_elsewhere(model: &Model, stage: Stage) -> bool {
    match stage {
        Stage::Image => model.node_image.baked().is_some_and(|baked| baked.elsewhere),
        Stage::Batch => model.batch.as_ref().is_some_and(|batch| batch.elsewhere),
        Stage::Registry | Stage::Builder => false,
    }
}

/// The files that templates make: path in the render and template.
fn files(model: &Model) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let image_builder = model.builder.as_ref().is_some_and(|builder| builder.image_builder);
    for stage in model.stages.iter().copied() {
        let is_template = stage == Stage::Image && image_builder;
        let source = if is_template { "image-builder" } else { stage.name() };
        let mut template = source.to_owned();
        if !is_template && is_elsewhere(model, stage) {
            // What the stage deploys lies in another resource group, so that it is a module there.
            template.push_str("-elsewhere");
            files.push((stage.module(), format!("bicep/{source}.bicep.tera")));
        }
        files.push((stage.bicep(), format!("bicep/{template}.bicep.tera")));
        files.push((stage.bicep_parameters(), format!("bicep/{source}.bicepparam.tera")));
    }
    let mut single = |wanted: bool, path: &str, template: &str| {
        if wanted {
            files.push((path.to_owned(), template.to_owned()));
        }
    };
    let elsewhere = model.registry.as_ref().is_some_and(|registry| {
        registry.resource_group.is_some() || registry.subscription.is_some()
    });
    let assigns = model.access.assign_roles;
    let baked = model.node_image.baked();
    let batch = model.batch.as_ref();
    for (role, wanted) in [
        ("registry", elsewhere && model.identity.is_some()),
        ("gallery", image_builder && baked.is_some_and(|baked| baked.elsewhere)),
        ("network", image_builder && model.network.builder_subnet_id.is_some()),
        ("identity", image_builder && model.identity_at.is_some()),
        ("storage", batch.is_some_and(|batch| batch.storage_at.is_some())),
    ] {
        let path = format!("modules/{role}-role.bicep");
        single(wanted && assigns, &path, &format!("bicep/{path}.tera"));
    }
    let builds = model.images.iter().any(|image| image.build.is_some());
    single(builds, "acr-task.yaml", acr_task::TEMPLATE);
    single(true, "deploy.sh", deploy::TEMPLATE);
    let stacks = model.stacks.as_ref().is_some_and(|stacks| !stacks.stages.is_empty());
    single(stacks, "stacks.sh", "deploy/stacks.sh.tera");
    single(true, README, README_TEMPLATE);
    files
}
