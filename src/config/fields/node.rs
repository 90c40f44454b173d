use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the nodes are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Node {
    /// Operating system; `ubuntu-24.04` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Os>,
    /// Whether the nodes have GPUs; follows the VM size when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<bool>,
    /// VM size of the pools that name none, such as `Standard_NC4as_T4_v3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    /// GPU driver; chosen by the VM size when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// Version of the NVIDIA Container Toolkit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d+\.\d+\.\d+$"))]
    pub toolkit_version: Option<String>,
    /// Major or full version of Docker Engine, such as `28` or `28.5.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d+(\.\d+(\.\d+)?)?$"))]
    pub docker_version: Option<String>,
    /// Security type of builder, image and pools; `standard` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_type: Option<SecurityType>,
    /// Secure boot under `trustedLaunch`; false when it is not given, since GPU drivers that are built on the machine
    /// are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
    /// Encrypt disks and caches of builder and pools on their hosts; false when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_at_host: Option<bool>,
}

/// Operating systems whose images prebake bakes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
pub enum Os {
    /// Ubuntu 22.04 LTS.
    #[serde(rename = "ubuntu-22.04")]
    Ubuntu2204,
    /// Ubuntu 24.04 LTS.
    #[serde(rename = "ubuntu-24.04")]
    Ubuntu2404,
    /// AlmaLinux 8.
    #[serde(rename = "almalinux-8")]
    AlmaLinux8,
    /// AlmaLinux 9.
    #[serde(rename = "almalinux-9")]
    AlmaLinux9,
}

impl Os {
    /// The key of the operating system in the config and in the catalog.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ubuntu2204 => "ubuntu-22.04",
            Self::Ubuntu2404 => "ubuntu-24.04",
            Self::AlmaLinux8 => "almalinux-8",
            Self::AlmaLinux9 => "almalinux-9",
        }
    }
}

/// The GPU driver.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Driver {
    /// Data-centre or GRID driver; a size works with one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DriverKind>,
    /// Kernel modules: `open` or `proprietary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modules: Option<KernelModules>,
    /// Full version, such as `580.126.20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d+\.\d+(\.\d+)?$"))]
    pub version: Option<String>,
}

/// Which of NVIDIA's drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DriverKind {
    /// The data-centre (CUDA) driver of the NC and ND sizes.
    DataCenter,
    /// The GRID (vGPU) driver of the NV sizes.
    Grid,
}

/// Which kernel modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum KernelModules {
    /// Open modules: Turing and later.
    Open,
    /// Proprietary modules: needed up to Volta.
    Proprietary,
}

/// Security type of a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SecurityType {
    /// No secure boot, no vTPM.
    Standard,
    /// Trusted launch with vTPM; secure boot stays off for unsigned GPU modules.
    TrustedLaunch,
}

/// The VM on which the node image is baked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Builder {
    /// VM size; the size of the nodes when it is not given, so that the driver is tested on the GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    /// OS disk in GiB; the nodes' disk starts with this size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 30, max = 4095))]
    pub os_disk_gb: Option<u32>,
    /// Version of the marketplace image; `latest` when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(latest|\d+\.\d+\.\d+)$"))]
    pub image_version: Option<String>,
    /// SSH public key for a person who must look into a failed bake. Without it nobody can log in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+( [^\r\n]*)?$"))]
    pub ssh_public_key: Option<String>,
    /// Resource ID of the existing user-assigned identity under which Azure Image Builder works; one is created
    /// without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// Minutes until a bake that reports nothing counts as failed; 90 when it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 960))]
    pub timeout_minutes: Option<u32>,
}
