//! Builds by ACR Tasks: the context is uploaded, the run is followed, its log is told.
//!
//! Shapes: <https://learn.microsoft.com/rest/api/containerregistry/registries/schedule-run> and the run and log
//! operations beside it. `sourceRegistry.identity` came with 2025-03-01-preview (Azure/bicep-types-az).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::context;
use super::deployment::Deployment;
use super::error::CallError;
use super::event::{Event, Outcome};
use super::failure::Failure;
use super::http::{Body, Call, Patience};
use super::registry::RegistryService;
use super::state::{RESOURCES, tags};
use crate::catalog;
use crate::model::hex_digest;
use crate::render::{PlannedBuild, PlannedImport, PlannedRegistry};

/// API version of runs.
const TASKS: &str = "2025-03-01-preview";
pub(super) const REGISTRIES: &str = "Microsoft.ContainerRegistry/registries";
/// A build waits in a queue before its own time begins.
const QUEUE: Duration = Duration::from_secs(1800);

/// How an image comes into the registry.
#[derive(Debug, Clone)]
pub(super) enum Work {
    Build(PlannedBuild),
    Import(PlannedImport),
}

impl Work {
    /// `repository:tag`, without the registry.
    fn image(&self) -> &str {
        match self {
            Self::Build(build) => &build.image,
            Self::Import(import) => &import.image,
        }
    }

    /// Its name in the progress.
    pub(super) fn step(&self) -> String {
        match self {
            Self::Build(build) => format!("build {}", build.image),
            Self::Import(import) => format!("import {}", import.image),
        }
    }
}

/// How the image of a build or an import stands.
pub(super) struct BuildState {
    pub(super) work: Work,
    state: Known,
}

enum Known {
    There,
    Missing,
    /// A run of an earlier command that is not over, by its ID.
    Running(String),
}

impl BuildState {
    /// Whether the registry has the image.
    pub(super) fn is_there(&self) -> bool {
        matches!(self.state, Known::There)
    }
}

