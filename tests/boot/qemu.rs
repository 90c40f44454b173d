//! A bake with a driver in a virtual machine that has a kernel of its own: the longer recipe, for releases.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::machine::{Machine, Seed};
use super::{bakes, image, machines_boot};

/// What `qemu.sh` made, and what it boots from.
struct Recipe {
    base: PathBuf,
    out: tempfile::TempDir,
}

fn run(arguments: &[&str]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/qemu.sh");
    let status = Command::new("bash").arg(script).args(arguments).status().expect("bash runs");
    assert!(status.success(), "qemu.sh {arguments:?}: {status}");
}

impl Recipe {
    fn text(&self, name: &str) -> String {
        let bytes = std::fs::read(self.out.path().join(name)).expect("the recipe leaves it");
        String::from_utf8_lossy(&bytes).replace('\r', "")
    }
}

#[test]
#[ignore = "needs QEMU and genisoimage, and takes minutes: .ci/boot --qemu"]
fn a_virtual_machine_changes_its_kernel_builds_a_module_and_becomes_an_image() {
    assert!(machines_boot(), "the recipe needs what the boot test needs");
    let base = std::env::var("PREBAKE_QEMU").unwrap_or_else(|_| "/opt/prebake-ci/qemu".to_owned());
    let recipe = Recipe {
        base: PathBuf::from(base),
        out: tempfile::Builder::new().prefix("qemu").tempdir().expect("a temporary folder"),
    };
    let base = recipe.base.display().to_string();
    if !recipe.base.join("fingerprint").is_file() {
        run(&["prepare", &base]);
    }
    let user_data = recipe.out.path().join("user-data");
    let text = bakes::user_data(&bakes::gpu(&[bakes::VISION]), &base);
    std::fs::write(&user_data, text).expect("a new file");
    let out = recipe.out.path().display().to_string();
    run(&["bake", &base, &user_data.display().to_string(), &out]);

    let console = recipe.text("console");
    eprintln!("{}", markers(&console));
    let boots: Vec<&str> =
        console.lines().filter_map(|line| line.strip_prefix("##### ")?.split(' ').nth(2)).collect();
    assert_eq!(boots.len(), 2, "one restart, for the newer kernel: {boots:?}");
    assert_ne!(boots[0], boots[1]);
    assert!(console.contains("PREBAKE-STEP kernel rebooting"));
    assert!(console.contains("DataSourceAzure"), "cloud-init took another datasource");
    let results = prebake_results(&console);
    let result = results.last().expect("a result stands whole on a real serial port");
    assert_eq!(result["status"], "succeeded", "{result:#}");
    assert_eq!(result["versions"]["kernel"], boots[1]);

    // The disk is an image, and its first boot a node: a container shows that as well.
    let disk = recipe.out.path().join("disk.raw");
    let mut machine = Machine::with_disk(
        &disk,
        Seed { instance: "builder".to_owned(), user_data: "#cloud-config\n{}\n".to_owned() },
    );
    let faults = image::faults(&machine);
    assert!(faults.is_empty(), "{faults:#?}");
    let module = format!("/lib/modules/{}/updates/dkms", boots[1]);
    assert!(machine.list(&module).iter().any(|name| name.starts_with("nvidia.ko")), "{module}");
    // A container is given no seed, so only a virtual machine can show that its own is gone.
    assert!(!machine.path("/var/lib/systemd/random-seed").exists(), "the builder's random seed");
    machine.write(
        "/etc/cloud/cloud.cfg.d/99-boot-test.cfg",
        "datasource_list: [NoCloud]\nnetwork: {config: disabled}\n",
        0o644,
    );
    image::boot_node(&mut machine, "");
}

/// The results on a console, the whole ones.
fn prebake_results(console: &str) -> Vec<serde_json::Value> {
    let lines =
        console.lines().filter_map(|line| line.split_once("PREBAKE-RESULT ").map(|it| it.1));
    lines
        .filter_map(|line| line.trim_end().rsplit_once(" sha256:"))
        .filter(|(json, digest)| prebake::model::hex_digest(json.as_bytes()) == *digest)
        .map(|(json, _)| serde_json::from_str(json).expect("the result is JSON"))
        .collect()
}

fn markers(console: &str) -> String {
    let is_marker = |line: &&str| line.contains("PREBAKE-STEP") || line.starts_with("##### ");
    console.lines().filter(is_marker).collect::<Vec<_>>().join("\n")
}
