//! Takes the [`Model`], gives the [`Artifacts`]: every file of a render as path and text, through the Tera
//! templates.
//!
//! Decides nothing: a template that needs a decision needs a field of the model. Read `quote` for how
//! values become text, `templates` for the engine, then `render` here for which files there are.

pub mod bake;
mod manifest;
mod pool_json;
pub mod quote;
mod templates;

pub use manifest::{MANIFEST, Manifest};
pub use pool_json::SUBSCRIPTION_PLACEHOLDER;
pub use templates::{EMBEDDED, Templates};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::diagnostic::{Diagnostics, Sources};
use crate::model::{Model, Pool};

/// The files of a render.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Artifacts {
    /// Path below the render's folder, with `/`, → text.
    pub files: BTreeMap<String, String>,
    /// Path → the template that made it, for those that a template made.
    pub templates: BTreeMap<String, String>,
}

impl Artifacts {
    /// Adds a file that no template makes.
    pub fn insert(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.files.insert(path.into(), text.into());
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
}

#[derive(Serialize)]
struct PoolFile<'a> {
    path: String,
    pool: &'a Pool,
    limits: Vec<&'static str>,
}

/// Renders every file that templates and the model make. Reports `PB2002` for templates that fail.
pub fn render(
    model: &Model,
    templates: &Templates,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Artifacts> {
    let pools = model.batch.as_ref().map_or(&[][..], |batch| &batch.pools);
    let view = View {
        model,
        version: env!("CARGO_PKG_VERSION"),
        subscription_placeholder: SUBSCRIPTION_PLACEHOLDER,
        pool_files: pools
            .iter()
            .map(|pool| PoolFile { path: pool_path(pool), pool, limits: pool_json::limits(pool) })
            .collect(),
    };
    let context =
        tera::Context::from_serialize(&view).expect("plain data with text keys serialises");
    let mut artifacts = Artifacts::default();
    let mut complete = true;
    for (path, template) in files(model) {
        match templates.render(&template, &context, sources, diagnostics) {
            Some(mut text) => {
                let end = text.trim_end().len();
                text.truncate(end);
                text.push('\n');
                artifacts.files.insert(path.clone(), text);
                artifacts.templates.insert(path, template);
            }
            None => complete = false,
        }
    }
    if let Some(plan) = &model.bake {
        match bake::custom_data(templates, plan, sources, diagnostics) {
            Some(text) => {
                artifacts.insert("cloud-init.yaml", text);
                let template = bake::CUSTOM_DATA_TEMPLATE.to_owned();
                artifacts.templates.insert("cloud-init.yaml".to_owned(), template);
            }
            None => complete = false,
        }
    }
    for pool in pools {
        let mut text = serde_json::to_string_pretty(&pool_json::body(model, pool))
            .expect("a JSON value serialises");
        text.push('\n');
        artifacts.insert(pool_path(pool), text);
    }
    complete.then_some(artifacts)
}

fn pool_path(pool: &Pool) -> String {
    format!("pools/{}.json", pool.base_id)
}

/// The files that templates make: path in the render and template.
fn files(model: &Model) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for stage in &model.stages {
        for ending in ["bicep", "bicepparam"] {
            files.push((format!("{stage}.{ending}"), format!("bicep/{stage}.{ending}.tera")));
        }
    }
    let mut single = |wanted: bool, path: &str, template: &str| {
        if wanted {
            files.push((path.to_owned(), template.to_owned()));
        }
    };
    let elsewhere = model.registry.as_ref().is_some_and(|registry| {
        registry.resource_group.is_some() || registry.subscription.is_some()
    });
    single(
        elsewhere && model.identity.is_some(),
        "modules/registry-role.bicep",
        "bicep/modules/registry-role.bicep.tera",
    );
    single(true, "README.md", "readme/README.md.tera");
    files
}
