//! One machine for each kind of end and each kind of interruption.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::bake::plans;

use super::machine::{End, Machine};
use super::{bakes, image, machines_boot};

/// Until a file of the machine is there, or for a minute.
fn wait_for_file(machine: &Machine, path: &str) {
    let begin = Instant::now();
    while !machine.path(path).exists() {
        assert!(
            begin.elapsed() < Duration::from_secs(120),
            "{path} never came\n{}",
            machine.story()
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Takes the network away, or gives it back.
fn network(machine: &Machine, verb: &str) {
    machine.must(&format!("ip address {verb} 10.64.0.1/24 dev lo"));
}

#[test]
fn a_bake_becomes_an_image_and_the_image_a_node() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::cpu(&[]));
    machine.switch_on();
    machine.wait_for("PREBAKE-STEP preload started");
    let builder = machine.read("/etc/machine-id");
    let end = machine.go_on();
    image::assert_clean(&machine, end);
    image::boot_node(&mut machine, &builder);
}

#[test]
fn a_step_that_asks_for_a_restart_gets_one() {
    if !machines_boot() {
        return;
    }
    let step =
        plans::run("[ -e /var/tmp/restarted ] || { touch /var/tmp/restarted; sync; exit 194; }");
    let mut machine = bakes::builder(&bakes::cpu(&[step]));
    let end = machine.bake();
    image::assert_clean(&machine, end);
    assert!(machine.console().contains("PREBAKE-STEP step-1 rebooting"), "{}", machine.story());
}

#[test]
fn power_that_is_cut_while_an_image_is_pulled() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::cpu(&[]));
    machine.switch_on();
    machine.wait_for("PREBAKE-STEP preload started");
    std::thread::sleep(Duration::from_millis(500));
    machine.cut_power();
    let end = machine.bake();
    image::assert_clean(&machine, end);
}

#[test]
fn power_that_is_cut_while_dpkg_works() {
    if !machines_boot() {
        return;
    }
    let mut machine =
        bakes::builder(&bakes::cpu(&[plans::packages(&["slow-1", "slow-2", "slow-3"])]));
    machine.switch_on();
    wait_for_file(&machine, "/var/lib/dpkg/info/slow-3.postinst");
    std::thread::sleep(Duration::from_millis(500));
    machine.cut_power();
    let end = machine.bake();
    image::assert_clean(&machine, end);
}

/// What cloud-init wrote a moment ago is on the disk: an empty unit would never bake again.
#[test]
fn power_that_is_cut_as_the_first_step_starts() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::cpu(&[]));
    machine.switch_on();
    machine.wait_for("PREBAKE-STEP prepare started");
    machine.cut_power();
    let end = machine.bake();
    image::assert_clean(&machine, end);
}

#[test]
fn power_that_is_cut_after_the_clean_up() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::cpu(&[]));
    machine.switch_on();
    machine.wait_for("PREBAKE-STEP deprovision started");
    machine.cut_power();
    let end = machine.bake();
    image::assert_clean(&machine, end);
}

#[test]
fn power_that_is_cut_with_the_result_on_the_console() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::cpu(&[]));
    machine.switch_on();
    machine.wait_for("PREBAKE-RESULT");
    machine.cut_power();
    let end = machine.bake();
    image::assert_clean(&machine, end);
}

#[test]
fn a_machine_that_is_stopped_says_nothing_and_goes_on() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::cpu(&[]));
    machine.switch_on();
    machine.wait_for("PREBAKE-STEP preload started");
    assert_eq!(machine.stop(), End::Off);
    assert!(!machine.console().contains("PREBAKE-RESULT"), "{}", machine.story());
    let end = machine.bake();
    image::assert_clean(&machine, end);
    assert_eq!(machine.console().matches("PREBAKE-STEP docker started").count(), 1, "it goes on");
}

