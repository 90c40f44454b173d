//! Chains the phases: the only place where they meet. Pure: texts in, a [`Render`] and findings out.

mod added;
mod age;
mod checks;
mod compiled;
mod dockerfiles;
mod edited;
pub mod fleet;
mod job;
mod overlay;
mod places;
mod pools;
mod previous;
mod secrets;
mod stages;
mod state;

pub use compiled::{Deployment, KnownStages, KnownTemplate};
pub use edited::edited;
pub(crate) use edited::is_stage;
pub use job::{Job, jobs};
pub use previous::previous;
pub use stages::CompiledStage;
pub use state::previous_state;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};

use crate::bicep;
use crate::catalog::{Date, Overlay, Stage};
use crate::check::{self, KnownScripts};
use crate::config::{self, Config, Document};
use crate::diagnostic::{Diagnostic, Diagnostics, Fact, Place, Severity, Sources, code_class};
use crate::diff::{self, Diff, Live, RenderState};
use crate::extend::{self, Added, Extension};
use crate::model::{self, KnownDigests, Model, Origins};
use crate::render::{self, Artifacts, ExtensionLine, MANIFEST, Manifest, Target, Templates};
use crate::schema::ResourceSchemas;

use checks::Checks;
use secrets::Secrets;

/// A config to render.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Its path as the user wrote it.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Values of the command line, `path=value`, applied in order.
    pub overrides: Vec<String>,
}

impl Input {
    /// SHA-256 of the bytes of the config and of the values of the command line.
    pub fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        for text in self.overrides.iter().map(String::as_bytes).chain([&*self.bytes]) {
            // Lengths keep two texts from being taken for two others.
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        }
        digest.finalize().into()
    }
}

/// What all configs of a run share.
#[derive(Debug)]
pub struct Tools {
    /// The templates, parsed when first used.
    pub templates: Templates,
    /// The schemas of resource types, compiled when first used.
    pub schemas: ResourceSchemas,
    /// The day on which retirements are judged.
    pub as_of: Date,
    /// The stages that were compiled before.
    pub compiled: KnownStages,
    /// The scripts that rules have read before.
    pub scripts: KnownScripts,
    /// The texts whose digests are known.
    pub digests: KnownDigests,
    /// Folder of the renders as messages name it, such as `out`.
    pub output: String,
}

impl Tools {
    /// The built-in templates and schemas, and the day on which retirements are judged.
    ///
    /// # Panics
    ///
    /// Never: a test parses the built-in templates.
    pub fn new(as_of: Date) -> Self {
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let templates = Templates::new(BTreeMap::new(), &mut sources, &mut diagnostics);
        Self {
            templates: templates.expect("the embedded templates parse"),
            schemas: ResourceSchemas::embedded(),
            as_of,
            compiled: KnownStages::default(),
            scripts: KnownScripts::default(),
            digests: KnownDigests::default(),
            output: "out".to_owned(),
        }
    }

    /// Whether a render was made by this version from these templates.
    pub fn made(&self, manifest: &Manifest) -> bool {
        manifest.prebake == env!("CARGO_PKG_VERSION")
            && manifest.templates_digest == self.templates.digest()
    }
}

/// What came of a config: a render, unless an error was found, and all findings with their sources.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// The render, when nothing stands against it.
    pub render: Option<Render>,
    /// Findings, in the order of the phases.
    pub diagnostics: Diagnostics,
    /// The texts that they point into.
    pub sources: Sources,
    /// The rows of the user's own catalog by which it was judged.
    pub answers: Vec<Fact>,
}

impl Outcome {
    /// Whether an error says that the input itself is bad (no config could be read from it, or a template
    /// cannot be used), rather than that a readable config has findings.
    pub fn is_bad_input(&self) -> bool {
        let is_bad = |finding: &Diagnostic| {
            finding.severity == Severity::Error && code_class(&finding.code).is_input
        };
        self.diagnostics.iter().any(is_bad)
    }
}

/// Everything that is known of one config.
#[derive(Debug)]
#[non_exhaustive]
pub struct Render {
    /// The config as written.
    pub config: Config,
    /// Where its values stand.
    pub document: Document,
    /// What it means.
    pub model: Model,
    /// The files.
    pub artifacts: Artifacts,
    /// What the config's own patches made of them.
    pub extension: Extension,
    /// The compiled stages, in order.
    pub stages: Vec<CompiledStage>,
    /// What the user's own subscription said of the region.
    pub overlay: Arc<Overlay>,
    state: OnceLock<RenderState>,
}

