use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Imported;
use crate::catalog;

/// Values of environment variables by name.
pub type Variables = BTreeMap<String, String>;

/// The variables that `batch-prep-v2.sh` reads.
pub const KNOWN_VARIABLES: &[&str] = &[
    "ACR_NAME",
    "ACR_SKU",
    "BASE_OS",
    "BATCH_ACCOUNT_NAME",
    "BATCH_NODE_COUNT",
    "BATCH_POOL_ID",
    "BUILD_DOCKER_IMAGE",
    "CONTAINER_IMAGE",
    "CPU_VM_SIZE",
    "CREATE_ACR",
    "DOCKERFILE_PATH",
    "DOCKER_IMAGE_NAME",
    "DOCKER_IMAGE_TAG",
    "ENABLE_GPU",
    "GALLERY_NAME",
    "GPU_VM_SIZE",
    "IMAGE_DEFINITION_NAME",
    "IMAGE_VERSION",
    "LOCATION",
    "OS_VERSION",
    "PRELOAD_IMAGES",
    "RESOURCE_GROUP",
];

/// Region of the script, and of whatever says none.
pub(super) const DEFAULT_LOCATION: &str = "eastus";

/// SKUs of a registry as a config takes them; the script handed any spelling to `az`.
const SKUS: [&str; 3] = ["Basic", "Standard", "Premium"];

/// A config that says what the script's variables said, with the script's defaults where they are unset
/// and prebake's where the script was wrong.
pub fn from_variables(variables: &Variables) -> Imported {
    let script = Script { variables, notes: Vec::new() };
    script.import()
}

struct Script<'a> {
    variables: &'a Variables,
    notes: Vec<String>,
}

