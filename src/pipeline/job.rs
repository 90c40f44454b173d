use super::secrets::Secrets;
use super::{Input, Outcome, Tools, phases};
use crate::config::layers::{self, Files, NoFiles};
use crate::config::{self, Document};
use crate::diagnostic::{Diagnostics, Sources};
use crate::model::{self, Model, hex_digest};
use crate::render::Manifest;

/// One render to make: a config or one of its environments, read and merged but not yet understood.
#[derive(Debug, Default)]
pub struct Job {
    /// The environment, when the config has any.
    pub environment: Option<String>,
    /// The config, unless an error was found.
    pub document: Option<Document>,
    /// What was found so far.
    pub diagnostics: Diagnostics,
    /// The texts that the findings and places point into.
    pub sources: Sources,
}

/// The renders that a config asks for: one for each of the environments named, or of all that it has, or
/// just one when it has none.
pub fn jobs(input: &Input, files: &dyn Files, environments: &[String]) -> Vec<Job> {
    let mut job = Job::default();
    let Some(layers) = job.layers(input, files) else { return vec![job] };
    let names: Vec<String> = match environments {
        [] => layers.names().map(str::to_owned).collect(),
        named => named.to_vec(),
    };
    if names.is_empty() {
        job.document = Some(layers.base);
        job.apply(&input.overrides);
        return vec![job];
    }
    if !layers.fit(&names, &mut job.diagnostics) {
        return vec![job];
    }
    let environment = |name: String| {
        let mut one = Job { sources: job.sources.clone(), ..Job::default() };
        one.document = layers.environment(&name, &mut one.diagnostics);
        one.environment = Some(name);
        one.apply(&input.overrides);
        one
    };
    names.into_iter().map(environment).collect()
}

impl Job {
    /// A config that stands alone: it extends nothing, and its environments are not rendered.
    pub fn alone(input: &Input) -> Self {
        let mut job = Self::default();
        job.document = job.layers(input, &NoFiles).map(|layers| layers.base);
        job.apply(&input.overrides);
        job
    }

    fn layers(&mut self, input: &Input, files: &dyn Files) -> Option<layers::Layers> {
        let (sources, diagnostics) = (&mut self.sources, &mut self.diagnostics);
        layers::layers(&input.path, &input.bytes, files, sources, diagnostics)
    }

    fn apply(&mut self, overrides: &[String]) {
        if let Some(document) = &mut self.document {
            for assignment in overrides {
                config::set(document, assignment, &mut self.sources, &mut self.diagnostics);
            }
        }
        if self.diagnostics.has_errors() {
            self.document = None;
        }
    }

    /// The name of the deployment and so of its folder, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.document.as_ref()?.value.get("name")?.as_str()
    }

    /// Whether a render was made by this version from the same config and the same templates.
    pub fn made(&self, manifest: &Manifest, tools: &Tools) -> bool {
        let same = |document| manifest.config_digest == digest(document);
        manifest.prebake == env!("CARGO_PKG_VERSION")
            && manifest.templates_digest == tools.templates.digest()
            && self.document.as_ref().is_some_and(same)
    }

    /// What the config means, if it can be understood; its findings are told by the render.
    pub fn model(&self) -> Option<Model> {
        let document = self.document.as_ref()?;
        let config = config::decode(document, &mut Diagnostics::new())?;
        model::resolve(&config, document, &mut Diagnostics::new())
    }

    /// Runs the phases.
    pub fn render(self, tools: &Tools) -> Outcome {
        let Self { document, mut diagnostics, mut sources, .. } = self;
        let mut secrets = Secrets::hide(&mut sources);
        let render = document.and_then(|document| {
            phases(document, &mut secrets, tools, &mut sources, &mut diagnostics)
        });
        diagnostics.append(secrets.take());
        let render = render.filter(|_| !diagnostics.has_errors());
        Outcome { render, diagnostics, sources }
    }
}

/// The digest of a config as it was understood: layers merged, environment and `--set` applied.
pub(super) fn digest(document: &Document) -> String {
    hex_digest(document.value.to_string().as_bytes())
}
