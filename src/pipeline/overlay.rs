//! Reads the catalog that a config names, beside the file that names it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::catalog::overlay::{INDEX_FILE, MAX_FILE_BYTES, Overlay};
use crate::config::Document;
use crate::config::layers::Files;
use crate::diagnostic::{Diagnostic, Diagnostics, Sources, Span};
use crate::model::hex_digest;

/// The overlay under `catalog`, or one that says nothing where the config names none. A folder that cannot be read
/// is reported as `PB0308`, at the line of the file that is wrong.
pub(super) fn load(
    document: &Document,
    files: &dyn Files,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<Overlay> {
    let Some(named) = document.value.get("catalog") else { return Some(Overlay::default()) };
    // What is no text is told by the config's schema.
    let Some(folder) = named.as_str() else { return Some(Overlay::default()) };
    let place = document.place("/catalog");
    let of = place.map(|place| sources.file(place.file).name.clone()).unwrap_or_default();
    let base = Path::new(&of).parent().unwrap_or(Path::new("")).join(folder);
    let mut refuse = |why: String| {
        let mut finding = Diagnostic::error("PB0308", format!("catalog `{folder}` cannot be read"))
            .reason(why)
            .help("use the path of a folder that `prebake catalog import` created, relative to this file");
        finding.place = place;
        "the reference".clone_into(&mut finding.label);
        diagnostics.push(finding);
    };
    let read = |name: &str| -> Result<String, String> {
        let bytes = files.read(&base.join(name))?;
        if bytes.len() > MAX_FILE_BYTES {
            return Err(format!("`{name}` has more than {MAX_FILE_BYTES} bytes"));
        }
        String::from_utf8(bytes).map_err(|_| format!("`{name}` is not UTF-8"))
    };
    let index = match read(INDEX_FILE) {
        Ok(index) => index,
        Err(why) => {
            refuse(why);
            return None;
        }
    };
    let mut texts = BTreeMap::new();
    for layout in Overlay::listed(&index).unwrap_or_default() {
        match read(&layout.file()) {
            Ok(text) => {
                texts.insert(layout.file(), text);
            }
            Err(why) => {
                refuse(why);
                return None;
            }
        }
    }
    let mut whole = index.clone();
    for (name, text) in &texts {
        whole.push_str(name);
        whole.push_str(text);
    }
    match Overlay::read(folder, &index, &texts, hex_digest(whole.as_bytes())) {
        Ok(overlay) => Some(overlay),
        Err((name, fault)) => {
            let text =
                if name == INDEX_FILE { index } else { texts.remove(&name).unwrap_or_default() };
            let span = line_span(&text, fault.line);
            let file = sources.add(base.join(&name).to_string_lossy(), text);
            let place = crate::diagnostic::Place { file, span };
            let finding = Diagnostic::error("PB0308", format!("catalog `{folder}` cannot be read"))
                .at(place, fault.why)
                .help("import it again with `prebake catalog import`");
            diagnostics.push(finding);
            None
        }
    }
}

/// The range of a line, counted from 1; the start of the text for none.
fn line_span(text: &str, line: usize) -> Span {
    let at = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let length = text[before..].lines().next().map_or(0, str::len);
    Span::new(at(before), at(before + length))
}
