//! Stages whose Bicep was compiled before. The deployments of a fleet have their values in parameters, and load what
//! differs there, so that many of them have the same Bicep.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use serde_json::Value;

use crate::arm::Template;
use crate::arm::expression::Expressions;
use crate::bicep::{self, Entry, FileError, FileProvider};
use crate::diagnostic::{Diagnostics, Sources};
use crate::diff::same_file;
use crate::model::same_text;
use crate::render::json_text;

/// What is kept of the stages of a run, the last used first.
#[derive(Debug, Default)]
pub struct KnownStages(Mutex<VecDeque<Arc<Compiled>>>);

/// The Bicep of a stage as it was compiled without findings, and what it was compiled from.
#[derive(Debug)]
struct Compiled {
    name: String,
    /// Every file that the Bicep was made from, by its path below the folder of the render; nothing where there is none.
    read: BTreeMap<String, Option<String>>,
    /// Those that places are in, in order; the parameters file comes before them.
    sources: Vec<String>,
    template: Template,
    text: Arc<str>,
    known: Arc<KnownTemplate>,
}

/// What was found out about a template, for every stage that has it.
#[derive(Debug, Default)]
pub struct KnownTemplate {
    /// Whether it was used again.
    used_again: AtomicBool,
    /// Its expressions, parsed at the third use: a review compiles each stage twice.
    expressions: OnceLock<Expressions>,
    /// Set once it is known to meet the schema of templates.
    fits: OnceLock<()>,
}

impl KnownTemplate {
    /// Its expressions; none while it was used at most twice.
    pub fn expressions(&self) -> &Expressions {
        static NONE: LazyLock<Expressions> = LazyLock::new(Expressions::default);
        self.expressions.get().unwrap_or(&NONE)
    }

    /// Whether it is known to meet the schema of templates.
    pub fn fits(&self) -> bool {
        self.fits.get().is_some()
    }

    /// Notes that it meets the schema of templates.
    pub fn note_fits(&self) {
        let _ = self.fits.set(());
    }
}

/// A compiled template that is known by its text.
pub(super) struct KnownText {
    /// The template.
    pub(super) json: Arc<Value>,
    /// What is known of it.
    pub(super) known: Arc<KnownTemplate>,
}

impl From<Value> for KnownText {
    fn from(json: Value) -> Self {
        Self { json: json.into(), known: Arc::default() }
    }
}

/// A compiled stage with its parameters.
#[derive(Debug)]
pub struct Deployment {
    /// The template.
    pub template: Template,
    /// The template as it is written.
    pub text: Arc<str>,
    /// The parameters file.
    pub parameters: Value,
    /// What is known of the template.
    pub known: Arc<KnownTemplate>,
    /// The files that decide what the stage compiles to, by their path in the render; nothing where more does.
    pub inputs: Option<Vec<String>>,
}

