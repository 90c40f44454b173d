//! Group A, the bake: what the first boot of the builder installs, and what it leaves behind.

use std::collections::{BTreeMap, BTreeSet};

use super::Check;
use super::bake::{Bake, Script, is_errexit};
use super::finding::Sink;
use super::shell::Command;
use super::view::{Pool, View};
use crate::catalog::{DriverClass, GpuModules, VmSize};

pub(super) const RULES: &[(&str, Check)] = &[
    ("IMG005", machine_is_deprovisioned),
    ("IMG006", deprovisioning_comes_last),
    ("IMG011", secure_boot_takes_the_driver),
    ("IMG012", driver_class_fits_the_size),
    ("IMG035", grid_driver_boots),
    ("IMG013", modules_fit_the_gpu),
    ("IMG014", kernel_is_held),
    ("IMG016", docker_reaches_the_gpu),
    ("IMG017", docker_is_docker),
    ("IMG018", images_lie_on_the_os_disk),
    ("IMG020", temporary_disk_stays),
    ("IMG022", firewall_stays_off),
    ("CI009", driver_is_loaded),
    ("CI010", failing_commands_stop_the_bake),
];

/// Programs that may follow deprovisioning: they change nothing that belongs into an image.
const HARMLESS: [&str; 26] = [
    "exit",
    "sync",
    "poweroff",
    "shutdown",
    "halt",
    "echo",
    "printf",
    "touch",
    "true",
    "export",
    "history",
    "unset",
    "rm",
    "truncate",
    "find",
    "journalctl",
    "cloud-init",
    "logger",
    "fi",
    "done",
    "}",
    "esac",
    ":",
    "sleep",
    "return",
    "cat",
];

fn image_bakes<'v, 'a>(view: &'v View<'a>) -> impl Iterator<Item = &'v Bake<'a>> {
    view.bakes.iter().filter(|bake| bake.prepares_image())
}

fn deprovisions(command: Command<'_>) -> bool {
    command.program() == "waagent" && command.words().any(|word| word.contains("deprovision"))
}

fn machine_is_deprovisioned(view: &View<'_>, sink: &mut Sink<'_>) {
    // Azure Image Builder deprovisions by itself, and a machine that is not captured need not.
    if view.builders().is_empty() {
        return;
    }
    for bake in image_bakes(view) {
        if !bake.commands().any(|(_, command)| deprovisions(command)) {
            sink.report(bake.whole(), "no step runs `waagent -deprovision+user`");
        }
    }
}

fn deprovisioning_comes_last(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in &view.bakes {
        let order = run_order(bake);
        let Some(last) = order.iter().position(|(_, command)| deprovisions(*command)) else {
            continue;
        };
        let later = order[last + 1..].iter().find(|(_, command)| changes_the_image(*command));
        if let Some((script, command)) = later {
            let label = format!("`{}` runs after the machine was deprovisioned", command.program());
            let (first_script, first) = order[last];
            sink.report(bake.at_command(script, *command), label)
                .also(bake.at_command(first_script, first), "the deprovisioning");
        }
    }
}

fn changes_the_image(command: Command<'_>) -> bool {
    let stops = command.program() == "systemctl"
        && ["poweroff", "halt", "stop", "disable"].iter().any(|verb| command.has(verb));
    !stops && !deprovisions(command) && !HARMLESS.contains(&command.program())
}

/// The commands in the order in which they run: numbered steps by number, and where there are none, the
/// commands of cloud-init with the scripts that they call in their place.
fn run_order<'b>(bake: &'b Bake<'_>) -> Vec<(&'b Script, Command<'b>)> {
    let mut numbered: Vec<_> = bake.scripts.iter().filter(|script| script.is_numbered()).collect();
    if numbered.iter().any(|script| script.commands().any(deprovisions)) {
        numbered.sort_by(|left, right| left.name.cmp(&right.name));
        return numbered.into_iter().flat_map(with_commands).collect();
    }
    let entries = bake
        .scripts
        .iter()
        .filter(|script| !script.name.starts_with('/') && script.name != "packages");
    let files: BTreeMap<&str, &Script> = bake
        .scripts
        .iter()
        .filter(|script| script.name.starts_with('/'))
        .map(|script| (script.name.as_str(), script))
        .collect();
    let mut called = BTreeSet::new();
    let mut order = Vec::new();
    for (entry, command) in entries.flat_map(with_commands) {
        let file = command.words().find_map(|word| files.get(word));
        match file {
            Some(script) if called.insert(&script.name) => order.extend(with_commands(script)),
            _ => order.push((entry, command)),
        }
    }
    order
}

fn with_commands(script: &Script) -> impl Iterator<Item = (&Script, Command<'_>)> {
    script.commands().map(move |command| (script, command))
}

