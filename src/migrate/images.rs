//! Container images and the registry that they are in.

use serde_json::{Map, Value, json};

use super::config::{Draft, MACHINE, UNKNOWN};
use super::ledger::SourcePool;
use crate::catalog;

/// An image of the config from a reference, and the Azure registry that it is in.
pub(super) fn reference_of(reference: &str) -> (Value, Option<String>) {
    let (name, version) = split_reference(reference);
    let host = name.split_once('/').map(|(host, _)| host).unwrap_or_default();
    let registry = registry_name(host).map(str::to_owned);
    let name = if registry.is_some() {
        name[host.len() + 1..].to_owned()
    } else if host.contains(['.', ':']) {
        name.to_owned()
    } else if name.contains('/') {
        format!("docker.io/{name}")
    } else {
        format!("docker.io/library/{name}")
    };
    let mut image = json!({ "name": name });
    match version {
        Some(Version::Digest(digest)) => image["digest"] = json!(digest),
        Some(Version::Tag(tag)) => image["tag"] = json!(tag),
        None => image["tag"] = json!("latest"),
    }
    (image, registry)
}

/// The name of the Azure registry that a host is, in whatever cloud.
pub(super) fn registry_name(host: &str) -> Option<&str> {
    let cloud = catalog::cloud_of_registry(host)?;
    let name = host.get(..host.len().checked_sub(cloud.registry_suffix.len() + 1)?)?;
    (!name.is_empty()).then_some(name)
}

const NAMES: &str = "/containerConfiguration/containerImageNames";

/// Puts the images of a pool into the config, and the one registry that it can name.
pub(super) fn add(draft: &mut Draft, pool: &SourcePool, notes: &mut Vec<String>) {
    let container = format!("{MACHINE}/containerConfiguration");
    if pool.body.pointer(&container).is_none() {
        notes.push(format!(
            "{} has no container configuration, so it cannot run container tasks: list the images under `images`",
            pool.named()
        ));
        return;
    }
    let names = pool.body.pointer(&format!("{MACHINE}{NAMES}")).and_then(Value::as_array);
    let mut images: Vec<Value> = Vec::new();
    let mut registry: Option<String> = None;
    let mut login_server = "";
    for (index, reference) in names.into_iter().flatten().enumerate() {
        let Some(reference) = reference.as_str() else { continue };
        let (image, own) = reference_of(reference);
        let pointer = (0, format!("{MACHINE}{NAMES}/{index}"));
        let second = own.is_some() && registry.is_some() && own != registry;
        // An image that the pool pulls with an identity of its own stays so by a patch.
        if let (true, Some(name)) = (second, &own)
            && identity_of(pool, name).is_some()
        {
            draft.steps.push(("images".to_owned(), pulled(reference)));
            continue;
        }
        if second {
            let why = "a config uses one registry: add the image to `images` with `import`, which copies it into that registry";
            draft.reasons.insert(pointer, why.to_owned());
            continue;
        }
        if image["tag"] == "latest" {
            notes.push(format!(
                "image `{reference}` uses the moving tag `latest`: pin a tag or a digest"
            ));
        }
        if registry.is_none() && own.is_some() {
            login_server = reference.split('/').next().unwrap_or_default();
        }
        registry = registry.or(own);
        if !images.contains(&image) {
            images.push(image);
        }
    }
    if let Some(label) = registry {
        add_registry(draft, pool, &label, login_server);
    }
    if !images.is_empty() {
        draft.value.insert("images".into(), Value::Array(images));
    }
    registries(draft, pool);
}

/// Puts the registry of the images into the config. A public image is named with its whole host, which is another
/// text for the same image.
fn add_registry(draft: &mut Draft, pool: &SourcePool, label: &str, login_server: &str) {
    if let Some(id) = identity_of(pool, label) {
        draft.value.insert("access".into(), json!({ "pullIdentityId": id }));
    }
    let name = match resource_name(label) {
        name if is_registry(name) => name,
        name => {
            let step = format!("no Azure registry can have the name `{name}`: replace `{UNKNOWN}`");
            draft.steps.push(("registry.name".to_owned(), step.clone()));
            draft.reasons.insert((0, format!("{MACHINE}{NAMES}")), step);
            UNKNOWN
        }
    };
    let mut registry = json!({ "create": false, "name": name });
    // A registry with a domain name label has another host than its name says.
    if name != label && name != UNKNOWN {
        registry["loginServer"] = json!(login_server);
    }
    draft.value.insert("registry".into(), registry);
}

