//! Registries: builds as runs, their logs, and the data plane with its tokens.

use serde_json::{Value, json};

use super::answer::{
    Answer, Outcome, error_object, list, refusal, refuse_with, registry_refusal, resource_not_found,
};
use super::cloud::{Cloud, extend, parts_of};
use super::entra;
use super::http::Request;
use super::knobs::BuildEnd;
use super::server::Service;

const KIND: &str = "Microsoft.ContainerRegistry/registries";

/// A build.
#[derive(Debug, Clone)]
pub struct Run {
    pub id: String,
    /// Id of the registry, in lowercase.
    pub registry: String,
    /// What was asked for.
    pub request: Value,
    pub status: String,
    pub created: String,
    log: Vec<String>,
}

/// What Azure adds to a registry.
pub fn added(cloud: &mut Cloud, shown: &mut Value) {
    let name = shown["name"].as_str().unwrap_or("").to_lowercase();
    let host = cloud.host(&Service::Registry(name));
    let tier = shown["sku"]["name"].clone();
    extend(&mut shown["sku"], json!({ "tier": tier }));
    let now = cloud.clock.text();
    let properties = &mut shown["properties"];
    extend(properties, json!({ "loginServer": host, "creationDate": now }));
    let defaults = json!({
        "policies": {
            "quarantinePolicy": { "status": "disabled" },
            "trustPolicy": { "type": "Notary", "status": "disabled" },
            "retentionPolicy": { "days": 7, "status": "disabled" },
            "exportPolicy": { "status": "enabled" },
            "azureADAuthenticationAsArmPolicy": { "status": "enabled" },
        },
        "encryption": { "status": "disabled" }, "dataEndpointEnabled": false,
        "privateEndpointConnections": [], "networkRuleBypassOptions": "AzureServices",
        "zoneRedundancy": "Disabled", "anonymousPullEnabled": false, "publicNetworkAccess": "Enabled",
    });
    for (name, value) in defaults.as_object().into_iter().flatten() {
        if properties[name].is_null() {
            properties[name] = value.clone();
        }
    }
}

/// `.../registries/NAME/...` of Resource Manager; `None` where any resource answers the same.
///
/// Shapes: <https://learn.microsoft.com/rest/api/containerregistry/registries/schedule-run> and its
/// neighbors `runs` and `tasks`.
pub fn answer(cloud: &mut Cloud, request: &Request, id: &str, rest: &[&str]) -> Option<Outcome> {
    let lower: Vec<String> = rest.iter().map(|word| word.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let path = match (request.method.as_str(), lower.as_slice()) {
        ("POST", ["listbuildsourceuploadurl"]) => upload_url(cloud, id),
        ("POST", ["importimage"]) => import(cloud, request, id),
        ("POST", ["schedulerun"]) => schedule(cloud, request, id),
        ("POST", ["tasks", task, "listdetails"]) => {
            cloud.need(&format!("{id}/tasks/{task}")).map(|task| Answer::ok(&task.shown))
        }
        ("GET", ["runs"]) => runs(cloud, request, id),
        ("GET", ["runs", _]) => find(cloud, id, rest[1]).map(|run| Answer::ok(&shown(cloud, run))),
        ("POST", ["runs", _, "listlogsasurl"]) => log_url(cloud, id, rest[1]),
        ("POST", ["runs", _, "cancel"]) => cancel(cloud, id, rest[1]),
        _ => return None,
    };
    Some(path)
}

/// The registry fetches the image by itself, and the operation tells when it is there.
///
/// Shape: <https://learn.microsoft.com/rest/api/container-registry/registries/import-image>.
fn import(cloud: &mut Cloud, request: &Request, id: &str) -> Outcome {
    cloud.need(id)?;
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|error| refusal(400, "InvalidRequestContent", error.to_string()))?;
    let invalid = |text: &str| refusal(400, "InvalidParameters", text.to_owned());
    let source = &body["source"];
    if source["sourceImage"].as_str().is_none_or(str::is_empty) {
        return Err(invalid("source.sourceImage is required."));
    }
    if source["resourceId"].is_string() == source["registryUri"].is_string() {
        return Err(invalid("either source.resourceId or source.registryUri is required."));
    }
    let registry = parts_of(id).2.to_lowercase();
    let tags: Vec<String> = serde_json::from_value(body["targetTags"].clone()).unwrap_or_default();
    for tag in &tags {
        if cloud.images.contains_key(&format!("{registry}/{tag}")) && body["mode"] != "Force" {
            let text = format!("Tag {tag} already exists in target registry.");
            return Err(refusal(409, "TagAlreadyExists", text));
        }
    }
    let denied = source["credentials"]["password"] == "wrong";
    let operation = cloud.operation(cloud.knobs.build_time, move |cloud| {
        if denied {
            let text = "The source registry denied the credentials.";
            return Some(error_object("InvalidCredentials", text));
        }
        for tag in &tags {
            let digest = format!("sha256:{}", prebake::model::hex_digest(tag.as_bytes()));
            cloud.images.insert(format!("{registry}/{tag}"), digest);
        }
        None
    });
    Ok(cloud.accepted("Microsoft.ContainerRegistry", &operation))
}

