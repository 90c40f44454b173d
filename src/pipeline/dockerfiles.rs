//! Reads the Dockerfiles of the images that a config builds from folders beside it.

use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::check::Dockerfile;
use crate::config::Document;
use crate::config::layers::Files;
use crate::diagnostic::Sources;

/// Bytes of a Dockerfile that is read; nobody writes a longer one.
const LONGEST: usize = 1 << 20;

/// The Dockerfiles of a config, in the order of its images. What has no form is told by the config's schema.
pub(super) fn read(document: &Document, files: &dyn Files, sources: &Sources) -> Vec<Dockerfile> {
    let images = document.value.get("images").and_then(Value::as_array);
    let build = |(index, image): (usize, &Value)| {
        let pointer = format!("/images/{index}/build");
        let build = image.get("build")?;
        let context = build.get("context")?.as_str()?;
        let name = build.get("dockerfile").map_or(Some("Dockerfile"), Value::as_str)?;
        let inside =
            |path: &str| !path.split('/').any(|part| part == "..") && !path.starts_with('/');
        if context.contains(':') || !inside(context) || !inside(name) {
            return None;
        }
        let key = if build.get("dockerfile").is_some() { "dockerfile" } else { "context" };
        let place = document.place(&format!("{pointer}/context"))?;
        let of = sources.file(place.file).name.clone();
        let base = Path::new(&of).parent().unwrap_or(Path::new(""));
        let path: PathBuf = base
            .join(context)
            .join(name)
            .components()
            .filter(|part| *part != Component::CurDir)
            .collect();
        let bytes = files.read(&path);
        let text = bytes.and_then(|bytes| match String::from_utf8(bytes) {
            Ok(text) if text.len() <= LONGEST => Ok(text),
            Ok(_) => Err(format!("it has more than {LONGEST} bytes")),
            Err(_) => Err("it is not UTF-8".to_owned()),
        });
        Some(Dockerfile { pointer: format!("{pointer}/{key}"), name: name.to_owned(), text })
    };
    images.into_iter().flatten().enumerate().filter_map(build).collect()
}
