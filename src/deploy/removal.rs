//! What goes after a bake or a verification. One resource that cannot be removed stops neither the others nor the
//! pools.

use std::time::Duration;

use serde_json::Value;

use super::deployment::Deployment;
use super::event::{Event, Outcome};
use super::failure::Failure;
use super::state::{RESOURCES, tags};
use crate::render::{BAKE_TAG, PlannedBake, Removal};

const OPERATION: Duration = Duration::from_secs(1800);
/// Resources let go of one another with a delay.
const ATTEMPTS: u32 = 4;
const DISKS: &str = "Microsoft.Compute/disks";

/// A resource of a builder that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leftover {
    removal: Removal,
    /// The bake that it says it belongs to.
    bake: Option<String>,
}

impl Leftover {
    /// Whether it is a VM, which takes cores.
    pub(super) fn is_machine(&self) -> bool {
        self.removal.kind.eq_ignore_ascii_case("Microsoft.Compute/virtualMachines")
    }
}

impl Deployment<'_> {
    /// What is left of this render's builder.
    pub(super) fn leftovers(&self) -> Result<Vec<Leftover>, Failure> {
        let Some(bake) = &self.plan.bake else { return Ok(Vec::new()) };
        let all = self.builder_resources(bake)?;
        Ok(own(bake, &all))
    }

    /// Everything in the group that has the type and the name of something of the builder.
    fn builder_resources(&self, bake: &PlannedBake) -> Result<Vec<Leftover>, Failure> {
        let listed = self.azure.list(&format!("{}/resources", self.group), RESOURCES);
        let listed =
            listed.map_err(|error| error.failure("the resources of the group cannot be listed"))?;
        let listed = listed.unwrap_or_default();
        let is = |value: &Value, key: &str, text: &str| {
            value
                .get(key)
                .and_then(Value::as_str)
                .is_some_and(|other| other.eq_ignore_ascii_case(text))
        };
        let found = bake.removes.iter().filter_map(|removal| {
            let value = listed.iter().find(|value| {
                is(value, "type", &removal.kind) && is(value, "name", &removal.name)
            })?;
            let bake = tags(value).get(BAKE_TAG).and_then(Value::as_str).map(str::to_owned);
            Some(Leftover { removal: removal.clone(), bake })
        });
        Ok(found.collect())
    }

    /// Removes the builder of this render; another's stays.
    pub(super) fn remove_builder(&self) -> Result<(), Failure> {
        let Some(bake) = &self.plan.bake else { return Ok(()) };
        let all = self.builder_resources(bake)?;
        let own = own(bake, &all);
        if all.len() > own.len() {
            let names: Vec<&str> = all
                .iter()
                .filter(|one| !own.contains(one))
                .map(|one| one.removal.name.as_str())
                .collect();
            self.world
                .note(format!("does not belong to this bake and is kept: {}", names.join(", ")));
        }
        self.remove(&own);
        Ok(())
    }

    /// Removes everything that has the names of this render's builder.
    pub(super) fn remove_all(&self, bake: &PlannedBake) -> Result<(), Failure> {
        let all = self.builder_resources(bake)?;
        if self.remove(&all) {
            return Ok(());
        }
        Err(Failure::azure(
            format!("leftovers of builder {} prevent the bake", bake.vm),
            "the notes above list the resources that cannot be deleted",
        )
        .help("delete them manually, then run the same command again"))
    }

    /// Removes resources in their order, and gives whether all are gone.
    fn remove(&self, leftovers: &[Leftover]) -> bool {
        if leftovers.is_empty() {
            return true;
        }
        self.world.report(Event::Step { step: "removal".to_owned() });
        let mut all = true;
        for leftover in leftovers {
            all &= self.remove_one(&leftover.removal);
        }
        let detail =
            if all { "the builder is deleted" } else { "the builder is not completely deleted" };
        self.done("removal", if all { Outcome::Removed } else { Outcome::Failed }, detail);
        all
    }

    fn remove_one(&self, removal: &Removal) -> bool {
        let path = self.resource(&removal.kind, &removal.name);
        self.progress("removal", removal.name.as_str());
        for attempt in 1.. {
            let error =
                match self.azure.change("DELETE", &path, &removal.api_version, None, OPERATION) {
                    Ok(_) => return true,
                    Err(error) if error.is_absent() => return true,
                    Err(error) => error,
                };
            if !error.passes() || attempt >= ATTEMPTS {
                let failure = error.failure("");
                let help = failure.help.join("; ");
                self.leave(format!(
                    "`{}` cannot be removed: {} ({help})",
                    removal.name, failure.reason
                ));
                return false;
            }
            std::thread::sleep(self.azure.http.look(attempt * 3, None));
        }
        unreachable!("the last attempt returns")
    }

    /// `--clean-up`: the builder and the jobs of verifications.
    pub(super) fn clean_up(&self) -> Result<(), Failure> {
        if let Some(bake) = &self.plan.bake {
            let all = self.builder_resources(bake)?;
            let own = own(bake, &all);
            let names: Vec<&str> = all
                .iter()
                .filter(|one| !own.contains(one))
                .map(|one| one.removal.name.as_str())
                .collect();
            let question =
                format!("{} does not belong to this bake. Delete it too?", names.join(", "));
            if names.is_empty() || (self.world.ask)(&question) {
                self.remove(&all);
            } else {
                self.remove(&own);
                self.leave(format!(
                    "does not belong to this bake and is kept: {}; `--yes` removes it",
                    names.join(", ")
                ));
            }
        }
        self.remove_verify_jobs()
    }
}

/// Of what is there, what this bake made. A disk carries no tag: it goes with its VM.
fn own(bake: &PlannedBake, all: &[Leftover]) -> Vec<Leftover> {
    let is_own = |leftover: &Leftover| leftover.bake.as_ref() == Some(&bake.id);
    let vm = all.iter().find(|one| one.removal.name == bake.vm);
    let vm_is_own = vm.is_none_or(is_own);
    let untagged_disk = |one: &Leftover| {
        one.bake.is_none() && one.removal.kind.eq_ignore_ascii_case(DISKS) && vm_is_own
    };
    all.iter().filter(|one| is_own(one) || untagged_disk(one)).cloned().collect()
}
