//! Group C, continued: one name for an image in build, bake and pool.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Check;
use super::container::{deployed_registry, parts, registry_host};
use super::finding::{Sink, Target};
use super::view::{Pool, View};
use crate::diagnostic::Span;

pub(super) const RULES: &[(&str, Check)] = &[("CTR012", image_names_agree)];

fn image_names_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    bake_and_pools_agree(view, sink);
    build_and_pools_agree(view, sink);
    pool_files_agree(view, sink);
}

fn bake_and_pools_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    let pools: Vec<_> = view
        .pools
        .iter()
        .filter(|pool| {
            pool.uses_own_image() && view.definition_of(pool).is_some() && pool.runs_containers()
        })
        .collect();
    let fetched: BTreeSet<String> = pools
        .iter()
        .flat_map(|pool| pool.images())
        .filter_map(|image| image.text().map(str::to_owned))
        .collect();
    for bake in view.bakes.iter().filter(|bake| bake.pulls() && !pools.is_empty()) {
        let pulled = bake.pulled();
        for (image, target) in &pulled {
            if !fetched.contains(image) && !fetched.is_empty() {
                sink.report(target.clone(), format!("no pool uses `{image}`"));
            }
        }
        for node in pools.iter().flat_map(|pool| pool.images()) {
            let Some(image) = node.text() else { continue };
            let same_repository = pulled.iter().any(|(other, _)| parts(other).0 == parts(image).0);
            if !bake.mentions(&[image]) && same_repository {
                sink.report(
                    &node,
                    format!("the bake pulls another tag of this image than `{image}`"),
                );
            }
        }
    }
}

/// An image name in a task file, without the registry's alias.
struct Named<'a> {
    image: &'a str,
    at: usize,
    /// A build makes it; otherwise a push sends it.
    built: bool,
}

impl Named<'_> {
    fn target(&self, path: &str) -> Target {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span::new(offset(self.at), offset(self.at + self.image.len()));
        Target::Artifact { path: path.to_owned(), span }
    }
}

fn names_in_task(text: &str) -> Vec<Named<'_>> {
    let mut names = Vec::new();
    let mut previous = "";
    for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
        let ends =
            |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '[' | ']' | ',');
        for word in line.split(ends).filter(|word| !word.is_empty()) {
            let aliases = ["$Registry/", "{{.Run.Registry}}/"];
            let image = aliases.iter().find_map(|alias| word.strip_prefix(alias));
            if let Some(image) = image.filter(|image| !image.contains(['$', '{'])) {
                let at = image.as_ptr() as usize - text.as_ptr() as usize;
                names.push(Named { image, at, built: matches!(previous, "-t" | "--tag") });
            }
            previous = word;
        }
    }
    names
}

fn build_and_pools_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    let files = view.render.artifacts.iter();
    let Some((path, text)) = files.into_iter().find(|(path, _)| path.ends_with("acr-task.yaml"))
    else {
        return;
    };
    let (built, pushed): (Vec<_>, Vec<_>) =
        names_in_task(text).into_iter().partition(|name| name.built);
    for push in &pushed {
        if !built.is_empty() && built.iter().all(|build| build.image != push.image) {
            sink.report(push.target(path), format!("no build creates `{}`", push.image));
        }
    }
    for node in view.pools.iter().flat_map(Pool::images) {
        let Some(image) = node.text() else { continue };
        let Some(host) = registry_host(image) else { continue };
        let (name, tag, digest) = parts(&image[host.len() + 1..]);
        if deployed_registry(view, host).is_none() || digest.is_some() {
            continue;
        }
        let same: Vec<_> = built.iter().filter(|build| parts(build.image).0 == name).collect();
        if let Some(build) = same.first()
            && same.iter().all(|build| parts(build.image).1 != tag)
        {
            sink.report(&node, format!("the build creates `{}`", build.image))
                .also(build.target(path), "built here");
        }
    }
}

fn pool_files_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let path = format!("pools/{}.json", pool.id());
        let Some(text) = view.render.artifacts.get(&path) else { continue };
        let Ok(file) = serde_json::from_str::<Value>(text) else { continue };
        let names =
            file.pointer("/virtualMachineConfiguration/containerConfiguration/containerImageNames");
        let Some(names) = names.and_then(Value::as_array) else { continue };
        let listed: BTreeSet<_> = names.iter().filter_map(Value::as_str).collect();
        // The data plane attaches no identity, so images that are pulled with one are not in the file.
        let registries = pool.machine("containerConfiguration/containerRegistries").items();
        let by_identity = |host: &str| {
            registries.iter().any(|registry| {
                registry.at("registryServer").text().is_some_and(|server| server == host)
            })
        };
        for image in pool.images() {
            let private =
                image.text().is_some_and(|name| registry_host(name).is_some_and(by_identity));
            if !private && image.text().is_some_and(|name| !listed.contains(name)) {
                sink.report(&image, format!("`{path}` does not list it"));
            }
        }
    }
}
