use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use memchr::memmem;
use rayon::prelude::*;
use serde_json::Value;
use tera::{Kwargs, State, Tera, TeraResult};

use super::bounds::{self, Bounded, Output};
use super::{quote, template_digest};
use crate::catalog;
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
    "bicep/batch-elsewhere.bicep.tera",
    "bicep/batch.bicep.tera",
    "bicep/batch.bicepparam.tera",
    "bicep/builder.bicep.tera",
    "bicep/builder.bicepparam.tera",
    "bicep/image-builder.bicep.tera",
    "bicep/image-builder.bicepparam.tera",
    "bicep/image-elsewhere.bicep.tera",
    "bicep/image.bicep.tera",
    "bicep/image.bicepparam.tera",
    "bicep/modules/gallery-role.bicep.tera",
    "bicep/modules/identity-role.bicep.tera",
    "bicep/modules/network-role.bicep.tera",
    "bicep/modules/registry-role.bicep.tera",
    "bicep/modules/storage-role.bicep.tera",
    "bicep/pools.bicep.tera",
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
    "cloud-init/steps/infiniband.sh.tera",
    "cloud-init/steps/kernel.sh.tera",
    "cloud-init/steps/login.sh.tera",
    "cloud-init/steps/logout.sh.tera",
    "cloud-init/steps/mig.sh.tera",
    "cloud-init/steps/network.sh.tera",
    "cloud-init/steps/packages.sh.tera",
    "cloud-init/steps/preload.sh.tera",
    "cloud-init/steps/prepare.sh.tera",
    "cloud-init/steps/verify.sh.tera",
    "deploy/deploy.sh.tera",
    "deploy/stacks.sh.tera",
    "readme/README.md.tera",
];

/// The text of each template, by its path.
pub(super) type Texts = BTreeMap<Cow<'static, str>, Cow<'static, str>>;

/// The templates that most configs need, the largest first.
const USUAL: [&str; 19] = [
    "deploy/deploy.sh.tera",
    "bicep/batch.bicep.tera",
    "readme/README.md.tera",
    "bicep/registry.bicep.tera",
    "bicep/builder.bicep.tera",
    "bicep/batch.bicepparam.tera",
    "cloud-init/prebake-bake.sh.tera",
    "cloud-init/lib.sh.tera",
    "bicep/image.bicep.tera",
    "cloud-init/steps/gpu-driver.sh.tera",
    "cloud-init/steps/docker.sh.tera",
    "cloud-init/steps/login.sh.tera",
    "bicep/registry.bicepparam.tera",
    "cloud-init/steps/preload.sh.tera",
    "cloud-init/steps/kernel.sh.tera",
    "cloud-init/steps/container-toolkit.sh.tera",
    "cloud-init/steps/clean.sh.tera",
    "cloud-init/steps/verify.sh.tera",
    "cloud-init/steps/prepare.sh.tera",
];

/// The templates of everything that is deployed: the embedded ones with a team's own laid over them.
/// Parsed once and shared over a fleet.
#[derive(Debug)]
pub struct Templates {
    texts: Texts,
    /// Where those of a team lie, as the user wrote it.
    folder: String,
    /// Those of a team as the engine has them.
    bounded: BTreeMap<String, Bounded>,
    parsed: Parsed,
    digest: OnceLock<String>,
}

/// Templates as the engine has them.
#[derive(Debug)]
enum Parsed {
    /// Each of the embedded templates is parsed with those that it includes when it is first rendered.
    Alone,
    /// Those of a team may include and import, and are judged before anything is rendered.
    Together(Box<Tera>),
}

