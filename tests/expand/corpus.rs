//! Every template of the corpus expands without a panic and with sound results. The corpus is a folder
//! beside the repository, `../shared/corpus`; without it this test says so and does nothing.

use std::path::{Path, PathBuf};

use prebake::arm::{SourceMap, Template};
use prebake::diagnostic::Diagnostics;
use prebake::expand::{Context, expand};
use serde_json::{Value, json};

fn templates(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            templates(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
}

#[test]
fn every_template_of_the_corpus_expands() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["../shared/corpus", "../../shared/corpus"].map(|folder| manifest.join(folder));
    let Some(folder) = folders.iter().find(|folder| folder.is_dir()) else {
        eprintln!("NOT RUN: there is no ../shared/corpus beside the repository");
        return;
    };
    let mut paths = Vec::new();
    templates(folder, &mut paths);
    let (mut seen, mut made) = (0, 0);
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("readable");
        let Ok(json) = serde_json::from_str::<Value>(&text) else { continue };
        if json.get("resources").is_none() {
            continue;
        }
        let template = Template { json: json.into(), source_map: SourceMap::default() };
        let mut diagnostics = Diagnostics::new();
        let expansion =
            expand("test", &template, &json!({}), &Context::default(), &mut diagnostics);
        seen += 1;
        made += expansion.resources.len();
        for finding in &diagnostics {
            let known = finding.code == "PB3002" && finding.title.ends_with("has no value");
            if !known && std::env::var_os("PREBAKE_VERBOSE").is_some() {
                eprintln!(
                    "{}: {} {} {}",
                    path.display(),
                    finding.code,
                    finding.title,
                    finding.label
                );
            }
        }
        for resource in &expansion.resources {
            assert!(!resource.kind.is_empty() && !resource.name.is_empty(), "{}", path.display());
            assert!(resource.id.starts_with(['/', '{']), "{}: {}", path.display(), resource.id);
            assert!(template.json.pointer(&resource.pointer).is_some(), "{}", resource.pointer);
        }
    }
    assert!(seen > 100 && made > seen, "{seen} templates, {made} resources");
}
