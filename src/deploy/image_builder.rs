//! The bake by Azure Image Builder: an image template that runs once it is created.
//!
//! A template cannot be changed, and what its last run did says nothing of this render unless it began with it.
//! Shape: <https://learn.microsoft.com/rest/api/imagebuilder/virtual-machine-image-templates/get>.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::deployment::Deployment;
use super::event::Event;
use super::failure::Failure;
use super::http::{Call, Patience, host};
use super::state::tags;
use crate::catalog::{self, Stage};
use crate::diagnostic::percent;
use crate::render::{BAKE_TAG, PlannedImageBuilder};

const TEMPLATES: &str = "Microsoft.VirtualMachineImages/imageTemplates";
const STEP: &str = "image builder";
const OPERATION: Duration = Duration::from_secs(3600);
/// Before and after the run itself, Image Builder makes and removes its own resources.
const AROUND: Duration = Duration::from_secs(3600);
const LOG_FILE: &str = "bake.log";

impl Deployment<'_> {
    /// Has the version built, by the run that the template starts or by one that is started here.
    pub(super) fn build_with_image_builder(&self, version: &str) -> Result<(), Failure> {
        let Some(planned) = &self.plan.image_builder else { return Ok(()) };
        let path = self.resource(TEMPLATES, &planned.template);
        let mut template = self.template(&path)?;
        if template.as_ref().is_some_and(|found| self.is_unusable(found)) {
            self.remove_template(&path, planned)?;
            template = None;
        }
        let before = if let Some(found) = &template {
            let last = run_of(found);
            // It ended after the version was looked for.
            if last.state == "Succeeded" && self.version(version)?.is_some() {
                return Ok(());
            }
            self.run_again(&path, last)?
        } else {
            let stage = self.plan.stage(Stage::Image).ok_or_else(|| {
                Failure::input("the plan has no stage `image`", "Image Builder needs this stage")
                    .help("render it again")
            })?;
            self.deploy_stage(stage, "it creates the image template")?;
            String::new()
        };
        self.wait_for_run(planned, &path, version, &before)
    }

    /// Starts the template of this render once more when its run is over: the version that it made is gone since.
    /// Gives the start of the run that does not count.
    fn run_again(&self, path: &str, last: Run) -> Result<String, Failure> {
        if is_running(&last.state) || last.start.is_empty() {
            return Ok(String::new());
        }
        self.start_run(path)?;
        Ok(last.start)
    }

    fn template(&self, path: &str) -> Result<Option<Value>, Failure> {
        let found = self.azure.get(path, template_api());
        found.map_err(|error| error.failure("the image template cannot be read"))
    }

    /// One that failed, or that is of another bake: it is made anew.
    fn is_unusable(&self, template: &Value) -> bool {
        let failed = template.pointer("/properties/provisioningState").and_then(Value::as_str)
            == Some("Failed");
        let run_failed =
            matches!(run_of(template).state.as_str(), "Failed" | "Canceled" | "PartiallySucceeded");
        let tag = tags(template).get(BAKE_TAG).and_then(Value::as_str).map(str::to_owned);
        failed || run_failed || tag.as_deref() != self.bake_id()
    }

    fn remove_template(&self, path: &str, planned: &PlannedImageBuilder) -> Result<(), Failure> {
        self.world.report(Event::Step { step: STEP.to_owned() });
        self.progress(
            STEP,
            format!(
                "template {} failed or belongs to another bake; it is recreated",
                planned.template
            ),
        );
        self.azure.change("DELETE", path, template_api(), None, OPERATION).map_err(|error| {
            error.failure(&format!("image template {} cannot be removed", planned.template))
        })?;
        Ok(())
    }

    fn start_run(&self, path: &str) -> Result<(), Failure> {
        match self.azure.send("POST", &format!("{path}/run"), template_api(), None) {
            Ok(_) => Ok(()),
            // A run is going on.
            Err(error) if error.status() == 409 => Ok(()),
            Err(error) => Err(error.failure("the run of the image template cannot be started")),
        }
    }

    /// Waits for a run that began after the one that began at `before`.
    fn wait_for_run(
        &self,
        planned: &PlannedImageBuilder,
        path: &str,
        version: &str,
        before: &str,
    ) -> Result<(), Failure> {
        self.world.report(Event::Step { step: STEP.to_owned() });
        let limit = Duration::from_secs(u64::from(planned.timeout_minutes) * 60) + AROUND;
        let end = Instant::now() + limit;
        let mut told = String::new();
        let over = self.azure.http.watch(end, |patience| {
            let found = self.azure.get_with(path, template_api(), patience);
            let found =
                found.map_err(|error| error.failure("the image template cannot be read"))?;
            let Some(template) = found else {
                return Err(Failure::azure(
                    format!("image template {} no longer exists", planned.template),
                    "it was deleted while it was running",
                )
                .help("run the same command again to start over"));
            };
            let run = run_of(&template);
            let ours = !run.start.is_empty() && run.start != before;
            if ours && run.words() != told {
                told = run.words();
                self.progress(STEP, told.as_str());
            }
            match run.state.as_str() {
                "Succeeded" if ours && self.version(version)?.is_some() => Ok(Some(())),
                "Failed" | "Canceled" | "PartiallySucceeded" if ours => {
                    Err(self.failed_run(planned, &template, &run))
                }
                _ => Ok(None),
            }
        })?;
        over.ok_or_else(|| {
            Failure::azure(
                format!("Image Builder is still running after {} minutes", limit.as_secs() / 60),
                "the run continues in Azure",
            )
            .help("run the same command again to wait for the same run")
        })
    }

    fn failed_run(&self, planned: &PlannedImageBuilder, template: &Value, run: &Run) -> Failure {
        let failure = Failure::azure(
            format!("the Image Builder run of {} ended with state {}", planned.template, run.state),
            &run.message,
        );
        let group = template
            .pointer("/properties/exactStagingResourceGroup")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let failure = match self.bring_log(group) {
            Ok(Some(path)) => failure.help(format!("read the log: {path}")),
            Ok(None) => failure,
            Err(why) => failure.help(format!("the log is in container `packerlogs` of the storage account in `{group}`, which could not be read: {why}")),
        };
        failure.help("fix the config and render it again; the same command recreates the template")
    }

    /// Brings `customization.log` from the storage of the staging group
    /// (<https://learn.microsoft.com/azure/virtual-machines/linux/image-builder-troubleshoot>).
    fn bring_log(&self, group: &str) -> Result<Option<String>, String> {
        let name = group.rsplit('/').next().unwrap_or_default();
        if name.is_empty() {
            return Ok(None);
        }
        let reason = |error: super::error::CallError| error.failure("").reason;
        let base = format!("/subscriptions/{}/resourceGroups/{name}", self.subscription);
        let path = format!("{base}/providers/Microsoft.Storage/storageAccounts");
        let accounts = self.azure.list(&path, storage_api()).map_err(reason)?.unwrap_or_default();
        let endpoint = accounts
            .iter()
            .find_map(|account| account.pointer("/properties/primaryEndpoints/blob")?.as_str());
        let endpoint = endpoint.ok_or("there is no storage account")?.trim_end_matches('/');
        let token =
            self.azure.session.token(&format!("https://{}", host(endpoint))).map_err(reason)?;
        let read = |url: &str| {
            let headers = [("x-ms-version", "2021-08-06")];
            let call = Call { bearer: Some(&token), headers: &headers, ..Call::new("GET", url) };
            let answer = self.azure.http.send(&call, Patience::Some).map_err(|error| error.why)?;
            match answer.status {
                200..=299 => Ok(String::from_utf8_lossy(&answer.bytes).into_owned()),
                403 => {
                    Err("the deploying identity needs `Storage Blob Data Reader` on it".to_owned())
                }
                status => Err(format!("status {status}")),
            }
        };
        let listed = read(&format!("{endpoint}/packerlogs?restype=container&comp=list"))?;
        let log = listed
            .split("<Name>")
            .skip(1)
            .filter_map(|rest| rest.split("</Name>").next())
            .find(|name| name.ends_with("customization.log"));
        let log = log.ok_or("there is no customization.log")?;
        let text = read(&format!("{endpoint}/packerlogs/{}", percent::path(log)))?;
        self.keep(LOG_FILE, &text);
        Ok(Some(self.render.folder.join(LOG_FILE).display().to_string()))
    }
}

/// The last run of a template.
#[derive(Debug, Default, PartialEq)]
struct Run {
    start: String,
    state: String,
    part: String,
    message: String,
}

impl Run {
    fn words(&self) -> String {
        if self.part.is_empty() {
            self.state.clone()
        } else {
            format!("{}: {}", self.state, self.part)
        }
    }
}

fn run_of(template: &Value) -> Run {
    let text = |name: &str| {
        let run = template.pointer("/properties/lastRunStatus").unwrap_or(&Value::Null);
        run.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    Run {
        start: text("startTime"),
        state: text("runState"),
        part: text("runSubState"),
        message: text("message"),
    }
}

fn is_running(state: &str) -> bool {
    matches!(state, "Running" | "Canceling")
}

fn storage_api() -> &'static str {
    catalog::api_version("Microsoft.Storage/storageAccounts")
        .expect("the catalog has the version of every type that templates use")
}

fn template_api() -> &'static str {
    catalog::api_version(TEMPLATES)
        .expect("the catalog has the version of every type that templates use")
}