#[test]
fn a_restart_of_services_by_needrestart_does_not_touch_the_bake() {
    if !machines_boot() {
        return;
    }
    // The newer library is one that the bake's own shell has loaded.
    let mut machine =
        bakes::builder(&bakes::cpu(&[plans::packages(&["libtinfo6", "libncursesw6"])]));
    // Ubuntu's default; Debian only lists what should be restarted.
    machine.write("/etc/needrestart/conf.d/ubuntu.conf", "$nrconf{restart} = 'a';\n", 0o644);
    let end = machine.bake();
    image::assert_clean(&machine, end);
    let results = machine.results();
    assert!(results.iter().all(|result| result["status"] == "succeeded"), "{}", machine.story());
}

#[test]
fn an_image_with_another_digest_fails_the_bake() {
    if !machines_boot() {
        return;
    }
    let digest = format!("sha256:{}", "0".repeat(64));
    let mut machine = bakes::builder(&bakes::pinned(&digest));
    let end = machine.bake();
    let log = image::failed_log(&machine, end, "preload");
    assert!(log.contains("not the pinned"), "{log}");
    assert_eq!(machine.disk_holds(&image::SECRETS), "");
}

#[test]
fn a_full_disk_fails_the_bake_and_says_so() {
    if !machines_boot() {
        return;
    }
    let fill = plans::run(
        "free=$(df --output=avail --block-size=1 / | tail -n 1)\nfallocate --length $((free - 8000000)) /filler",
    );
    let mut machine = bakes::builder(&bakes::cpu(&[fill]));
    let end = machine.bake();
    let log = image::failed_log(&machine, end, "preload");
    assert!(log.contains("the OS disk is too small"), "{log}");
}

#[test]
fn a_network_that_comes_late_is_waited_for() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::cpu(&[]));
    network(&machine, "del");
    machine.switch_on();
    machine.wait_for("PREBAKE-STEP prepare started");
    std::thread::sleep(Duration::from_secs(20));
    network(&machine, "add");
    let end = machine.go_on();
    image::assert_clean(&machine, end);
}

#[test]
fn a_network_that_breaks_is_no_missing_kernel_header() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::gpu(&[bakes::VISION]));
    machine.switch_on();
    machine.wait_for("PREBAKE-STEP kernel started");
    network(&machine, "del");
    std::thread::sleep(Duration::from_secs(12));
    network(&machine, "add");
    let end = machine.go_on();
    image::assert_clean(&machine, end);
    assert!(!machine.console().contains("kernel rebooting"), "{}", machine.story());
}

#[test]
fn a_bake_with_gpus_starts_cuda_in_a_container_and_survives_a_reload() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::gpu(&[bakes::VISION]));
    machine.switch_on();
    machine.wait_for("PREBAKE-STEP preload started");
    let builder = machine.read("/etc/machine-id");
    let end = machine.go_on();
    image::assert_clean(&machine, end);
    let results = machine.results();
    let versions = results.last().map(|result| result["versions"].clone()).expect("a result");
    assert_eq!(versions["cuda"], format!("cuInit(0) is 0 in {}", bakes::VISION), "{versions}");
    image::boot_node(&mut machine, &builder);
    // The node describes its own GPUs, where nothing outlives a boot.
    assert!(machine.run("cat /run/cdi/nvidia.yaml").contains("nvidia.com/gpu"), "no CDI file");
    device_rules_stay(&machine);
}

/// Reloads systemd under a running container and compares the rules of its devices.
fn device_rules_stay(machine: &Machine) {
    let container = machine.run(&format!(
        "docker run --detach --pull never --network none --gpus all {} /bin/sleep 300",
        bakes::VISION
    ));
    let group = machine.must(&format!(
        "find {} -type d -name '*{}*' | head -n 1",
        machine.group().display(),
        container.trim()
    ));
    assert!(container.trim().len() == 64 && !group.is_empty(), "{container}");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot/device_rules.py");
    let rules = || machine.must(&format!("python3 {} {}", script.display(), group.trim()));
    let before = rules();
    assert_ne!(before.trim(), "", "the container has no rules");
    machine.run("systemctl daemon-reload && sleep 1");
    assert_eq!(rules(), before, "a reload changed the rules of {}", group.trim());
}

