//! Jobs, schedules and tasks of a Batch account; each look at a task brings it further.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::answer::{Answer, Outcome, batch_refusal};
use super::batch::pool_id;
use super::cloud::{Cloud, extend};
use super::http::Request;
use super::knobs::Knobs;
use super::list_page;

/// A job with its tasks.
#[derive(Debug, Clone)]
pub struct Job {
    pub body: Value,
    /// Each with the looks at it so far.
    pub tasks: BTreeMap<String, (Value, usize)>,
    /// A schedule makes jobs, and is no job itself.
    pub schedule: bool,
}

/// `/jobs/...`, and `/jobschedules/...` where `schedule` is set.
///
/// Shapes: <https://learn.microsoft.com/rest/api/batchservice/job> and `.../task`.
pub fn answer(
    cloud: &mut Cloud,
    account: &str,
    request: &Request,
    rest: &[&str],
    schedule: bool,
) -> Outcome {
    let Some((id, rest)) = rest.split_first() else {
        return match request.method.as_str() {
            "POST" => add(cloud, account, request, schedule),
            "GET" => Ok(page(cloud, account, request, schedule)),
            _ => Err(super::no_route()),
        };
    };
    let key = (account.to_owned(), (*id).to_owned());
    let job = cloud.jobs.get(&key).filter(|job| job.schedule == schedule);
    let job = job.ok_or_else(|| {
        let (kind, noun) = nouns(schedule);
        let text = format!("The specified {noun} does not exist.");
        batch_refusal(404, &format!("{kind}NotFound"), &text)
    })?;
    match (request.method.as_str(), rest) {
        ("GET", []) => Ok(Answer::ok(&job.body)),
        ("DELETE", []) => {
            cloud.jobs.remove(&key);
            Ok(Answer::empty(202))
        }
        ("POST", ["tasks"]) => add_task(cloud, &key, request),
        ("GET", ["tasks", task]) => show_task(cloud, &key, task),
        ("GET" | "HEAD", ["tasks", task, "files", file]) => show_file(cloud, &key, task, file),
        _ => Err(super::no_route()),
    }
}

fn nouns(schedule: bool) -> (&'static str, &'static str) {
    if schedule { ("JobSchedule", "job schedule") } else { ("Job", "job") }
}

fn add(cloud: &mut Cloud, account: &str, request: &Request, schedule: bool) -> Outcome {
    let mut body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let id = body["id"].as_str().unwrap_or("").to_owned();
    let info = if schedule { &body["jobSpecification"]["poolInfo"] } else { &body["poolInfo"] };
    if pool_id(cloud, account, info["poolId"].as_str().unwrap_or("")).is_err() {
        return Err(batch_refusal(409, "PoolNotFound", "The specified pool does not exist."));
    }
    let key = (account.to_owned(), id);
    if cloud.jobs.contains_key(&key) {
        let (kind, noun) = nouns(schedule);
        let text = format!("The specified {noun} already exists.");
        return Err(batch_refusal(409, &format!("{kind}Exists"), &text));
    }
    extend(&mut body, json!({ "state": "active", "creationTime": cloud.clock.text() }));
    cloud.jobs.insert(key, Job { body, tasks: BTreeMap::new(), schedule });
    Ok(Answer::empty(201).with_header("ETag", "0x8D"))
}

/// A page of the data plane: its link is `odata.nextLink`.
fn page(cloud: &Cloud, account: &str, request: &Request, schedule: bool) -> Answer {
    let all = cloud.jobs.iter();
    let all = all.filter(|((owner, _), job)| owner == account && job.schedule == schedule);
    let answer = list_page(request, all.map(|(_, job)| job.body.clone()).collect());
    let text = String::from_utf8_lossy(&answer.body).replace("\"nextLink\"", "\"odata.nextLink\"");
    Answer { body: text.into_bytes(), ..answer }
}

/// The properties of a task that Batch takes.
const TASK: [&str; 16] = [
    "affinityInfo",
    "applicationPackageReferences",
    "authenticationTokenSettings",
    "commandLine",
    "constraints",
    "containerSettings",
    "dependsOn",
    "displayName",
    "environmentSettings",
    "exitConditions",
    "id",
    "multiInstanceSettings",
    "outputFiles",
    "requiredSlots",
    "resourceFiles",
    "userIdentity",
];