fn upload_url(cloud: &mut Cloud, id: &str) -> Outcome {
    cloud.need(id)?;
    let path = format!("tasks-source/{}.tar.gz", cloud.next());
    let url = format!("{}/blob/{path}?sv=2018-03-28&sr=b&sig=SECRETSIGNATURE&sp=cw", cloud.base());
    Ok(Answer::ok(&json!({ "relativePath": path, "uploadUrl": url })))
}

fn schedule(cloud: &mut Cloud, request: &Request, id: &str) -> Outcome {
    cloud.need(id)?;
    let body = serde_json::from_slice(&request.body)
        .map_err(|error| refusal(400, "InvalidRequestContent", error.to_string()))?;
    let at = start(cloud, id, body).map_err(|error| refuse_with(400, &error))?;
    Ok(Answer::ok(&shown(cloud, &cloud.runs[at])))
}

/// Starts the run of a `taskRuns` resource.
pub fn task_run(cloud: &mut Cloud, id: &str) -> Result<(), Value> {
    let registry = id.rsplitn(3, '/').nth(2).unwrap_or("").to_owned();
    let request = cloud.resource(id).map(|run| run.shown["properties"]["runRequest"].clone());
    start(cloud, &registry, request.unwrap_or_default()).map(|_| ())
}

fn start(cloud: &mut Cloud, registry: &str, request: Value) -> Result<usize, Value> {
    let kind = request["type"].as_str().unwrap_or("");
    let names = match kind {
        "TaskRunRequest" => {
            let task = request["taskId"].as_str().unwrap_or("");
            let found = cloud.resource(task);
            let found = found.ok_or_else(|| {
                error_object("TaskNotFound", format!("The task {task} was not found."))
            })?;
            found.shown["properties"]["step"]["imageNames"].clone()
        }
        "DockerBuildRequest" => {
            check_source(cloud, &request)?;
            request["imageNames"].clone()
        }
        _ => {
            return Err(error_object(
                "InvalidRequestContent",
                format!("unknown run request '{kind}'"),
            ));
        }
    };
    let name = parts_of(registry).2.to_lowercase();
    let id = format!("ca{}", cloud.next());
    let log = [
        "2026/11/29 10:00:00 Downloading source code...",
        "2026/11/29 10:00:01 Finished downloading source code",
        "Step 1/2 : FROM nvidia/cuda",
    ];
    let run = Run {
        id: id.clone(),
        registry: registry.to_lowercase(),
        request,
        status: "Running".to_owned(),
        created: cloud.clock.text(),
        log: log.map(str::to_owned).to_vec(),
    };
    cloud.runs.push(run);
    let names: Vec<String> = serde_json::from_value(names).unwrap_or_default();
    let end = cloud.knobs.build;
    if end != BuildEnd::Never {
        cloud.after(cloud.knobs.build_time, move |cloud| finish(cloud, &id, &name, &names, end));
    }
    Ok(cloud.runs.len() - 1)
}

/// The context was uploaded before, and is what it says: a compressed archive.
fn check_source(cloud: &Cloud, request: &Value) -> Result<(), Value> {
    let source = request["sourceLocation"].as_str().unwrap_or("");
    if source.starts_with("https://") {
        return Ok(());
    }
    let bytes = cloud.blobs.get(source);
    if !bytes.is_some_and(|bytes| bytes.starts_with(&[0x1f, 0x8b])) {
        return Err(error_object(
            "InvalidSourceLocation",
            format!(
                "The source location '{source}' is not a compressed archive that was uploaded."
            ),
        ));
    }
    if request["dockerFilePath"].as_str().is_none_or(str::is_empty) {
        return Err(error_object("InvalidRequestContent", "dockerFilePath is required."));
    }
    Ok(())
}