impl Deployment<'_> {
    /// How the builds stand. A registry that is not there has no images.
    pub(super) fn build_states(&self, group: Option<&Value>) -> Result<Vec<BuildState>, Failure> {
        let works: Vec<Work> = self.works().collect();
        let missing = |works: Vec<Work>| {
            works.into_iter().map(|work| BuildState { work, state: Known::Missing }).collect()
        };
        let Some(planned) = self.plan.registry.as_ref().filter(|_| !works.is_empty()) else {
            return Ok(missing(works));
        };
        let Some(registry) = self.registry(planned)? else {
            if planned.create {
                return Ok(missing(works));
            }
            return Err(Failure::azure(format!("registry `{}` does not exist", planned.name), "the config expects it to exist")
                .help("correct `registry.name` and `registry.resourceGroup`, or set `create: true` to create it"));
        };
        let service = RegistryService::open(self, planned, login_server(&registry))?;
        let runs = group.map(tags).unwrap_or_default();
        let mut states = Vec::new();
        for work in works {
            let state = if service.has(work.image())? {
                Known::There
            } else {
                let run = match &work {
                    Work::Build(build) => runs.get(&run_tag(build)).and_then(Value::as_str),
                    Work::Import(_) => None,
                };
                match run {
                    Some(run) if self.is_running(planned, run)? => Known::Running(run.to_owned()),
                    _ => Known::Missing,
                }
            };
            states.push(BuildState { work, state });
        }
        Ok(states)
    }

    /// What brings images into the registry.
    fn works(&self) -> impl Iterator<Item = Work> {
        let builds = self.plan.builds.iter().cloned().map(Work::Build);
        builds.chain(self.plan.imports.iter().cloned().map(Work::Import))
    }

    /// Builds what is missing, one after another.
    pub(super) fn make_builds(&self, states: &[BuildState]) -> Result<(), Failure> {
        let Some(planned) = self.plan.registry.as_ref().filter(|_| !states.is_empty()) else {
            return Ok(());
        };
        // The registry stage may have made the registry, and task runs their images.
        let now: Vec<BuildState>;
        let states = if states.iter().all(BuildState::is_there) {
            states
        } else {
            let group = self
                .azure
                .get(&self.group, RESOURCES)
                .map_err(|error| error.failure("the group cannot be read"))?;
            now = self.build_states(group.as_ref())?;
            &now
        };
        for state in states {
            let step = state.work.step();
            if state.is_there() {
                self.done(&step, Outcome::Unchanged, "");
                continue;
            }
            self.world.report(Event::Step { step: step.clone() });
            match (&state.work, &state.state) {
                (Work::Import(import), _) => self.import(planned, import)?,
                (Work::Build(build), Known::Running(run)) => {
                    self.progress(&step, format!("run {run} is already in progress"));
                    self.end(&step, planned, build, run)?;
                }
                (Work::Build(build), _) => {
                    let run = self.start(&step, planned, build)?;
                    self.end(&step, planned, build, &run)?;
                }
            }
            self.done(&step, Outcome::Deployed, "");
        }
        Ok(())
    }

    /// Follows a run to its end.
    fn end(
        &self,
        step: &str,
        planned: &PlannedRegistry,
        build: &PlannedBuild,
        run: &str,
    ) -> Result<(), Failure> {
        self.follow(step, planned, build, run)?;
        if !self.has_image(planned, &build.image)? {
            return Err(Failure::azure(
                format!("the build did not push {} to registry `{}`", build.image, planned.name),
                "the run succeeded, but the image is not in the registry",
            )
            .help("check in the log of the run where it pushed the image"));
        }
        self.mark(step, build, run, false);
        Ok(())
    }

    /// Whether the registry has `repository:tag`, asked anew.
    pub(super) fn has_image(
        &self,
        planned: &PlannedRegistry,
        image: &str,
    ) -> Result<bool, Failure> {
        let registry = self.registry(planned)?.unwrap_or_default();
        RegistryService::open(self, planned, login_server(&registry))?.has(image)
    }

    pub(super) fn registry_path(&self, planned: &PlannedRegistry) -> String {
        let subscription = planned.subscription.as_ref().unwrap_or(&self.subscription);
        let group = planned.resource_group.as_ref().unwrap_or(&self.plan.resource_group);
        format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/{REGISTRIES}/{}",
            planned.name
        )
    }

    pub(super) fn registry(&self, planned: &PlannedRegistry) -> Result<Option<Value>, Failure> {
        let api = catalog::api_version(REGISTRIES).unwrap_or_default();
        let found = self.azure.get(&self.registry_path(planned), api);
        found.map_err(|error| error.failure(&format!("registry `{}` cannot be read", planned.name)))
    }

    fn is_running(&self, planned: &PlannedRegistry, run: &str) -> Result<bool, Failure> {
        let found = self.azure.get(&format!("{}/runs/{run}", self.registry_path(planned)), TASKS);
        let found = found.map_err(|error| error.failure(&format!("run {run} cannot be read")))?;
        Ok(found.is_some_and(|run| !is_over(&status(&run))))
    }

    /// Starts a run and gives its ID.
    fn start(
        &self,
        step: &str,
        planned: &PlannedRegistry,
        build: &PlannedBuild,
    ) -> Result<String, Failure> {
        let source =
            if build.remote { build.context.clone() } else { self.upload(step, planned, build)? };
        let arguments: Vec<Value> = build
            .arguments
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value, "isSecret": false }))
            .collect();
        let mut request = json!({
            "type": "DockerBuildRequest",
            "imageNames": [build.image],
            "isPushEnabled": true,
            "noCache": false,
            "sourceLocation": source,
            "dockerFilePath": build.dockerfile,
            "arguments": arguments,
            "timeout": build.timeout_seconds,
            "platform": { "os": "Linux", "architecture": "amd64" },
            "agentConfiguration": { "cpu": 2 },
        });
        if let Some(target) = &build.target {
            request["target"] = target.as_str().into();
        }
        if let Some(pool) = &planned.agent_pool {
            // An agent pool has the size of its own agents.
            request["agentPoolName"] = pool.as_str().into();
            if let Some(request) = request.as_object_mut() {
                request.remove("agentConfiguration");
            }
        }
        if planned.abac {
            // A quick build has no rights of its own where repositories have permissions
            // (<https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions>).
            request["credentials"] = json!({ "sourceRegistry": { "identity": "[caller]" } });
        }
        let path = format!("{}/scheduleRun", self.registry_path(planned));
        let run = self
            .azure
            .post(&path, TASKS, Some(&request))
            .map_err(|error| Self::no_build(&error, planned, build))?;
        let id =
            run.pointer("/properties/runId").or_else(|| run.get("name")).and_then(Value::as_str);
        let id = id.ok_or_else(|| {
            Failure::azure(
                format!("the build of {} was not started", build.image),
                "the registry did not return a run ID",
            )
            .help("run the same command again")
        })?;
        self.progress(step, format!("run {id}"));
        self.mark(step, build, id, true);
        Ok(id.to_owned())
    }

    fn no_build(error: &CallError, planned: &PlannedRegistry, build: &PlannedBuild) -> Failure {
        let failure = error.failure(&format!("the build of {} cannot be started", build.image));
        if error.status() != 403 {
            return failure;
        }
        failure.help(format!(
            "the deploying identity needs the role `Contributor` on registry `{}`{}",
            planned.name,
            if planned.abac {
                format!(" and the role `{}` to push images", planned.push_role)
            } else {
                String::new()
            }
        ))
    }

    /// Uploads the context and gives the place that the registry knows it by.
    fn upload(
        &self,
        step: &str,
        planned: &PlannedRegistry,
        build: &PlannedBuild,
    ) -> Result<String, Failure> {
        let (folder, _) = context::paths(&self.request.source, &build.context, &build.dockerfile);
        let packed = context::pack(&folder, &build.dockerfile).map_err(|error| {
            Failure::input(
                format!("the context `{}` cannot be packed", folder.display()),
                error.to_string(),
            )
            .help("name the folder of the config with `--source DIR`")
        })?;
        self.progress(
            step,
            format!(
                "context {}: {} files, {} packed",
                folder.display(),
                packed.files,
                size(packed.bytes)
            ),
        );
        let path = format!("{}/listBuildSourceUploadUrl", self.registry_path(planned));
        let place = self
            .azure
            .post(&path, TASKS, None)
            .map_err(|error| Self::no_build(&error, planned, build))?;
        let text = |name: &str| place.get(name).and_then(Value::as_str);
        let (url, relative) = text("uploadUrl").zip(text("relativePath")).ok_or_else(|| {
            Failure::azure(
                format!("the context of {} cannot be uploaded", build.image),
                "the registry did not return an upload location",
            )
            .help("run the same command again")
        })?;
        let headers = [("x-ms-blob-type", "BlockBlob"), ("x-ms-version", "2021-08-06")];
        let call =
            Call { headers: &headers, body: Body::Blob(&packed.file), ..Call::new("PUT", url) };
        let answer =
            self.azure.http.send(&call, Patience::Some).map_err(|error| error.failure())?;
        if !answer.is_success() {
            return Err(CallError::of(&answer)
                .failure(&format!("the context of {} cannot be uploaded", build.image)));
        }
        Ok(relative.to_owned())
    }

    /// Tells the log of a run until it is over.
    fn follow(
        &self,
        step: &str,
        planned: &PlannedRegistry,
        build: &PlannedBuild,
        run: &str,
    ) -> Result<(), Failure> {
        let path = format!("{}/runs/{run}", self.registry_path(planned));
        let limit = Duration::from_secs(u64::from(build.timeout_seconds)) + QUEUE;
        let end = Instant::now() + limit;
        let mut log = Log::default();
        let over = self.azure.http.watch(end, |patience| {
            let found = self.azure.get_with(&path, TASKS, patience);
            let found =
                found.map_err(|error| error.failure(&format!("run {run} cannot be read")))?;
            let status = found.as_ref().map(status).unwrap_or_default();
            self.tell_log(step, &path, &mut log);
            match status.as_str() {
                "Succeeded" => Ok(Some(())),
                "" => Err(Failure::azure(
                    format!("run {run} of {} no longer exists", build.image),
                    "the registry does not list it",
                )
                .help("run the same command again")),
                over if is_over(over) => {
                    let reason = if log.last.is_empty() {
                        "there is no log".to_owned()
                    } else {
                        log.last.join("\n")
                    };
                    Err(Failure::azure(
                        format!("the build of {} ended as {over} (run {run})", build.image),
                        reason,
                    )
                    .help("fix the problem that the log shows, then run the same command again"))
                }
                _ => Ok(None),
            }
        })?;
        over.ok_or_else(|| {
            Failure::azure(
                format!(
                    "the build of {} is still running after {} minutes",
                    build.image,
                    limit.as_secs() / 60
                ),
                format!("run {run} continues in Azure"),
            )
            .help("run the same command again to wait for the same run")
        })
    }

    /// Tells the new lines of a log. Only for the eye: a log that cannot be read is read with the next look.
    fn tell_log(&self, step: &str, path: &str, log: &mut Log) {
        let Ok(link) = self.azure.post(&format!("{path}/listLogSasUrl"), TASKS, None) else {
            return;
        };
        let Some(url) = link.get("logLink").and_then(Value::as_str) else { return };
        let range = format!("bytes={}-", log.read);
        let headers = [("x-ms-range", range.as_str()), ("x-ms-version", "2021-08-06")];
        let call = Call { headers: &headers, ..Call::new("GET", url) };
        let Ok(answer) = self.azure.http.send(&call, Patience::None) else { return };
        if !answer.is_success() {
            return;
        }
        // Storage that knows no ranges answers with the whole.
        let fresh = if answer.status == 206 {
            &answer.bytes[..]
        } else {
            answer.bytes.get(log.read..).unwrap_or_default()
        };
        for line in log.take(fresh) {
            self.world.report(Event::Log { step: step.to_owned(), line });
        }
    }

    /// Keeps the run on the group while it goes on, so that an interrupted command finds it again.
    fn mark(&self, step: &str, build: &PlannedBuild, run: &str, goes_on: bool) {
        let path = format!("{}/providers/Microsoft.Resources/tags/default", self.group);
        let operation = if goes_on { "Merge" } else { "Delete" };
        let tags = BTreeMap::from([(run_tag(build), run)]);
        let body = json!({ "operation": operation, "properties": { "tags": tags } });
        // <https://learn.microsoft.com/rest/api/resources/tags/update-at-scope>
        let sent = self.azure.send("PATCH", &path, RESOURCES, Some(&body));
        if let Some(error) = sent.err().filter(|_| goes_on) {
            let why = error.failure("").reason;
            self.progress(step, format!("another command cannot find the run: {why}"));
        }
    }
}

