//! The steps of a bake as they are put together, and the names that they take.

use super::step::{CertificateFile, Proxy, Step, StepData};
use super::{BakeInput, PlanError, PlanFile};
use crate::catalog::{self, Driver, PackageSource};
use crate::config::fields::{BakeFile, BakeOptions, BakePart, BakeStep};
use crate::model::{Gpu, Has};

/// The steps so far, and the names they have taken.
pub(super) struct Steps {
    os: &'static str,
    has: Has,
    pub(super) proxy: Option<Proxy>,
    pub(super) list: Vec<Step>,
    pub(super) files: Vec<PlanFile>,
}

impl Steps {
    pub(super) fn new(os: &'static str, has: Has) -> Self {
        Self { os, has, proxy: None, list: Vec::new(), files: Vec::new() }
    }

    /// What must be in force before anything is fetched.
    pub(super) fn network(&mut self, options: &BakeOptions) {
        self.proxy = options.proxy.as_ref().map(Proxy::from);
        if self.proxy.is_none() && options.certificates.is_empty() && options.mirrors.is_empty() {
            return;
        }
        let certificates = options.certificates.iter().map(|certificate| {
            let source = format!("own/certificate-{}", certificate.name);
            let content = certificate.pem.clone();
            self.files.push(PlanFile { source: source.clone(), content });
            CertificateFile { source, name: certificate.name.clone() }
        });
        let certificates = certificates.collect();
        self.push("network", StepData::Network { certificates });
    }

    pub(super) fn push(&mut self, template: &'static str, data: StepData) {
        self.push_named(template.to_owned(), template, data);
    }

    fn push_named(&mut self, name: String, template: &'static str, data: StepData) {
        let number = self.list.len() + 1;
        let file = format!("{number:03}-{name}");
        self.list.push(Step { file, name, template, written_at: None, data });
    }

    fn source(&self, kind: &str) -> PackageSource {
        catalog::package_source(kind, self.os)
            .expect("a test proves that every operating system has every source")
    }

    pub(super) fn prepare(&mut self) {
        let packages = owned(&self.source("base").packages);
        self.push("prepare", StepData::Packages { packages });
    }

    pub(super) fn driver(&mut self, gpu: &Gpu) -> Result<(), PlanError> {
        if self.has.driver {
            let kernel =
                StepData::Kernel { packages: Vec::new(), extra_repository: "", installed: true };
            self.push("kernel", kernel);
            self.push("gpu-driver", StepData::installed_driver(gpu));
            return Ok(());
        }
        let driver = find_driver(gpu, self.os)?;
        let version = gpu.driver_version.as_deref().unwrap_or(driver.version).to_owned();
        let build = self.source("build");
        let kernel = StepData::Kernel {
            packages: owned(&build.packages),
            extra_repository: build.repository.components,
            installed: false,
        };
        self.push("kernel", kernel);
        let repository = (driver.method != "runfile").then(|| self.source("cuda").repository);
        self.push("gpu-driver", StepData::driver(gpu, &driver, &version, repository));
        let package = catalog::driver_branch(&version)
            .filter(|_| gpu.nvswitch)
            .and_then(|branch| driver.fabric_manager(branch));
        if let Some(package) = package {
            self.push("fabric-manager", StepData::Package { package, version });
        }
        Ok(())
    }

    pub(super) fn docker(&mut self, version: Option<&str>) {
        let source = self.source("docker");
        let installed = self.has.docker;
        self.push("docker", StepData::software(&source, version, installed));
    }

    pub(super) fn toolkit(&mut self, version: Option<&str>) {
        let source = self.source("toolkit");
        let installed = self.has.toolkit;
        self.push("container-toolkit", StepData::software(&source, version, installed));
    }

    /// Pulls the images; gives the registries that the builder logs in to.
    pub(super) fn preload(&mut self, input: &BakeInput) -> Vec<String> {
        let servers: Vec<String> = input.registries.iter().map(|r| r.server.clone()).collect();
        if !input.images.is_empty() {
            if !servers.is_empty() {
                self.push("login", StepData::Login { registries: input.registries.clone() });
            }
            self.push("preload", StepData::Preload { images: input.images.clone() });
        }
        self.push("logout", StepData::Servers { servers: servers.clone() });
        servers
    }

    /// The user's steps that belong here, in their order.
    pub(super) fn own_at(&mut self, steps: &[BakeStep], place: Place) {
        for (index, step) in steps.iter().enumerate() {
            if Place::of(step) == place {
                self.own(step, index);
            }
        }
    }

    /// A step of the user's. The config's schema and the model make sure that it is exactly one kind.
    fn own(&mut self, step: &BakeStep, index: usize) {
        let name = self.free_name(step.name.as_deref(), index + 1);
        if let Some(packages) = &step.packages {
            self.push_named(name, "packages", StepData::Packages { packages: packages.clone() });
        } else if let Some(file) = &step.file {
            let data = self.file(&name, file);
            self.push_named(name, "file", data);
        } else if let Some(run) = &step.run {
            let source = self.keep(&name, run);
            self.push_named(name, "command", StepData::Command { source });
        }
        if let Some(step) = self.list.last_mut() {
            step.written_at = Some(format!("/bake/steps/{index}"));
        }
    }

    fn file(&mut self, name: &str, file: &BakeFile) -> StepData {
        StepData::File {
            source: self.keep(name, &file.content),
            path: file.path.clone(),
            mode: file.mode.clone().unwrap_or_else(|| "0644".to_owned()),
        }
    }

    fn keep(&mut self, name: &str, content: &str) -> String {
        let source = format!("own/{name}");
        self.files.push(PlanFile { source: source.clone(), content: content.to_owned() });
        source
    }

    /// The name of the user's step in the result: a name is there once, since results are read by it.
    fn free_name(&self, wanted: Option<&str>, number: usize) -> String {
        let name = wanted.map_or_else(|| format!("step-{number}"), str::to_owned);
        let taken = RESERVED.contains(&name.as_str()) || self.list.iter().any(|s| s.name == name);
        if taken { format!("{name}-{number}") } else { name }
    }
}

/// Where a step of the user's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Before(BakePart),
    After(BakePart),
    Default,
}

impl Place {
    fn of(step: &BakeStep) -> Self {
        match (step.before, step.after) {
            (Some(part), _) => Self::Before(part),
            (None, Some(part)) => Self::After(part),
            (None, None) => Self::Default,
        }
    }
}

const RESERVED: [&str; 15] = [
    "network",
    "prepare",
    "infiniband",
    "mig",
    "kernel",
    "gpu-driver",
    "fabric-manager",
    "docker",
    "container-toolkit",
    "login",
    "preload",
    "logout",
    "verify",
    "clean",
    "deprovision",
];

/// The catalog's driver for a GPU; a version of its own only where the repository holds many.
fn find_driver(gpu: &Gpu, os: &'static str) -> Result<Driver, PlanError> {
    let driver = gpu.of_catalog(os).ok_or_else(|| PlanError::NoDriver {
        class: gpu.class(),
        modules: gpu.kernel_modules().to_owned(),
        os,
    })?;
    match &gpu.driver_version {
        Some(wanted) if driver.method == "runfile" && wanted != driver.version => {
            Err(PlanError::NoSuchVersion { wanted: wanted.clone(), known: driver.version })
        }
        _ => Ok(driver),
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
