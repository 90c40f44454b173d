use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Operating system, VM size and GPU driver of the nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Node {
    /// Operating system of the nodes. Default: `ubuntu-24.04`. Example: `almalinux-9`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os: Option<Os>,
    /// Another source image for the bake, with the operating system of `os`. Default: the marketplace image
    /// of the operating system. Example: `{ id:
    /// /subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Compute/galleries/<gallery>/images/<image>
    /// }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<SourceImage>,
    /// MIG profile into which each GPU is partitioned when a node starts. Default: not partitioned.
    /// Example: `1g.10gb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^[1-7]g\.\d{1,3}gb(\+me)?$"))]
    pub mig: Option<String>,
    /// Whether the nodes have GPUs. Default: determined by the VM size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<bool>,
    /// VM size of the pools that do not set their own. Default: `Standard_NC4as_T4_v3`, or
    /// `Standard_D4ds_v5` with `gpu: false`. Example: `Standard_NC24ads_A100_v4`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    /// GPU driver. Default: chosen for the VM size. Example: `{ version: 580.126.20 }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// Version of the NVIDIA Container Toolkit. Default: the version in the catalog of prebake. Example:
    /// `1.17.8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d+\.\d+\.\d+$"))]
    pub toolkit_version: Option<String>,
    /// Version of Docker Engine, as a major or full version. Default: the newest version at the time of the
    /// bake. Example: `28.5.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d+(\.\d+(\.\d+)?)?$"))]
    pub docker_version: Option<String>,
    /// Security type of the builder, the image and the pools: `standard` or `trustedLaunch`. Default:
    /// `standard`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_type: Option<SecurityType>,
    /// Whether Secure Boot is on; requires `securityType: trustedLaunch`. GPU drivers that are built on the
    /// machine are not signed and do not load with it. Default: `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_boot: Option<bool>,
    /// Whether the disks and caches of the builder and the nodes are encrypted on the host. Default:
    /// `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_at_host: Option<bool>,
}

/// Source image of the bake: a marketplace image, or a gallery image by its `id`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SourceImage {
    /// Resource ID of a gallery image or image version. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Compute/galleries/<gallery>/images/<image>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 400))]
    pub id: Option<String>,
    /// Publisher of a marketplace image. Example: `microsoft-dsvm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub publisher: Option<String>,
    /// Offer of a marketplace image. Example: `ubuntu-hpc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub offer: Option<String>,
    /// SKU of a marketplace image; `builder.imageVersion` is its version. Example: `2204`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub sku: Option<String>,
    /// Purchase plan of the image, as `publisher/product/name`. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[^/]+/[^/]+/[^/]+$"))]
    pub plan: Option<String>,
    /// Software that the image already contains. The bake checks it instead of installing it. Default:
    /// none. Example: `[docker]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 4))]
    pub has: Vec<Software>,
}

/// Software that an image has before the bake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Software {
    /// Docker Engine or Moby.
    Docker,
    /// The NVIDIA driver.
    Driver,
    /// The NVIDIA Container Toolkit.
    Toolkit,
    /// Drivers and libraries of `InfiniBand`.
    Infiniband,
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
    /// Rocky Linux 8.
    #[serde(rename = "rocky-8")]
    Rocky8,
    /// Rocky Linux 9.
    #[serde(rename = "rocky-9")]
    Rocky9,
    /// Microsoft's HPC image of Ubuntu 22.04: NVIDIA driver, Docker and InfiniBand are there.
    #[serde(rename = "ubuntu-hpc-22.04")]
    UbuntuHpc2204,
    /// The same with the driver for V100.
    #[serde(rename = "ubuntu-hpc-22.04-v100")]
    UbuntuHpc2204V100,
    /// The same with AMD's `ROCm` driver.
    #[serde(rename = "ubuntu-hpc-22.04-rocm")]
    UbuntuHpc2204Rocm,
    /// Microsoft's HPC image of Ubuntu 24.04.
    #[serde(rename = "ubuntu-hpc-24.04")]
    UbuntuHpc2404,
    /// The same with AMD's `ROCm` driver.
    #[serde(rename = "ubuntu-hpc-24.04-rocm")]
    UbuntuHpc2404Rocm,
    /// The HPC image of AlmaLinux 8.
    #[serde(rename = "almalinux-hpc-8")]
    AlmaLinuxHpc8,
    /// The HPC image of AlmaLinux 9.
    #[serde(rename = "almalinux-hpc-9")]
    AlmaLinuxHpc9,
}

impl Os {
    /// The key of the operating system in the config and in the catalog.
    pub fn key(self) -> &'static str {
        match self {
            Self::Ubuntu2204 => "ubuntu-22.04",
            Self::Ubuntu2404 => "ubuntu-24.04",
            Self::AlmaLinux8 => "almalinux-8",
            Self::AlmaLinux9 => "almalinux-9",
            Self::Rocky8 => "rocky-8",
            Self::Rocky9 => "rocky-9",
            Self::UbuntuHpc2204 => "ubuntu-hpc-22.04",
            Self::UbuntuHpc2204V100 => "ubuntu-hpc-22.04-v100",
            Self::UbuntuHpc2204Rocm => "ubuntu-hpc-22.04-rocm",
            Self::UbuntuHpc2404 => "ubuntu-hpc-24.04",
            Self::UbuntuHpc2404Rocm => "ubuntu-hpc-24.04-rocm",
            Self::AlmaLinuxHpc8 => "almalinux-hpc-8",
            Self::AlmaLinuxHpc9 => "almalinux-hpc-9",
        }
    }
}

/// The GPU driver.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Driver {
    /// Kind of driver: `dataCenter` (CUDA) or `grid` (vGPU). Each VM size supports one of them. Default:
    /// chosen for the VM size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<DriverKind>,
    /// Kernel modules: `open` or `proprietary`. Default: chosen for the GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modules: Option<KernelModules>,
    /// Full version of the driver. Default: chosen for the GPU and operating system. Example: `580.126.20`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d+\.\d+(\.\d+)?$"))]
    pub version: Option<String>,
}

/// Which of NVIDIA's drivers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DriverKind {
    /// The data center (CUDA) driver of the NC and ND sizes.
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

/// The VM that bakes the node image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Builder {
    /// VM size of the builder. Default: the VM size of the nodes, so that the bake can test the driver on
    /// the GPU. Example: `Standard_NC4as_T4_v3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_size: Option<String>,
    /// Size of the OS disk in GiB, from 30 to 4095. The disks of the nodes start with this size. Default:
    /// `128` for GPU nodes, otherwise `64`. Example: `256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 30, max = 4095))]
    pub os_disk_gb: Option<u32>,
    /// Version of the marketplace image that the bake starts from. Default: `latest`. Example:
    /// `24.04.202511040`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(latest|\d+\.\d+\.\d+)$"))]
    pub image_version: Option<String>,
    /// SSH public key for logging in to the builder after a failed bake. Default: a key that has no private
    /// half, so nobody can log in. Example: `ssh-ed25519 AAAA... name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^(ssh-rsa|ssh-ed25519) [A-Za-z0-9+/=]+( [^\r\n]*)?$"))]
    pub ssh_public_key: Option<String>,
    /// Resource ID of an existing user-assigned identity for Azure Image Builder. Default: prebake creates
    /// one. Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_id: Option<String>,
    /// Minutes to wait for the result of the bake, from 10 to 960. Default: `90`. Example: `120`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 10, max = 960))]
    pub timeout_minutes: Option<u32>,
}
