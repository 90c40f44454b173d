//! The bake on a machine that boots: what the custom data and the script of Image Builder do under systemd and
//! cloud-init, when they are interrupted and when they are not.
//!
//! `machine` boots, `world.sh` and `azure.py` surround it, `disk.sh` makes what it boots from, `bakes` renders
//! what it bakes, `image` judges what is left, `cases` and `cuts` are the tests. docs/internals/boot-test.md tells what
//! they cover.
#![expect(clippy::disallowed_methods, reason = "tests write machines and read what they left")]
#![expect(clippy::print_stderr, reason = "a test that cannot run says so")]

mod bakes;
mod cases;
mod cuts;
mod image;
mod machine;
mod qemu;

use std::path::Path;
use std::process::Command;

/// Whether machines can boot here; where they cannot, says what is missing.
fn machines_boot() -> bool {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/boot");
    let script = format!(
        "[ \"$(id -u)\" = 0 ] || {{ echo 'these tests need root'; exit 1; }}
         for tool in systemd-nspawn docker-registry python3 unshare nsenter; do
           command -v $tool > /dev/null || {{ echo \"$tool is missing\"; exit 1; }}
         done
         version=$(cat {0}/disk.sh {0}/archive.sh | sha256sum | cut -d ' ' -f 1)
         [ \"$(cat {1}/version 2> /dev/null)\" = \"$version\" ] \
           || {{ echo 'the disk is missing or old: run tests/boot/disk.sh'; exit 1; }}
         unshare --mount --net sh -c 'umount -l /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup' 2> /dev/null \
           || {{ echo 'no right to mount and to make namespaces'; exit 1; }}",
        here.display(),
        machine::ARCHIVES,
    );
    let output = Command::new("sh").args(["-c", &script]).output().expect("sh runs");
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stdout).into_owned();
        eprintln!("NOT CHECKED: no machine boots here: {}", reason.trim());
    }
    output.status.success()
}