impl KnownStages {
    /// Compiles a stage and its parameters. Bicep that was compiled before is not compiled again; the parameters are,
    /// and are checked against what it declares.
    pub fn compile(
        &self,
        name: &str,
        folder: &str,
        files: &BTreeMap<String, String>,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Option<Deployment> {
        let rendered = || Rendered::new(folder, files);
        let known = self.find(name, files);
        if let Some(made) = known.and_then(|known| known.with_parameters(&rendered(), sources)) {
            return Some(made);
        }
        let files = rendered();
        let mut findings = Diagnostics::new();
        let made = compile(name, &files, sources, &mut findings);
        if let (Some(made), true, false) = (&made, findings.is_empty(), files.listed.get()) {
            self.keep(name, &files, sources, made);
        }
        diagnostics.append(findings);
        made
    }

    /// What is known of a stage that was compiled to this text.
    pub(super) fn compiled_to(&self, name: &str, text: &str) -> Option<KnownText> {
        let kept = self.kept();
        let known = kept.iter().find(|it| it.name == name && same_text(&it.text, text))?;
        Some(KnownText { json: Arc::clone(&known.template.json), known: Arc::clone(&known.known) })
    }

    /// Most stages that are kept.
    pub const MOST_STAGES: usize = 64;
    /// Most bytes of all that they were compiled from and to.
    pub const MOST_BYTES: usize = 1024 * 1024;

    /// How many stages are kept, and of how many bytes.
    pub fn size(&self) -> (usize, usize) {
        let kept = self.kept();
        (kept.len(), kept.iter().map(|known| known.bytes()).sum())
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Compiled>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, name: &str, files: &BTreeMap<String, String>) -> Option<Arc<Compiled>> {
        let mut kept = self.kept();
        let at = kept.iter().position(|known| known.is_of(name, files))?;
        let found = kept.remove(at)?;
        kept.push_front(Arc::clone(&found));
        Some(found)
    }

    fn keep(&self, name: &str, files: &Rendered<'_>, sources: &Sources, made: &Deployment) {
        let below = |name: &str| files.below(name).map(str::to_owned);
        let places = sources.iter().skip(1).map(|(_, file)| below(&file.name));
        let Some(sources) = places.collect::<Option<Vec<_>>>() else { return };
        // A base of the parameters would stand among the files of the template.
        if sources.iter().any(|path| path.ends_with(".bicepparam")) {
            return;
        }
        let compiled = Compiled {
            name: name.to_owned(),
            read: of_bicep(files.read.take()),
            sources,
            template: made.template.clone(),
            text: Arc::clone(&made.text),
            known: Arc::clone(&made.known),
        };
        let mut kept = self.kept();
        if kept.iter().any(|known| known.is_of(name, files.files)) {
            return;
        }
        kept.push_front(Arc::new(compiled));
        let mut bytes = 0;
        let mut fits = |known: &Arc<Compiled>| {
            bytes += known.bytes();
            bytes <= Self::MOST_BYTES
        };
        let fit = kept.iter().take(Self::MOST_STAGES).take_while(|known| fits(known)).count();
        kept.truncate(fit);
    }
}

/// What was read for the Bicep of a stage, without the data that its parameters alone load: that is of one config.
fn of_bicep(mut read: BTreeMap<String, Option<String>>) -> BTreeMap<String, Option<String>> {
    let mut others = read.iter().filter(|(path, _)| !is_data(path));
    let loads = others.any(|(_, text)| text.as_ref().is_some_and(|text| text.contains("load")));
    if !loads {
        read.retain(|path, _| !is_data(path));
    }
    read
}

/// Whether Bicep can read a file only with a function whose name begins with `load`.
fn is_data(path: &str) -> bool {
    [".sh", ".txt", ".yaml"].iter().any(|ending| path.ends_with(ending))
}

impl Compiled {
    /// Whether compiling a stage would read the same.
    fn is_of(&self, name: &str, files: &BTreeMap<String, String>) -> bool {
        let same =
            |(path, text): (&String, &Option<String>)| same_file(files.get(path), text.as_ref());
        self.name == name && self.read.iter().all(same)
    }

    fn bytes(&self) -> usize {
        self.read.values().flatten().map(String::len).sum::<usize>() + self.text.len()
    }

    /// The stage with other parameters; nothing where there is anything to say about these.
    fn with_parameters(&self, files: &Rendered<'_>, sources: &mut Sources) -> Option<Deployment> {
        let (mut own, mut findings) = (Sources::new(), Diagnostics::new());
        let path = files.path(&self.name, "bicep");
        let files = Known { files, path: &path, template: &self.template.json };
        let entry = files.files.path(&self.name, "bicepparam");
        let compiled = bicep::compile_params(&entry, &files, &|_| None, &mut own, &mut findings)?;
        let alone = own.len() == 1 && compiled.template.as_ref() == Some(&path);
        if !alone || !findings.is_empty() {
            return None;
        }
        for path in &self.sources {
            own.add(files.files.whole(path), files.files.files.get(path)?);
        }
        sources.append(own);
        if self.known.used_again.swap(true, Ordering::Relaxed) {
            self.known.expressions.get_or_init(|| Expressions::of(&self.template.json));
        }
        let (template, text) = (self.template.clone(), Arc::clone(&self.text));
        let known = Arc::clone(&self.known);
        let inputs = files.files.inputs(&self.name, self.read.keys());
        Some(Deployment { template, text, parameters: compiled.json, known, inputs })
    }
}

fn compile(
    name: &str,
    files: &Rendered<'_>,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Deployment> {
    let path = files.path(name, "bicep");
    // A render depends on its config alone, so the environment is empty.
    let compiled = bicep::compile_deployment(
        &files.path(name, "bicepparam"),
        files,
        &|_| None,
        sources,
        diagnostics,
    );
    let (template, parameters) = match compiled? {
        (Some(template), parameters) if parameters.template.as_ref() == Some(&path) => {
            (template, parameters.json)
        }
        // A team's template of the parameters may use another file, or none.
        (_, parameters) => {
            files.listed.set(true);
            (bicep::compile(&path, files, sources, diagnostics)?, parameters.json)
        }
    };
    let text = json_text(&*template.json).into();
    let inputs = files.inputs(name, []);
    Some(Deployment { template, text, parameters, known: Arc::default(), inputs })
}

/// The files of a render as the compiler asks for them.
struct Rendered<'a> {
    folder: &'a str,
    files: &'a BTreeMap<String, String>,
    /// What was read, after the entry.
    read: RefCell<BTreeMap<String, Option<String>>>,
    begun: Cell<bool>,
    /// More than these files decides what the stage compiles to.
    listed: Cell<bool>,
}