fn finish(cloud: &mut Cloud, id: &str, registry: &str, names: &[String], end: BuildEnd) {
    let Some(run) = cloud.runs.iter_mut().find(|run| run.id == id) else { return };
    if run.status != "Running" {
        return;
    }
    if end == BuildEnd::Failed {
        "Failed".clone_into(&mut run.status);
        run.log.push("ERROR: No matching distribution found for torch==9".to_owned());
        run.log.push(format!(
            "Run ID: {id} failed after 30s. Error: failed during run, err: exit status 1"
        ));
        return;
    }
    "Succeeded".clone_into(&mut run.status);
    run.log.push(format!("Run ID: {id} was successful after 30s"));
    if end == BuildEnd::Succeeded {
        for name in names {
            let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
            let digest = format!("sha256:{}", prebake::model::hex_digest(name.as_bytes()));
            cloud.images.insert(format!("{registry}/{repository}:{tag}"), digest);
        }
    }
}

fn find<'a>(cloud: &'a Cloud, registry: &str, id: &str) -> Result<&'a Run, Answer> {
    let registry = registry.to_lowercase();
    let found = cloud.runs.iter().find(|run| run.registry == registry && run.id == id);
    found.ok_or_else(|| {
        let (group, _, name) = parts_of(&registry);
        resource_not_found(&format!("{KIND}/runs"), &format!("{name}/{id}"), &group)
    })
}

fn shown(cloud: &Cloud, run: &Run) -> Value {
    let mut shown = json!({
        "type": format!("{KIND}/runs"), "id": format!("{}/runs/{}", run.registry, run.id), "name": run.id,
        "properties": {
            "runId": run.id, "status": run.status, "lastUpdatedTime": cloud.clock.text(),
            "runType": if run.request["type"] == "TaskRunRequest" { "QuickRun" } else { "QuickBuild" },
            "createTime": run.created, "startTime": run.created,
            "platform": { "os": "linux", "architecture": "amd64" },
            "agentConfiguration": { "cpu": 2 }, "provisioningState": "Succeeded",
            "isArchiveEnabled": false,
        },
    });
    if run.request["type"] == "TaskRunRequest" {
        shown["properties"]["task"] =
            json!(run.request["taskId"].as_str().and_then(|id| id.rsplit('/').next()));
    }
    if run.status != "Running" {
        shown["properties"]["finishTime"] = json!(cloud.clock.text());
    }
    if run.status == "Succeeded" {
        let names = run.request["imageNames"].as_array().cloned().unwrap_or_default();
        let images = names.iter().filter_map(Value::as_str).map(|name| {
            let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
            json!({
                "registry": "registry", "repository": repository, "tag": tag,
                "digest": format!("sha256:{}", prebake::model::hex_digest(name.as_bytes())),
            })
        });
        shown["properties"]["outputImages"] = Value::Array(images.collect());
    }
    shown
}

/// Newest first; `$filter` knows `status eq 'Running'`, as the API does.
fn runs(cloud: &Cloud, request: &Request, id: &str) -> Outcome {
    cloud.need(id)?;
    let id = id.to_lowercase();
    let filter = request.query("$filter").unwrap_or("");
    let status = filter.to_lowercase();
    let wanted = cloud.runs.iter().rev().filter(|run| run.registry == id).filter(|run| {
        !status.contains("status eq")
            || status.contains(&format!("'{}'", run.status.to_lowercase()))
    });
    let shown: Vec<Value> = wanted.map(|run| shown(cloud, run)).collect();
    Ok(list(&shown))
}

fn log_url(cloud: &Cloud, id: &str, run: &str) -> Outcome {
    find(cloud, id, run)?;
    let url = format!(
        "{}/blob/logs/{run}/rawtext.log?sv=2018-03-28&sr=b&sig=SECRETSIGNATURE&sp=r",
        cloud.base()
    );
    Ok(Answer::ok(&json!({ "logLink": url })))
}

fn cancel(cloud: &mut Cloud, id: &str, run: &str) -> Outcome {
    find(cloud, id, run)?;
    if let Some(run) = cloud.runs.iter_mut().find(|known| known.id == run) {
        "Canceled".clone_into(&mut run.status);
    }
    Ok(Answer::empty(202))
}

/// The log of a run as a blob; its metadata says when it is complete.
pub fn log(cloud: &Cloud, run: &str) -> Option<(Vec<u8>, Option<String>)> {
    let run = cloud.runs.iter().find(|known| known.id == run)?;
    let text = format!("{}\r\n", run.log.join("\r\n"));
    let complete = (run.status != "Running").then(|| run.status.to_lowercase());
    Some((text.into_bytes(), complete))
}

