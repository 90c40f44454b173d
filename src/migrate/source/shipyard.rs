//! The files of Batch Shipyard: `pool.yaml`, `config.yaml`, `credentials.yaml` and `jobs.yaml`.

use serde_json::{Map, Value, json};

use super::detect::Kind;
use super::resource::JOB;
use super::{Becomes, Companion, Sources};
use crate::migrate::File;
use crate::migrate::ledger::{Fate, SourcePool, steps_of};

/// The top keys of its files.
pub(super) const KEYS: [&str; 6] = [
    "pool_specification",
    "global_resources",
    "batch_shipyard",
    "credentials",
    "job_specifications",
    "data_replication",
];

/// Whether a document is one of Batch Shipyard's.
pub(super) fn is_shipyard(value: &Value) -> bool {
    KEYS.iter().any(|key| value.get(key).is_some())
}

const VOLUMES: &str = "/global_resources/volumes/shared_data_volumes";

/// Reads the files of Batch Shipyard, which describe one pool together.
pub(super) fn read(documents: &[(&File, Kind)], sources: &mut Sources) {
    let files: Vec<(&File, &Value)> = documents
        .iter()
        .filter_map(|(file, kind)| match kind {
            Kind::Shipyard(value) => Some((*file, value)),
            _ => None,
        })
        .collect();
    let storage = files.iter().find_map(|(_, value)| value.pointer("/credentials/storage"));
    let mut pool: Option<SourcePool> = None;
    for (file, value) in &files {
        if value.get("pool_specification").is_some() {
            sources.pools.extend(pool.take());
            let mut new = SourcePool::new(&file.name);
            take(&mut new, value, storage);
            pool = Some(new);
        }
    }
    let Some(mut pool) = pool else {
        jobs(&files, sources);
        return;
    };
    let own = pool.file.clone();
    for (file, value) in files.iter().filter(|(_, value)| value.get("pool_specification").is_none())
    {
        file.name.clone_into(&mut pool.file);
        take(&mut pool, value, storage);
    }
    pool.file = own;
    containers(&mut pool);
    downloads(&mut pool);
    one_scale(&mut pool);
    sources.pools.push(pool);
    jobs(&files, sources);
}

fn take(pool: &mut SourcePool, value: &Value, storage: Option<&Value>) {
    let mut rest = value.clone();
    let volumes = rest.pointer_mut(VOLUMES).map(Value::take);
    if let Some(object) = rest.as_object_mut() {
        object.shift_remove("job_specifications");
    }
    pool.take_all("shipyard", &rest);
    for (name, volume) in volumes.iter().filter_map(Value::as_object).flatten() {
        self::volume(pool, name, volume, storage);
    }
}

/// A formula scales the pool, and the counts of nodes say nothing then.
fn one_scale(pool: &mut SourcePool) {
    let scale = pool.body.pointer_mut("/properties/scaleSettings").and_then(Value::as_object_mut);
    let Some(scale) = scale.filter(|scale| scale.contains_key("autoScale")) else { return };
    let has_formula = scale.get("autoScale").is_some_and(|auto| auto.get("formula").is_some());
    let (unused, why) = if has_formula {
        ("fixedScale", "the formula sets the number of nodes")
    } else {
        ("autoScale", "the pool has no formula")
    };
    if scale.shift_remove(unused).is_some() {
        let prefix = format!("/properties/scaleSettings/{unused}/");
        for entry in &mut pool.entries {
            if let Fate::Pool(pointers) = &entry.fate
                && pointers.iter().any(|pointer| pointer.starts_with(&prefix))
            {
                entry.fate = Fate::Dropped(why.to_owned());
            }
        }
    }
}

/// Shipyard's images are Docker's, and their pools run containers whether or not any is named.
fn containers(pool: &mut SourcePool) {
    let kind = "/properties/deploymentConfiguration/virtualMachineConfiguration/containerConfiguration/type";
    pool.put(&steps_of(kind), json!("DockerCompatible"));
}

/// Shipyard downloaded resource files with a start task of its own, and a pool has none without a command.
fn downloads(pool: &mut SourcePool) {
    if pool.body.pointer("/properties/startTask/resourceFiles").is_some() {
        pool.put(&steps_of("/properties/startTask/commandLine"), json!("true"));
    }
}

const MOUNTED: &str = "tasks find it under `$AZ_BATCH_NODE_MOUNTS_DIR`. Bind that folder to this path in the container \
     settings of the tasks";

