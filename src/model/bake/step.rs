use serde::Serialize;

use super::super::{Gpu, Image};
use crate::catalog::{Driver, PackageSource, Repository};
use crate::config::fields::{self, DriverKind, KernelModules};

/// One step of the bake: a script of its own.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Step {
    /// File name without `.sh`; the number gives the order.
    pub file: String,
    /// Name in the result of the bake.
    pub name: String,
    /// Template of the script.
    pub template: &'static str,
    /// JSON pointer of the key of the config that asks for it, if one does.
    #[serde(skip)]
    pub written_at: Option<String>,
    /// What the template writes down.
    #[serde(flatten)]
    pub data: StepData,
}

/// What a kind of step knows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum StepData {
    /// Install packages of the operating system.
    Packages {
        /// The packages.
        packages: Vec<String>,
    },
    /// Put proxy, certificates and mirrors in force.
    Network {
        /// The certificates.
        certificates: Vec<CertificateFile>,
    },
    /// Check what `InfiniBand` needs.
    Fabric {
        /// The nodes have NVIDIA GPUs.
        gpu: bool,
    },
    /// Cut GPUs into instances when a node boots.
    Mig {
        /// The profile of every instance.
        profile: String,
    },
    /// Make the running kernel fit to build modules for.
    Kernel {
        /// Compiler and module builder.
        packages: Vec<String>,
        /// Repository of the operating system to enable.
        extra_repository: &'static str,
        /// The image has its modules: the kernel is only held.
        installed: bool,
    },
    /// Install the GPU driver.
    Driver {
        /// Driver class for people.
        class_title: &'static str,
        /// `open` or `proprietary`.
        modules: &'static str,
        /// Full version.
        version: String,
        /// `apt`, `dnf` or `runfile`.
        method: &'static str,
        /// Package that brings the driver.
        package: &'static str,
        /// Stream of the driver's module on Red Hat's family.
        module_stream: String,
        /// Where the package comes from.
        repository: Option<Repository>,
        /// Address of a runfile.
        url: &'static str,
        /// SHA-256 of a runfile.
        sha256: &'static str,
    },
    /// Install one package in one version.
    Package {
        /// The package.
        package: String,
        /// Its version.
        version: String,
    },
    /// Install software from its maker's repository.
    Software {
        /// Where it comes from.
        repository: Repository,
        /// Version, empty for the newest.
        version: String,
        /// Packages to install.
        packages: Vec<&'static str>,
        /// Packages that must go first.
        conflicts: Vec<&'static str>,
        /// The image has it: it is only checked.
        installed: bool,
    },
    /// Put a file in its place.
    File {
        /// Path below the folder of the bake.
        source: String,
        /// Where it goes.
        path: String,
        /// Octal mode.
        mode: String,
    },
    /// Run a command of the user's.
    Command {
        /// Path below the folder of the bake.
        source: String,
    },
    /// Log in to registries.
    Login {
        /// The registries.
        registries: Vec<RegistryLogin>,
    },
    /// Pull images.
    Preload {
        /// The images.
        images: Vec<PreloadImage>,
    },
    /// Check what the nodes rely on.
    Verify {
        /// Whether the NVIDIA stack is there.
        gpu: bool,
        /// Whether AMD's driver is there.
        rocm: bool,
        /// Whether the builder has a GPU.
        builder_has_gpu: bool,
        /// Images that must be there.
        images: Vec<String>,
    },
    /// Log out of registries.
    Servers {
        /// Their login servers.
        servers: Vec<String>,
    },
    /// A step that needs to know nothing.
    None {},
}

impl Step {
    /// Path below the folder of the bake of the file that the step keeps, if it keeps one.
    pub fn source(&self) -> Option<&str> {
        match &self.data {
            StepData::File { source, .. } | StepData::Command { source } => Some(source),
            _ => None,
        }
    }
}

impl StepData {
    pub(super) fn driver(
        gpu: &Gpu,
        driver: &Driver,
        version: &str,
        repository: Option<Repository>,
    ) -> Self {
        let branch = version.split('.').next().unwrap_or(version);
        let open = gpu.modules == KernelModules::Open;
        Self::Driver {
            class_title: if gpu.driver == DriverKind::Grid { "GRID (vGPU)" } else { "data center" },
            modules: if open { "open" } else { "proprietary" },
            version: version.to_owned(),
            method: driver.method,
            package: driver.package,
            module_stream: format!("nvidia-driver:{branch}-{}", if open { "open" } else { "dkms" }),
            repository,
            url: driver.url,
            sha256: driver.sha256,
        }
    }

    /// The driver of the image, whichever version that is.
    pub(super) fn installed_driver(gpu: &Gpu) -> Self {
        let open = gpu.modules == KernelModules::Open;
        Self::Driver {
            class_title: if gpu.driver == DriverKind::Grid { "GRID (vGPU)" } else { "data center" },
            modules: if open { "open" } else { "proprietary" },
            version: String::new(),
            method: "installed",
            package: "",
            module_stream: String::new(),
            repository: None,
            url: "",
            sha256: "",
        }
    }

    pub(super) fn software(source: &PackageSource, version: Option<&str>, installed: bool) -> Self {
        Self::Software {
            repository: source.repository.clone(),
            version: version.unwrap_or(source.version).to_owned(),
            packages: source.packages.clone(),
            conflicts: source.conflicts.clone(),
            installed,
        }
    }
}

/// A certificate that the machine trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CertificateFile {
    /// Path below the folder of the bake.
    pub source: String,
    /// Name of its file, without an ending.
    pub name: String,
}

/// The proxy of the builder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proxy {
    /// Its URL.
    pub url: String,
    /// What is reached without it, separated by commas.
    pub no_proxy: String,
    /// Docker on the nodes uses it, too.
    pub nodes: bool,
}

/// Azure's metadata service and its platform address, and the machine itself.
const NEVER_BY_PROXY: [&str; 4] = ["169.254.169.254", "168.63.129.16", "localhost", "127.0.0.1"];

impl From<&fields::Proxy> for Proxy {
    fn from(written: &fields::Proxy) -> Self {
        let own = written.no_proxy.iter().map(String::as_str);
        let all: Vec<&str> = NEVER_BY_PROXY.into_iter().chain(own).collect();
        Self {
            url: written.url.clone(),
            no_proxy: all.join(","),
            nodes: written.nodes.unwrap_or(false),
        }
    }
}

/// A mirror of an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mirror {
    /// Beginning of the addresses of the archive.
    pub from: String,
    /// What stands there instead.
    pub to: String,
}

impl From<&fields::Mirror> for Mirror {
    fn from(written: &fields::Mirror) -> Self {
        let plain = |url: &str| url.trim_end_matches('/').to_owned();
        Self { from: plain(&written.from), to: plain(&written.to) }
    }
}

/// A registry that is logged in to with the identity of the builder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegistryLogin {
    /// Login server, such as `name.azurecr.io`.
    pub server: String,
    /// Name of the user-assigned identity.
    pub identity: String,
    /// Its resource group, empty if it is the builder's.
    pub identity_resource_group: String,
    /// Its subscription, empty if it is the builder's.
    pub identity_subscription: String,
}

/// An image that is pulled into the node image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreloadImage {
    /// Full reference, with registry, and tag or digest.
    pub reference: String,
    /// Digest that it must have, empty if the tag decides.
    pub digest: String,
}

impl From<&Image> for PreloadImage {
    fn from(image: &Image) -> Self {
        Self {
            reference: image.reference.clone(),
            digest: image.digest.clone().unwrap_or_default(),
        }
    }
}
