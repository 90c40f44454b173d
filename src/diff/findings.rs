//! What is wrong with the change itself, beyond what it does to each resource.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::change::{Action, ResourceChange};
use super::files::{FileDiff, FileKind, FileState};
use super::judge::{POOL, TEMPLATE, VERSION};
use super::origin::{Origin, Origins};
use super::{RenderState, path_text};
use crate::arm::evaluate::Evaluated;
use crate::diagnostic::Diagnostic;
use crate::expand::Resource;

const MACHINE: &str = "Microsoft.Compute/virtualMachines";

/// Before this version Batch refused every change of the blocks that need an empty pool, even of an empty
/// one, and some unchanged redeployments.
const FIRST_UPDATING_API: &str = "2024-07-01";

/// What a finding is about.
enum Subject<'a> {
    /// A property of a resource of the new render, by its JSON pointer in the resource.
    Value(&'a Resource, &'static str),
    /// A part of a rendered file, by its offset in bytes.
    File(&'a str, usize),
}

/// A finding about the change itself.
pub(super) struct Finding<'a> {
    diagnostic: Diagnostic,
    subject: Subject<'a>,
}

impl Finding<'_> {
    /// The finding with the lines that it is about.
    pub(super) fn located(self, origins: &dyn Origins) -> (Diagnostic, Origin) {
        let origin = match self.subject {
            Subject::Value(resource, path) => {
                origins.of_value(&resource.stage, &format!("{}{path}", resource.pointer))
            }
            Subject::File(path, offset) => origins.of_file(path, offset),
        };
        (self.diagnostic, origin)
    }
}

pub(super) fn findings<'a>(
    before: &'a RenderState,
    after: &'a RenderState,
    changes: &'a [ResourceChange],
    files: &FileDiff,
) -> Vec<Finding<'a>> {
    let mut findings = Vec::new();
    findings.extend(unchanged_version(before, after, changes, files));
    unchanged_tags(before, after, &mut findings);
    stale_images(before, after, &mut findings);
    old_pool_api(changes, &mut findings);
    findings
}

/// A node image whose content changes under a version that stays.
fn unchanged_version<'a>(
    before: &RenderState,
    after: &'a RenderState,
    changes: &[ResourceChange],
    files: &FileDiff,
) -> Option<Finding<'a>> {
    let (old, new) = (versions(&before.resources), versions(&after.resources));
    let (kept, made_by) = new.iter().find(|(id, _)| old.contains_key(*id))?.1;
    let mut inputs: Vec<String> = files
        .files
        .iter()
        .filter(|file| {
            file.kind == FileKind::Bake && file.state != FileState::Unchanged && file.matters()
        })
        .map(|file| format!("`{}`", file.path))
        .collect();
    for change in changes.iter().filter(|change| change.before.is_some() && change.after.is_some())
    {
        let bakes: &[&str] = if change.is(MACHINE) {
            &[
                "properties.storageProfile.imageReference",
                "properties.storageProfile.osDisk.diskSizeGB",
            ]
        } else if change.is(TEMPLATE) {
            &["properties.customize", "properties.source", "properties.vmProfile.osDiskSizeGB"]
        } else {
            &[]
        };
        let touched = change
            .properties
            .iter()
            .any(|property| bakes.iter().any(|start| path_text(&property.path).starts_with(start)));
        if touched {
            inputs.push(format!("`{}`", change.title));
        }
    }
    if inputs.is_empty() {
        return None;
    }
    let title = format!("{} changed, but the image version is still `{kept}`", inputs.join(", "));
    let diagnostic = Diagnostic::error("IMG024", title)
        .reason(
            "an image version in a gallery is immutable: Azure keeps the old image, and deleting the version while a pool uses it breaks the next resize of that pool",
        )
        .help("increase `gallery.version` so that the new content gets its own version");
    Some(Finding { diagnostic, subject: Subject::Value(made_by, "/name") })
}

/// Container images that are built differently under a tag that stays: nothing builds them again.
fn unchanged_tags<'a>(
    before: &RenderState,
    after: &'a RenderState,
    findings: &mut Vec<Finding<'a>>,
) {
    let (old, new) = (builds(before), builds(after));
    for (image, build) in &new {
        if old.get(image).is_none_or(|other| other.command == build.command) {
            continue;
        }
        let name = image.rsplit_once("}}/").map_or(*image, |(_, name)| name);
        let diagnostic = Diagnostic::error(
            "DIF010",
            format!("the build of container image `{name}` changed, but its tag did not"),
        )
        .reason(
            "the deployment builds an image only if the registry does not have its tag, and nodes keep the image that they pulled",
        )
        .help("change the `tag` of this image so that it is built and pulled again");
        findings.push(Finding { diagnostic, subject: Subject::File(build.path, build.offset) });
    }
}

/// A build of a render.
struct Build<'a> {
    /// Without white space at its ends.
    command: &'a str,
    path: &'a str,
    /// Where the command stands in the file.
    offset: usize,
}

