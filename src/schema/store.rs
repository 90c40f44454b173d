use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::schema::Schema;

/// A schema of `schemas/`, embedded with the layout that `build.rs` made of it.
macro_rules! embedded {
    ($name:expr, $path:expr) => {
        $crate::schema::Schema::embedded(
            $name,
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/", $path, ".json")),
            include_bytes!(concat!(env!("OUT_DIR"), "/schemas/", $path, ".json")),
        )
    };
    ($name:literal) => {
        $crate::schema::embedded!($name, $name)
    };
}
pub(crate) use embedded;

/// A schema of `schemas/azure/`. `schema_folder` in the tests keeps the list below complete.
macro_rules! azure {
    ($name:literal) => {
        embedded!($name, concat!("azure/", $name))
    };
}

/// A file of a render that has a schema of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Document {
    /// `arm/<stage>.json`
    ArmTemplate,
    /// `arm/<stage>.parameters.json`
    ArmParameters,
    /// `cloud-init.yaml`
    CloudConfig,
    /// `acr-task.yaml`
    AcrTask,
    /// `pools/<id>.json`
    BatchPool,
    /// `manifest.json`
    Manifest,
    /// `deploy.json`
    Plan,
}

impl Document {
    /// What the file at this path of a render is, if it has a schema.
    pub fn at(path: &str) -> Option<Self> {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        match (folder, file) {
            ("", "cloud-init.yaml") => Some(Self::CloudConfig),
            ("", "acr-task.yaml") => Some(Self::AcrTask),
            ("", "manifest.json") => Some(Self::Manifest),
            ("", "deploy.json") => Some(Self::Plan),
            ("pools", _) => file.strip_suffix(".json").map(|_| Self::BatchPool),
            ("arm", _) if file.strip_suffix(".parameters.json").is_some() => {
                Some(Self::ArmParameters)
            }
            ("arm", _) => file.strip_suffix(".json").map(|_| Self::ArmTemplate),
            _ => None,
        }
    }

    /// Whether it is JSON, and not YAML.
    pub fn is_json(self) -> bool {
        !matches!(self, Self::CloudConfig | Self::AcrTask)
    }

    /// The schema of this sort of file.
    pub fn schema(self) -> &'static Schema {
        &DOCUMENTS[&self]
    }
}

static DOCUMENTS: LazyLock<BTreeMap<Document, Schema>> = LazyLock::new(|| {
    BTreeMap::from([
        (Document::ArmTemplate, embedded!("arm-template.schema")),
        (Document::ArmParameters, embedded!("arm-parameters.schema")),
        (Document::CloudConfig, embedded!("cloud-config.schema")),
        (Document::AcrTask, embedded!("acr-task.schema")),
        (Document::BatchPool, embedded!("batch-pool.schema")),
        (Document::Manifest, embedded!("manifest.schema")),
        (Document::Plan, embedded!("deploy.schema")),
    ])
});

/// The schemas of resource types: those of prebake, and those that a team has imported.
#[derive(Debug, Default)]
pub struct ResourceSchemas {
    own: BTreeMap<String, Schema>,
}

impl ResourceSchemas {
    /// Those of prebake alone.
    pub fn embedded() -> Self {
        Self::default()
    }

    /// Adds a team's schema under its name `Namespace/type@version`; it goes before one of prebake's.
    pub fn add(&mut self, name: &str, text: String) {
        self.own.insert(name.to_lowercase(), Schema::new(name, text));
    }

    /// The schema of a resource type and version.
    pub fn get(&self, kind: &str, api_version: &str) -> Option<&Schema> {
        let name = format!("{kind}@{api_version}").to_lowercase();
        self.own.get(&name).or_else(|| AZURE.get(&name))
    }

    /// The versions of a resource type that have a schema, oldest first.
    pub fn versions(&self, kind: &str) -> Vec<&str> {
        let prefix = format!("{}@", kind.to_lowercase());
        let all = self.own.values().chain(AZURE.values()).map(Schema::name);
        let mut versions: Vec<&str> = all
            .filter(|name| name.to_lowercase().starts_with(&prefix))
            .filter_map(|name| Some(name.split_once('@')?.1))
            .collect();
        versions.sort_unstable();
        versions.dedup();
        versions
    }

    /// All schemas of prebake's own, by name.
    pub fn all_embedded() -> impl Iterator<Item = &'static Schema> {
        AZURE.values()
    }
}

/// By lowercase name. Each is compiled when it is first used, once for all threads.
static AZURE: LazyLock<BTreeMap<String, Schema>> = LazyLock::new(|| {
    let schemas = [
        azure!("Microsoft.Authorization/roleAssignments@2022-04-01"),
        azure!("Microsoft.Authorization/roleDefinitions@2022-04-01"),
        azure!("Microsoft.Batch/batchAccounts/pools@2025-06-01"),
        azure!("Microsoft.Batch/batchAccounts@2025-06-01"),
        azure!("Microsoft.Compute/galleries/images/versions@2025-03-03"),
        azure!("Microsoft.Compute/galleries/images@2025-03-03"),
        azure!("Microsoft.Compute/galleries@2025-03-03"),
        azure!("Microsoft.Compute/virtualMachines@2025-11-01"),
        azure!("Microsoft.ContainerRegistry/registries/agentPools@2025-03-01-preview"),
        azure!("Microsoft.ContainerRegistry/registries/taskRuns@2025-03-01-preview"),
        azure!("Microsoft.ContainerRegistry/registries/tasks@2025-03-01-preview"),
        azure!("Microsoft.ContainerRegistry/registries@2025-11-01"),
        azure!("Microsoft.Insights/diagnosticSettings@2021-05-01-preview"),
        azure!("Microsoft.KeyVault/vaults@2024-11-01"),
        azure!("Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30"),
        azure!("Microsoft.Network/natGateways@2025-05-01"),
        azure!("Microsoft.Network/networkInterfaces@2025-05-01"),
        azure!("Microsoft.Network/networkSecurityGroups@2025-05-01"),
        azure!("Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01"),
        azure!("Microsoft.Network/privateDnsZones@2024-06-01"),
        azure!("Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01"),
        azure!("Microsoft.Network/privateEndpoints@2025-05-01"),
        azure!("Microsoft.Network/publicIPAddresses@2025-05-01"),
        azure!("Microsoft.Network/virtualNetworks/subnets@2025-05-01"),
        azure!("Microsoft.Network/virtualNetworks@2025-05-01"),
        azure!("Microsoft.Resources/deployments@2025-04-01"),
        azure!("Microsoft.Resources/resourceGroups@2025-04-01"),
        azure!("Microsoft.Storage/storageAccounts/blobServices@2025-06-01"),
        azure!("Microsoft.Storage/storageAccounts@2025-06-01"),
        azure!("Microsoft.VirtualMachineImages/imageTemplates@2025-10-01"),
    ];
    schemas.into_iter().map(|schema| (schema.name().to_lowercase(), schema)).collect()
});