/// The registry's own host.
///
/// Shapes: the OCI distribution specification; <https://learn.microsoft.com/rest/api/containerregistry/>
/// (`tag`, `manifests`, authentication); `/oauth2/exchange` and `/oauth2/token` as
/// <https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md> shows them.
pub fn data_plane(cloud: &mut Cloud, name: &str, request: &Request) -> Outcome {
    if cloud.named(KIND, name).is_none() {
        // Its name does not resolve any more; a gateway is as near as loopback comes to that.
        return Err(Answer::empty(502));
    }
    if !cloud.knobs.registry_reachable {
        let text = "client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.";
        return Err(registry_refusal(403, "DENIED", text));
    }
    let words: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), words.as_slice()) {
        ("POST", ["oauth2", "exchange"]) => exchange(cloud, request),
        ("POST", ["oauth2", "token"]) => token(cloud, name, request),
        (_, ["v2"]) => {
            check_access(cloud, name, request, None)?;
            Ok(Answer::ok(&json!({})))
        }
        ("GET", ["v2", "_catalog"]) => {
            check_access(cloud, name, request, None)?;
            let prefix = format!("{name}/");
            let images = cloud.images.keys().filter_map(|image| image.strip_prefix(&prefix));
            let names = images.filter_map(|image| image.rsplit_once(':')).map(|(name, _)| name);
            let names: std::collections::BTreeSet<&str> = names.collect();
            Ok(Answer::ok(&json!({ "repositories": names })))
        }
        ("GET" | "HEAD", ["v2", repository @ .., "manifests", reference]) => {
            manifest(cloud, name, request, &repository.join("/"), reference)
        }
        (
            "GET",
            ["v2", repository @ .., "tags", "list"] | ["acr", "v1", repository @ .., "_tags"],
        ) => tags(cloud, name, request, &repository.join("/")),
        ("GET", ["acr", "v1", repository @ .., "_tags", tag]) => {
            tag_of(cloud, name, request, &repository.join("/"), tag)
        }
        ("GET", ["acr", "v1", repository @ .., "_manifests", digest]) => {
            manifest(cloud, name, request, &repository.join("/"), digest)
        }
        _ => Err(super::no_route()),
    }
}

fn exchange(cloud: &Cloud, request: &Request) -> Outcome {
    let form = request.form();
    let token = form.iter().find(|(name, _)| name == "access_token").map_or("", |(_, token)| token);
    if !entra::is_exchangeable(cloud, token) {
        return Err(registry_refusal(
            401,
            "UNAUTHORIZED",
            "authentication required, visit https://aka.ms/acr/authorization for more information.",
        ));
    }
    Ok(Answer::ok(
        &json!({ "refresh_token": entra::registry_token(cloud, &json!({ "grant_type": "refresh_token" })) }),
    ))
}

/// A token for what is asked for, as far as the caller has the right.
fn token(cloud: &Cloud, name: &str, request: &Request) -> Outcome {
    let form = request.form();
    let field =
        |name: &str| form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value);
    if entra::registry_claims(cloud, field("refresh_token")).is_none() {
        return Err(registry_refusal(
            401,
            "UNAUTHORIZED",
            "authentication required, visit https://aka.ms/acr/authorization for more information.",
        ));
    }
    let access: Vec<Value> = form
        .iter()
        .filter(|(name, _)| name == "scope")
        .flat_map(|(_, scope)| scope.split(' '))
        .filter_map(|scope| {
            let mut parts = scope.split(':');
            let (kind, repository, actions) = (parts.next()?, parts.next()?, parts.next()?);
            let actions: Vec<&str> =
                if may_use(cloud, name) { actions.split(',').collect() } else { Vec::new() };
            Some(json!({ "type": kind, "name": repository, "actions": actions }))
        })
        .collect();
    Ok(Answer::ok(
        &json!({ "access_token": entra::registry_token(cloud, &json!({ "access": access })) }),
    ))
}

/// Repository permissions count in an ABAC registry, where the roles of the registry do not.
fn may_use(cloud: &Cloud, name: &str) -> bool {
    let abac = cloud.named(KIND, name).is_some_and(|registry| {
        registry
            .text("/properties/roleAssignmentMode")
            .eq_ignore_ascii_case("AbacRepositoryPermissions")
    });
    !abac || cloud.knobs.repository_rights
}

