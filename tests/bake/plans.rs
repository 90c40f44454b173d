//! Plans of bakes, and their files on disk.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use prebake::catalog::{self, Generation};
use prebake::config::fields::{
    BakeFile, BakeOptions, BakeStep, Certificate, DriverKind, KernelModules, Mirror, Proxy,
};
use prebake::diagnostic::{Diagnostics, Sources};
use prebake::model::bake::{BakeInput, BakePlan, PreloadImage, RegistryLogin, plan};
use prebake::model::{Gpu, Has};
use prebake::render::Templates;
use prebake::render::bake::{BakeFiles, bake_files, custom_data, single_script};

static NO_OPTIONS: BakeOptions = BakeOptions {
    method: None,
    steps: Vec::new(),
    proxy: None,
    certificates: Vec::new(),
    mirrors: Vec::new(),
};

const ALL_OS: [&str; 4] = ["ubuntu-22.04", "ubuntu-24.04", "almalinux-8", "almalinux-9"];

/// The GPU software of a T4.
pub fn data_centre() -> Gpu {
    Gpu {
        driver: DriverKind::DataCenter,
        vgpu: None,
        modules: KernelModules::Open,
        driver_version: None,
        nvswitch: false,
    }
}

/// A bake on Ubuntu 24.04 with one private image and no GPU.
pub fn input<'a>() -> BakeInput<'a> {
    BakeInput {
        name: "vision",
        os: "ubuntu-24.04",
        software: "ubuntu-24.04",
        has: Has::default(),
        mig: None,
        infiniband: false,
        options: &NO_OPTIONS,
        package_manager: "apt",
        gpu: None,
        builder_has_gpu: false,
        docker_version: None,
        toolkit_version: None,
        registries: vec![login("vision.azurecr.io")],
        images: vec![image("vision.azurecr.io/batch-gpu-pytorch:2.4.1", "")],
        steps: &[],
        image_builder: false,
    }
}

pub fn login(server: &str) -> RegistryLogin {
    RegistryLogin {
        server: server.to_owned(),
        identity: "vision-identity".to_owned(),
        identity_resource_group: String::new(),
        identity_subscription: String::new(),
    }
}

pub fn image(reference: &str, digest: &str) -> PreloadImage {
    PreloadImage { reference: reference.to_owned(), digest: digest.to_owned() }
}

pub fn packages(names: &[&str]) -> BakeStep {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    BakeStep { packages: Some(names), ..BakeStep::default() }
}

pub fn run(command: &str) -> BakeStep {
    BakeStep { run: Some(command.to_owned()), ..BakeStep::default() }
}

pub fn file(path: &str, content: &str) -> BakeStep {
    let file = BakeFile { path: path.to_owned(), content: content.to_owned(), mode: None };
    BakeStep { file: Some(file), ..BakeStep::default() }
}

/// A proxy, a certificate and two mirrors.
pub fn network() -> BakeOptions {
    let mirror = |from: &str, to: &str| Mirror { from: from.to_owned(), to: to.to_owned() };
    BakeOptions {
        proxy: Some(Proxy {
            url: "http://proxy.contoso.com:3128".to_owned(),
            no_proxy: vec![".contoso.com".to_owned()],
            nodes: None,
        }),
        certificates: vec![Certificate {
            name: "contoso".to_owned(),
            pem: "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n".to_owned(),
        }],
        mirrors: vec![
            mirror("https://download.docker.com", "https://mirror.contoso.com/docker"),
            mirror("http://archive.ubuntu.com/ubuntu", "https://mirror.contoso.com/ubuntu"),
        ],
        ..BakeOptions::default()
    }
}

