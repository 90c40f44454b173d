//! The gallery image version: whether it is there, whether it is this render's, and what of it can still change.
//!
//! A version keeps what it was captured from; its regions and replicas change by a PATCH
//! (<https://learn.microsoft.com/rest/api/compute/gallery-image-versions/update>), since the builder that its template
//! names is gone by then.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::deployment::Deployment;
use super::error::errors_of;
use super::event::{Event, Outcome};
use super::failure::Failure;
use super::http::Patience;
use super::removal::Leftover;
use super::state::{Drift, PastDeployment, deployment_name, drift, tags};
use crate::arm::evaluate::Evaluated;
use crate::catalog::{self, Stage};
use crate::expand::Resource;
use crate::render::{BAKE_TAG, PlannedImage};

const VERSIONS: &str = "Microsoft.Compute/galleries/images/versions";
/// Replication to far regions takes long.
const LONGEST: Duration = Duration::from_secs(4 * 3600);

/// How the image version of a render stands.
pub(super) struct ImageState {
    /// `definition version`.
    pub(super) version: String,
    /// The version as Azure shows it.
    pub(super) deployed: Option<Value>,
    /// Gallery and definition where they differ from the render.
    drifts: Vec<(Resource, Drift)>,
    /// The regions and replicas that the version must have, when it has others.
    regions: Option<Value>,
    /// What differs was changed manually: this very content was deployed last.
    by_hand: bool,
    /// What is left of this render's builder.
    pub(super) leftovers: Vec<Leftover>,
}

impl ImageState {
    /// Whether nothing has to be done.
    pub(super) fn is_current(&self) -> bool {
        self.is_there()
            && self.drifts.is_empty()
            && self.regions.is_none()
            && self.leftovers.is_empty()
    }

    /// Whether the builder of this render is there, so that its cores are taken already.
    pub(super) fn has_builder(&self) -> bool {
        self.leftovers.iter().any(Leftover::is_machine)
    }

    /// Whether the version can be booted.
    pub(super) fn is_there(&self) -> bool {
        self.deployed.as_ref().is_some_and(|deployed| provisioning_state(deployed) == "Succeeded")
    }
}

