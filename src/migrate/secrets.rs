//! Takes out of a pool what the config does not take over: secrets, and parts that mean nothing without theirs.

use serde_json::{Value, json};

use super::config::{MACHINE, is_secret};
use super::images;
use super::keys;
use super::ledger::{Fate, SourcePool, pointer_of, steps_of};
use crate::check;

/// Properties that hold a secret, by their name.
const SECRETS: [&str; 5] =
    ["password", "accountKey", "sasKey", "sshPrivateKey", "protectedSettings"];

const REGISTRY: &str = "prebake pulls with an identity. Copy the images into the registry of the config (`images[].import`, \
     with `user` and `loginVariable`), and keep the password out of the config";
const OWN_REGISTRY: &str = "prebake pulls from this registry with an identity. If nothing else uses its admin user, turn \
     it off (`az acr update --admin-enabled false`)";
const MOUNT: &str = "nodes mount with an identity: grant it the role Storage Blob Data Reader (or Contributor, to write) on \
     the account, and keep the key out of the config";
const SHARE: &str = "Batch mounts an Azure Files share with this key: store it in Key Vault, and name the secret in \
     `mounts[].key`";
const CIFS: &str = "keep the password out of the config: mount the files over NFS, or let the start task read the password \
     from Key Vault";
const USER_OF_TASK: &str = "the start task runs as this user: add the user (`users`) first, and then set the user of the \
     task with a `patch`. Until then, the task runs as an automatic user";
const USER: &str = "Azure never returns the password of a user, and a config contains no passwords: store a new one in Key \
     Vault, and add the user (`users`)";
const EXTENSION: &str = "Azure never returns protected settings, and a config contains no secrets: add the extension with a \
     `patch` that reads them from Key Vault";
const SETTING: &str =
    "a config contains no secrets: add the setting with a `patch` that reads it from Key Vault";
const VALUE: &str =
    "store it in Key Vault, and let the task read it with an identity of the pool (`identities`)";
const SIGNATURE: &str = "the config contains the URL without its signature: grant an identity of the pool the role Storage Blob Data Reader on the container";
const PACKAGE: &str = "the source does not name the account of the package: set the account (`batch.account`), \
                       upload the package there (`az batch application package create`), and add it to the pool";
const FILE: &str = "the source does not name the account whose auto-storage holds the files: set the account (`batch.account`), \
     and add the files to the start task (`resourceFiles`)";
pub(super) const DRIVER: &str =
    "the GPU driver is baked into the image, and Azure advises against installing it twice";

/// Marks what is left out, and removes secrets from the body.
pub(super) fn take_out(pool: &mut SourcePool) {
    let mut fates: Vec<(usize, Fate)> = Vec::new();
    for index in 0..pool.entries.len() {
        let entry = &pool.entries[index];
        let Fate::Pool(pointers) = &entry.fate else { continue };
        let Some(pointer) = pointers.first().cloned() else { continue };
        if let Some(why) = secret(pool, &pointer) {
            fates.push((index, Fate::Secret(why)));
        }
    }
    for (index, fate) in fates {
        pool.entries[index].fate = fate;
    }
    names_of_registries(pool);
    users_and_packages(pool);
    drivers(pool);
}

/// Why a value is a secret; it is removed, and so is what means nothing without it.
fn secret(pool: &mut SourcePool, pointer: &str) -> Option<String> {
    let steps = steps_of(pointer);
    let value = pool.body.pointer(pointer)?.clone();
    let text = value.as_str().unwrap_or_default().to_owned();
    let named = steps.iter().find(|step| SECRETS.contains(&step.as_str()));
    if named.is_some() {
        let (why, whole) = of_part(pool, &steps);
        remove(pool, pointer);
        if let Some(whole) = whole {
            pool.left_out.insert(whole, why.to_owned());
        }
        return Some(why.to_owned());
    }
    if let Some((url, _)) = text.split_once('?').filter(|(url, query)| {
        url.starts_with("https://") && (query.contains("sig=") || check::holds_secret(&text))
    }) {
        if let Some(place) = pool.body.pointer_mut(pointer) {
            *place = json!(url);
        }
        let file = pointer_of(&steps[..steps.len().saturating_sub(1)]);
        pool.signed.insert(file);
        return Some(SIGNATURE.to_owned());
    }
    if steps.last().is_some_and(|step| step == "name") {
        return None;
    }
    // A value has its name beside it, or is the value of a key.
    let beside = sibling(pool, &steps, "name").unwrap_or_default();
    let key = steps.last().map(String::as_str).unwrap_or_default();
    if !is_secret(&beside, &text) && !is_secret(key, &text) {
        return None;
    }
    remove(pool, pointer);
    // A variable or an entry of metadata goes with its value; a start task with its command.
    let whole = match key {
        "value" => pointer_of(&steps[..steps.len() - 1]),
        "commandLine" => "/properties/startTask".to_owned(),
        _ => pointer.to_owned(),
    };
    let is_setting = steps.iter().any(|step| step == "extensions");
    let why = if is_setting { SETTING } else { VALUE };
    pool.left_out.insert(whole, why.to_owned());
    Some(why.to_owned())
}