/// The builds of a render by the image with its tag.
fn builds(state: &RenderState) -> BTreeMap<&str, Build<'_>> {
    let mut builds = BTreeMap::new();
    let files = state.files.iter().filter(|(path, _)| FileKind::of(path) == FileKind::Build);
    for (path, text) in files {
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            let trimmed = line.trim_start_matches([' ', '-']);
            let Some(command) = trimmed.strip_prefix("build:") else { continue };
            let command = command.trim().trim_matches(['"', '\'']);
            let mut words =
                command.split_whitespace().skip_while(|word| !["-t", "--tag"].contains(word));
            if let Some(image) = words.nth(1) {
                let offset = start + line.len() - trimmed.len();
                builds.insert(image, Build { command, path, offset });
            }
        }
    }
    builds
}

/// The image versions that a render makes: lower-case id, version and what makes it.
fn versions(resources: &[Arc<Resource>]) -> BTreeMap<String, (String, &Resource)> {
    let mut found = BTreeMap::new();
    let deployed = resources.iter().map(|resource| &**resource);
    for resource in deployed.filter(|resource| !resource.existing) {
        if resource.kind.eq_ignore_ascii_case(VERSION) {
            let version = resource.name.rsplit('/').next().unwrap_or_default();
            found.insert(resource.id.to_lowercase(), (version.to_owned(), resource));
        } else if resource.kind.eq_ignore_ascii_case(TEMPLATE) {
            let targets = resource.body.get("properties").and_then(|body| body.get("distribute"));
            for target in targets.and_then(Evaluated::as_array).into_iter().flatten() {
                let id =
                    target.get("galleryImageId").and_then(Evaluated::as_str).unwrap_or_default();
                if let Some((_, version)) = id.to_lowercase().split_once("/versions/") {
                    found.insert(id.to_lowercase(), (version.to_owned(), resource));
                }
            }
        }
    }
    found
}

/// Pools on an image version that the new render no longer makes.
fn stale_images<'a>(before: &RenderState, after: &'a RenderState, findings: &mut Vec<Finding<'a>>) {
    let (old, new) = (versions(&before.resources), versions(&after.resources));
    let definitions: BTreeSet<&str> =
        new.keys().filter_map(|id| Some(id.rsplit_once("/versions/")?.0)).collect();
    let pools = after.resources.iter().filter(|pool| pool.kind.eq_ignore_ascii_case(POOL));
    for pool in pools.filter(|pool| !pool.existing) {
        let Some(id) = image_id(pool).filter(|id| old.contains_key(id) && !new.contains_key(id))
        else {
            continue;
        };
        let name = pool.name.rsplit('/').next().unwrap_or(&pool.name);
        let version = id.rsplit('/').next().unwrap_or_default();
        let bumped = id
            .rsplit_once("/versions/")
            .is_some_and(|(definition, _)| definitions.contains(definition));
        let diagnostic = if bumped {
            Diagnostic::warning(
                "DIF003",
                format!(
                    "pool `{name}` keeps image version `{version}`, which is no longer created"
                ),
            )
            .reason("a new version is captured, but this pool does not use it")
            .help("point the pool at the new version, or keep the version that it uses")
        } else {
            Diagnostic::error(
                "DIF004",
                format!("pool `{name}` uses image version `{version}`, which is removed"),
            )
            .reason("a pool cannot add nodes once its image version is gone")
            .help("keep the image version until no pool uses it")
        };
        findings.push(Finding { diagnostic, subject: Subject::Value(pool, IMAGE_ID) });
    }
}

/// The JSON pointer of the image of a pool.
const IMAGE_ID: &str =
    "/properties/deploymentConfiguration/virtualMachineConfiguration/imageReference/id";

fn image_id(pool: &Resource) -> Option<String> {
    let machine = pool
        .body
        .get("properties")?
        .get("deploymentConfiguration")?
        .get("virtualMachineConfiguration")?;
    Some(machine.get("imageReference")?.get("id")?.as_str()?.to_lowercase())
}

fn old_pool_api<'a>(changes: &'a [ResourceChange], findings: &mut Vec<Finding<'a>>) {
    let updates = [Action::Modify, Action::EmptyPool];
    for change in
        changes.iter().filter(|change| change.is(POOL) && updates.contains(&change.action))
    {
        let Some(after) = &change.after else { continue };
        if after.api_version.as_str() < FIRST_UPDATING_API && !after.api_version.is_empty() {
            let diagnostic = Diagnostic::warning(
                "DIF009",
                format!("pool `{}` is deployed with API {}", change.title, after.api_version),
            )
            .reason(
                "before 2024-07-01 Batch refuses to update image, size or network of a pool at all, \
                 and has refused redeployments that only changed its scale",
            )
            .help("deploy pools with API 2024-07-01 or later");
            findings.push(Finding { diagnostic, subject: Subject::Value(after.whole(), "") });
        }
    }
}