impl Render {
    /// The render as a diff compares it.
    pub fn state(&self) -> &RenderState {
        let state = || state::of(&self.stages, &target(&self.model), &self.artifacts.files);
        self.state.get_or_init(state)
    }

    /// Compares it with the previous render. `sources` are those of its outcome.
    pub fn diff(&self, previous: Option<&RenderState>, sources: &Sources) -> Diff {
        self.compared(diff::diff_with_origins, previous, sources)
    }

    /// The same for a summary, which shows only the lines of findings.
    pub fn outline(&self, previous: Option<&RenderState>, sources: &Sources) -> Diff {
        self.compared(diff::outline, previous, sources)
    }

    fn compared(
        &self,
        compare: fn(Option<&RenderState>, Option<&RenderState>, &dyn diff::Origins) -> Diff,
        previous: Option<&RenderState>,
        sources: &Sources,
    ) -> Diff {
        let origins = places::ChangeOrigins { render: self.places(), sources };
        let new = Some(self.state());
        compare(previous, new, &origins).priced(previous, new, &self.overlay)
    }

    /// Compares it with what is live, and that with the previous render.
    pub fn diff_with_live(
        &self,
        previous: Option<&RenderState>,
        live: &Live,
        sources: &Sources,
    ) -> Diff {
        let origins = places::ChangeOrigins { render: self.places(), sources };
        let new = self.state();
        diff::diff_with_live(previous, new, live, &origins).priced(
            previous,
            Some(new),
            &self.overlay,
        )
    }

    /// The place in the config of what decides a value of a stage, by its JSON pointer in the stage's template.
    pub fn written_at(&self, stage: Stage, pointer: &str) -> Option<Place> {
        self.places().of_value(&stage.into(), pointer)
    }

    fn places(&self) -> places::RenderPlaces<'_> {
        places::RenderPlaces {
            stages: &self.stages,
            artifacts: &self.artifacts,
            extension: &self.extension,
            document: &self.document,
            origins: Origins::new(&self.model, &self.document),
        }
    }
}

/// Where a config deploys to.
fn target(model: &Model) -> Target {
    Target {
        resource_group: model.resource_group.clone(),
        subscription: model.subscription.clone(),
        location: model.location.clone(),
    }
}

/// Runs the phases over one config that stands alone.
pub fn render(input: &Input, tools: &Tools) -> Outcome {
    Job::alone(input).render(tools)
}

/// What carries the bake has a largest size, beyond which the stage does not even compile.
fn bake_fits(
    artifacts: &Artifacts,
    document: &Document,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let carriers = [
        (
            render::bake::SCRIPT,
            bicep::MAXIMUM_BASE64_BYTES,
            "the template contains it as one string",
        ),
        (render::bake::CUSTOM_DATA, check::MAX_CUSTOM_DATA, "Azure limits the custom data of a VM"),
    ];
    let size = |path: &str| artifacts.files.get(path).map_or(0, String::len);
    let too_large = carriers.into_iter().find(|(path, most, _)| size(path) > *most);
    let Some((path, most, why)) = too_large else { return Some(()) };
    let mut finding = Diagnostic::error("PB1044", "bake is too large")
        .reason(why)
        .help("put large files in storage or an image, and download them in a `run` step");
    finding.place = document.key_place("/bake/steps");
    finding.label = format!("`{path}` has {} bytes; the limit is {most}", size(path));
    diagnostics.push(finding);
    None
}

/// What is read beside a config.
struct Read<'a> {
    /// The Bicep files that the config adds.
    added: &'a Added,
    overlay: &'a Arc<Overlay>,
    dockerfiles: &'a [check::Dockerfile],
}