/// A shared data volume: a mount, where Batch has one of its kind.
fn volume(pool: &mut SourcePool, name: &str, volume: &Value, storage: Option<&Value>) {
    let text = |key: &str| volume.get(key).and_then(Value::as_str);
    let link = text("storage_account_settings").unwrap_or_default();
    let account = storage
        .and_then(|storage| storage.get(link)?.get("account")?.as_str())
        .unwrap_or(link)
        .to_owned();
    let folder = text("container_path").unwrap_or(name).rsplit('/').next().unwrap_or(name);
    let options: Vec<&str> = volume
        .get("mount_options")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fstab = |key: &str| volume.get("fstab_entry")?.get(key)?.as_str();
    let mount = match text("volume_driver").unwrap_or_default() {
        "azureblob" => text("azure_blob_container_name").map(|container| {
            let mut mount = json!({
                "accountName": account, "containerName": container, "relativeMountPath": folder,
            });
            if !options.is_empty() {
                mount["blobfuseOptions"] = json!(options.join(" "));
            }
            ("azureBlobFileSystemConfiguration", mount)
        }),
        "azurefile" => text("azure_file_share_name").map(|share| {
            let mut mount = json!({
                "accountName": account,
                "azureFileUrl": format!("https://{account}.file.core.windows.net/{share}"),
                "relativeMountPath": folder,
            });
            if !options.is_empty() {
                mount["mountOptions"] = json!(format!("-o {}", options.join(",")));
            }
            ("azureFileShareConfiguration", mount)
        }),
        "custom_linux_mount" if fstab("fs_vfstype").is_some_and(|kind| kind.starts_with("nfs")) => {
            fstab("fs_spec").map(|source| {
                let mut mount = json!({ "source": source, "relativeMountPath": folder });
                if let Some(options) = fstab("fs_mntops") {
                    mount["mountOptions"] = json!(format!("-o {options}"));
                }
                ("nfsMountConfiguration", mount)
            })
        }
        _ => None,
    };
    let base = format!("{VOLUMES}/{name}");
    tell(pool, &base, volume, mount.as_ref(), text("volume_driver").unwrap_or_default());
}

/// Puts the mount into the pool, and says of each property of the volume what became of it.
fn tell(
    pool: &mut SourcePool,
    base: &str,
    volume: &Value,
    mount: Option<&(&str, Value)>,
    driver: &str,
) {
    let index = pool.length(&steps_of("/properties/mountConfiguration"));
    let at = mount.map(|(kind, _)| format!("/properties/mountConfiguration/{index}/{kind}"));
    let parts = mount.and_then(|(_, value)| value.as_object().cloned()).unwrap_or_default();
    for (key, value) in &parts {
        if let Some(at) = &at {
            pool.put(&steps_of(&format!("{at}/{key}")), value.clone());
        }
    }
    let step = format!(
        "Batch does not support mounts of the kind `{driver}`. Provide the files over NFS and mount them (`mounts`, \
         kind `nfs`), or mount them in the start task"
    );
    for (path, value) in crate::migrate::ledger::leaves(volume) {
        let key = path.split(['[', '.']).next().unwrap_or_default().to_owned();
        let target = target_of(&parts, &key);
        let fate = match (&at, key.as_str(), target) {
            (None, ..) => Fate::Step(step.clone()),
            (Some(_), "container_path", _) => Fate::Step(MOUNTED.to_owned()),
            (Some(_), "bind_options", _) => Fate::Step(
                "set it where the tasks bind the folder (`:ro` or `:rw` in their container settings)".to_owned(),
            ),
            (Some(at), _, Some(target)) => Fate::Pool(vec![format!("{at}/{target}")]),
            (Some(_), "volume_driver", None) => Fate::Key("batch.pools[].mounts".to_owned()),
            (Some(_), _, None) => Fate::Dropped("a mount does not have this setting".to_owned()),
        };
        let mut steps = steps_of(base);
        steps.push(path);
        pool.tell(&steps, &value, fate);
    }
}

/// The part of a mount that a property of a volume decides.
fn target_of(mount: &Map<String, Value>, key: &str) -> Option<&'static str> {
    let names: &[&'static str] = match key {
        "storage_account_settings" => &["accountName"],
        "azure_blob_container_name" => &["containerName"],
        "azure_file_share_name" => &["azureFileUrl"],
        "mount_options" => &["blobfuseOptions", "mountOptions"],
        "fstab_entry" => &["source"],
        _ => &[],
    };
    names.iter().find(|name| mount.contains_key(**name)).copied()
}

/// Jobs are submitted by other means.
fn jobs(files: &[(&File, &Value)], sources: &mut Sources) {
    for (file, value) in files {
        let jobs = value.get("job_specifications").and_then(Value::as_array);
        for job in jobs.into_iter().flatten() {
            let id = job.get("id").and_then(Value::as_str).unwrap_or("job");
            let what = if job.get("recurrence").is_some() { "job schedule" } else { "job" };
            let tasks = job.get("tasks").and_then(Value::as_array).map_or(0, Vec::len);
            let s = if tasks == 1 { "" } else { "s" };
            let step = format!(
                "Shipyard submitted it with {tasks} task{s}. Submit its tasks yourself (`az batch job create`, `az batch task \
                 create --json-file`) with `containerSettings.imageName`: {JOB}"
            );
            sources.companions.push(Companion {
                file: file.name.clone(),
                what: format!("{what} `{id}`"),
                pool: None,
                becomes: Becomes::Step(step.into()),
            });
        }
    }
}
