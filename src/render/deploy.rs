//! What a deployment has to know beside the model: which stages a mode runs, what a build is called, what the
//! builder leaves behind.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::quote;
use crate::catalog::Stage;
use crate::model::{Build, Import, Model, Pool, hex_digest};

/// The template of the script.
pub(super) const TEMPLATE: &str = "deploy/deploy.sh.tera";

/// The most characters that Azure takes in the name of a deployment.
const LONGEST_NAME: usize = 64;
/// Digits of a stage's digest in the name of its deployment.
pub const NAME_DIGEST: usize = 12;

/// What the names of all deployments of a stage of one config begin with: a part of the stage's digest
/// follows. Two configs in one resource group share no name.
pub fn deployment_prefix(name: &str, stage: Stage) -> String {
    let stage = stage.name();
    let room = LONGEST_NAME - "prebake---".len() - stage.len() - NAME_DIGEST;
    if name.len() <= room {
        return format!("prebake-{name}-{stage}-");
    }
    let digest = &hex_digest(name.as_bytes())[..8];
    let kept: String = name.chars().take(room - 9).collect();
    format!("prebake-{kept}-{digest}-{stage}-")
}

/// Whether a stage is deployed up to the image version, and not with the account and its pools.
pub(super) fn is_before_image(stage: Stage, model: &Model) -> bool {
    let bakes = model.node_image.baked().is_some();
    stage != Stage::Batch && (bakes || model.batch.is_none())
}

/// What the template sees besides the model.
#[derive(Serialize)]
pub(super) struct Deploy {
    bakes: bool,
    /// Stage to what the name of its deployment begins with.
    prefixes: BTreeMap<&'static str, String>,
    /// Digest of the bake that a builder VM runs.
    bake_id: Option<String>,
    image_stages: Vec<Stage>,
    batch_stages: Vec<Stage>,
    providers: BTreeSet<&'static str>,
    builds: Vec<ImageBuild>,
    local_builds: bool,
    imports: Vec<Import>,
    builder_resources: Vec<Leftover>,
    /// Name of the image template that bakes, without a builder VM.
    image_template: Option<String>,
}

#[derive(Serialize)]
struct ImageBuild {
    image: String,
    local: bool,
    context: String,
    dockerfile: String,
    dockerfile_path: String,
    task: Option<String>,
    timeout: u32,
    target: Option<String>,
    args: Vec<String>,
    /// The CLI would put the content of a file in the place of a value: it does so with `@file`, and with
    /// `NAME=@file`.
    expands: bool,
}

#[derive(Serialize)]
struct Leftover {
    #[serde(rename = "type")]
    kind: &'static str,
    name: String,
}

/// Everything that the script of a config needs.
pub(super) fn deploy(model: &Model, bake_id: Option<&str>) -> Deploy {
    let bakes = model.node_image.baked().is_some();
    let own_builder = bakes && model.stages.contains(&Stage::Builder);
    let (image_stages, batch_stages) =
        model.stages.iter().copied().partition(|stage| is_before_image(*stage, model));
    let builds: Vec<ImageBuild> =
        model.images.iter().filter_map(|image| image.build.as_ref()).map(build).collect();
    Deploy {
        bakes,
        prefixes: model
            .stages
            .iter()
            .map(|stage| (stage.name(), deployment_prefix(&model.name, *stage)))
            .collect(),
        bake_id: bake_id.filter(|_| own_builder).map(str::to_owned),
        image_stages,
        batch_stages,
        providers: providers(model),
        local_builds: builds.iter().any(|build| build.local),
        imports: model.images.iter().filter_map(|image| image.import.clone()).collect(),
        builds,
        image_template: model
            .builder
            .as_ref()
            .filter(|builder| builder.image_builder)
            .map(|builder| builder.image_template.clone()),
        builder_resources: if own_builder {
            leftovers(model).into_iter().map(|(kind, name)| Leftover { kind, name }).collect()
        } else {
            Vec::new()
        },
    }
}

pub(super) fn providers(model: &Model) -> BTreeSet<&'static str> {
    let mut providers = BTreeSet::new();
    let image_builder = model.builder.as_ref().is_some_and(|builder| builder.image_builder);
    let mut need = |wanted: bool, names: &[&'static str]| {
        if wanted {
            providers.extend(names);
        }
    };
    need(model.registry.is_some(), &["Microsoft.ContainerRegistry"]);
    need(model.identity.is_some() || image_builder, &["Microsoft.ManagedIdentity"]);
    need(model.node_image.baked().is_some(), &["Microsoft.Compute"]);
    need(model.stages.contains(&Stage::Builder), &["Microsoft.Network"]);
    need(!model.endpoints.registry.is_empty(), &["Microsoft.Network"]);
    need(
        image_builder,
        &["Microsoft.ContainerInstance", "Microsoft.KeyVault", "Microsoft.VirtualMachineImages"],
    );
    if let Some(batch) = &model.batch {
        need(true, &["Microsoft.Batch"]);
        need(batch.storage_account.is_some() || image_builder, &["Microsoft.Storage"]);
        need(!batch.pools.is_empty(), &["Microsoft.Network"]);
    }
    providers
}