impl<'a> Rendered<'a> {
    fn new(folder: &'a str, files: &'a BTreeMap<String, String>) -> Self {
        Self {
            folder,
            files,
            read: RefCell::default(),
            begun: Cell::default(),
            listed: Cell::default(),
        }
    }

    fn path(&self, stage: &str, ending: &str) -> String {
        format!("{}/{stage}.{ending}", self.folder)
    }

    fn whole(&self, path: &str) -> String {
        format!("{}/{path}", self.folder)
    }

    /// The files that were read for a stage, with those that were read before.
    fn inputs<'s>(
        &self,
        stage: &str,
        before: impl IntoIterator<Item = &'s String>,
    ) -> Option<Vec<String>> {
        if self.listed.get() {
            return None;
        }
        let (read, before) = (self.read.borrow(), before.into_iter().cloned());
        let own = read.keys().cloned().chain([format!("{stage}.bicepparam")]);
        Some(before.chain(own).collect())
    }

    /// The path below the folder.
    fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.folder)?.strip_prefix('/')
    }
}

impl FileProvider for Rendered<'_> {
    fn read(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        // Outside of the render there is nothing.
        let below = self.below(path).ok_or(FileError::NotFound)?;
        let text = self.files.get(below);
        // The entry is the file of the parameters, which are of one config.
        if self.begun.replace(true) {
            self.read.borrow_mut().insert(below.to_owned(), text.cloned());
        }
        text.map(|text| Cow::Borrowed(text.as_bytes())).ok_or(FileError::NotFound)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, FileError> {
        self.listed.set(true);
        let below = |path: &String| (self.whole(path), Vec::new());
        self.files.keys().map(below).collect::<bicep::MemoryFiles>().list(folder)
    }
}

/// The same with a stage that is compiled already.
struct Known<'a> {
    files: &'a Rendered<'a>,
    path: &'a str,
    template: &'a Arc<Value>,
}

impl FileProvider for Known<'_> {
    fn read(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        self.files.read(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, FileError> {
        self.files.list(folder)
    }

    fn compiled(&self, path: &str) -> Option<Arc<Value>> {
        (path == self.path).then(|| Arc::clone(self.template))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_answered_for_the_stage_that_was_compiled_to_it() {
        let bicep = |text: &str| ("batch.bicep".to_owned(), text.to_owned());
        let parameters = ("batch.bicepparam".to_owned(), "using 'batch.bicep'\n".to_owned());
        let stages = KnownStages::default();
        let compile = |text: &str| {
            let files = BTreeMap::from([bicep(text), parameters.clone()]);
            let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
            stages
                .compile("batch", "out", &files, &mut sources, &mut findings)
                .expect("it compiles")
        };
        let one = compile("output a string = 'b'\n");
        let other = compile("output a string = 'c'\n");
        for made in [one, other] {
            let known = stages.compiled_to("batch", &made.text).expect("it was compiled");
            assert!(Arc::ptr_eq(&known.json, &made.template.json));
            assert!(stages.compiled_to("image", &made.text).is_none());
            assert!(stages.compiled_to("batch", &made.text.replace('b', "d")).is_none());
            assert!(stages.compiled_to("batch", &format!("{}\n", made.text)).is_none());
        }
    }
}
