use serde::Serialize;

use super::super::{Gpu, Image};
use crate::catalog::{Driver, PackageSource, Repository};
use crate::config::fields::{DriverKind, KernelModules};

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
    /// Make the running kernel fit to build modules for.
    Kernel {
        /// Compiler and module builder.
        packages: Vec<String>,
        /// Repository of the operating system to enable.
        extra_repository: &'static str,
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
        /// Whether the NVIDIA stack was installed.
        gpu: bool,
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
            class_title: if gpu.driver == DriverKind::Grid { "GRID (vGPU)" } else { "data-centre" },
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

    pub(super) fn software(source: &PackageSource, version: Option<&str>) -> Self {
        Self::Software {
            repository: source.repository.clone(),
            version: version.unwrap_or(source.version).to_owned(),
            packages: source.packages.clone(),
            conflicts: source.conflicts.clone(),
        }
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