fn build(build: &Build) -> ImageBuild {
    let context = build.context.trim_end_matches('/');
    let dockerfile_path = if context == "." {
        build.dockerfile.clone()
    } else {
        format!("{context}/{}", build.dockerfile)
    };
    let words = [Some(&build.context), Some(&build.dockerfile), build.target.as_ref()];
    let expands = words.into_iter().flatten().any(|word| word.starts_with('@'))
        || build.args.iter().any(|arg| arg.value.starts_with('@'));
    ImageBuild {
        expands,
        image: build.image.clone(),
        local: !build.remote,
        context: build.context.clone(),
        dockerfile: build.dockerfile.clone(),
        dockerfile_path,
        task: build.task_run.then(|| build.task_name.clone()),
        timeout: build.timeout,
        target: build.target.clone(),
        args: build.args.iter().map(|arg| format!("{}={}", arg.name, arg.value)).collect(),
    }
}

/// The resources of the builder's stage, in the order in which they let go of each other.
pub(super) fn leftovers(model: &Model) -> Vec<(&'static str, String)> {
    let Some(builder) = &model.builder else { return Vec::new() };
    let mut names = vec![
        ("Microsoft.Compute/virtualMachines", builder.vm.clone()),
        ("Microsoft.Network/networkInterfaces", format!("{}-nic", builder.vm)),
        ("Microsoft.Compute/disks", format!("{}-os", builder.vm)),
    ];
    if model.network.builder_subnet_id.is_none() {
        let network = &model.network.builder_network;
        names.extend([
            ("Microsoft.Network/virtualNetworks", network.clone()),
            ("Microsoft.Network/natGateways", format!("{network}-nat")),
            ("Microsoft.Network/publicIPAddresses", format!("{network}-nat-ip")),
            ("Microsoft.Network/networkSecurityGroups", format!("{network}-nsg")),
        ]);
    }
    names
}

/// `nvidia-smi` works without CUDA, whose library starts here as a framework starts it. Of what runs in an image, only
/// Python can call a library without a compiler.
const START_CUDA: &str = "if command -v python3 > /dev/null; \
then python3 -c 'import ctypes; code = ctypes.CDLL(\"libcuda.so.1\").cuInit(0); print(\"cuInit(0) is\", code); raise SystemExit(code != 0)'; \
else echo 'cuInit(0): NOT CHECKED, because the image has no python3'; fi";

/// A task that looks at the node from inside a container: Docker, the baked image, driver, GPU and CUDA.
pub(super) fn verify_task(model: &Model, pool: &Pool) -> Option<Value> {
    let image = pool.containers.as_ref()?.image_names.first()?;
    let mut options = "--rm --entrypoint /bin/sh".to_owned();
    let mut checks = vec!["echo in a container of $(hostname)".to_owned()];
    let preloaded = |reference: &str| {
        model.images.iter().any(|known| known.preload && known.reference == reference)
    };
    if model.node_image.baked().is_some() {
        options.push_str(" --volume /var/lib/prebake:/var/lib/prebake:ro");
        checks.push("cat /var/lib/prebake/result.json".to_owned());
        if preloaded(image) {
            let word = quote::shell(image);
            checks.push(format!("grep -q -F {word} /var/lib/prebake/result.json"));
            checks.push(format!("echo {word} was on the node when it booted"));
        }
    }
    if pool.size.gpu_model.starts_with("NVIDIA") {
        checks.push("nvidia-smi --query-gpu=name,driver_version --format=csv".to_owned());
        checks.push("nvidia-smi -L | grep -q GPU".to_owned());
        checks.push(START_CUDA.to_owned());
    }
    // Batch takes the text between double quotes as one argument, in which `\\` and `\"` stand for themselves.
    let script = checks.join(" && ").replace('\\', r"\\").replace('"', r#"\""#);
    Some(json!({
        "id": "verify",
        "commandLine": format!("-c \"{script}\""),
        "containerSettings": { "imageName": image, "containerRunOptions": options },
        "userIdentity": { "autoUser": { "scope": "pool", "elevationLevel": "admin" } },
        "constraints": { "maxTaskRetryCount": 0, "maxWallClockTime": "PT30M" },
    }))
}