fn check_access(
    cloud: &mut Cloud,
    name: &str,
    request: &Request,
    repository: Option<&str>,
) -> Result<(), Answer> {
    let token = request.header("authorization").and_then(|text| text.strip_prefix("Bearer "));
    let claims = token.and_then(|token| entra::registry_claims(cloud, token));
    let allowed = claims.is_some_and(|claims| {
        let access = claims["access"].as_array();
        repository.is_none()
            || access.is_some_and(|access| {
                access.iter().any(|entry| {
                    entry["name"].as_str() == repository
                        && entry["actions"].as_array().is_some_and(|actions| !actions.is_empty())
                })
            })
    });
    if allowed {
        return Ok(());
    }
    let host = cloud.host(&Service::Registry(name.to_owned()));
    let scope =
        repository.map(|name| format!(",scope=\"repository:{name}:pull\"")).unwrap_or_default();
    Err(registry_refusal(
        401,
        "UNAUTHORIZED",
        "authentication required, visit https://aka.ms/acr/authorization for more information.",
    )
    .with_header(
        "WWW-Authenticate",
        format!("Bearer realm=\"https://{host}/oauth2/token\",service=\"{host}\"{scope}"),
    )
    .with_header("Docker-Distribution-Api-Version", "registry/2.0"))
}

fn digest_of(
    cloud: &Cloud,
    name: &str,
    repository: &str,
    reference: &str,
) -> Result<String, Answer> {
    let prefix = format!("{name}/{repository}:");
    if !cloud.images.keys().any(|image| image.starts_with(&prefix)) {
        return Err(registry_refusal(
            404,
            "NAME_UNKNOWN",
            &format!("repository \"{repository}\" is not found"),
        ));
    }
    let by_tag = cloud.images.get(&format!("{prefix}{reference}")).cloned();
    let by_digest = || {
        let mut known = cloud.images.iter().filter(|(image, _)| image.starts_with(&prefix));
        known.find(|(_, digest)| *digest == reference).map(|(_, digest)| digest.clone())
    };
    by_tag.or_else(by_digest).ok_or_else(|| {
        registry_refusal(
            404,
            "MANIFEST_UNKNOWN",
            &format!("manifest tagged by \"{reference}\" is not found"),
        )
    })
}

fn manifest(
    cloud: &mut Cloud,
    name: &str,
    request: &Request,
    repository: &str,
    reference: &str,
) -> Outcome {
    check_access(cloud, name, request, Some(repository))?;
    let digest = digest_of(cloud, name, repository, reference)?;
    let body = json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {}, "layers": [], "registry": name, "imageName": repository,
        "manifest": { "digest": digest },
    });
    Ok(Answer::ok(&body).with_header("Docker-Content-Digest", digest))
}

fn tags(cloud: &mut Cloud, name: &str, request: &Request, repository: &str) -> Outcome {
    check_access(cloud, name, request, Some(repository))?;
    let prefix = format!("{name}/{repository}:");
    let tags: Vec<&str> =
        cloud.images.keys().filter_map(|image| image.strip_prefix(&prefix)).collect();
    if tags.is_empty() {
        return Err(registry_refusal(
            404,
            "NAME_UNKNOWN",
            &format!("repository \"{repository}\" is not found"),
        ));
    }
    if request.path.starts_with("/v2/") {
        return Ok(Answer::ok(&json!({ "name": repository, "tags": tags })));
    }
    let tags: Vec<Value> = tags.iter().map(|tag| json!({ "name": tag })).collect();
    Ok(Answer::ok(&json!({ "registry": name, "imageName": repository, "tags": tags })))
}

fn tag_of(
    cloud: &mut Cloud,
    name: &str,
    request: &Request,
    repository: &str,
    tag: &str,
) -> Outcome {
    check_access(cloud, name, request, Some(repository))?;
    let digest = digest_of(cloud, name, repository, tag).map_err(|refusal| {
        if String::from_utf8_lossy(&refusal.body).contains("NAME_UNKNOWN") {
            return refusal;
        }
        registry_refusal(404, "TAG_UNKNOWN", "the specified tag does not exist")
    })?;
    let host = cloud.host(&Service::Registry(name.to_owned()));
    Ok(Answer::ok(&json!({
        "registry": host, "imageName": repository,
        "tag": {
            "name": tag, "digest": digest, "createdTime": cloud.clock.text(),
            "lastUpdateTime": cloud.clock.text(), "signed": false,
            "changeableAttributes": { "deleteEnabled": true, "writeEnabled": true, "readEnabled": true, "listEnabled": true },
        },
    })))
}