fn no_task() -> Answer {
    batch_refusal(404, "TaskNotFound", "The specified task does not exist.")
}

fn add_task(cloud: &mut Cloud, key: &(String, String), request: &Request) -> Outcome {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let known = body.as_object().map(|body| body.keys().all(|key| TASK.contains(&key.as_str())));
    if known != Some(true) {
        let text = "The specified Request Body is not syntactically valid.";
        return Err(batch_refusal(400, "InvalidRequestBody", text));
    }
    let id = body["id"].as_str().unwrap_or("").to_owned();
    let job = cloud.jobs.get_mut(key).ok_or_else(no_task)?;
    if job.tasks.contains_key(&id) {
        return Err(batch_refusal(409, "TaskExists", "The specified task already exists."));
    }
    job.tasks.insert(id, (body, 0));
    Ok(Answer::empty(201).with_header("ETag", "0x8D"))
}

fn show_task(cloud: &mut Cloud, key: &(String, String), task: &str) -> Outcome {
    let (knobs, now) = (cloud.knobs.clone(), cloud.clock.text());
    let found = cloud.jobs.get_mut(key).and_then(|job| job.tasks.get_mut(task));
    let (body, looks) = found.ok_or_else(no_task)?;
    *looks += 1;
    let mut shown = body.clone();
    extend(&mut shown, task_state(&knobs, *looks, &now));
    Ok(Answer::ok(&shown))
}

fn show_file(cloud: &Cloud, key: &(String, String), task: &str, file: &str) -> Outcome {
    cloud.jobs.get(key).and_then(|job| job.tasks.get(task)).ok_or_else(no_task)?;
    let text = match (cloud.knobs.task_exit, file) {
        (Some(_), "stdout.txt") => "in a container\nGPU 0: Tesla T4 (UUID: GPU-1)\n",
        (Some(_), "stderr.txt") => "nvidia-smi: not found\n",
        _ => {
            let text = "The specified file does not exist.";
            return Err(batch_refusal(404, "FileNotFound", text));
        }
    };
    Ok(Answer::bytes("application/octet-stream", text.as_bytes().to_vec())
        .with_header("ocp-batch-file-isdirectory", "False")
        .with_header("ocp-batch-file-mode", "0o100644")
        .with_header("ocp-creation-time", "Sun, 29 Nov 2026 10:00:00 GMT")
        .with_header("Last-Modified", "Sun, 29 Nov 2026 10:00:00 GMT"))
}

/// Shape: `executionInfo` of <https://learn.microsoft.com/rest/api/batchservice/task/get>.
fn task_state(knobs: &Knobs, looks: usize, now: &str) -> Value {
    let mut info = json!({ "retryCount": 0, "requeueCount": 0 });
    let state = match looks {
        0 | 1 => "active",
        _ if knobs.task_waits => "active",
        looks if looks <= knobs.task_looks => "running",
        _ => "completed",
    };
    if state == "completed" {
        let good = knobs.task_exit == Some(0);
        extend(
            &mut info,
            json!({ "startTime": now, "endTime": now, "result": if good { "success" } else { "failure" } }),
        );
        if let Some(code) = knobs.task_exit {
            info["exitCode"] = json!(code);
        }
        info["failureInfo"] = match knobs.task_exit {
            Some(0) => Value::Null,
            Some(_) => {
                json!({ "category": "userError", "code": "FailureExitCode", "message": "The task exited with an exit code representing a failure", "details": [] })
            }
            None => {
                json!({ "category": "userError", "code": "ContainerInvalidImage", "message": "One or more container images specified are invalid", "details": [{ "name": "Message", "value": "manifest unknown" }] })
            }
        };
        if info["failureInfo"].is_null() {
            info.as_object_mut().map(|info| info.remove("failureInfo"));
        }
    }
    let mut shown = json!({ "state": state, "stateTransitionTime": now, "executionInfo": info });
    if state != "active" {
        shown["nodeInfo"] = json!({ "poolId": "pool", "nodeId": "tvmps_0" });
    }
    shown
}