#[test]
fn cuda_that_does_not_start_in_a_container_fails_the_bake() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::gpu(&[bakes::SMALL, bakes::VISION]));
    machine.write("/etc/boot-test-cuda-fails", "", 0o644);
    let end = machine.bake();
    let log = image::failed_log(&machine, end, "verify");
    assert!(log.contains("cuInit(0) is 999"), "{log}");
}

#[test]
fn images_that_cannot_start_cuda_are_told() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::gpu(&[bakes::SMALL]));
    let end = machine.bake();
    image::assert_clean(&machine, end);
    let results = machine.results();
    let cuda = results.last().and_then(|result| result["versions"]["cuda"].as_str());
    assert!(cuda.is_some_and(|cuda| cuda.starts_with("NOT CHECKED: ")), "{cuda:?}");
}

#[test]
fn proxy_certificates_and_mirrors_are_in_force_before_the_first_package() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::behind_a_proxy());
    // The machine trusts nobody until the bake brings the authority.
    machine.write("/usr/local/share/ca-certificates/boot-test.crt", "", 0o644);
    machine.write("/etc/ssl/certs/ca-certificates.crt", "", 0o644);
    let end = machine.bake();
    image::assert_clean(&machine, end);
    let requests = machine.requests();
    for there in [
        "PROXY GET azure.archive.ubuntu.com/",
        "PROXY GET 10.64.0.1/mirror/download.docker.com/",
        "CONNECT boottest.azurecr.io:443",
        "\nGET 169.254.169.254/",
    ] {
        assert!(requests.contains(there), "no `{there}` in\n{requests}");
    }
    for past in ["\nGET azure.archive.ubuntu.com/", "download.docker.com:443", "PROXY GET 169.254"]
    {
        assert!(!requests.contains(past), "`{past}` in\n{requests}");
    }
    let drop_in = "/etc/systemd/system/docker.service.d/prebake-proxy.conf";
    assert!(!machine.path(drop_in).exists(), "the proxy of the builder is on the nodes");
}

#[test]
fn software_of_the_image_is_checked_instead_of_installed() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::checked(bakes::SOFTWARE));
    let end = machine.bake();
    image::assert_clean(&machine, end);
    let results = machine.results();
    let versions = results.last().map(|result| result["versions"].clone()).expect("a result");
    assert_eq!(versions["cuda"], format!("cuInit(0) is 0 in {}", bakes::VISION), "{versions}");
    assert_eq!(versions["toolkit"], "1.2.3-1", "{versions}");
}

#[test]
fn an_image_without_the_software_that_it_should_have_fails_the_bake() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::builder(&bakes::checked("true"));
    let end = machine.bake();
    let log = image::failed_log(&machine, end, "gpu-driver");
    assert!(log.contains("the image has no"), "{log}");
}

#[test]
fn image_builder_runs_the_same_bake() {
    if !machines_boot() {
        return;
    }
    let mut machine = bakes::image_builder_machine(&bakes::image_builder());
    machine.switch_on();
    machine.wait_for("cloud-init.target");
    let builder = machine.read("/etc/machine-id");
    // Image Builder copies the script, runs it, and then deprovisions.
    let output = machine
        .run("timeout 30 cloud-init status --wait; bash /root/bake.sh; echo \"ended with $?\"");
    assert!(output.ends_with("ended with 0\n"), "{output}");
    machine.run("rm /root/bake.sh; waagent -force -deprovision+user");
    assert_eq!(machine.stop(), End::Off);
    // The user that Image Builder works as, and its rights, are Image Builder's own to remove.
    let own = ["user prebake", "/home/", "90-cloud-init-users", "authorized_keys"];
    let mut faults = image::faults(&machine);
    faults.retain(|fault| !own.iter().any(|part| fault.contains(part)));
    assert!(faults.is_empty(), "{faults:#?}\n{}", machine.story());
    image::boot_node(&mut machine, &builder);
}
