use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::script;
use crate::catalog;
use crate::migrate::config::{DEFAULT_LOCATION, deployment_name};
use crate::migrate::images::{Version, registry_name, split_reference};
use crate::migrate::ledger::{Entry, Fate, SourcePool, steps_of};

/// Values of environment variables by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// The variables that the script reads, each with the place of the config that it decides.
const VARIABLES: &[(&str, &str)] = &[
    ("ACR_NAME", "/registry/name"),
    ("ACR_SKU", "/registry/sku"),
    ("BASE_OS", "/node/os"),
    ("BATCH_ACCOUNT_NAME", "/batch/account/name"),
    ("BATCH_NODE_COUNT", "/batch/pools/0/nodes"),
    ("BATCH_POOL_ID", "/batch/pools/0/id"),
    ("BUILD_DOCKER_IMAGE", "/images/0/build"),
    ("CONTAINER_IMAGE", "/images/0/name"),
    ("CPU_VM_SIZE", "/node/vmSize"),
    ("CREATE_ACR", "/registry/create"),
    ("DOCKERFILE_PATH", "/images/0/build/dockerfile"),
    ("DOCKER_IMAGE_NAME", "/images/0/name"),
    ("DOCKER_IMAGE_TAG", "/images/0/tag"),
    ("ENABLE_GPU", "/node/gpu"),
    ("GALLERY_NAME", "/gallery/name"),
    ("GPU_VM_SIZE", "/node/vmSize"),
    ("IMAGE_DEFINITION_NAME", "/gallery/imageDefinition"),
    ("IMAGE_VERSION", "/gallery/version"),
    ("LOCATION", "/location"),
    ("OS_VERSION", "/node/os"),
    ("OVERRIDE_NODE_COUNT", "/batch/pools/0/nodes"),
    ("PRELOAD_IMAGES", "/images/0/preload"),
    ("RESOURCE_GROUP", "/resourceGroup"),
    ("VM_SIZE", "/node/vmSize"),
];

/// Variables whose value the config writes in a form of its own.
const REWRITTEN: [&str; 8] = [
    "BASE_OS",
    "OS_VERSION",
    "BUILD_DOCKER_IMAGE",
    "CONTAINER_IMAGE",
    "CREATE_ACR",
    "ENABLE_GPU",
    "PRELOAD_IMAGES",
    "DOCKERFILE_PATH",
];

/// The names of the variables that the script reads.
pub(crate) static KNOWN_VARIABLES: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| VARIABLES.iter().map(|(name, _)| *name).collect());

/// SKUs of a registry as a config takes them; the script handed any spelling to `az`.
const SKUS: [&str; 3] = ["Basic", "Standard", "Premium"];

/// The pool of the script's variables, with a config that says what they said: with the script's defaults where
/// they are unset, and prebake's where the script was wrong. `text` is the script, if it was given.
pub(super) fn pool_of_variables(
    variables: &Variables,
    text: Option<&str>,
    notes: &mut Vec<String>,
) -> SourcePool {
    let mut script = Script { variables, text, notes: Vec::new() };
    let config = script.config();
    notes.append(&mut script.notes);
    let mut pool = SourcePool::new("");
    let at = |pointer: &str| config.pointer(pointer);
    at("/batch/pools/0/id").and_then(Value::as_str).unwrap_or_default().clone_into(&mut pool.id);
    let machine = "/properties/deploymentConfiguration/virtualMachineConfiguration";
    let agent = at("/node/os").and_then(Value::as_str).and_then(catalog::node_agent);
    if let Some(agent) = agent {
        pool.put(&steps_of(&format!("{machine}/nodeAgentSkuId")), json!(agent.id));
    }
    for (name, value) in variables {
        let fate = fate(name, value, &config, &mut pool);
        pool.entries.push(Entry {
            at: name.clone(),
            value: json!(value),
            fate,
            file: String::new(),
        });
    }
    pool.config = config.as_object().cloned();
    pool
}