/// The tag of the group that names the run of a build.
fn run_tag(build: &PlannedBuild) -> String {
    format!("prebake-build-{}", &hex_digest(build.image.as_bytes())[..12])
}

fn login_server(registry: &Value) -> &str {
    registry.pointer("/properties/loginServer").and_then(Value::as_str).unwrap_or_default()
}

fn status(run: &Value) -> String {
    run.pointer("/properties/status").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn is_over(status: &str) -> bool {
    matches!(status, "Succeeded" | "Failed" | "Canceled" | "Error" | "Timeout")
}

fn size(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} KiB", bytes.div_ceil(1 << 10))
    } else {
        format!("{} MiB", bytes.div_ceil(1 << 20))
    }
}

/// A log as far as it is read.
#[derive(Default)]
struct Log {
    read: usize,
    rest: Vec<u8>,
    last: Vec<String>,
}

impl Log {
    /// The whole lines among fresh bytes.
    fn take(&mut self, fresh: &[u8]) -> Vec<String> {
        self.read += fresh.len();
        self.rest.extend_from_slice(fresh);
        let end = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let whole: Vec<u8> = self.rest.drain(..end).collect();
        let lines: Vec<String> = String::from_utf8_lossy(&whole)
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect();
        self.last.extend(lines.iter().filter(|line| !line.is_empty()).cloned());
        let surplus = self.last.len().saturating_sub(20);
        self.last.drain(..surplus);
        lines
    }
}
