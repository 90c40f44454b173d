//! What must be true of a disk that becomes an image, and of the first boot of a node from it.

use super::bakes::VISION;
use super::machine::{End, Machine};

/// Secrets that the stand-in of Azure gave, each as it may stand in a file.
pub const SECRETS: [&str; 4] = ["BOOTTESTidentity", "BOOTTESTrefresh", "BOOTTESTaccess", BASIC];
/// The same in base64, behind the user name of Docker's login.
const BASIC: &str = "MDAwMDAwMDAtMDAwMC0wMDAwLTAwMDAtMDAwMDAwMDAwMDAwOkJPT1RURVNU";

/// What a builder left behind that must not be in an image.
pub fn faults(machine: &Machine) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |found: bool, text: String| {
        if found {
            faults.push(text);
        }
    };
    let id = machine.read("/etc/machine-id");
    fault(id.trim().len() == 32, format!("/etc/machine-id is {id:?}"));
    for (folder, what) in [
        ("/etc/systemd/system", "prebake-bake"),
        ("/etc/systemd/system/multi-user.target.wants", "prebake-bake"),
        ("/etc/sudoers.d", "90-cloud-init-users"),
        ("/etc/ssh", "ssh_host_"),
        ("/opt", "prebake"),
        ("/root", ".gnupg"),
        ("/root", ".docker"),
        ("/root/.ssh", "authorized_keys"),
        ("/etc/cdi", ""),
        ("/home", ""),
        ("/var/lib/cloud", "instance"),
        ("/var/lib/cloud/seed", ""),
        ("/var/log/journal", ""),
        ("/var/lib/apt/lists", "azure."),
        ("/var/lib/waagent", "ovf-env.xml"),
    ] {
        for name in machine.list(folder).iter().filter(|name| name.starts_with(what)) {
            // A folder of cloud-init's that it makes anew and leaves empty.
            let empty = machine.list(&format!("{folder}/{name}")).is_empty();
            let ours = folder == "/var/lib/cloud" && empty;
            fault(!ours, format!("{folder}/{name} is there"));
        }
    }
    let kept = machine.list("/var/lib/prebake");
    fault(kept != ["result.json"], format!("/var/lib/prebake holds {kept:?}"));
    for line in machine.read("/etc/passwd").lines() {
        let id = line.split(':').nth(2).and_then(|id| id.parse::<u32>().ok());
        fault(id.is_some_and(|id| (1000..65000).contains(&id)), format!("user {line}"));
    }
    let secrets = machine.disk_holds(&SECRETS);
    fault(!secrets.is_empty(), format!("{secrets} on the disk"));
    faults
}

/// Ends the test unless the machine is off and its disk is an image.
pub fn assert_clean(machine: &Machine, end: End) {
    assert_eq!(end, End::Off, "the bake did not end\n{}", machine.story());
    let results = machine.results();
    let last = results.last().map(|result| result["status"].clone());
    assert_eq!(last, Some("succeeded".into()), "{}", machine.story());
    let faults = faults(machine);
    assert!(faults.is_empty(), "{faults:#?}\n{}", machine.story());
}

/// Ends the test unless this is a failed bake that names its step, and gives the end of its log.
pub fn failed_log(machine: &Machine, end: End, step: &str) -> String {
    assert_eq!(end, End::Failed, "{}", machine.story());
    let results = machine.results();
    let result = results.last().expect("a failed boot published a result");
    assert_eq!(result["failedStep"], step, "{result}");
    assert_ne!(result["exitCode"], 0, "{result}");
    result["log"].as_str().expect("a log").to_owned()
}

/// Boots a node from the disk, and ends the test unless it is a machine of its own with the image on its disk.
pub fn boot_node(machine: &mut Machine, builder_id: &str) {
    let pulls = |machine: &Machine| machine.requests().matches("boottest.azurecr.io").count();
    let before = pulls(machine);
    machine.becomes("node-1");
    machine.switch_on();
    machine.wait_for("cloud-init.target");
    let state = machine
        .run("timeout 90 systemctl is-system-running --wait; systemctl --failed --no-legend");
    assert!(state.starts_with("running"), "{state}");
    let id = machine.read("/etc/machine-id");
    assert!(id.trim().len() == 32 && id != builder_id, "the node's machine-id is {id:?}");
    let keys = machine.list("/etc/ssh");
    assert!(keys.iter().any(|name| name.starts_with("ssh_host_")), "{keys:?}");
    let ran = machine.run(&format!(
        "docker run --rm --pull never --network none {VISION} /bin/sh -c 'echo the container runs'"
    ));
    assert!(ran.contains("the container runs"), "{ran}");
    assert_eq!(pulls(machine), before, "the node asked the registry");
    let units = machine.run("systemctl list-unit-files --no-legend 'prebake*'");
    assert_eq!(units, "", "{units}");
    let started = machine.this_boot();
    assert!(!started.contains("PREBAKE-"), "the node bakes: {started}");
}