/// An embedded template, and the engine that holds it once it was parsed.
type Alone = (&'static str, OnceLock<TeraResult<Tera>>);

static ALONE: LazyLock<BTreeMap<&str, Alone>> = LazyLock::new(|| {
    EMBEDDED.iter().map(|(path, text)| (*path, (*text, OnceLock::new()))).collect()
});

/// How an embedded template includes another one.
const INCLUDE: &str = "{% include \"";

fn alone(path: &str) -> Result<&'static Tera, &'static tera::Error> {
    let (text, parsed) =
        ALONE.get(path).expect("the paths asked for are those of the embedded templates");
    let parse = || {
        // They include by name and in one way, and finding all tags takes half as long as parsing.
        let links = memmem::find_iter(text.as_bytes(), INCLUDE);
        let included = links.filter_map(|at| {
            let path = text[at + INCLUDE.len()..].split('"').next()?;
            Some((path, ALONE.get(path)?.0))
        });
        engine(std::iter::once((path, *text)).chain(included))
    };
    parsed.get_or_init(parse).as_ref()
}

/// Starts to parse the embedded templates on another thread, before it is known which ones will be needed.
pub(crate) fn read_ahead() {
    rayon::spawn(|| {
        for path in USUAL {
            let _ = alone(path);
        }
    });
}

impl Templates {
    /// The embedded templates with `overlay` (path below `templates/` → text) laid over them.
    /// Reports `PB2001` for the templates that cannot be parsed, `PB2003` for those that could not be bounded.
    pub fn new(
        overlay: BTreeMap<String, String>,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        Self::of_folder("templates", overlay, sources, diagnostics)
    }

    /// The same with an overlay from a folder, which messages name.
    pub fn of_folder(
        folder: &str,
        overlay: BTreeMap<String, String>,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let own: Vec<String> = overlay.keys().cloned().collect();
        let mut texts: Texts =
            EMBEDDED.iter().map(|(path, text)| (Cow::from(*path), Cow::from(*text))).collect();
        texts.extend(overlay.into_iter().map(|(path, text)| (path.into(), text.into())));
        let extended = built_in(&own, &texts);
        texts.extend(extended);
        let bounded = bounded(folder, &own, &texts, sources, diagnostics)?;
        let (folder, parsed) = (folder.to_owned(), Parsed::Alone);
        let mut templates = Self { texts, folder, bounded, parsed, digest: OnceLock::new() };
        if !own.is_empty() {
            match engine(templates.paths().map(|path| (path, templates.read(path)))) {
                Ok(engine) => templates.parsed = Parsed::Together(Box::new(engine)),
                Err(error) => diagnostics.push(templates.failure(&error, sources)),
            }
        }
        (!diagnostics.has_errors()).then_some(templates)
    }

    /// Parses the templates that are about to be rendered side by side, as far as nobody did.
    pub(super) fn prepare(&self, paths: &[&str]) {
        if let Parsed::Together(_) = &self.parsed {
            return;
        }
        let unread = paths.iter().filter(|path| ALONE[**path].1.get().is_none());
        // One that cannot be parsed is reported where it is rendered.
        // They differ so much in size that each is a piece of work of its own.
        unread.collect::<Vec<_>>().par_iter().with_max_len(1).for_each(|path| {
            let _ = alone(path);
        });
    }

    fn engine(&self, path: &str) -> Result<&Tera, &tera::Error> {
        match &self.parsed {
            Parsed::Together(engine) => Ok(engine),
            Parsed::Alone => alone(path),
        }
    }

    /// The text of a template as the engine reads it.
    fn read(&self, path: &str) -> &str {
        self.bounded.get(path).map_or_else(|| &*self.texts[path], |own| &own.text)
    }

    /// Renders one template. Reports `PB2002` at the template's line, `PB2003` where it goes beyond a limit.
    pub(super) fn render(
        &self,
        path: &str,
        context: &tera::Context,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<String> {
        let engine = match self.engine(path) {
            Ok(engine) => engine,
            Err(error) => {
                diagnostics.push(self.failure(error, sources));
                return None;
            }
        };
        let mut output = Output::of(self.read(path));
        let rendered = engine.render_to(path, context, &mut output);
        let limit = bounds::broken();
        match rendered {
            Ok(()) => return Some(output.into_text()),
            Err(error) => diagnostics.push(match limit {
                Some(limit) => self.beyond(path, limit, &error, sources),
                None => self.failure(&error, sources),
            }),
        }
        None
    }

    /// SHA-256 over the paths and texts of all templates.
    pub fn digest(&self) -> &str {
        self.digest.get_or_init(|| match &self.parsed {
            Parsed::Alone => crate::model::hex(BUILT_IN_DIGEST),
            Parsed::Together(_) => digest(&self.texts),
        })
    }

    /// Paths of all templates.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(|path| &**path)
    }

    /// Whether a template is a team's own, not an embedded one.
    pub fn is_own(&self, path: &str) -> bool {
        self.bounded.contains_key(path)
    }

    /// The text of a template.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts.get(path).map(|text| &**text)
    }

    /// A team's own templates that stand for no embedded one and that no other names: mistyped, probably.
    pub fn unused(&self) -> Vec<&str> {
        let embedded = |path: &str| EMBEDDED.iter().any(|(known, _)| *known == path);
        let mut unused: Vec<&str> =
            self.bounded.keys().map(String::as_str).filter(|path| !embedded(path)).collect();
        if !unused.is_empty() {
            let links = self.texts.values().flat_map(|text| bounds::links(text));
            let named: BTreeSet<&str> = links.map(|(path, _)| path).collect();
            unused.retain(|path| !named.contains(path));
        }
        unused
    }

    /// Where a template lies: a team's own in its folder, an embedded one where `eject` puts it.
    fn shown(&self, path: &str) -> String {
        let own = self.bounded.contains_key(path);
        format!("{}/{path}", if own { self.folder.as_str() } else { "templates" })
    }

    fn original(&self, path: &str, range: &Range<usize>) -> Range<usize> {
        self.bounded.get(path).map_or_else(|| range.clone(), |own| own.original(range))
    }

    fn beyond(
        &self,
        path: &str,
        limit: String,
        error: &tera::Error,
        sources: &mut Sources,
    ) -> Diagnostic {
        let help = "split the template; docs/limits.md lists the limits";
        let finding = |path: &str| beyond_a_limit(path).help(help);
        match error.kind() {
            tera::ErrorKind::RenderingError(report) => {
                let path = report.filename();
                let file = sources.add(self.shown(path), self.text(path).unwrap_or_default());
                let range = self.original(path, &report.span().range);
                finding(path).at(place(file, &range), limit)
            }
            _ => finding(path).reason(limit),
        }
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
        let file = sources.add(self.shown(name), text);
        let range = self.original(name, &report.span().range);
        Diagnostic::error(code, format!("template `{name}` {title}"))
            .at(place(file, &range), report.message().to_owned())
            .help(help)
    }
}