impl Deployment<'_> {
    /// How the version stands; nothing when the render bakes none.
    pub(super) fn image_state(
        &self,
        group: Option<&Value>,
        history: &[PastDeployment],
    ) -> Result<Option<ImageState>, Failure> {
        let Some((path, version)) = self.baked_version() else { return Ok(None) };
        let mut state = ImageState {
            version,
            deployed: None,
            drifts: Vec::new(),
            regions: None,
            by_hand: false,
            leftovers: Vec::new(),
        };
        if group.is_none() {
            return Ok(Some(state));
        }
        state.leftovers = self.leftovers()?;
        state.deployed = self.version(&path)?;
        let Some(deployed) = &state.deployed else { return Ok(Some(state)) };
        self.check_origin(deployed, &state.version)?;
        for (resource, found) in self.deployed(Stage::Image)? {
            let declared = ["Microsoft.Compute/galleries", "Microsoft.Compute/galleries/images"];
            let Some(found) = found
                .filter(|_| declared.iter().any(|kind| resource.kind.eq_ignore_ascii_case(kind)))
            else {
                continue;
            };
            state.drifts.extend(drift(resource, &found).map(|drift| (resource.clone(), drift)));
        }
        let wanted = self.wanted_regions();
        state.regions = wanted.filter(|wanted| !same_regions(wanted, deployed));
        let planned = self.plan.stage(Stage::Image).map(|stage| deployment_name(self.plan, stage));
        state.by_hand = self
            .latest(Stage::Image, history)
            .is_some_and(|latest| Some(&latest.name) == planned.as_ref());
        Ok(Some(state))
    }

    /// Makes the version what the render says: bakes it, or changes what can change.
    pub(super) fn make_image(&self, state: &ImageState) -> Result<(), Failure> {
        let Some((path, version)) = self.baked_version() else { return Ok(()) };
        let deployed = match &state.deployed {
            Some(deployed) => Some(self.settled(&path, &version, deployed)?),
            None => None,
        };
        if deployed.is_some() {
            self.update_image(state, &path)?;
        } else {
            self.world.report(Event::Step { step: "image".to_owned() });
            if self.plan.image_builder.is_some() {
                self.build_with_image_builder(&path)?;
            } else {
                self.bake_and_capture(&path)?;
            }
            let captured = self.version(&path)?.ok_or_else(|| {
                Failure::azure(
                    format!("image version {version} does not exist"),
                    "the deployment that creates it succeeded",
                )
                .help("run the same command again")
            })?;
            self.settled(&path, &version, &captured)?;
            self.done("image", Outcome::Deployed, &version);
        }
        self.remove_builder()
    }

    fn bake_and_capture(&self, path: &str) -> Result<(), Failure> {
        if let Err(failure) = self.bake() {
            // Another run of the same bake may have captured and removed the builder meanwhile.
            return if self.version(path)?.is_some() { Ok(()) } else { Err(failure) };
        }
        let stage = self.plan.stage(Stage::Image).ok_or_else(|| {
            Failure::input(
                "the plan has no stage `image`",
                "the bake needs this stage to capture the image",
            )
            .help("render it again")
        })?;
        self.deploy_stage(stage, "the builder is captured")
    }

    /// Path and name of the version that the render bakes.
    pub(super) fn baked_version(&self) -> Option<(String, String)> {
        let PlannedImage::Baked { resource_group, subscription, gallery, definition, version } =
            &self.plan.image
        else {
            return None;
        };
        let path = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Compute/galleries/{gallery}/images/{definition}/versions/{version}",
            subscription.as_ref().unwrap_or(&self.subscription),
            resource_group.as_ref().unwrap_or(&self.plan.resource_group),
        );
        Some((path, format!("{definition} {version}")))
    }

    pub(super) fn version(&self, path: &str) -> Result<Option<Value>, Failure> {
        self.azure
            .get(path, version_api())
            .map_err(|error| error.failure("the image version cannot be read"))
    }

    /// A deployment of pools alone needs an image version that is there.
    pub(super) fn need_image_version(&self) -> Result<(), Failure> {
        let path = match &self.plan.image {
            PlannedImage::Baked { .. } => self.baked_version().map(|(path, _)| path),
            PlannedImage::Existing { existing_id } => Some(existing_id.clone()),
        };
        let Some(path) = path else { return Ok(()) };
        let name = path
            .rsplit_once("/images/")
            .map_or(path.as_str(), |(_, name)| name)
            .replace("/versions/", " ");
        let Some(deployed) = self.version(&path)? else {
            let failure = Failure::azure(
                format!("image version {name} does not exist"),
                "the pools start from it",
            );
            return Err(if self.plan.stage(Stage::Image).is_some() {
                failure.help("create it with `prebake deploy --image-only`")
            } else {
                failure.help("correct `gallery.imageVersionId` in the config")
            });
        };
        if self.plan.stage(Stage::Image).is_some() {
            self.check_origin(&deployed, &name)?;
        }
        self.settled(&path, &name, &deployed).map(|_| ())
    }

    /// A version of the same name that was baked from something else is not the one that was reviewed.
    fn check_origin(&self, deployed: &Value, version: &str) -> Result<(), Failure> {
        let Some(bake) = self.bake_id() else { return Ok(()) };
        match tags(deployed).get(BAKE_TAG).and_then(Value::as_str) {
            Some(other) if other != bake => {
                let why = format!("it contains bake {other}, but this render bakes {bake}");
                Err(Failure::azure(
                    format!("image version {version} was baked from other content"),
                    why,
                )
                .help("increase `gallery.version` in the config, and render it again"))
            }
            Some(_) => Ok(()),
            None => {
                self.world.note(format!(
                    "image version {version} has no tag `{BAKE_TAG}`, so its content is unknown"
                ));
                Ok(())
            }
        }
    }

    pub(super) fn bake_id(&self) -> Option<&str> {
        if let Some(bake) = &self.plan.bake {
            return Some(&bake.id);
        }
        let template = self.resources.iter().find(|resource| {
            resource.kind.eq_ignore_ascii_case("Microsoft.VirtualMachineImages/imageTemplates")
        })?;
        template.body.get("tags")?.get(BAKE_TAG)?.as_str()
    }

    /// Waits until Azure is done with a version.
    fn settled(&self, path: &str, version: &str, deployed: &Value) -> Result<Value, Failure> {
        let (mut known, mut told) = (Some(deployed.clone()), false);
        let settled = self.azure.http.watch(Instant::now() + LONGEST, |patience| {
            let deployed = match known.take() {
                Some(deployed) => deployed,
                None => self.version_until(path, version, patience)?,
            };
            match provisioning_state(&deployed) {
                "Succeeded" => return Ok(Some(deployed)),
                "Failed" => return Err(failed_version(path, version, &deployed)),
                "Deleting" => {
                    return Err(Failure::azure(
                        format!("image version {version} is being deleted"),
                        "",
                    )
                    .help("run the same command again after it is deleted"));
                }
                state if !told => {
                    self.progress("image", format!("image version {version}: {state}"));
                    told = true;
                }
                _ => {}
            }
            Ok(None)
        })?;
        settled.ok_or_else(|| {
            Failure::azure(
                format!(
                    "image version {version} is still being created after {} hours",
                    LONGEST.as_secs() / 3600
                ),
                "the operation continues in Azure",
            )
            .help("run the same command again to continue waiting")
        })
    }

    fn version_until(
        &self,
        path: &str,
        version: &str,
        patience: Patience,
    ) -> Result<Value, Failure> {
        let found = self.azure.get_with(path, version_api(), patience);
        let found = found.map_err(|error| error.failure("the image version cannot be read"))?;
        found.ok_or_else(|| {
            Failure::azure(format!("image version {version} no longer exists"), "it was deleted")
                .help("run the same command again")
        })
    }
}