fn secure_boot_takes_the_driver(view: &View<'_>, sink: &mut Sink<'_>) {
    let signed = ["linux-modules-nvidia", "ubuntu-drivers", "mokutil"];
    let Some(bake) =
        image_bakes(view).find(|bake| bake.installs_driver() && !bake.mentions(&signed))
    else {
        return;
    };
    let builders = view
        .builders()
        .into_iter()
        .map(|vm| vm.at("properties/securityProfile/uefiSettings/secureBootEnabled"));
    let pools = view.pools.iter().filter(|pool| view.definition_of(pool).is_some());
    let pools = pools.map(|pool| pool.machine("securityProfile/uefiSettings/secureBootEnabled"));
    for setting in builders.chain(pools) {
        if setting.boolean() == Some(true) {
            let driver = bake.grid_driver().or_else(|| bake.data_centre_driver()).unwrap_or("");
            sink.report(&setting, "the driver of this image is not signed")
                .also(bake.place_of(driver), "the installation");
        }
    }
}

fn grid_driver_boots(view: &View<'_>, sink: &mut Sink<'_>) {
    let is_grid = |size: &VmSize| size.driver_class == DriverClass::Grid;
    let pools = view.pools.iter().filter(|pool| pool.size.as_ref().is_some_and(is_grid));
    let pools = pools.map(|pool| pool.machine("securityProfile/uefiSettings"));
    let machines = view.builders().into_iter().filter(|vm| {
        let size = vm.at("properties/hardwareProfile/vmSize").text();
        size.and_then(|name| view.overlay().vm_size(name)).is_some_and(|size| is_grid(&size))
    });
    let machines = machines.map(|vm| vm.at("properties/securityProfile/uefiSettings"));
    for settings in pools.chain(machines) {
        for (key, what) in
            [("secureBootEnabled", "Secure Boot"), ("vTpmEnabled", "the virtual TPM")]
        {
            let setting = settings.at(key);
            if setting.boolean() == Some(true) {
                sink.report(
                    &setting,
                    format!("{what} is on, but the VM size needs the GRID driver"),
                );
            }
        }
    }
}

fn driver_class_fits_the_size(view: &View<'_>, sink: &mut Sink<'_>) {
    for (node, size) in view.nvidia_sizes() {
        for bake in image_bakes(view) {
            let (wrong, wanted) = match size.driver_class {
                DriverClass::Grid if bake.grid_driver().is_none() => {
                    (bake.data_centre_driver(), "GRID")
                }
                DriverClass::Cuda
                    if bake.data_centre_driver().is_none() && !size.gpu_model.contains("T4") =>
                {
                    (bake.grid_driver(), "data center")
                }
                _ => (None, ""),
            };
            if let Some(line) = wrong {
                sink.report(
                    bake.place_of(line),
                    format!("`{}` needs the {wanted} driver", size.name),
                )
                .also(&node, "the size");
            }
        }
    }
}

fn modules_fit_the_gpu(view: &View<'_>, sink: &mut Sink<'_>) {
    let open = [
        "nvidia-open",
        "kernel-module-type=open",
        "-M open",
        "-m=kernel-open",
        "-open-azure",
        "-open-dkms",
        "open-dkms",
    ];
    let proprietary = ["cuda-drivers", "kernel-module-type=proprietary"];
    for (node, size) in view.nvidia_sizes() {
        for bake in image_bakes(view) {
            // A driver of the wrong class is reported as such.
            if size.driver_class == DriverClass::Grid && bake.grid_driver().is_none() {
                continue;
            }
            let (wrong, wanted) = match size.driver_modules() {
                GpuModules::Proprietary => (bake.line_with(&open), "proprietary"),
                GpuModules::Open => (bake.line_with(&proprietary), "open"),
                GpuModules::Either | GpuModules::None => (None, ""),
            };
            if let Some(line) = wrong {
                let label = format!("{} needs {wanted} modules", size.gpu_model);
                sink.report(bake.place_of(line), label)
                    .rests_on(size.fact())
                    .also(&node, "the size");
            }
        }
    }
}

fn kernel_is_held(view: &View<'_>, sink: &mut Sink<'_>) {
    let holds = [
        "apt-mark hold",
        "versionlock",
        "unattended-upgrades",
        "APT::Periodic",
        "exclude=kernel",
        "dnf-automatic",
    ];
    for bake in image_bakes(view).filter(|bake| bake.installs_driver()) {
        if !bake.mentions(&holds) {
            let line = bake.data_centre_driver().or_else(|| bake.grid_driver()).unwrap_or("");
            sink.report(bake.place_of(line), "an update can install a kernel without this module");
        }
    }
}

fn docker_reaches_the_gpu(view: &View<'_>, sink: &mut Sink<'_>) {
    if !view.wants_nvidia() || !view.pools.iter().all(Pool::uses_own_image) {
        return;
    }
    let docker = ["docker-ce", "moby-engine", "docker.io", "docker pull"];
    for bake in image_bakes(view).filter(|bake| bake.mentions(&docker)) {
        if !bake.mentions(&["nvidia-container-toolkit"]) {
            sink.report(bake.whole(), "`nvidia-container-toolkit` is not installed");
        } else if !bake.mentions(&[
            "nvidia-ctk runtime configure",
            "nvidia-container-runtime",
            "nvidia-ctk cdi",
        ]) {
            sink.report(
                bake.place_of("nvidia-container-toolkit"),
                "the NVIDIA runtime is not registered with Docker",
            );
        }
    }
}