/// Every combination that changes what a script says.
#[expect(clippy::too_many_lines, reason = "a list of combinations")]
pub fn variants(steps: &[BakeStep]) -> Vec<(String, BakePlan)> {
    let grid = Gpu { driver: DriverKind::Grid, vgpu: Some("20"), ..data_centre() };
    let a10 = Gpu { vgpu: Some("18"), modules: KernelModules::Proprietary, ..grid.clone() };
    let proprietary = Gpu {
        modules: KernelModules::Proprietary,
        driver_version: Some("580.95.05".to_owned()),
        ..data_centre()
    };
    let nvswitch = Gpu { nvswitch: true, ..data_centre() };
    let gpus = [
        ("cpu", None),
        ("cuda", Some(data_centre())),
        ("proprietary", Some(proprietary)),
        ("nvswitch", Some(nvswitch)),
        ("grid", Some(grid)),
        ("a10-grid", Some(a10)),
    ];
    let mut plans = Vec::new();
    for os in ALL_OS {
        let base = catalog::base_image(os, Generation::V2).expect("a known system");
        // Microsoft supports GRID on Ubuntu, of the systems here.
        let served = |name: &str| !name.ends_with("grid") || os.starts_with("ubuntu");
        for (name, gpu) in gpus.iter().filter(|(name, _)| served(name)) {
            let input = BakeInput {
                os: base.os_key,
                software: base.software,
                package_manager: base.packages,
                gpu: gpu.as_ref(),
                builder_has_gpu: *name != "nvswitch",
                docker_version: (*name == "proprietary").then_some("28"),
                steps,
                ..input()
            };
            plans.push((format!("{os}-{name}"), plan(&input).expect("there is a driver")));
        }
    }
    for os in ["ubuntu-hpc-24.04", "almalinux-hpc-9", "ubuntu-hpc-24.04-rocm"] {
        let base = catalog::base_image(os, Generation::V2).expect("a known system");
        let rocm = base.gpu_driver == "rocm";
        let gpu = (!rocm).then(data_centre);
        let has = Has { docker: true, driver: !rocm, toolkit: !rocm, infiniband: true, rocm };
        let input = BakeInput {
            os: base.os_key,
            software: base.software,
            package_manager: base.packages,
            has,
            mig: (!rocm).then_some("1g.10gb"),
            infiniband: true,
            gpu: gpu.as_ref(),
            builder_has_gpu: !rocm,
            steps,
            ..input()
        };
        plans.push((os.to_owned(), plan(&input).expect("the image has a driver")));
    }
    let options = network();
    for os in ALL_OS {
        let base = catalog::base_image(os, Generation::V2).expect("a known system");
        let gpu = data_centre();
        let input = BakeInput {
            os: base.os_key,
            software: base.software,
            package_manager: base.packages,
            gpu: Some(&gpu),
            options: &options,
            ..input()
        };
        plans.push((format!("{os}-network"), plan(&input).expect("there is a driver")));
    }
    let none = BakeInput { name: "image-x", registries: Vec::new(), images: Vec::new(), ..input() };
    plans.push(("no-images".to_owned(), plan(&none).expect("no driver is needed")));
    let image_builder = BakeInput { image_builder: true, steps, ..input() };
    let plan = plan(&image_builder).expect("no driver is needed");
    plans.push(("image-builder".to_owned(), plan));
    plans
}

/// The rendered bake and its custom data.
pub fn render(plan: &BakePlan) -> (BakeFiles, String) {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let templates = Templates::new(BTreeMap::new(), &mut sources, &mut diagnostics)
        .expect("the embedded templates parse");
    let files = bake_files(&templates, plan, &mut sources, &mut diagnostics);
    let files = files.expect("the scripts render");
    let text = custom_data(&templates, plan, &files, &mut sources, &mut diagnostics);
    (files, text.expect("the custom data renders"))
}

/// The rendered bake and the one script that carries it under Azure Image Builder.
pub fn render_script(plan: &BakePlan) -> (BakeFiles, String) {
    let (mut sources, mut diagnostics) = (Sources::default(), Diagnostics::default());
    let templates = Templates::new(BTreeMap::new(), &mut sources, &mut diagnostics)
        .expect("the embedded templates parse");
    let files = bake_files(&templates, plan, &mut sources, &mut diagnostics);
    let files = files.expect("the scripts render");
    let text = single_script(&templates, plan, &files, &mut sources, &mut diagnostics);
    (files, text.expect("the script renders"))
}

/// Writes the files of a bake below a folder instead of `/opt/prebake`.
pub fn install(files: &BakeFiles, home: &Path) {
    for file in &files.files {
        if let Some(name) = file.path.strip_prefix("/opt/prebake/") {
            let path = home.join(name);
            fs::create_dir_all(path.parent().expect("it is below the home")).expect("a new folder");
            fs::write(&path, &file.content).expect("a new file");
            let mode = u32::from_str_radix(file.permissions, 8).expect("an octal mode");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("our own file");
        }
    }
}