/// Why a version failed, with what stands in each region.
fn failed_version(path: &str, version: &str, deployed: &Value) -> Failure {
    let errors = deployed.pointer("/properties/error").map(errors_of).unwrap_or_default();
    let regions =
        deployed.pointer("/properties/replicationStatus/summary").and_then(Value::as_array);
    let details = regions.into_iter().flatten().filter_map(|region| {
        let details = region.get("details")?.as_str().filter(|details| !details.is_empty())?;
        Some(format!("{}: {details}", region.get("region")?.as_str()?))
    });
    let lines: Vec<String> = errors
        .into_iter()
        .map(|error| format!("{}: {}", error.code, error.message))
        .chain(details)
        .collect();
    let reason =
        if lines.is_empty() { "Azure returned no reason".to_owned() } else { lines.join("\n") };
    Failure::azure(format!("image version {version} failed"), reason)
        .help(format!("delete it with `az resource delete --ids {path}`"))
        .help("then run the same command again; the builder still exists and is captured again")
}

impl Deployment<'_> {
    fn update_image(&self, state: &ImageState, path: &str) -> Result<(), Failure> {
        if state.drifts.is_empty() && state.regions.is_none() {
            self.done("image", Outcome::Unchanged, &state.version);
            return Ok(());
        }
        self.world.report(Event::Step { step: "image".to_owned() });
        if state.by_hand {
            let drifts: Vec<Drift> = state.drifts.iter().map(|(_, drift)| drift.clone()).collect();
            self.tell_drift(&drifts);
            if state.regions.is_some() {
                self.progress(
                    "image",
                    format!("the regions of {} were changed manually", state.version),
                );
            }
            if !(self.world.ask)("Revert manual changes?") {
                self.leave("manual changes are kept; `--yes` reverts them");
                self.done("image", Outcome::Unchanged, "changed manually, kept");
                return Ok(());
            }
        }
        for (resource, _) in &state.drifts {
            let body = resource.body_json();
            self.progress("image", format!("{} {}", resource.kind, resource.name));
            self.azure
                .change(
                    "PUT",
                    &resource.id,
                    &resource.api_version,
                    Some(&Value::Object(body)),
                    LONGEST,
                )
                .map_err(|error| {
                    error.failure(&format!("`{}` cannot be updated", resource.name))
                })?;
        }
        if let Some(regions) = &state.regions {
            self.progress("image", format!("regions and replicas of {}", state.version));
            let body =
                json!({ "properties": { "publishingProfile": { "targetRegions": regions } } });
            self.azure.change("PATCH", path, version_api(), Some(&body), LONGEST).map_err(
                |error| error.failure("the regions of the image version cannot be updated"),
            )?;
            let deployed = self.version(path)?.unwrap_or_default();
            self.settled(path, &state.version, &deployed)?;
        }
        self.done("image", Outcome::Deployed, &state.version);
        Ok(())
    }

    /// The regions and replicas of the render: of the version, or of the template that Image Builder distributes.
    fn wanted_regions(&self) -> Option<Value> {
        let of = |kind: &str, pointer: &str| {
            let resource = self.resources.iter().find(|resource| {
                resource.stage == Stage::Image
                    && !resource.existing
                    && resource.kind.eq_ignore_ascii_case(kind)
            })?;
            resource.body.get("properties")?.pointer(pointer).map(Evaluated::to_template)
        };
        let regions = of(VERSIONS, "/publishingProfile/targetRegions").or_else(|| {
            of("Microsoft.VirtualMachineImages/imageTemplates", "/distribute/0/targetRegions")
        })?;
        let region = |region: &Value| {
            let replicas =
                region.get("regionalReplicaCount").or_else(|| region.get("replicaCount"));
            json!({
                "name": region.get("name"),
                "regionalReplicaCount": replicas,
                "storageAccountType": region.get("storageAccountType"),
            })
        };
        Some(regions.as_array()?.iter().map(region).collect())
    }
}

pub(super) fn version_api() -> &'static str {
    catalog::api_version(VERSIONS)
        .expect("the catalog has the version of every type that templates use")
}

fn provisioning_state(value: &Value) -> &str {
    value.pointer("/properties/provisioningState").and_then(Value::as_str).unwrap_or_default()
}

/// Region names come back as people read them; the storage of a region falls back to that of the version.
fn same_regions(wanted: &Value, deployed: &Value) -> bool {
    let list = |value: &Value, storage: Option<&str>| -> Vec<(String, u64, String)> {
        let region = |region: &Value| {
            let name = region.get("name").and_then(Value::as_str).unwrap_or_default();
            let name = catalog::region(name)
                .map_or_else(|| name.to_lowercase(), |region| region.name.to_owned());
            let replicas = region.get("regionalReplicaCount").and_then(Value::as_u64).unwrap_or(1);
            let own = region.get("storageAccountType").and_then(Value::as_str);
            (name, replicas, own.or(storage).unwrap_or("Standard_LRS").to_lowercase())
        };
        let mut regions: Vec<_> = value.as_array().into_iter().flatten().map(region).collect();
        regions.sort();
        regions
    };
    let profile = deployed.pointer("/properties/publishingProfile").unwrap_or(&Value::Null);
    let storage = profile.get("storageAccountType").and_then(Value::as_str);
    list(wanted, None) == list(profile.get("targetRegions").unwrap_or(&Value::Null), storage)
}
