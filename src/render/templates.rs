use std::collections::BTreeMap;
use std::fmt::Write as _;

use rayon::prelude::*;
use serde_json::Value;
use tera::{Kwargs, State, Tera, TeraResult};

use super::quote;
use crate::diagnostic::{Diagnostic, Diagnostics, FileId, Place, Sources, Span};

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        /// The templates that the binary carries, by path below `templates/`.
        pub const EMBEDDED: &[(&str, &str)] =
            &[$(($path, include_str!(concat!("../../templates/", $path)))),*];
    };
}

embedded![
    "acr/acr-task.yaml.tera",
    "bicep/batch.bicep.tera",
    "bicep/batch.bicepparam.tera",
    "bicep/builder.bicep.tera",
    "bicep/builder.bicepparam.tera",
    "bicep/image-builder.bicep.tera",
    "bicep/image-builder.bicepparam.tera",
    "bicep/image.bicep.tera",
    "bicep/image.bicepparam.tera",
    "bicep/modules/registry-role.bicep.tera",
    "bicep/registry.bicep.tera",
    "bicep/registry.bicepparam.tera",
    "cloud-init/bake.sh.tera",
    "cloud-init/cloud-init.yaml.tera",
    "cloud-init/lib.sh.tera",
    "cloud-init/prebake-bake.service.tera",
    "cloud-init/prebake-bake.sh.tera",
    "cloud-init/steps/clean.sh.tera",
    "cloud-init/steps/command.sh.tera",
    "cloud-init/steps/container-toolkit.sh.tera",
    "cloud-init/steps/deprovision.sh.tera",
    "cloud-init/steps/docker.sh.tera",
    "cloud-init/steps/fabric-manager.sh.tera",
    "cloud-init/steps/file.sh.tera",
    "cloud-init/steps/gpu-driver.sh.tera",
    "cloud-init/steps/kernel.sh.tera",
    "cloud-init/steps/login.sh.tera",
    "cloud-init/steps/logout.sh.tera",
    "cloud-init/steps/packages.sh.tera",
    "cloud-init/steps/preload.sh.tera",
    "cloud-init/steps/prepare.sh.tera",
    "cloud-init/steps/verify.sh.tera",
    "deploy/deploy.sh.tera",
    "readme/README.md.tera",
];

/// The templates of everything that is deployed: the embedded ones with a team's own laid over them.
/// Parsed once and shared over a fleet.
#[derive(Debug)]
pub struct Templates {
    engines: Vec<Tera>,
    /// Template → the engine that holds it.
    engine_of: BTreeMap<String, usize>,
    texts: BTreeMap<String, String>,
    digest: String,
}

impl Templates {
    /// Parses the embedded templates with `overlay` (path below `templates/` → text) laid over them.
    /// Reports `PB2001` for the templates that cannot be parsed.
    pub fn new(
        overlay: BTreeMap<String, String>,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        // The embedded templates know nothing of each other, so that they can be parsed side by side; those
        // of a team may include and import.
        let apart = overlay.is_empty();
        let mut texts: BTreeMap<String, String> =
            EMBEDDED.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        texts.extend(overlay);
        let groups: Vec<Vec<_>> = if apart {
            texts.iter().map(|template| vec![template]).collect()
        } else {
            vec![texts.iter().collect()]
        };
        let engine_of = groups
            .iter()
            .enumerate()
            .flat_map(|(index, group)| group.iter().map(move |(path, _)| ((*path).clone(), index)));
        let engine_of = engine_of.collect();
        let (parsed, digest) = rayon::join(
            || groups.par_iter().map(|group| engine(group)).collect::<Vec<_>>(),
            || digest(&texts),
        );
        let mut templates = Self { engines: Vec::new(), engine_of, texts, digest };
        for engine in parsed {
            match engine {
                Ok(engine) => templates.engines.push(engine),
                Err(error) => diagnostics.push(templates.failure(&error, sources)),
            }
        }
        (!diagnostics.has_errors()).then_some(templates)
    }

    /// Renders one template. Reports `PB2002` at the template's line.
    pub(super) fn render(
        &self,
        path: &str,
        context: &tera::Context,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<String> {
        let engine = self.engine_of.get(path).and_then(|index| self.engines.get(*index));
        let engine = engine.expect("the paths asked for are those of the embedded templates");
        match engine.render(path, context) {
            Ok(text) => Some(text),
            Err(error) => {
                diagnostics.push(self.failure(&error, sources));
                None
            }
        }
    }

    /// SHA-256 over the paths and texts of all templates.
    pub fn digest(&self) -> String {
        self.digest.clone()
    }

    /// Paths of all templates.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// The text of a template.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(String::as_str)
    }

    fn failure(&self, error: &tera::Error, sources: &mut Sources) -> Diagnostic {
        let help = "correct the template; `prebake templates eject` shows the original";
        let (code, title, report) = match error.kind() {
            tera::ErrorKind::SyntaxError(report) => ("PB2001", "cannot be parsed", report),
            tera::ErrorKind::RenderingError(report) => ("PB2002", "cannot be rendered", report),
            other => {
                return Diagnostic::error("PB2001", "templates cannot be used")
                    .reason(other.to_string())
                    .help(help);
            }
        };
        let name = report.filename();
        let text = self.text(name).unwrap_or_default();
        let file = sources.add(format!("templates/{name}"), text);
        let range = report.span().range.clone();
        Diagnostic::error(code, format!("template `{name}` {title}"))
            .at(place(file, &range), report.message().to_owned())
            .help(help)
    }
}

/// An engine that holds these templates.
fn engine(templates: &[(&String, &String)]) -> TeraResult<Tera> {
    let mut tera = Tera::default();
    // Escaping is by language, at the place of use; HTML escaping would corrupt every one of them.
    tera.autoescape_on(Vec::<&str>::new());
    register(&mut tera);
    tera.add_raw_templates(templates.iter().copied())?;
    Ok(tera)
}

fn digest(texts: &BTreeMap<String, String>) -> String {
    let mut all = String::new();
    for (path, text) in texts {
        // Lengths keep two templates from being taken for two others.
        let _ = write!(all, "{}:{path}{}:{text}", path.len(), text.len());
    }
    crate::model::hex_digest(all.as_bytes())
}

fn place(file: FileId, range: &std::ops::Range<usize>) -> Place {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Place { file, span: Span::new(offset(range.start), offset(range.end)) }
}

fn register(tera: &mut Tera) {
    let plain = |value: &tera::Value| -> TeraResult<Value> {
        serde_json::to_value(value).map_err(|error| tera::Error::message(error.to_string()))
    };
    tera.register_filter("bicep", move |value: &tera::Value, kwargs: Kwargs, _: &State| {
        let indent = kwargs.get::<u64>("indent")?.unwrap_or(0);
        let indent = usize::try_from(indent).unwrap_or(0).min(20);
        TeraResult::Ok(quote::bicep(&plain(value)?, indent))
    });
    tera.register_filter("json", move |value: &tera::Value, _: Kwargs, _: &State| {
        TeraResult::Ok(quote::json(&plain(value)?))
    });
    tera.register_filter("shell", |text: &str, _: Kwargs, _: &State| quote::shell(text));
    tera.register_filter("yaml", |text: &str, _: Kwargs, _: &State| quote::yaml(text));
    tera.register_filter("markdown", |text: &str, _: Kwargs, _: &State| quote::markdown(text));
    tera.register_filter("code", |text: &str, _: Kwargs, _: &State| quote::code(text));
}