/// An Azure registry is read with an identity instead of a user.
fn names_of_registries(pool: &mut SourcePool) {
    let base = format!("{MACHINE}/containerConfiguration/containerRegistries/");
    for index in 0..pool.entries.len() {
        let Fate::Pool(pointers) = &pool.entries[index].fate else { continue };
        let Some(pointer) = pointers.first().cloned() else { continue };
        let of_registry =
            pointer.strip_prefix(&base).is_some_and(|rest| rest.ends_with("/username"));
        if of_registry && is_azure_registry(pool, &steps_of(&pointer)) {
            remove(pool, &pointer);
            pool.entries[index].fate = Fate::Dropped(OWN_REGISTRY.to_owned());
        }
    }
}

fn is_azure_registry(pool: &SourcePool, steps: &[String]) -> bool {
    let server = sibling(pool, steps, "registryServer").unwrap_or_default();
    images::registry_name(&server).is_some()
}

/// What is said of a secret at a place, and the part that goes with it.
fn of_part(pool: &SourcePool, steps: &[String]) -> (&'static str, Option<String>) {
    let to = |name: &str, more: usize| {
        let at = steps.iter().position(|step| step == name)?;
        Some(pointer_of(&steps[..steps.len().min(at + 1 + more)]))
    };
    if let Some(whole) = to("containerRegistries", 1) {
        if is_azure_registry(pool, steps) {
            return (OWN_REGISTRY, None);
        }
        return (REGISTRY, Some(whole));
    }
    if let Some(whole) = to("containerSettings", 0) {
        return (REGISTRY, Some(whole));
    }
    if let Some(whole) = to("userAccounts", 1) {
        return (USER, Some(whole));
    }
    if let Some(whole) = to("extensions", 1) {
        return (EXTENSION, Some(whole));
    }
    if to("azureFileShareConfiguration", 0).is_some() {
        return (SHARE, None);
    }
    if to("cifsMountConfiguration", 0).is_some() {
        return (CIFS, None);
    }
    if to("mountConfiguration", 0).is_some() {
        return (MOUNT, None);
    }
    (VALUE, None)
}

fn sibling(pool: &SourcePool, steps: &[String], name: &str) -> Option<String> {
    let parent = pointer_of(&steps[..steps.len().checked_sub(1)?]);
    let text = pool.body.pointer(&parent)?.get(name)?.as_str()?;
    Some(text.to_owned())
}

fn remove(pool: &mut SourcePool, pointer: &str) {
    let steps = steps_of(pointer);
    let Some((last, above)) = steps.split_last() else { return };
    if let Some(Value::Object(object)) = pool.body.pointer_mut(&pointer_of(above)) {
        object.shift_remove(last);
    }
}

/// Azure shows no password of a user, so that no source has all that the user needs; a package has to be in the
/// account; a registry that is read with a password is none that prebake reads.
fn users_and_packages(pool: &mut SourcePool) {
    let count = |pool: &SourcePool, pointer: &str| pool.length(&steps_of(pointer));
    for index in 0..count(pool, "/properties/userAccounts") {
        pool.left_out.insert(format!("/properties/userAccounts/{index}"), USER.to_owned());
    }
    // Azure refuses a start task of a user that the pool does not have.
    let user_of_task = "/properties/startTask/userIdentity/userName";
    if pool.body.pointer(user_of_task).is_some() {
        pool.left_out.insert(user_of_task.to_owned(), USER_OF_TASK.to_owned());
    }
    let takes_packages = keys::is_known(&["batch", "pools", "*", "applications"]);
    if pool.place.account.is_none() || !takes_packages {
        for index in 0..count(pool, "/properties/applicationPackages") {
            let at = format!("/properties/applicationPackages/{index}");
            pool.left_out.insert(at, PACKAGE.to_owned());
        }
    }
    let files = "/properties/startTask/resourceFiles";
    for index in 0..count(pool, files) {
        let at = format!("{files}/{index}");
        let stored = pool.body.pointer(&format!("{at}/autoStorageContainerName")).is_some();
        if stored && pool.place.account.is_none() {
            pool.left_out.insert(at, FILE.to_owned());
        }
    }
    let registries = format!("{MACHINE}/containerConfiguration/containerRegistries");
    for index in 0..count(pool, &registries) {
        let at = format!("{registries}/{index}");
        if pool.body.pointer(&format!("{at}/username")).is_some() {
            pool.left_out.insert(at, REGISTRY.to_owned());
        }
    }
}

/// The extension that installs the GPU driver, where prebake bakes it.
fn drivers(pool: &mut SourcePool) {
    let image = pool.body.pointer(&format!("{MACHINE}/imageReference/id")).and_then(Value::as_str);
    if image.is_some_and(|id| id.to_lowercase().contains("/versions/")) {
        return;
    }
    let extensions = pool.body.pointer(&format!("{MACHINE}/extensions")).and_then(Value::as_array);
    let found: Vec<usize> = extensions
        .into_iter()
        .flatten()
        .enumerate()
        .filter(|(_, extension)| {
            let kind = extension.get("type").and_then(Value::as_str).unwrap_or_default();
            ["NvidiaGpuDriverLinux", "AmdGpuDriverLinux"].contains(&kind)
        })
        .map(|(index, _)| index)
        .collect();
    for index in found {
        pool.left_out.insert(format!("{MACHINE}/extensions/{index}"), DRIVER.to_owned());
    }
}
