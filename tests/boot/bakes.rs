//! The renders that the machines bake, through the same code as `prebake render`. The archives are signed with
//! a key of the test's own, so that its fingerprint stands where the maker's stands: nothing else is changed.

use std::fs;

use prebake::config::fields::{BakeOptions, BakePart, BakeStep, Certificate, Mirror, Proxy};
use prebake::model::bake::{BakeInput, BakePlan, plan};
use prebake::model::{Gpu, Has};

use super::machine::{ARCHIVES, Machine, Seed};
use crate::bake::plans;

const SERVER: &str = "boottest.azurecr.io";
/// The image with a loader of programs, as every image with CUDA has one.
pub const VISION: &str = "boottest.azurecr.io/vision:1";
/// An image that can run next to nothing.
pub const SMALL: &str = "boottest.azurecr.io/small:1";

/// Fingerprints of Docker's key and of NVIDIA's two.
const MAKERS: [&str; 3] = [
    "9DC858229FC7DD38854AE2D88D81803C0EBFCD88",
    "C95B321B61E88C1809C4F759DDCAE044F796ECB0",
    "EB693B3035CD5710E231E123A4B469963BF863CC",
];

/// A bake of one private image.
pub fn cpu(steps: &[BakeStep]) -> BakePlan {
    planned(&input(steps))
}

/// A bake of the driver, the toolkit and images.
pub fn gpu(images: &[&str]) -> BakePlan {
    let gpu = Gpu { driver_version: Some("580.1.2".to_owned()), ..plans::data_centre() };
    planned(&BakeInput {
        gpu: Some(&gpu),
        builder_has_gpu: true,
        toolkit_version: Some("1.2.3"),
        images: images.iter().map(|image| plans::image(image, "")).collect(),
        ..input(&[])
    })
}

/// A bake whose image must have a digest.
pub fn pinned(digest: &str) -> BakePlan {
    planned(&BakeInput { images: vec![plans::image(VISION, digest)], ..input(&[]) })
}

/// A bake behind a proxy, with a mirror of Docker's archive and the authority that signs all hosts.
pub fn behind_a_proxy() -> BakePlan {
    let pem = fs::read_to_string(format!("{ARCHIVES}/ca.crt")).expect("the archives are there");
    let options = BakeOptions {
        proxy: Some(Proxy { url: "http://10.64.0.1:3128".to_owned(), ..Proxy::default() }),
        certificates: vec![Certificate { name: "boot-test".to_owned(), pem }],
        mirrors: vec![Mirror {
            from: "https://download.docker.com".to_owned(),
            to: "http://10.64.0.1/mirror/download.docker.com".to_owned(),
        }],
        ..BakeOptions::default()
    };
    planned(&BakeInput { options: &options, ..input(&[]) })
}

/// A bake that checks driver, Docker and toolkit; its own step puts them on the disk first, as an HPC image has them.
pub fn checked(installs: &str) -> BakePlan {
    let gpu = plans::data_centre();
    let step = BakeStep { before: Some(BakePart::Driver), ..plans::run(installs) };
    planned(&BakeInput {
        os: "ubuntu-hpc-24.04",
        has: Has { docker: true, driver: true, toolkit: true, ..Has::default() },
        gpu: Some(&gpu),
        builder_has_gpu: true,
        ..input(&[step])
    })
}

/// What installs the software of an HPC image from the stand-ins.
pub const SOFTWARE: &str = "\
. /opt/prebake/lib.sh
add_source docker https://download.docker.com/linux/ubuntu noble stable \\
  https://download.docker.com/linux/ubuntu/gpg 9DC858229FC7DD38854AE2D88D81803C0EBFCD88
cuda=https://developer.download.nvidia.com/compute/cuda/repos/ubuntu2404/x86_64
add_source nvidia-cuda \"$cuda\" / '' \"$cuda/3bf863cc.pub\" EB693B3035CD5710E231E123A4B469963BF863CC
toolkit=https://nvidia.github.io/libnvidia-container
add_source toolkit \"$toolkit/stable/deb/amd64\" / '' \"$toolkit/gpgkey\" C95B321B61E88C1809C4F759DDCAE044F796ECB0
install_packages docker-ce docker-ce-cli containerd.io nvidia-open build-essential \\
  nvidia-container-toolkit nvidia-container-toolkit-base libnvidia-container-tools libnvidia-container1
";

/// The bake that Azure Image Builder runs.
pub fn image_builder() -> BakePlan {
    planned(&BakeInput { image_builder: true, ..input(&[]) })
}

fn input(steps: &[BakeStep]) -> BakeInput<'_> {
    BakeInput {
        name: "boot-test",
        registries: vec![plans::login(SERVER)],
        images: vec![plans::image(VISION, "")],
        steps,
        ..plans::input()
    }
}

fn planned(input: &BakeInput<'_>) -> BakePlan {
    plan(input).expect("the catalog has a driver")
}

/// A builder that finds the plan's custom data when it boots.
pub fn builder(plan: &BakePlan) -> Machine {
    let (_, text) = plans::render(plan);
    Machine::new(Seed { instance: "builder".to_owned(), user_data: trusted(&text) })
}

/// A machine of Azure Image Builder's, which runs one script and then deprovisions.
pub fn image_builder_machine(plan: &BakePlan) -> Machine {
    let (_, script) = plans::render_script(plan);
    let machine = Machine::new(Seed {
        instance: "builder".to_owned(),
        user_data: "#cloud-config\n{}\n".to_owned(),
    });
    machine.write("/root/bake.sh", &trusted(&script), 0o755);
    machine
}

/// The plan's custom data for archives in another folder.
pub fn user_data(plan: &BakePlan, archives: &str) -> String {
    let (_, text) = plans::render(plan);
    trusted_by(&text, archives)
}

fn trusted(text: &str) -> String {
    trusted_by(text, ARCHIVES)
}

fn trusted_by(text: &str, archives: &str) -> String {
    let ours =
        fs::read_to_string(format!("{archives}/fingerprint")).expect("the archives are there");
    MAKERS.iter().fold(text.to_owned(), |text, maker| text.replace(maker, ours.trim()))
}
