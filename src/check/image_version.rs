//! Group A, continued: versions of gallery images, where they are and how a pool names them.

use super::Check;
use super::finding::Sink;
use super::node::Node;
use super::pool_limits::AUTOMATIC_UPGRADE;
use super::view::{Pool, View};
use crate::catalog::{self, Date};

pub(super) const RULES: &[(&str, Check)] = &[
    ("IMG023", version_is_three_numbers),
    ("IMG025", version_is_in_the_region),
    ("IMG026", replicas_suffice),
    ("IMG027", shallow_is_one_replica),
    ("IMG031", version_is_pinned),
    ("IMG033", image_has_not_ended),
];

fn versions<'a>(view: &View<'a>) -> impl Iterator<Item = Node<'a>> {
    view.of_kind("Microsoft.Compute/galleries/images/versions")
}

fn version_is_three_numbers(view: &View<'_>, sink: &mut Sink<'_>) {
    for version in versions(view) {
        let Some(name) = version.resource().own_name() else { continue };
        let parts: Vec<_> = name.split('.').collect();
        let numbers = parts.iter().all(|part| {
            part.bytes().all(|byte| byte.is_ascii_digit())
                && part.parse::<u64>().is_ok_and(|number| number <= 2_147_483_647)
        });
        if !(parts.len() == 3 && numbers) {
            sink.report(&version, format!("`{name}` is not three integers"));
        }
    }
}

/// The target regions of a version: normalized name and replicas.
fn target_regions<'a>(version: &Node<'a>) -> Vec<(Option<&'static str>, Node<'a>)> {
    let regions = version.at("properties/publishingProfile/targetRegions").items();
    regions
        .into_iter()
        .map(|region| {
            let name = region.at("name").text().and_then(catalog::region);
            (name.map(|region| region.name), region)
        })
        .collect()
}

fn version_is_in_the_region(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let Some((account, version)) = view.account_of(pool).zip(view.version_of(pool)) else {
            continue;
        };
        let location = account.at("location");
        let here = location.text().and_then(catalog::region);
        let targets = target_regions(&version);
        let known = targets.iter().all(|(name, _)| name.is_some()) && !targets.is_empty();
        if let Some(here) = here.filter(|_| known)
            && targets.iter().all(|(name, _)| *name != Some(here.name))
        {
            sink.report(
                &version.at("properties/publishingProfile/targetRegions"),
                format!("`{}` is missing", here.name),
            )
            .also(&location, "the region of the Batch account");
        }
    }
}

fn replicas_suffice(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let nodes = pool.fixed_nodes();
        let Some(version) = view.version_of(pool).filter(|_| nodes > 300) else { continue };
        let here = view.account_of(pool).and_then(|account| account.at("location").text());
        let here = here.and_then(catalog::region).map(|region| region.name);
        let everywhere = version.at("properties/publishingProfile/replicaCount");
        let target =
            target_regions(&version).into_iter().find(|(name, _)| here.is_some() && *name == here);
        let own = target.map(|(_, region)| region.at("regionalReplicaCount"));
        let count = own.filter(Node::exists).unwrap_or(everywhere);
        if count.is_symbolic() {
            continue;
        }
        let replicas = u64::try_from(count.number().unwrap_or(1)).unwrap_or(0);
        let wanted = nodes.div_ceil(300);
        if replicas < wanted {
            sink.report(
                &count,
                format!("{replicas} for the {nodes} nodes of pool `{}`", pool.id()),
            )
            .help(format!("set `gallery.replicas`, or `replicas` of the region, to {wanted}"));
        }
    }
}

fn shallow_is_one_replica(view: &View<'_>, sink: &mut Sink<'_>) {
    for version in versions(view) {
        let profile = version.at("properties/publishingProfile");
        let mode = profile.at("replicationMode");
        if !mode.is("Shallow") {
            continue;
        }
        let regions = target_regions(&version);
        let many = regions
            .iter()
            .any(|(_, region)| region.at("regionalReplicaCount").number().unwrap_or(1) > 1);
        let count = profile.at("replicaCount").number().unwrap_or(1);
        if regions.len() > 1 || many || count > 1 {
            sink.report(&mode, "the version has more than one region or replica");
        }
    }
}

fn version_is_pinned(view: &View<'_>, sink: &mut Sink<'_>) {
    // A pool that follows its image takes the newest version on purpose.
    let follows = |pool: &&Pool<'_>| pool.at(AUTOMATIC_UPGRADE).boolean() == Some(true);
    for pool in view.pools.iter().filter(|pool| !follows(pool)) {
        let id = pool.machine("imageReference/id");
        let Some(text) = id.id() else { continue };
        let lower = text.to_lowercase();
        let gallery = lower.contains("/galleries/") && lower.contains("/images/");
        let version = lower.split("/versions/").nth(1);
        if gallery && version.is_none_or(|version| version == "latest") {
            let label = if version.is_some() {
                "`latest` moves"
            } else {
                "without a version, the newest is used"
            };
            sink.report(&id, label);
        }
    }
}

fn image_has_not_ended(view: &View<'_>, sink: &mut Sink<'_>) {
    let versions =
        versions(view).map(|version| version.at("properties/publishingProfile/endOfLifeDate"));
    let definitions = view.of_kind("Microsoft.Compute/galleries/images");
    for end in
        versions.chain(definitions.map(|definition| definition.at("properties/endOfLifeDate")))
    {
        let day = end.text().and_then(|text| Date::parse(text.get(..10)?));
        if let Some(day) = day.filter(|day| *day <= view.render.as_of) {
            sink.report(&end, format!("{day} is in the past"));
        }
    }
}
