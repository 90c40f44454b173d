//! Values from the command line: `--set batch.pools.0.nodes=4`.

use super::document::{self, Document};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Sources, Span};

/// Puts `path=value` into a document. The path's keys are joined with dots, list items by their index;
/// the value is read as YAML. Reports `PB0020` when it cannot.
pub fn set(
    document: &mut Document,
    assignment: &str,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) {
    let file = sources.add(format!("--set {assignment}"), assignment);
    let end = u32::try_from(assignment.len()).unwrap_or(u32::MAX);
    let place = Place { file, span: Span::new(0, end) };
    let refused = |label: String| {
        Diagnostic::error("PB0020", "`--set` cannot be applied")
            .at(place, label)
            .help("use the format `--set path.to.key=value`, with the index of an item in a list")
    };
    let Some((path, value)) = assignment.split_once('=') else {
        diagnostics.push(refused("there is no `=`".to_owned()));
        return;
    };
    let keys: Vec<&str> = path.split('.').map(str::trim).collect();
    if keys.iter().any(|key| key.is_empty()) {
        diagnostics.push(refused("the path has an empty key".to_owned()));
        return;
    }
    // Read as the value of a one-line mapping, so that it means what it would mean in the file.
    let text = format!("value: {value}");
    let mut problems = Diagnostics::new();
    let Some(parsed) = document::parse(&text, file, &mut problems) else {
        let why = problems.iter().next().map_or_else(String::new, |problem| problem.label.clone());
        diagnostics.push(refused(format!("the value is not valid YAML: {why}")));
        return;
    };
    let value = parsed.value.get("value").cloned().unwrap_or_default();
    if let Err(why) = document.set(&keys, value, place) {
        diagnostics.push(refused(why));
    }
}