/// What became of a variable: what the config says where the variable decides.
fn fate(name: &str, value: &str, config: &Value, pool: &mut SourcePool) -> Fate {
    let Some((_, pointer)) = VARIABLES.iter().find(|(known, _)| *known == name) else {
        return Fate::Dropped(
            "only the script needs it: prebake derives such names or does not use them".to_owned(),
        );
    };
    let Some(written) = config.pointer(pointer) else {
        return Fate::Dropped("it has no effect with these variables".to_owned());
    };
    let shown = written.as_str().map_or_else(|| written.to_string(), str::to_owned);
    if !shown.eq_ignore_ascii_case(value) && !REWRITTEN.contains(&name) {
        let unused = name.ends_with("VM_SIZE") || name.ends_with("NODE_COUNT");
        return if unused {
            Fate::Dropped(format!("another variable takes precedence: `{shown}`"))
        } else {
            Fate::Differs(format!("`{shown}` is written"))
        };
    }
    match *pointer {
        "/node/vmSize" => pool.put(&steps_of("/properties/vmSize"), written.clone()),
        "/batch/pools/0/nodes" => {
            let fixed = "/properties/scaleSettings/fixedScale/targetDedicatedNodes";
            pool.put(&steps_of(fixed), written.clone())
        }
        pointer => Fate::Key(pointer.trim_start_matches('/').replace("/0", "[]").replace('/', ".")),
    }
}