fn phases(
    document: Document,
    secrets: &mut Secrets,
    read: &Read<'_>,
    tools: &Tools,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<(Render, Vec<Fact>)> {
    let Read { overlay, added, .. } = *read;
    let Some(config) = config::decode(&document, diagnostics) else {
        if let Some(partial) = config::partial(&document) {
            model::report_partial(&partial, &document, overlay, diagnostics);
        }
        return None;
    };
    let model = model::resolve(&config, &document, overlay, diagnostics)?;
    is_about_the_region(overlay, &model.location, &document, diagnostics);
    let mut artifacts = rendered(&model, &document, tools, sources, diagnostics)?;
    let folder = folder(&model, tools);
    let wanted = extend::Wanted {
        config: &config,
        document: &document,
        origins: &Origins::new(&model, &document),
        added,
        folder: &folder,
    };
    let mut extension = extend::extend(&wanted, &mut artifacts, sources, diagnostics)?;
    let compiled = &tools.compiled;
    let stages = stages::compile(
        &model,
        &folder,
        compiled,
        &extension,
        &mut artifacts,
        sources,
        diagnostics,
    );
    sources.mark_generated(&folder);
    let stages = stages?;
    if !extension.is_empty() {
        extension.locate(&folder, sources);
        let missed = pools::reach(&extension, &model, &stages, &mut artifacts, diagnostics);
        let lines = extension_lines(&extension, &missed);
        render::readme(&model, &tools.templates, lines, &mut artifacts, sources, diagnostics)?;
    }
    artifacts.insert(render::PLAN, render::plan(&model, &artifacts).text());
    let checks = Checks {
        config: &config,
        document: &document,
        model: &model,
        artifacts: &artifacts,
        extension: &extension,
        stages: &stages,
        folder: &folder,
        overlay: overlay.at(&model.location),
        dockerfiles: read.dockerfiles,
    };
    let digests = || manifest(&document, &model, &artifacts, read, tools);
    let run = || {
        let answers = checks.run(secrets, tools, sources, diagnostics);
        sources.mark_generated(&folder);
        answers
    };
    let (manifest, answers) = rayon::join(digests, run);
    artifacts.insert(MANIFEST, manifest.text());
    let (overlay, state) = (Arc::clone(overlay), OnceLock::new());
    let render = Render { config, document, model, artifacts, extension, stages, overlay, state };
    Some((render, answers))
}

/// The files that templates and the model make.
fn rendered(
    model: &Model,
    document: &Document,
    tools: &Tools,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Artifacts> {
    let mut artifacts = render::render(model, &tools.templates, sources, diagnostics)?;
    stages::format_overlaid(&mut artifacts);
    bake_fits(&artifacts, document, diagnostics)?;
    Some(artifacts)
}

/// The folder of a render, as findings name it.
fn folder(model: &Model, tools: &Tools) -> String {
    match tools.output.as_str() {
        "" => model.name.clone(),
        output => format!("{output}/{}", model.name),
    }
}

/// What a render was made from, and the digests of its files.
fn manifest(
    document: &Document,
    model: &Model,
    artifacts: &Artifacts,
    read: &Read<'_>,
    tools: &Tools,
) -> Manifest {
    let (config, templates) = (job::digest(document, read.added), tools.templates.digest());
    Manifest::of(&model.name, config, templates, &artifacts.files, &tools.digests)
        .deployed_to(target(model))
        .judged_by(read.overlay.digest())
}

/// The changes of a config's own as the README lists them.
fn extension_lines(extension: &Extension, missed: &BTreeSet<String>) -> Vec<ExtensionLine> {
    let line = |change: &extend::Change| {
        let (what, effect) = change.line();
        let missed = missed.contains(&change.pointer);
        ExtensionLine { file: change.path.clone(), what, effect, missed }
    };
    extension.changes().iter().map(line).collect()
}

/// Answers about another region say nothing of this one.
fn is_about_the_region(
    overlay: &Overlay,
    location: &str,
    document: &Document,
    diagnostics: &mut Diagnostics,
) {
    if overlay.is_none() || !overlay.at(location).is_none() {
        return;
    }
    let title = format!("catalog `{}` is for another region", overlay.folder());
    let mut finding = Diagnostic::warning("PB1050", title)
        .reason("its sizes, quotas and images apply only to that region, so prebake ignores them")
        .help(format!("import the data of `{location}` into a separate folder"));
    finding.place = document.place("/catalog");
    finding.label =
        format!("it is for `{}`, but the config deploys to `{location}`", overlay.location());
    diagnostics.push(finding);
}