/// What stands before the path of a built-in template that a team's own template names, which may have the same path.
const BUILT_IN: &str = "built-in/";

/// The built-in templates that those of a team name as such.
fn built_in(own: &[String], texts: &Texts) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
    let links = own.iter().flat_map(|path| bounds::links(&texts[path.as_str()]));
    let named: BTreeSet<&str> = links.map(|(path, _)| path).collect();
    let known =
        |path: &&str| EMBEDDED.iter().find(|(known, _)| path.strip_prefix(BUILT_IN) == Some(known));
    let found = named.iter().filter_map(|path| Some((*path, known(path)?.1)));
    found.map(|(path, text)| (path.to_owned().into(), text.into())).collect()
}

/// The templates of a team with their bounds laid in. Reports `PB2003` for those where that cannot be.
fn bounded(
    folder: &str,
    own: &[String],
    texts: &Texts,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<BTreeMap<String, Bounded>> {
    let mut bounded = BTreeMap::new();
    let deep = if own.is_empty() { None } else { bounds::too_deep(texts) };
    let mut refused = Vec::from_iter(deep);
    for path in own {
        match Bounded::new(&texts[path.as_str()], texts) {
            Ok(text) => drop(bounded.insert(path.clone(), text)),
            Err(found) => refused.push((path.clone(), found)),
        }
    }
    for (path, found) in &refused {
        let file = sources.add(format!("{folder}/{path}"), &*texts[path.as_str()]);
        let help = "rewrite the template; docs/limits.md lists the limits";
        diagnostics.push(beyond_a_limit(path).at(place(file, &found.at), found.why).help(help));
    }
    refused.is_empty().then_some(bounded)
}

fn beyond_a_limit(path: &str) -> Diagnostic {
    Diagnostic::error("PB2003", format!("template `{path}` exceeds a limit"))
}

/// An engine that holds these templates.
fn engine<'a>(templates: impl Iterator<Item = (&'a str, &'a str)>) -> TeraResult<Tera> {
    let mut tera = EMPTY.clone();
    tera.add_raw_templates(templates)?;
    Ok(tera)
}

