//! Takes what the config and the catalog say about the node image, gives the [`BakePlan`]: the
//! steps of the bake in order, as data, so that the templates only write down what is decided here.
//!
//! Formats no text. `steps` puts the steps together, `step` holds what each kind of step knows.

mod step;
mod steps;

use std::path::Path;

use serde::Serialize;

use super::resolver::Resolver;
use super::{Builder, Gpu, Has, Image, Node, ResourceId};
use crate::catalog;
use crate::config::fields::{Bake, BakeOptions, BakePart, BakeStep};

use steps::{Place, Steps};

pub use step::{CertificateFile, Mirror, PreloadImage, Proxy, RegistryLogin, Step, StepData};

/// What the plan of a bake depends on.
#[derive(Debug, Clone)]
pub struct BakeInput<'a> {
    /// Name of the deployment.
    pub name: &'a str,
    /// Key of the operating system.
    pub os: &'static str,
    /// Operating system whose packages and drivers serve it.
    pub software: &'static str,
    /// What the image has already.
    pub has: Has,
    /// MIG profile of every GPU.
    pub mig: Option<&'a str>,
    /// The nodes have `InfiniBand`.
    pub infiniband: bool,
    /// Proxy, certificates and mirrors.
    pub options: &'a BakeOptions,
    /// `apt` or `dnf`.
    pub package_manager: &'static str,
    /// The NVIDIA stack, if the nodes have NVIDIA GPUs.
    pub gpu: Option<&'a Gpu>,
    /// Whether the builder has a GPU on which the driver can be tried.
    pub builder_has_gpu: bool,
    /// Major or full version of Docker Engine.
    pub docker_version: Option<&'a str>,
    /// Full version of the NVIDIA container toolkit.
    pub toolkit_version: Option<&'a str>,
    /// Registries that are logged in to with an identity.
    pub registries: Vec<RegistryLogin>,
    /// Images that every node shall have on its disk.
    pub images: Vec<PreloadImage>,
    /// The user's own steps.
    pub steps: &'a [BakeStep],
    /// Azure Image Builder runs the bake, and generalizes the machine by itself.
    pub image_builder: bool,
}

/// The bake as data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BakePlan {
    /// Name of the deployment.
    pub name: String,
    /// Key of the operating system.
    pub os: &'static str,
    /// `apt` or `dnf`.
    pub package_manager: &'static str,
    /// Azure Image Builder runs the bake.
    pub image_builder: bool,
    /// Proxy of the builder.
    pub proxy: Option<Proxy>,
    /// Mirrors of archives.
    pub mirrors: Vec<Mirror>,
    /// Registries that are logged in to, and out of.
    pub login_servers: Vec<String>,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// The user's files and commands, which steps refer to.
    #[serde(skip)]
    pub files: Vec<PlanFile>,
}

/// A text of the user's that a step needs beside its script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFile {
    /// Path below the folder of the bake.
    pub source: String,
    /// The text as written in the config.
    pub content: String,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanError {
    /// No driver of this class and kind of modules is known for the operating system.
    NoDriver {
        /// Driver class.
        class: String,
        /// Kernel modules.
        modules: String,
        /// Operating system.
        os: &'static str,
    },
    /// The driver comes as one verified file, and another version is wanted.
    NoSuchVersion {
        /// Version that the config asks for.
        wanted: String,
        /// Version that the catalog can verify.
        known: &'static str,
    },
}

/// Decides the steps of the bake.
///
/// # Errors
/// If the catalog has no driver that fits.
pub fn plan(input: &BakeInput) -> Result<BakePlan, PlanError> {
    let mut steps = Steps::new(input.software, input.has);
    steps.network(input.options);
    steps.own_at(input.steps, Place::Before(BakePart::Prepare));
    steps.prepare();
    steps.own_at(input.steps, Place::After(BakePart::Prepare));
    steps.own_at(input.steps, Place::Before(BakePart::Driver));
    if let Some(gpu) = input.gpu {
        steps.driver(gpu)?;
    }
    steps.own_at(input.steps, Place::After(BakePart::Driver));
    steps.own_at(input.steps, Place::Before(BakePart::Infiniband));
    if input.infiniband && input.has.infiniband {
        steps.push("infiniband", StepData::Fabric { gpu: input.gpu.is_some() });
    }
    steps.own_at(input.steps, Place::After(BakePart::Infiniband));
    steps.own_at(input.steps, Place::Before(BakePart::Docker));
    steps.docker(input.docker_version);
    steps.own_at(input.steps, Place::After(BakePart::Docker));
    steps.own_at(input.steps, Place::Before(BakePart::Toolkit));
    if input.gpu.is_some() {
        steps.toolkit(input.toolkit_version);
    }
    if let Some(profile) = input.mig {
        steps.push("mig", StepData::Mig { profile: profile.to_owned() });
    }
    steps.own_at(input.steps, Place::After(BakePart::Toolkit));
    steps.own_at(input.steps, Place::Default);
    steps.own_at(input.steps, Place::Before(BakePart::Preload));
    let servers = steps.preload(input);
    steps.own_at(input.steps, Place::After(BakePart::Preload));
    steps.push(
        "verify",
        StepData::Verify {
            gpu: input.gpu.is_some(),
            rocm: input.has.rocm,
            builder_has_gpu: input.gpu.is_some() && input.builder_has_gpu,
            images: input.images.iter().map(|image| image.reference.clone()).collect(),
        },
    );
    steps.push("clean", StepData::Servers { servers: servers.clone() });
    if !input.image_builder {
        steps.push("deprovision", StepData::None {});
    }
    Ok(BakePlan {
        name: input.name.to_owned(),
        os: input.os,
        package_manager: input.package_manager,
        image_builder: input.image_builder,
        proxy: steps.proxy,
        mirrors: input.options.mirrors.iter().map(Mirror::from).collect(),
        login_servers: servers,
        steps: steps.list,
        files: steps.files,
    })
}