fn is_registry(name: &str) -> bool {
    let rule = catalog::name_rule("Microsoft.ContainerRegistry/registries");
    rule.is_none_or(|rule| rule.check(name).is_ok())
}

/// The name of a registry, whose host may have a domain name label after a hyphen.
fn resource_name(label: &str) -> &str {
    label.split('-').next().unwrap_or(label)
}

/// The identity with which a pool pulls from an Azure registry.
fn identity_of<'p>(pool: &'p SourcePool, name: &str) -> Option<&'p str> {
    let registry = registries_of(pool).find(|registry| {
        let server = registry.get("registryServer").and_then(Value::as_str).unwrap_or_default();
        registry_name(server).is_some_and(|own| own.eq_ignore_ascii_case(name))
    });
    registry?.pointer("/identityReference/resourceId")?.as_str()
}

fn registries_of(pool: &SourcePool) -> impl Iterator<Item = &Value> {
    let list = pool.body.pointer(&format!("{MACHINE}/containerConfiguration/containerRegistries"));
    list.and_then(Value::as_array).into_iter().flatten()
}

/// The identities with which a pool pulls from registries.
pub(super) fn identities(pool: &SourcePool) -> impl Iterator<Item = &str> {
    registries_of(pool)
        .filter_map(|registry| registry.pointer("/identityReference/resourceId")?.as_str())
}

fn pulled(reference: &str) -> String {
    format!(
        "nodes pull `{reference}` when they start, because it is in a second registry: a patch adds the image and its \
         registry. To bake it into the node image, add it to `images` with `import`, which copies it into the registry of \
         the config"
    )
}

/// What becomes of the registries of a pool.
fn registries(draft: &mut Draft, pool: &SourcePool) {
    let base = format!("{MACHINE}/containerConfiguration/containerRegistries");
    let list = pool.body.pointer(&base).and_then(Value::as_array);
    let taken = draft.value.get("registry").and_then(|registry| registry["name"].as_str());
    let taken = taken.map(str::to_owned);
    for (index, registry) in list.into_iter().flatten().enumerate() {
        let server = registry.get("registryServer").and_then(Value::as_str).unwrap_or_default();
        let own = registry_name(server);
        let by_identity = registry.get("identityReference").is_some();
        let why = match own {
            // It is read with the same identity.
            Some(name) if taken.as_deref() == Some(resource_name(name)) && by_identity => continue,
            Some(name) if taken.as_deref() == Some(resource_name(name)) => {
                "prebake creates an identity whose only permission is to pull from this registry".to_owned()
            }
            // A registry that is read with an identity of the pool stays by a patch.
            _ if by_identity => continue,
            Some(name) => format!(
                "prebake pulls with an identity. Set the registry (`registry: {{ create: false, name: {name} }}`), \
                 and list its images under `images`"
            ),
            None => "prebake pulls from one Azure container registry with an identity, and from public registries. \
                     Copy private images of other registries with `images[].import`"
                .to_owned(),
        };
        draft.reasons.insert((0, format!("{base}/{index}")), why);
    }
}

pub(super) enum Version<'a> {
    Tag(&'a str),
    Digest(&'a str),
}

pub(super) fn split_reference(reference: &str) -> (&str, Option<Version<'_>>) {
    if let Some((name, digest)) = reference.split_once('@') {
        let name = match name.rsplit_once(':') {
            // A digest decides, and a tag beside it says nothing.
            Some((name, tag)) if !tag.contains('/') => name,
            _ => name,
        };
        return (name, Some(Version::Digest(digest)));
    }
    match reference.rsplit_once(':') {
        // A colon before the last slash is a port.
        Some((name, tag)) if !tag.contains('/') => (name, Some(Version::Tag(tag))),
        _ => (reference, None),
    }
}

/// Whether two references mean the same image: the host of Docker Hub and the tag `latest` may be left out.
pub(super) fn same(one: &str, other: &str) -> bool {
    let whole = |reference: &str| {
        let (image, registry) = reference_of(reference);
        let image: Map<String, Value> = image.as_object().cloned().unwrap_or_default();
        (image, registry.map(|name| name.to_lowercase()))
    };
    whole(one) == whole(other)
}