/// An engine with everything but templates, which is faster copied than made.
static EMPTY: LazyLock<Tera> = LazyLock::new(|| {
    let mut tera = Tera::default();
    // Escaping is by language, at the place of use; HTML escaping would corrupt every one of them.
    tera.autoescape_on(Vec::<&str>::new());
    register(&mut tera);
    bounds::register(&mut tera);
    tera
});

/// The digest of the templates that the binary carries, as `build.rs` found it.
const BUILT_IN_DIGEST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/templates.sha256"));

fn digest(texts: &Texts) -> String {
    let texts = texts.iter().map(|(path, text)| (&**path, &**text));
    crate::model::hex(&template_digest::digest(texts))
}

fn place(file: FileId, range: &Range<usize>) -> Place {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Place { file, span: Span::new(offset(range.start), offset(range.end)) }
}

/// Writes a text as a literal of a language.
type Quote = fn(&str) -> String;

fn register(tera: &mut Tera) {
    let plain = |value: &tera::Value| -> TeraResult<Value> {
        serde_json::to_value(value).map_err(|error| tera::Error::message(error.to_string()))
    };
    tera.register_filter("bicep", move |value: &tera::Value, kwargs: Kwargs, _: &State| {
        bounds::weigh(value)?;
        let indent = kwargs.get::<u64>("indent")?.unwrap_or(0);
        let indent = usize::try_from(indent).unwrap_or(0).min(20);
        let cloud = kwargs.get::<&str>("cloud")?.and_then(catalog::cloud);
        TeraResult::Ok(match cloud {
            Some(cloud) => quote::bicep_in(&cloud, &plain(value)?, indent),
            None => quote::bicep(&plain(value)?, indent),
        })
    });
    tera.register_filter("names_host", move |value: &tera::Value, _: Kwargs, _: &State| {
        bounds::weigh(value)?;
        TeraResult::Ok(names_host(&plain(value)?))
    });
    tera.register_filter("json", move |value: &tera::Value, _: Kwargs, _: &State| {
        bounds::weigh(value)?;
        TeraResult::Ok(quote::json(&plain(value)?))
    });
    let texts: [(&str, Quote); 4] = [
        ("shell", quote::shell),
        ("yaml", quote::yaml),
        ("markdown", quote::markdown),
        ("code", quote::code),
    ];
    for (name, quoted) in texts {
        tera.register_filter(name, move |text: &str, _: Kwargs, _: &State| {
            bounds::small(text)?;
            TeraResult::Ok(quoted(text))
        });
    }
}

/// Whether a text in a value names a host that differs from cloud to cloud.
fn names_host(value: &Value) -> bool {
    match value {
        Value::String(text) => catalog::names_public_host(text),
        Value::Array(items) => items.iter().any(names_host),
        Value::Object(map) => map.values().any(names_host),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_the_build_is_that_of_the_embedded_templates() {
        let templates =
            Templates::new(BTreeMap::new(), &mut Sources::new(), &mut Diagnostics::new())
                .expect("nothing is laid over them");
        assert_eq!(templates.digest(), digest(&templates.texts));
    }

    #[test]
    fn embedded_templates_include_in_one_way() {
        for (path, text) in EMBEDDED {
            let includes = text.matches(INCLUDE).count();
            assert_eq!(bounds::links(text).count(), includes, "{path}");
        }
    }

    #[test]
    fn every_embedded_template_is_read() {
        let templates =
            Templates::new(BTreeMap::new(), &mut Sources::new(), &mut Diagnostics::new())
                .expect("nothing is laid over them");
        for (path, _) in EMBEDDED {
            assert!(templates.engine(path).is_ok(), "{path}: {:?}", templates.engine(path).err());
        }
    }
}