impl Script<'_> {
    fn text(&self, name: &str, default: &str) -> String {
        self.variables.get(name).map_or(default, String::as_str).to_owned()
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        let Some(written) = self.variables.get(name) else { return default };
        match written.to_lowercase().as_str() {
            "true" | "1" | "yes" | "y" => true,
            "false" | "0" | "no" | "n" | "" => false,
            _ => {
                self.note(format!("{name} `{written}` says neither yes nor no: no is taken"));
                false
            }
        }
    }

    /// A value that has to be one that a config takes; else the default, and a note.
    fn fitting<T>(&mut self, name: &str, default: T, read: impl Fn(&str) -> Option<T>) -> T
    where
        T: std::fmt::Display,
    {
        let Some(written) = self.variables.get(name) else { return default };
        read(written).unwrap_or_else(|| {
            self.note(format!(
                "{name} `{written}` is none that a config takes: {default} is taken"
            ));
            default
        })
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    fn import(mut self) -> Imported {
        let mut config = Map::new();
        let group = self.text("RESOURCE_GROUP", "batch-rg");
        config.insert("name".into(), json!(deployment_name(&group)));
        config.insert("location".into(), json!(self.text("LOCATION", DEFAULT_LOCATION)));
        config.insert("resourceGroup".into(), json!(group));
        let images = self.images(&mut config);
        config.insert("images".into(), Value::Array(images));
        config.insert("node".into(), self.node());
        config.insert("gallery".into(), self.gallery());
        config.insert("batch".into(), self.batch());
        let yaml = serde_yaml::to_string(&config).expect("plain data serialises");
        let head = "# yaml-language-server: $schema=./schemas/config.schema.json\n\
                    # Made by `prebake init --from-env` from the variables of batch-prep-v2.sh.\n";
        Imported { yaml: format!("{head}{yaml}"), notes: self.notes }
    }

    /// The image, and the registry if one is needed.
    fn images(&mut self, config: &mut Map<String, Value>) -> Vec<Value> {
        let preload = self.flag("PRELOAD_IMAGES", false);
        if self.variables.contains_key("PRELOAD_IMAGES") && !preload {
            self.note("PRELOAD_IMAGES is off: nodes pull the image when they join");
        }
        let builds = self.flag("BUILD_DOCKER_IMAGE", false);
        let creates = self.flag("CREATE_ACR", false);
        if let (false, Some(reference)) = (builds, self.variables.get("CONTAINER_IMAGE")) {
            let reference = reference.clone();
            return vec![self.existing_image(&reference, preload, creates, config)];
        }
        if !builds && !creates {
            return Vec::new();
        }
        self.registry(creates, config);
        let name = self.text("DOCKER_IMAGE_NAME", "batch-gpu-pytorch");
        let mut image = json!({ "name": name, "tag": self.tag(), "preload": preload });
        if builds || creates {
            if !builds {
                self.note(
                    "BUILD_DOCKER_IMAGE is off, but the registry is created empty: the image is built",
                );
            }
            let dockerfile = self.text("DOCKERFILE_PATH", "Dockerfile");
            image["build"] = json!({ "context": ".", "dockerfile": dockerfile });
        }
        vec![image]
    }

    fn tag(&mut self) -> String {
        let tag = self.text("DOCKER_IMAGE_TAG", "latest");
        if tag == "latest" {
            self.note(
                "DOCKER_IMAGE_TAG is `latest`, which moves: give every build a tag of its own",
            );
        }
        tag
    }

    fn registry(&mut self, creates: bool, config: &mut Map<String, Value>) {
        let mut registry = json!({ "create": creates });
        if creates {
            let sku = self.fitting("ACR_SKU", "Basic", |written| {
                SKUS.into_iter().find(|sku| sku.eq_ignore_ascii_case(written))
            });
            registry["sku"] = json!(sku);
        }
        match self.variables.get("ACR_NAME") {
            Some(name) => {
                registry["name"] = json!(super::reference::registry_name(name).unwrap_or(name));
            }
            None if creates => self.note(
                "ACR_NAME is unset: the script drew it at random, prebake derives it from name and group",
            ),
            None => {
                registry["name"] = json!("changeme");
                self.note("ACR_NAME is unset and CREATE_ACR is off: put the registry's name in place of `changeme`");
            }
        }
        config.insert("registry".into(), registry);
    }

    /// `CONTAINER_IMAGE` names an image that exists, in an ACR or in a public registry.
    fn existing_image(
        &mut self,
        reference: &str,
        preload: bool,
        creates: bool,
        config: &mut Map<String, Value>,
    ) -> Value {
        let (name, version) = split_reference(reference);
        let mut image = json!({ "preload": preload });
        match version {
            Some(Version::Digest(digest)) => image["digest"] = json!(digest),
            Some(Version::Tag(tag)) => image["tag"] = json!(tag),
            None => {
                image["tag"] = json!("latest");
                self.note(format!(
                    "CONTAINER_IMAGE `{reference}` has no tag: `latest` moves, pin it"
                ));
            }
        }
        let host = name.split_once('/').map(|(host, _)| host).unwrap_or_default();
        if let Some(registry) = super::reference::registry_name(host) {
            config.insert("registry".into(), json!({ "create": false, "name": registry }));
            if creates {
                self.note("CREATE_ACR is on, but CONTAINER_IMAGE is in a registry that exists: it is used");
            }
            image["name"] = json!(name[host.len() + 1..]);
        } else if host.contains(['.', ':']) {
            image["name"] = json!(name);
        } else if name.contains('/') {
            image["name"] = json!(format!("docker.io/{name}"));
        } else {
            image["name"] = json!(format!("docker.io/library/{name}"));
        }
        image
    }

    fn node(&mut self) -> Value {
        let gpu = self.flag("ENABLE_GPU", true);
        let (variable, default) = if gpu {
            ("GPU_VM_SIZE", "Standard_NC4as_T4_v3")
        } else {
            ("CPU_VM_SIZE", catalog::config_default("cpu-size"))
        };
        let size = self.text(variable, default);
        json!({ "os": self.os(), "gpu": gpu, "vmSize": size })
    }

    fn os(&mut self) -> String {
        let base = self.text("BASE_OS", "ubuntu").to_lowercase();
        let default = if base == "almalinux" { "9" } else { "22.04" };
        let mut version = self.text("OS_VERSION", default);
        if base == "almalinux" && version.starts_with("22") {
            // The script kept Ubuntu's default version here and so always fell back to AlmaLinux 8.
            self.note("OS_VERSION 22.04 is none of AlmaLinux: 9 is taken");
            "9".clone_into(&mut version);
        }
        let key = match version.split_once('.') {
            Some((major, _)) if base == "almalinux" => format!("{base}-{major}"),
            _ => format!("{base}-{version}"),
        };
        if catalog::os_keys().any(|known| known == key) {
            return key;
        }
        let default = catalog::config_default("os");
        self.note(format!(
            "BASE_OS/OS_VERSION `{key}` has no Batch node agent today: {default} is taken"
        ));
        default.to_owned()
    }

    fn gallery(&mut self) -> Value {
        let version = self.fitting("IMAGE_VERSION", "1.0.0".to_owned(), |written| {
            let parts: Vec<&str> = written.split('.').collect();
            let numbers = parts.iter().all(|part| {
                part.bytes().all(|byte| byte.is_ascii_digit()) && part.parse::<i32>().is_ok()
            });
            (parts.len() == 3 && numbers).then(|| written.to_owned())
        });
        let mut gallery = json!({ "version": version });
        self.note(
            "the script replaced image version 1.0.0 in place: raise `gallery.version` instead",
        );
        if let Some(name) = self.variables.get("GALLERY_NAME") {
            gallery["name"] = json!(name.replace('-', "_"));
            if name.contains('-') {
                self.note(format!(
                    "GALLERY_NAME `{name}`: galleries take no hyphen, `_` is written"
                ));
            }
        }
        if let Some(name) = self.variables.get("IMAGE_DEFINITION_NAME") {
            gallery["imageDefinition"] = json!(name);
        }
        gallery
    }

    fn batch(&mut self) -> Value {
        let nodes: u32 = self.fitting("BATCH_NODE_COUNT", 1, |written| written.parse().ok());
        let pool = json!({ "id": self.text("BATCH_POOL_ID", "gpu-pool"), "nodes": nodes });
        let mut batch = Map::new();
        match self.variables.get("BATCH_ACCOUNT_NAME") {
            Some(name) => {
                batch.insert("account".into(), json!({ "name": name.to_lowercase() }));
            }
            None => self.note(
                "BATCH_ACCOUNT_NAME is unset: the script drew it at random, prebake derives it",
            ),
        }
        batch.insert("pools".into(), json!([pool]));
        Value::Object(batch)
    }
}

pub(super) enum Version<'a> {
    Tag(&'a str),
    Digest(&'a str),
}

pub(super) fn split_reference(reference: &str) -> (&str, Option<Version<'_>>) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (name, Some(Version::Digest(digest)));
    }
    match reference.rsplit_once(':') {
        // A colon before the last slash is a port.
        Some((name, tag)) if !tag.contains('/') => (name, Some(Version::Tag(tag))),
        _ => (reference, None),
    }
}

/// The resource group, as far as a deployment can be named after it.
pub(super) fn deployment_name(group: &str) -> String {
    let mut name: String = group
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(40)
        .collect();
    name = name.trim_matches('-').to_owned();
    if name.len() < 2 || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        name = format!("batch-{name}");
    }
    name.trim_end_matches('-').to_owned()
}
