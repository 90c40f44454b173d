//! A full deployment that has nothing to do, process start and login included, beside the stand-in of Azure of the
//! tests: `cargo bench --bench deploy` prints the median and the requests.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

#[path = "../tests/azure/mod.rs"]
mod azure;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use azure::Standin;

const RUNS: usize = 21;

fn main() {
    let standin = Standin::start();
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["gpu-preload.yaml", "Dockerfile.gpu.ubuntu"] {
        std::fs::copy(root.join("examples").join(name), folder.path().join(name)).expect("a copy");
    }
    let render = Command::new(env!("CARGO_BIN_EXE_prebake"))
        .args(["render", "gpu-preload.yaml"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .status();
    assert!(render.expect("the binary runs").success());
    let first = deploy(&standin, folder.path());
    standin.take_requests();
    let mut times: Vec<Duration> = (0..RUNS).map(|_| deploy(&standin, folder.path())).collect();
    let requests = standin.take_requests().len() / RUNS;
    times.sort();
    println!("everything to do: {first:.2?}");
    println!(
        "nothing to do:    {:.2?} (median of {RUNS}), {requests} requests, 1 process",
        times[RUNS / 2]
    );
}

fn deploy(standin: &Standin, folder: &Path) -> Duration {
    let start = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_prebake"))
        .args(["deploy", "out/vision", "--full", "--cloud"])
        .arg(standin.cloud_file())
        .arg("--ca-file")
        .arg(standin.ca_file())
        .current_dir(folder)
        .envs(Standin::secret_environment())
        .env("PREBAKE_POLL_SECONDS", "0.05")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("the binary runs").success());
    start.elapsed()
}