struct Script<'a> {
    variables: &'a Variables,
    text: Option<&'a str>,
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
                self.note(format!("{name} `{written}` is not a yes or no: the config uses no"));
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
                "prebake does not support {name} `{written}`: the config uses {default}"
            ));
            default
        })
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Whether the script does something; its environment alone says that it is the one that does.
    fn does(&self, sign: &str) -> bool {
        self.text.is_none_or(|text| text.contains(sign))
    }

    fn config(&mut self) -> Value {
        let mut config = Map::new();
        let group = self.text("RESOURCE_GROUP", "batch-rg");
        if !self.variables.contains_key("RESOURCE_GROUP") {
            self.note("RESOURCE_GROUP is not set: replace `batch-rg` with the resource group");
        }
        config.insert("name".into(), json!(deployment_name(&group)));
        config.insert("location".into(), json!(self.text("LOCATION", DEFAULT_LOCATION)));
        config.insert("resourceGroup".into(), json!(group));
        let images = self.images(&mut config);
        if !images.is_empty() {
            config.insert("images".into(), Value::Array(images));
        }
        config.insert("node".into(), self.node());
        config.insert("gallery".into(), self.gallery());
        config.insert("batch".into(), self.batch());
        Value::Object(config)
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
                    "BUILD_DOCKER_IMAGE is off, but the new registry is empty: prebake builds the image",
                );
            }
            let dockerfile = self.dockerfile();
            image["build"] = json!({ "context": ".", "dockerfile": dockerfile });
        }
        vec![image]
    }

    /// The script's own names: `Dockerfile.gpu.ubuntu`, `Dockerfile.cpu.almalinux`.
    fn dockerfile(&mut self) -> String {
        if let Some(given) = self.variables.get("DOCKERFILE_PATH") {
            return given.clone();
        }
        let kind = if self.flag("ENABLE_GPU", true) { "gpu" } else { "cpu" };
        let os = self.text("BASE_OS", "ubuntu").to_lowercase();
        let os = if os == "almalinux" { "almalinux" } else { "ubuntu" };
        let own = format!("Dockerfile.{kind}.{os}");
        // A script that names its Dockerfiles has one for each operating system.
        let assigned = self.text.into_iter().flat_map(str::lines).filter_map(script::assignment);
        let named: Vec<String> = assigned
            .filter(|(name, _)| *name == "DOCKERFILE")
            .map(|(name, written)| script::literal(name, written))
            .filter(|file| file.ends_with(&format!(".{os}")))
            .collect();
        if named.contains(&own) { own } else { named.into_iter().next().unwrap_or(own) }
    }

    fn tag(&mut self) -> String {
        let tag = self.text("DOCKER_IMAGE_TAG", "latest");
        if tag == "latest" {
            self.note(
                "DOCKER_IMAGE_TAG is the moving tag `latest`: use a unique tag for each build",
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
                registry["name"] = json!(registry_name(name).unwrap_or(name));
            }
            None if creates => self.note(
                "ACR_NAME is not set: the script used a random name, and prebake derives it from the name and the \
                 resource group",
            ),
            None => {
                registry["name"] = json!("changeme");
                self.note("ACR_NAME is not set and CREATE_ACR is off: replace `changeme` with the name of the \
                           registry");
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
                    "CONTAINER_IMAGE `{reference}` has no tag, which means the moving tag `latest`: pin a tag"
                ));
            }
        }
        let host = name.split_once('/').map(|(host, _)| host).unwrap_or_default();
        if let Some(registry) = registry_name(host) {
            config.insert("registry".into(), json!({ "create": false, "name": registry }));
            if creates {
                self.note("CREATE_ACR is on, but CONTAINER_IMAGE is in an existing registry: the config uses that \
                           registry");
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
        let os = self.os();
        // The first versions of the script had one size for everything.
        let only = self.variables.get("VM_SIZE").cloned();
        let chosen = ["GPU_VM_SIZE", "CPU_VM_SIZE", "ENABLE_GPU"]
            .iter()
            .any(|name| self.variables.contains_key(*name));
        if let (Some(size), false) = (only, chosen) {
            return json!({ "os": os, "vmSize": size });
        }
        let gpu = self.flag("ENABLE_GPU", true);
        let (variable, default) = if gpu {
            ("GPU_VM_SIZE", "Standard_NC4as_T4_v3")
        } else {
            ("CPU_VM_SIZE", catalog::config_default("cpu-size"))
        };
        let size = self.text(variable, default);
        json!({ "os": os, "gpu": gpu, "vmSize": size })
    }

    fn os(&mut self) -> String {
        let base = self.text("BASE_OS", "ubuntu").to_lowercase();
        let default = if base == "almalinux" { "9" } else { "22.04" };
        let mut version = self.text("OS_VERSION", default);
        if base == "almalinux" && version.starts_with("22") {
            // The script kept Ubuntu's default version here and so always fell back to AlmaLinux 8.
            self.note("OS_VERSION 22.04 is not a version of AlmaLinux: the config uses 9");
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
            "Batch has no node agent for BASE_OS/OS_VERSION `{key}`: the config uses {default}"
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
        if self.does("image-version") {
            self.note(
                "the script replaced image version 1.0.0 in place: increase `gallery.version` instead",
            );
        }
        if let Some(name) = self.variables.get("GALLERY_NAME") {
            gallery["name"] = json!(name.replace('-', "_"));
            if name.contains('-') {
                self.note(format!(
                    "GALLERY_NAME `{name}` contains a hyphen, which galleries do not allow: the config uses `_`"
                ));
            }
        }
        if let Some(name) = self.variables.get("IMAGE_DEFINITION_NAME") {
            gallery["imageDefinition"] = json!(name);
        }
        gallery
    }

    fn batch(&mut self) -> Value {
        let count = ["BATCH_NODE_COUNT", "OVERRIDE_NODE_COUNT"]
            .into_iter()
            .find(|name| self.variables.contains_key(*name));
        let nodes: u32 =
            self.fitting(count.unwrap_or("BATCH_NODE_COUNT"), 1, |written| written.parse().ok());
        let pool = json!({ "id": self.text("BATCH_POOL_ID", "gpu-pool"), "nodes": nodes });
        let mut batch = Map::new();
        match self.variables.get("BATCH_ACCOUNT_NAME") {
            Some(name) => {
                batch.insert("account".into(), json!({ "name": name.to_lowercase() }));
            }
            None if self.does("$RANDOM") => self.note(
                "BATCH_ACCOUNT_NAME is not set: the script used a random name, and prebake derives it",
            ),
            None => {}
        }
        batch.insert("pools".into(), json!([pool]));
        Value::Object(batch)
    }
}
