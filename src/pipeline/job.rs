use std::fmt::Write as _;
use std::sync::Arc;

use super::secrets::Secrets;
use super::{Input, Outcome, Read, Render, Tools, added, age, dockerfiles, overlay, phases};
use crate::catalog::Overlay;
use crate::check::Dockerfile;
use crate::config::layers::{self, Files, NoFiles};
use crate::config::{self, Document};
use crate::diagnostic::{Diagnostics, Sources};
use crate::extend::Added;
use crate::model::{self, Model, hex_digest};
use crate::render::Manifest;

/// One render to make: a config or one of its environments, read and merged but not yet understood.
#[derive(Debug, Clone, Default)]
pub struct Job {
    /// The environment, when the config has any.
    pub environment: Option<String>,
    /// The digest of the input, if no other file decides what the render is.
    pub input: Option<[u8; 32]>,
    /// The config, unless an error was found.
    pub document: Option<Document>,
    /// What was found so far.
    pub diagnostics: Diagnostics,
    /// The texts that the findings and places point into.
    pub sources: Sources,
    /// What the user's own subscription said, from the folder that the config names.
    pub overlay: Arc<Overlay>,
    /// The Bicep files that the config adds to its stages.
    pub added: Arc<Added>,
    /// The Dockerfiles of its builds.
    pub dockerfiles: Vec<Dockerfile>,
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
        job.apply(input, files);
        let is_alone = !layers.extends
            && job.overlay.digest().is_empty()
            && job.added.texts().next().is_none();
        job.input = is_alone.then(|| input.digest());
        return vec![job];
    }
    if !layers.fit(&names, &mut job.diagnostics) {
        return vec![job];
    }
    let environment = |name: String| {
        let mut one = Job { sources: job.sources.clone(), ..Job::default() };
        one.document = layers.environment(&name, &mut one.diagnostics);
        one.environment = Some(name);
        one.apply(input, files);
        one
    };
    names.into_iter().map(environment).collect()
}

impl Job {
    /// A config that stands alone: it extends nothing, and its environments are not rendered.
    pub fn alone(input: &Input) -> Self {
        let mut job = Self::default();
        job.document = job.layers(input, &NoFiles).map(|layers| layers.base);
        job.apply(input, &NoFiles);
        job
    }

    fn layers(&mut self, input: &Input, files: &dyn Files) -> Option<layers::Layers> {
        let (sources, diagnostics) = (&mut self.sources, &mut self.diagnostics);
        layers::layers(&input.path, &input.bytes, files, sources, diagnostics)
    }

    fn apply(&mut self, input: &Input, files: &dyn Files) {
        if let Some(document) = &mut self.document {
            let (sources, diagnostics) = (&mut self.sources, &mut self.diagnostics);
            for assignment in &input.overrides {
                config::set(document, assignment, sources, diagnostics);
            }
            let overlay = overlay::load(document, files, sources, diagnostics);
            self.overlay = Arc::new(overlay.unwrap_or_default());
            self.added = Arc::new(added::load(&input.path, document, files, sources, diagnostics));
            if files.reads() {
                self.dockerfiles = dockerfiles::read(document, files, sources);
            }
        }
        if self.diagnostics.has_errors() {
            self.document = None;
        }
    }

    /// Name of the deployment and so of its folder, if there is one.
    pub fn name(&self) -> Option<&str> {
        self.document.as_ref()?.value.get("name")?.as_str()
    }

    /// Whether a render was made by this version under this name from the same config, catalog and templates.
    pub fn made(&self, manifest: &Manifest, tools: &Tools) -> bool {
        let same = |document| manifest.config_digest == digest(document, &self.added);
        tools.made(manifest)
            && Some(manifest.name.as_str()) == self.name()
            && manifest.catalog_digest.as_deref().unwrap_or_default() == self.overlay.digest()
            && self.document.as_ref().is_some_and(same)
    }

    /// What the config means, if it can be understood; its findings are told by the render.
    pub fn model(&self) -> Option<Model> {
        let document = self.document.as_ref()?;
        let config = config::decode(document, &mut Diagnostics::new())?;
        model::resolve(&config, document, &self.overlay, &mut Diagnostics::new())
    }

    /// Runs the phases.
    pub fn render(self, tools: &Tools) -> Outcome {
        let (render, mut outcome) = self.attempt(tools);
        outcome.render = render.filter(|_| !outcome.diagnostics.has_errors());
        outcome
    }

    /// Runs the phases, and gives what was rendered apart from the findings: errors may stand against it.
    pub fn attempt(self, tools: &Tools) -> (Option<Render>, Outcome) {
        let Self { document, mut diagnostics, mut sources, overlay, added, dockerfiles, .. } = self;
        let mut secrets = Secrets::hide(&mut sources);
        let made = document.and_then(|document| {
            let read = Read { overlay: &overlay, added: &added, dockerfiles: &dockerfiles };
            phases(document, &mut secrets, &read, tools, &mut sources, &mut diagnostics)
        });
        diagnostics.append(secrets.take());
        let (render, answers) = made.unzip();
        let diagnostics = age::tell(diagnostics, tools.as_of);
        let answers = answers.unwrap_or_default();
        (render, Outcome { render: None, diagnostics, sources, answers })
    }
}

/// The digest of a config as it was understood: layers merged, environment and `--set` applied, with the files that it
/// adds.
pub(super) fn digest(document: &Document, added: &Added) -> String {
    let mut whole = document.value.to_string();
    for (path, text) in added.texts() {
        // Writing to a string cannot fail. Lengths keep two files from being taken for two others.
        let _ = write!(whole, "{}:{path}{}:{text}", path.len(), text.len());
    }
    hex_digest(whole.as_bytes())
}