fn docker_is_docker(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in &view.bakes {
        for (script, command) in bake.commands() {
            let installs = matches!(command.program(), "dnf" | "yum") && command.has("install");
            if installs && command.has("docker") {
                sink.report(bake.at_command(script, command), "this is not Docker Engine");
            }
        }
    }
}

fn images_lie_on_the_os_disk(view: &View<'_>, sink: &mut Sink<'_>) {
    let settings = ["data-root", "--graph", "root ="];
    let folders = ["/mnt", "/media/", "/dev/shm"];
    for bake in view.bakes.iter().filter(|bake| bake.pulls() && bake.mentions(&settings)) {
        let holds = |line: &str, pieces: [&str; 3]| pieces.iter().any(|piece| line.contains(piece));
        let moved = bake.lines().find(|line| holds(line, settings) && holds(line, folders));
        if let Some(line) = moved {
            sink.report(bake.place_of(line), "Docker stores pulled images there");
        }
    }
}

fn temporary_disk_stays(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in &view.bakes {
        if let Some(line) = bake.line_with(&["ResourceDisk.MountPoint", "ResourceDisk.Format=n"]) {
            sink.report(bake.place_of(line), "the node agent cannot find its disk");
        }
        let mounts = bake.config.as_ref().and_then(|config| config.get("mounts"));
        if mounts.is_some_and(|mounts| mounts.to_string().contains("ephemeral0")) {
            sink.report(bake.place_of("ephemeral0"), "the node agent cannot find its disk");
        }
    }
}

fn firewall_stays_off(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in &view.bakes {
        for (script, command) in bake.commands() {
            let ufw = command.starts_with(&["ufw", "enable"])
                || command.starts_with(&["ufw", "--force", "enable"]);
            let unit = command.program() == "systemctl"
                && (command.has("enable") || command.has("start"))
                && command
                    .words()
                    .any(|word| word.starts_with("firewalld") || word.starts_with("ufw"));
            if ufw || unit {
                sink.report(
                    bake.at_command(script, command),
                    "the firewall can block the traffic of Batch",
                );
            }
        }
    }
}

fn driver_is_loaded(view: &View<'_>, sink: &mut Sink<'_>) {
    let proofs =
        ["reboot", "power_state", "modprobe nvidia", "nvidia-smi", "modinfo nvidia", "dkms status"];
    for bake in image_bakes(view).filter(|bake| bake.installs_driver()) {
        let power_state =
            bake.config.as_ref().is_some_and(|config| config.get("power_state").is_some());
        if !bake.mentions(&proofs) && !power_state {
            let line = bake.data_centre_driver().or_else(|| bake.grid_driver()).unwrap_or("");
            sink.report(bake.place_of(line), "no step loads or checks this module");
        }
    }
}

fn failing_commands_stop_the_bake(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in image_bakes(view) {
        let installs = |command: Command<'_>| {
            matches!(
                command.program(),
                "apt-get" | "apt" | "dnf" | "yum" | "docker" | "curl" | "wget"
            )
        };
        let careless = bake
            .scripts
            .iter()
            .filter(|script| !stops_on_error(script) && !sources_one_that_stops(bake, script));
        let culprit = careless.flat_map(with_commands).find(|(_, command)| installs(*command));
        if let Some((script, command)) = culprit {
            let label = format!("the bake continues if `{}` fails", command.program());
            sink.report(bake.at_command(script, command), label);
        }
    }
}

fn stops_on_error(script: &Script) -> bool {
    let first = script.text().lines().next().unwrap_or("");
    let in_shebang = first.starts_with("#!") && first.split_whitespace().any(is_errexit);
    let fails_loudly =
        |command: Command<'_>| command.program() == "set" && command.words().any(is_errexit);
    script.stops
        || in_shebang
        || script.commands().any(fails_loudly)
        || script.text().contains("|| exit")
}

/// A step may leave `set -e` to a library that it reads first.
fn sources_one_that_stops(bake: &Bake<'_>, script: &Script) -> bool {
    script.commands().filter(|command| matches!(command.program(), "." | "source")).any(|command| {
        let file = command.word(1).map_or("", super::node::last_segment);
        bake.scripts
            .iter()
            .any(|other| super::node::last_segment(&other.name) == file && stops_on_error(other))
    })
}

/// The branch of the NVIDIA driver that a bake installs: 580 of `580.126.20`.
pub(super) fn driver_branch(bake: &Bake<'_>) -> Option<u32> {
    bake.scripts
        .iter()
        .filter(|script| script.text().contains("nvidia"))
        .flat_map(|script| script.text().lines())
        .filter(|line| !line.trim_start().starts_with('#'))
        .find_map(|line| {
            line.split(|letter: char| !letter.is_ascii_digit() && letter != '.').find_map(|word| {
                let (major, rest) = word.split_once('.')?;
                let shaped = major.len() == 3 && rest.len() >= 2 && !rest.starts_with('.');
                major.parse().ok().filter(|major| shaped && (400..900).contains(major))
            })
        })
}
