//! Reads the Bicep files that a config adds to its stages, beside the file that names them, and what they name.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::config::Document;
use crate::config::layers::Files;
use crate::diagnostic::pointer::escape;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Sources};
use crate::extend::{Added, Link, OtherText, references};

/// Most files that the added files of a config name.
const MOST_OTHERS: usize = 100;

/// The files under `add`. One that cannot be read is reported as `PB1420`. `config` is the path of the config.
pub(super) fn load(
    config: &str,
    document: &Document,
    files: &dyn Files,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Added {
    let folder = references::follow(config);
    let folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut reader = Reader {
        folder,
        files,
        sources,
        diagnostics,
        added: Added::default(),
        known: BTreeMap::new(),
    };
    // What is no mapping of lists is told by the config's schema.
    let stages = document.value.get("add").and_then(Value::as_object).into_iter().flatten();
    for (stage, entries) in stages {
        for (index, entry) in entries.as_array().into_iter().flatten().enumerate() {
            let pointer = format!("/add/{}/{index}", escape(stage));
            let Some(path) = entry.as_str().or_else(|| entry.get("file")?.as_str()) else {
                continue;
            };
            let place = document.place(&if entry.is_string() {
                pointer.clone()
            } else {
                format!("{pointer}/file")
            });
            reader.added(pointer, path, place);
        }
    }
    reader.added
}

struct Reader<'a> {
    /// Folder of the config.
    folder: String,
    files: &'a dyn Files,
    sources: &'a mut Sources,
    diagnostics: &'a mut Diagnostics,
    added: Added,
    /// The paths in the render of the files that others name, each with its own path and whether it is code.
    known: BTreeMap<String, (String, bool)>,
}

impl Reader<'_> {
    /// Reads a file that the config names.
    fn added(&mut self, pointer: String, path: &str, place: Option<Place>) {
        let of = place.map(|place| self.sources.file(place.file).name.clone()).unwrap_or_default();
        let shown = Path::new(&of).parent().unwrap_or(Path::new("")).join(path);
        let shown = shown.to_string_lossy().into_owned();
        match self.text(&shown) {
            Ok(text) => {
                let text = as_bicep(&text);
                let file = self.sources.add(shown.as_str(), text.as_str());
                let links = self.links(&shown, &text, file);
                self.added.insert(pointer, path, file, text, links);
            }
            Err(why) => {
                let title = format!("added file `{path}` cannot be read");
                let finding = Diagnostic::error("PB1420", title)
                    .reason(why)
                    .help("name a Bicep file by its path relative to this file");
                self.refuse(finding, place);
            }
        }
    }

    fn refuse(&mut self, mut finding: Diagnostic, place: Option<Place>) {
        finding.place = place;
        "named here".clone_into(&mut finding.label);
        self.diagnostics.push(finding);
    }

    fn text(&self, path: &str) -> Result<String, String> {
        let bytes = self.files.read(Path::new(path))?;
        String::from_utf8(bytes).map_err(|_| format!("`{path}` is not UTF-8"))
    }

    /// Reads what a Bicep file names, and gives where each of these files stands in the render.
    fn links(&mut self, of: &str, text: &str, file: crate::diagnostic::FileId) -> Vec<Link> {
        let mut links = Vec::new();
        for reference in references::references(text).files {
            let place = Place { file, span: reference.span };
            let path = Path::new(of).parent().unwrap_or(Path::new("")).join(&reference.path);
            let path = references::follow(&path.to_string_lossy());
            let to = references::rendered_path(&self.folder, &path);
            if let Err(why) = self.other(&path, &to, reference.is_code) {
                let title = format!("file `{}` cannot be read", reference.path);
                let finding = Diagnostic::error("PB1420", title).reason(why).help(
                    "name a file in the repository of the config by its path relative to this file",
                );
                self.refuse(finding, Some(place));
            }
            links.push(Link { span: reference.span, to });
        }
        links
    }

    /// Reads a file that a Bicep file names, once.
    fn other(&mut self, path: &str, to: &str, is_code: bool) -> Result<(), String> {
        match self.known.get(to) {
            Some((known, as_code)) if known == path && *as_code == is_code => return Ok(()),
            Some((known, _)) if known == path => {
                return Err("it is used as Bicep and as a value".to_owned());
            }
            Some((known, _)) => return Err(format!("`{known}` has the same path in the render")),
            None if self.known.len() == MOST_OTHERS => {
                return Err(format!("the added files refer to more than {MOST_OTHERS} files"));
            }
            None => {}
        }
        let text = self.text(path)?;
        self.known.insert(to.to_owned(), (path.to_owned(), is_code));
        let is_bicep = is_code && references::is_bicep(path);
        let text = if is_bicep { as_bicep(&text) } else { text };
        let file = self.sources.add(path, text.as_str());
        let links = if is_bicep { self.links(path, &text, file) } else { Vec::new() };
        self.added.insert_other(to.to_owned(), OtherText { file, text, is_code, links });
        Ok(())
    }
}

/// The text of a Bicep file without a byte order mark, and with the line ends of a render.
fn as_bicep(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n")
}
