//! One deployment lives in one cloud: the region of the config decides which.

use super::resolver::Resolver;
use crate::catalog::{self, Cloud};

/// Reports `PB1048` for what a config names in another cloud than its own.
pub(super) fn check(resolver: &mut Resolver<'_>) {
    regions(resolver);
    let config = resolver.config;
    for (index, pool) in config.batch.iter().flat_map(|batch| &batch.pools).enumerate() {
        let files = pool.start_task.iter().flat_map(|task| &task.resource_files);
        for (file, written) in files.enumerate() {
            let pointer = format!("/batch/pools/{index}/startTask/resourceFiles/{file}");
            for (key, url) in [("url", &written.url), ("containerUrl", &written.container_url)] {
                let host = url.as_deref().map(host).unwrap_or_default();
                if let Some(other) = catalog::cloud_of_storage(host) {
                    let what = format!("`{host}` is a storage account");
                    same(resolver, &other, &what, &format!("{pointer}/{key}"));
                }
            }
        }
    }
}

fn regions(resolver: &mut Resolver<'_>) {
    let config = resolver.config;
    let targets = config.gallery.iter().flat_map(|gallery| &gallery.target_regions);
    for (index, target) in targets.enumerate() {
        let Some(region) = catalog::region(&target.region) else { continue };
        if catalog::region(&config.location).is_some() {
            let pointer = format!("/gallery/targetRegions/{index}/region");
            let other = catalog::cloud_of(region.name);
            let title = format!("`{}` is a region", region.name);
            same(resolver.on(region.fact()), &other, &title, &pointer);
        }
    }
}

/// Reports what lies in another cloud than the deployment.
pub(super) fn same(resolver: &mut Resolver<'_>, other: &Cloud, what: &str, pointer: &str) {
    let own = resolver.cloud();
    if own.key == other.key {
        resolver.forget_facts();
        return;
    }
    resolver.error(
        "PB1048",
        pointer,
        format!("{what} of {}", other.display_name()),
        format!("`location` is a region of {}", own.display_name()),
        "use one from the same cloud; clouds do not share resources, identities or images",
    );
}

/// The host of a URL, without user and port.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    host.split(':').next().unwrap_or_default()
}
