use serde_json::{Map, Value, json};

use super::variables::{Version, split_reference};
use crate::catalog;

/// An image of the config from a reference, and the Azure registry that it is in.
pub(super) fn reference_of(reference: &str, notes: &mut Vec<String>) -> (Value, Option<String>) {
    let (name, version) = split_reference(reference);
    let host = name.split_once('/').map(|(host, _)| host).unwrap_or_default();
    let registry = registry_name(host).map(str::to_owned);
    let name = if registry.is_some() {
        name[host.len() + 1..].to_owned()
    } else if host.contains(['.', ':']) {
        name.to_owned()
    } else if name.contains('/') {
        format!("docker.io/{name}")
    } else {
        format!("docker.io/library/{name}")
    };
    let mut image = json!({ "name": name });
    match version {
        Some(Version::Digest(digest)) => image["digest"] = json!(digest),
        Some(Version::Tag(tag)) => image["tag"] = json!(tag),
        None => image["tag"] = json!("latest"),
    }
    if image["tag"] == "latest" {
        notes.push(format!("image `{reference}` is `latest`, which moves: pin a tag or a digest"));
    }
    (image, registry)
}

/// The name of the Azure registry that a host is, in whatever cloud.
pub(super) fn registry_name(host: &str) -> Option<&str> {
    let cloud = catalog::cloud_of_registry(host)?;
    host.len().checked_sub(cloud.registry_suffix.len() + 1).map(|end| &host[..end])
}

/// Puts images into a config, and the one registry that it can name.
pub(super) fn add_images(
    references: &[&str],
    config: &mut Map<String, Value>,
    notes: &mut Vec<String>,
) {
    let mut images = Vec::new();
    let mut known: Option<String> = None;
    for reference in references {
        let (image, registry) = reference_of(reference, notes);
        if registry.is_some() && known.is_some() && registry != known {
            notes.push(format!(
                "image `{reference}` is in a second registry: import it into the first one"
            ));
            continue;
        }
        known = known.or(registry);
        images.push(image);
    }
    if let Some(name) = known {
        config.insert("registry".into(), json!({ "create": false, "name": name }));
    }
    if !images.is_empty() {
        config.insert("images".into(), Value::Array(images));
    }
}
