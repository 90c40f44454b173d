//! Reads the Bicep files that a config adds to its stages, beside the file that names them.

use std::path::Path;

use serde_json::Value;

use crate::config::Document;
use crate::config::layers::Files;
use crate::diagnostic::pointer::escape;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources};
use crate::extend::Added;

/// The files under `add`. One that cannot be read is reported as `PB1420`.
pub(super) fn load(
    document: &Document,
    files: &dyn Files,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Added {
    let mut added = Added::default();
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
            let of = place.map(|place| sources.file(place.file).name.clone()).unwrap_or_default();
            let shown = Path::new(&of).parent().unwrap_or(Path::new("")).join(path);
            let text = files.read(&shown).and_then(|bytes| {
                String::from_utf8(bytes).map_err(|_| format!("`{path}` is not UTF-8"))
            });
            match text {
                Ok(text) => {
                    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
                    let file = sources.add(shown.to_string_lossy(), text.as_str());
                    added.insert(pointer, path, file, text);
                }
                Err(why) => {
                    let title = format!("added file `{path}` cannot be read");
                    let mut finding = Diagnostic::error("PB1420", title)
                        .reason(why)
                        .help("name a Bicep file by its path relative to this file");
                    finding.place = place;
                    "named here".clone_into(&mut finding.label);
                    diagnostics.push(finding);
                }
            }
        }
    }
    added
}
