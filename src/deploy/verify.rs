//! `--verify`: a container task on each pool that shows what a node has.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::batch_service::BatchService;
use super::deployment::Deployment;
use super::event::{Event, Outcome};
use super::failure::Failure;
use super::http::Patience;
use crate::render::PlannedPool;

const JOB: &str = "prebake-verify-";
const TASK: &str = "verify";
/// The first node of a pool may need a quarter of an hour.
const LONGEST: Duration = Duration::from_secs(45 * 60);

impl Deployment<'_> {
    /// Runs the task on each pool that runs containers.
    pub(super) fn verify(&self) -> Result<(), Failure> {
        let Some(batch) = &self.plan.batch else {
            return Err(Failure::input("there is nothing to verify", "the render has no pools"));
        };
        let pools = self.chosen_pools()?;
        let service = BatchService::open(self)?.ok_or_else(|| {
            Failure::azure(
                format!("Batch account `{}` does not exist", batch.account),
                "deploy the account before you verify its pools",
            )
            .help("deploy it first with `--batch-only`")
        })?;
        let mut failures = Vec::new();
        for pool in pools {
            let step = format!("verifying {}", pool.id);
            let Some(task) = &pool.verify else {
                self.done(&step, Outcome::Unchanged, "it does not run containers");
                continue;
            };
            self.world.report(Event::Step { step: step.clone() });
            // One bad pool does not keep the others from being looked at.
            if let Err(failure) = self.verify_pool(&service, &step, pool, task) {
                self.done(&step, Outcome::Failed, &failure.title);
                failures.push(failure);
            }
        }
        match failures.len() {
            0 => Ok(()),
            1 => Err(failures.remove(0)),
            many => {
                let reasons: Vec<String> = failures
                    .iter()
                    .map(|failure| format!("{}: {}", failure.title, failure.reason))
                    .collect();
                let help = failures
                    .into_iter()
                    .flat_map(|failure| failure.help)
                    .next()
                    .unwrap_or_default();
                Err(Failure::azure(
                    format!("{many} pools failed their verification"),
                    reasons.join("\n"),
                )
                .help(help))
            }
        }
    }

    /// The pools that `--pool` leaves.
    pub(super) fn chosen_pools(&self) -> Result<Vec<&PlannedPool>, Failure> {
        let pools = self.plan.batch.iter().flat_map(|batch| &batch.pools);
        let is_chosen = |pool: &&PlannedPool| {
            self.request
                .pool
                .as_ref()
                .is_none_or(|id| *id == pool.id || pool.replaces.as_ref() == Some(id))
        };
        let chosen: Vec<&PlannedPool> = pools.clone().filter(is_chosen).collect();
        match &self.request.pool {
            Some(id) if chosen.is_empty() => {
                let known: Vec<&str> = pools.map(|pool| pool.id.as_str()).collect();
                Err(Failure::input(
                    format!("pool `{id}` does not exist"),
                    format!("the pools are: {}", known.join(", ")),
                ))
            }
            _ => Ok(chosen),
        }
    }

    fn verify_pool(
        &self,
        service: &BatchService<'_>,
        step: &str,
        pool: &PlannedPool,
        task: &Value,
    ) -> Result<(), Failure> {
        let unique = self.world.now + self.world.started.elapsed().as_secs();
        // An ID has 64 characters at most; what is unique stands before the part that may be cut.
        let job = format!("{JOB}{unique}-{}-{}", std::process::id(), pool.id);
        let job: String = job.chars().take(64).collect();
        let what = format!("the verification of pool {} cannot be started", pool.id);
        let body = json!({ "id": job, "poolInfo": { "poolId": pool.id } });
        // A call that was sent twice, since its answer was lost, finds what it made itself.
        let added = |result: Result<(), super::error::CallError>, code: &str| match result {
            Err(error) if !error.has_code(code) => Err(error.failure(&what)),
            _ => Ok(()),
        };
        added(service.post("/jobs", Some(&body)), "JobExists")?;
        added(service.post(&format!("/jobs/{job}/tasks"), Some(task)), "TaskExists")?;
        self.progress(step, format!("job {job}"));
        let task = self.wait_for_task(service, step, &job, pool)?;
        let path = format!("/jobs/{job}/tasks/{TASK}");
        self.tell_file(service, step, &format!("{path}/files/stdout.txt"));
        let info = task.get("executionInfo").unwrap_or(&Value::Null);
        if info.get("exitCode").and_then(Value::as_i64) == Some(0) {
            service
                .delete(&format!("/jobs/{job}"))
                .map_err(|error| error.failure(&format!("job {job} cannot be removed")))?;
            self.done(step, Outcome::Good, "");
            return Ok(());
        }
        self.tell_file(service, step, &format!("{path}/files/stderr.txt"));
        Err(Failure::azure(
            format!("pool {} failed its verification", pool.id),
            why_it_failed(info),
        )
        .help(format!("job {job} is kept; `--clean-up` deletes it")))
    }

    fn wait_for_task(
        &self,
        service: &BatchService<'_>,
        step: &str,
        job: &str,
        pool: &PlannedPool,
    ) -> Result<Value, Failure> {
        let end = Instant::now() + LONGEST;
        let mut before = String::new();
        let ended = self.azure.http.watch(end, |patience| {
            let task = service.get(&format!("/jobs/{job}/tasks/{TASK}"), patience);
            let task = task
                .map_err(|error| error.failure(&format!("the task of job {job} cannot be read")))?;
            let task = task.ok_or_else(|| {
                Failure::azure(format!("the task of job {job} no longer exists"), "it was deleted")
                    .help("run the same command again")
            })?;
            let state = task.get("state").and_then(Value::as_str).unwrap_or_default();
            if state != before {
                self.progress(step, format!("task {state}"));
                state.clone_into(&mut before);
            }
            Ok((state == "completed").then_some(task))
        })?;
        ended.ok_or_else(|| {
            Failure::azure(
                format!(
                    "the task on pool {} did not end within {} minutes",
                    pool.id,
                    LONGEST.as_secs() / 60
                ),
                state_of_pool(service, pool),
            )
            .help(format!("job {job} is kept; `--clean-up` deletes it"))
        })
    }

    fn tell_file(&self, service: &BatchService<'_>, step: &str, path: &str) {
        match service.file(path) {
            Ok(Some(text)) => {
                for line in text.lines() {
                    self.world.report(Event::Log { step: step.to_owned(), line: line.to_owned() });
                }
            }
            Ok(None) => {}
            Err(error) => {
                self.progress(step, format!("{path} cannot be read: {}", error.failure("").reason));
            }
        }
    }

    /// Removes the jobs that verifications left.
    pub(super) fn remove_verify_jobs(&self) -> Result<(), Failure> {
        let Some(service) = BatchService::open(self)? else { return Ok(()) };
        let jobs = service
            .list("/jobs")
            .map_err(|error| error.failure("the jobs of the Batch account cannot be listed"))?;
        for job in
            jobs.iter().filter_map(|job| job.get("id")?.as_str()).filter(|id| id.starts_with(JOB))
        {
            self.progress("removal", format!("job {job}"));
            match service.delete(&format!("/jobs/{job}")) {
                Ok(()) => {}
                // It is going already.
                Err(error) if error.status() == 409 => {}
                Err(error) => {
                    self.leave(format!(
                        "job {job} cannot be removed: {}",
                        error.failure("").reason
                    ));
                }
            }
        }
        Ok(())
    }
}