/// The identity that pulls images on the builder.
#[derive(Debug, Clone, Copy)]
pub(super) struct PullIdentity<'a> {
    name: &'a str,
    at: Option<&'a ResourceId>,
}

impl<'a> PullIdentity<'a> {
    pub(super) fn new(name: Option<&'a str>, at: Option<&'a ResourceId>) -> Option<Self> {
        Some(Self { name: name?, at })
    }
}

/// Plans the bake of a config; `None` means that an error was reported.
pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    node: &Node,
    builder: &Builder,
    images: &[Image],
    identity: Option<PullIdentity<'_>>,
    infiniband: bool,
) -> Option<BakePlan> {
    let bake = resolver.config.bake.clone();
    let options = bake.as_ref().and_then(Bake::options).cloned().unwrap_or_default();
    let network_is_whole = network_is_whole(resolver, &options);
    let steps = bake.as_ref().map_or(&[][..], |bake| bake.steps());
    let preload: Vec<&Image> = images.iter().filter(|image| image.preload).collect();
    let mut registries: Vec<RegistryLogin> = Vec::new();
    for image in preload.iter().filter(|image| image.private) {
        let known = registries.iter().any(|registry| registry.server == image.registry_server);
        if let Some(identity) = identity.filter(|_| !known) {
            registries.push(RegistryLogin {
                server: image.registry_server.clone(),
                identity: identity.name.to_owned(),
                identity_resource_group: identity
                    .at
                    .map_or(&resolver.config.resource_group, |at| &at.resource_group)
                    .clone(),
                identity_subscription: identity
                    .at
                    .map_or_else(String::new, |at| at.subscription.clone()),
            });
        }
    }
    disk_holds_the_images(resolver, builder, images);
    let one_kind = steps_are_of_one_kind(resolver, steps);
    let files_have_a_place = files_have_a_place(resolver, steps);
    let input = BakeInput {
        name: &resolver.config.name,
        os: node.os.key,
        software: node.os.software,
        has: node.has,
        mig: node.mig.as_deref(),
        infiniband,
        options: &options,
        package_manager: node.os.packages,
        gpu: node.gpu.as_ref(),
        builder_has_gpu: !builder.size.gpus.is_empty(),
        docker_version: node.docker_version.as_deref(),
        toolkit_version: node.toolkit_version.as_deref(),
        registries,
        images: preload.into_iter().map(PreloadImage::from).collect(),
        steps,
        image_builder: builder.image_builder,
    };
    match plan(&input) {
        Ok(plan) => (one_kind && files_have_a_place && network_is_whole).then_some(plan),
        Err(error) => {
            report(resolver, &error);
            None
        }
    }
}

fn report(resolver: &mut Resolver<'_>, error: &PlanError) {
    match error {
        PlanError::NoDriver { class, modules, os } => resolver.error(
            "PB1040",
            "/node",
            format!("no {class} driver with {modules} kernel modules is available for `{os}`"),
            no_driver_reason(class, os),
            "choose another VM size or operating system, or use an image that contains the driver",
        ),
        PlanError::NoSuchVersion { wanted, known } => resolver.error(
            "PB1041",
            "/node/driver/version",
            format!("GRID driver {wanted} cannot be verified"),
            format!("the catalog contains only {known}"),
            format!("remove `version`, or set it to `{known}`"),
        ),
    }
}

fn no_driver_reason(class: &str, os: &str) -> String {
    if class.starts_with("grid") && os.starts_with("almalinux") {
        "Microsoft supports the GRID driver only on Ubuntu and Red Hat Enterprise Linux".to_owned()
    } else {
        "the catalog contains none for this combination".to_owned()
    }
}

