//! `--retire-old`: drains and removes the pools that a blue-green pool of this render replaced.
//!
//! Shapes: <https://learn.microsoft.com/rest/api/batchservice/pools> and `nodes` beside it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::batch_service::BatchService;
use super::deployment::Deployment;
use super::event::{Event, Outcome};
use super::failure::Failure;
use super::http::Patience;
use crate::diagnostic::percent;
use crate::render::PlannedPool;

/// Metadata of a pool that others replace: the ID of the config.
const POOL_METADATA: &str = "prebake-pool";
/// A pool that is being removed is waited for so long.
const REMOVAL: Duration = Duration::from_secs(3600);

impl Deployment<'_> {
    /// Drains and removes what the pools of the render replaced.
    pub(super) fn retire_old(&self) -> Result<(), Failure> {
        let pools = self.chosen_pools()?;
        let replacing: Vec<&PlannedPool> =
            pools.into_iter().filter(|pool| pool.replaces.is_some()).collect();
        if replacing.is_empty() {
            self.world.note("no pool of the render replaces another one (`replace: blue-green`), so there is nothing to retire");
            return Ok(());
        }
        let Some(service) = BatchService::open(self)? else { return Ok(()) };
        let all = service
            .list("/pools")
            .map_err(|error| error.failure("the pools of the account cannot be listed"))?;
        for pool in replacing {
            let there = all.iter().any(|other| id(other).eq_ignore_ascii_case(&pool.id));
            if !there {
                return Err(Failure::azure(
                    format!("pool {} does not exist", pool.id),
                    "the old pool can be retired only after the new one exists",
                )
                .help("deploy it first with `--batch-only`"));
            }
            for old in all.iter().filter(|other| is_old(other, pool)) {
                self.retire(&service, id(old))?;
            }
        }
        Ok(())
    }

    fn retire(&self, service: &BatchService<'_>, pool: &str) -> Result<(), Failure> {
        let step = format!("retiring {pool}");
        self.world.report(Event::Step { step: step.clone() });
        let bound = bound_to(service, pool)?;
        for line in &bound {
            self.progress(&step, line.as_str());
        }
        self.drain(service, &step, pool)?;
        let active = bound_to(service, pool)?;
        if !active.is_empty() {
            return Err(Failure::azure(format!("pool {pool} is still in use"), active.join("\n"))
                .help("move them to the new pool or end them, then run the same command again"));
        }
        service
            .delete(&format!("/pools/{}", percent::component(pool)))
            .map_err(|error| error.failure(&format!("pool {pool} cannot be removed")))?;
        self.wait_until_gone(service, pool)?;
        self.done(&step, Outcome::Removed, "");
        Ok(())
    }

    /// A pool takes a while to let go of its nodes.
    fn wait_until_gone(&self, service: &BatchService<'_>, pool: &str) -> Result<(), Failure> {
        let gone = self.azure.http.watch(Instant::now() + REMOVAL, |patience| {
            let found = service.get(&format!("/pools/{}", percent::component(pool)), patience);
            let found =
                found.map_err(|error| error.failure(&format!("pool {pool} cannot be read")))?;
            Ok(found.is_none().then_some(()))
        })?;
        gone.ok_or_else(|| {
            Failure::azure(
                format!("pool {pool} is still being removed"),
                "the operation continues in Azure",
            )
            .help("run the same command again to check the result")
        })
    }

    /// No new nodes, no new tasks; what runs may end.
    fn drain(&self, service: &BatchService<'_>, step: &str, pool: &str) -> Result<(), Failure> {
        let path = format!("/pools/{}", percent::component(pool));
        let failed = |error: super::error::CallError| {
            error.failure(&format!("pool {pool} cannot be drained"))
        };
        let found = service.get(&path, Patience::Some).map_err(failed)?.unwrap_or_default();
        if found.get("enableAutoScale").and_then(Value::as_bool) == Some(true) {
            self.progress(step, "autoscale disabled");
            service.post(&format!("{path}/disableautoscale"), None).map_err(failed)?;
        }
        let nodes = service.list(&format!("{path}/nodes")).map_err(failed)?;
        for node in &nodes {
            if node.get("schedulingState").and_then(Value::as_str) == Some("disabled") {
                continue;
            }
            let body = json!({ "nodeDisableSchedulingOption": "taskcompletion" });
            let call = format!("{path}/nodes/{}/disablescheduling", percent::component(id(node)));
            match service.post(&call, Some(&body)) {
                Ok(()) => {}
                // A node that is gone or already disabled takes no task either.
                Err(error) if matches!(error.status(), 404 | 409) => {}
                Err(error) => return Err(failed(error)),
            }
        }
        self.progress(step, format!("scheduling disabled on {} nodes", nodes.len()));
        self.wait_for_tasks(service, step, pool)
    }

    fn wait_for_tasks(
        &self,
        service: &BatchService<'_>,
        step: &str,
        pool: &str,
    ) -> Result<(), Failure> {
        let drain = self.request.drain;
        let mut before = None;
        let ended = self.azure.http.watch(Instant::now() + drain, |_| {
            let nodes = service.list(&format!("/pools/{}/nodes", percent::component(pool)));
            let nodes = nodes.map_err(|error| {
                error.failure(&format!("the nodes of pool {pool} cannot be listed"))
            })?;
            let running: u64 = nodes
                .iter()
                .map(|node| node.get("runningTasksCount").and_then(Value::as_u64).unwrap_or(0))
                .sum();
            if running > 0 && before != Some(running) {
                self.progress(step, format!("{running} tasks are running"));
                before = Some(running);
            }
            Ok((running == 0).then_some(()))
        })?;
        ended.ok_or_else(|| {
            Failure::azure(
                format!("tasks still run on pool {pool} after {} minutes", drain.as_secs() / 60),
                "its nodes accept no new tasks, and the pool is kept",
            )
            .help("run the same command again with a higher `--drain-minutes`, or end the tasks")
        })
    }
}

/// A pool beside the new one that carries the same ID of the config, with a digest of its own.
fn is_old(other: &Value, pool: &PlannedPool) -> bool {
    let Some(base) = &pool.replaces else { return false };
    let metadata = other.get("metadata").and_then(Value::as_array);
    let marked = metadata.into_iter().flatten().any(|item| {
        item.get("name").and_then(Value::as_str) == Some(POOL_METADATA)
            && item.get("value").and_then(Value::as_str) == Some(base)
    });
    marked && !id(other).eq_ignore_ascii_case(&pool.id)
}

/// The jobs and schedules that are not over and bound to a pool.
fn bound_to(service: &BatchService<'_>, pool: &str) -> Result<Vec<String>, Failure> {
    let mut bound = Vec::new();
    for (path, pointer, word) in [
        ("/jobs", "/poolInfo/poolId", "job"),
        ("/jobschedules", "/jobSpecification/poolInfo/poolId", "job schedule"),
    ] {
        let listed = service.list(path).map_err(|error| {
            error.failure(&format!("the {word}s of the account cannot be listed"))
        })?;
        for one in &listed {
            let text =
                |pointer: &str| one.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            let over = matches!(text("/state"), "completed" | "deleting" | "terminating");
            if text(pointer).eq_ignore_ascii_case(pool) && !over {
                bound.push(format!("{word} {} is {}", text("/id"), text("/state")));
            }
        }
    }
    Ok(bound)
}

fn id(value: &Value) -> &str {
    value.get("id").and_then(Value::as_str).unwrap_or_default()
}