/// What keeps a pool from running a task.
fn state_of_pool(service: &BatchService<'_>, pool: &PlannedPool) -> String {
    let mut lines = Vec::new();
    if let Ok(Some(found)) = service.get(&format!("/pools/{}", pool.id), Patience::Some) {
        let text = |name: &str| found.get(name).map_or_else(String::new, Value::to_string);
        lines.push(format!(
            "allocation {}, {} of {} nodes",
            text("allocationState"),
            text("currentDedicatedNodes"),
            text("targetDedicatedNodes")
        ));
        for error in found.get("resizeErrors").and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            lines.push(format!("{}: {}", text("code"), text("message")));
        }
    }
    for node in
        service.list(&format!("/pools/{}/nodes", pool.id)).unwrap_or_default().iter().take(10)
    {
        let text =
            |pointer: &str| node.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let errors = node.get("errors").and_then(Value::as_array).into_iter().flatten();
        let errors: Vec<&str> = errors.filter_map(|error| error.get("message")?.as_str()).collect();
        lines.push(format!(
            "node {} is {} {}{}",
            text("/id"),
            text("/state"),
            text("/startTaskInfo/failureInfo/message"),
            errors.join("; ")
        ));
    }
    lines.join("\n")
}

/// `failureInfo` says why a task did not run, `exitCode` how its command ended.
fn why_it_failed(info: &Value) -> String {
    let text = |pointer: &str| info.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let mut lines = vec![match info.get("exitCode").and_then(Value::as_i64) {
        Some(code) => format!("the task ended with exit code {code}"),
        None => "the task did not run".to_owned(),
    }];
    if !text("/failureInfo/code").is_empty() {
        lines.push(format!("{}: {}", text("/failureInfo/code"), text("/failureInfo/message")));
    }
    for detail in
        info.pointer("/failureInfo/details").and_then(Value::as_array).into_iter().flatten()
    {
        let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
        lines.push(format!("{}: {}", text("name"), text("value")));
    }
    lines.join("\n")
}