/// Images that do not fit on the disk fail the bake after an hour of pulling.
fn disk_holds_the_images(resolver: &mut Resolver<'_>, builder: &Builder, images: &[Image]) {
    let preloaded = images.iter().filter(|image| image.preload);
    let sizes: Vec<u32> = preloaded.filter_map(|image| image.size_gb).collect();
    let images: u32 = sizes.iter().sum();
    let system = catalog::config_default("system-disk-gb");
    let needed = images.saturating_add(system.parse().unwrap_or_default());
    if !sizes.is_empty() && needed > builder.os_disk_gb {
        resolver.error(
            "PB1620",
            "/builder/osDiskGb",
            "OS disk is too small for the images",
            format!(
                "it has {} GiB; the images need {images} and the system {system}",
                builder.os_disk_gb
            ),
            format!("set `builder.osDiskGb` to at least {needed}, or preload fewer images"),
        );
    }
}

/// Certificates are certificates, each once, and a mirror is no mirror of itself.
fn network_is_whole(resolver: &mut Resolver<'_>, options: &BakeOptions) -> bool {
    let mut whole = true;
    let mut names: Vec<&str> = Vec::new();
    for (index, certificate) in options.certificates.iter().enumerate() {
        let pointer = format!("/bake/certificates/{index}");
        let text = certificate.pem.trim();
        let begins = text.starts_with("-----BEGIN CERTIFICATE-----");
        if !begins || !text.ends_with("-----END CERTIFICATE-----") || text.contains("PRIVATE KEY") {
            whole = false;
            resolver.error(
                "PB1613",
                &format!("{pointer}/pem"),
                format!("`{}` is not a certificate in PEM", certificate.name),
                "expected `-----BEGIN CERTIFICATE-----` to `-----END CERTIFICATE-----`",
                "paste the certificate of the authority, without a private key",
            );
        }
        if names.contains(&certificate.name.as_str()) {
            whole = false;
            resolver.error(
                "PB1608",
                &format!("{pointer}/name"),
                format!("certificate `{}` is listed twice", certificate.name),
                "again here",
                "keep one of the two",
            );
        }
        names.push(&certificate.name);
    }
    for (index, mirror) in options.mirrors.iter().enumerate() {
        if mirror.to.starts_with(&mirror.from) {
            whole = false;
            resolver.error(
                "PB1614",
                &format!("/bake/mirrors/{index}/to"),
                "mirror refers to itself",
                format!("it also begins with `{}`", mirror.from),
                "use another host, or make `from` longer",
            );
        }
    }
    whole
}

fn steps_are_of_one_kind(resolver: &mut Resolver<'_>, steps: &[BakeStep]) -> bool {
    let mut good = true;
    for (index, step) in steps.iter().enumerate() {
        let kinds = [step.packages.is_some(), step.file.is_some(), step.run.is_some()];
        if kinds.iter().filter(|given| **given).count() != 1 {
            good = false;
            resolver.error(
                "PB1042",
                &format!("/bake/steps/{index}"),
                "a bake step needs exactly one action",
                "expected one of `packages`, `file` and `run`",
                "write one step per action; steps run in order",
            );
        }
        if step.before.is_some() && step.after.is_some() {
            good = false;
            resolver.error(
                "PB1042",
                &format!("/bake/steps/{index}/after"),
                "a bake step cannot have two positions",
                "`before` is also set",
                "keep one of `before` and `after`",
            );
        }
    }
    good
}

/// What the bake itself keeps on the machine: a file of the user's there would break it.
const OWN_PLACES: [&str; 3] =
    ["/opt/prebake", "/var/lib/prebake", "/etc/systemd/system/prebake-bake.service"];

const WHOLE_PATH: &str = "use the absolute path of a file, such as `/etc/motd`";

fn files_have_a_place(resolver: &mut Resolver<'_>, steps: &[BakeStep]) -> bool {
    let mut good = true;
    for (index, step) in steps.iter().enumerate() {
        let Some(file) = &step.file else { continue };
        let parts: Vec<&str> =
            file.path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let plain = format!("/{}", parts.join("/"));
        let own = OWN_PLACES.iter().find(|own| Path::new(&plain).starts_with(own));
        let label = if let Some(own) = own {
            format!("the bake stores its own files in `{own}`")
        } else if file.path.ends_with('/') || parts.is_empty() {
            "it is a folder".to_owned()
        } else if parts.contains(&"..") {
            "`..` is not allowed".to_owned()
        } else if file.path.contains(char::is_control) {
            "it contains control characters".to_owned()
        } else {
            continue;
        };
        good = false;
        resolver.error(
            "PB1045",
            &format!("/bake/steps/{index}/file/path"),
            format!("the bake cannot write a file to `{}`", file.path.escape_debug()),
            label,
            if own.is_some() { "use another folder" } else { WHOLE_PATH },
        );
    }
    good
}
