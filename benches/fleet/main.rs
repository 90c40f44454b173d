//! Whole runs of the real binary, process start included: one config, and fleets of 1 to 10,000, each into a
//! new folder in memory, beside a Python pipeline of the same job (`benches/python`).
//!
//! `cargo bench --bench fleet` prints a table. `FLEET=10000` adds the largest fleet; `PYTHON=/path/to/python`
//! names an interpreter that has the packages. Elapsed time and peak memory are the kernel's own account of
//! the child process.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark writes, reads and prints"
)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PREBAKE: &str = env!("CARGO_BIN_EXE_prebake");

struct Measured {
    median: Duration,
    peak_kib: u64,
}

fn main() {
    let largest: usize =
        std::env::var("FLEET").ok().and_then(|size| size.parse().ok()).unwrap_or(1_000);
    let python = python();
    println!("{:>34}  {:>10}  {:>9}  {:>10}", "run", "median", "peak", "a config");
    for size in [1, 100, 1_000, 10_000].into_iter().filter(|size| *size <= largest) {
        let fleet = Fleet::new(size);
        let runs = if size == 1 { 41 } else { 5 };
        fleet.show("prebake render, new", &fleet.measure(runs, true, prebake));
        fleet.show("prebake render, unchanged", &fleet.measure(runs, false, prebake));
        fleet.show("prebake render --force, unchanged", &fleet.measure(runs, false, forced));
        fleet.show("prebake validate", &fleet.measure(runs, false, validate));
        fleet.show("prebake diff, unchanged", &fleet.measure(runs, false, diff));
        fleet.show("prebake diff, each differs", &fleet.measure(runs, false, changed));
        if let (Some(python), true) = (&python, size <= 1_000) {
            let runs = if size == 1 { 11 } else { 3 };
            let pipeline = |configs: &Path, out: &Path| script(python, configs, out);
            fleet.show("python, new", &fleet.measure(runs, true, pipeline));
            fleet.show("python, unchanged", &fleet.measure(runs, false, pipeline));
        }
    }
}

fn prebake(configs: &Path, out: &Path) -> Command {
    let mut command = Command::new(PREBAKE);
    command.arg("render").arg(configs).arg("-o").arg(out);
    command
}

fn forced(configs: &Path, out: &Path) -> Command {
    let mut command = prebake(configs, out);
    command.arg("--force");
    command
}

fn validate(configs: &Path, _: &Path) -> Command {
    let mut command = Command::new(PREBAKE);
    command.arg("validate").arg(configs);
    command
}

/// What a render would change; before the first, the folder is written.
fn diff(configs: &Path, out: &Path) -> Command {
    if !out.exists() {
        return prebake(configs, out);
    }
    let mut command = Command::new(PREBAKE);
    command.arg("diff").arg(configs).arg("--against").arg(out);
    command
}

fn changed(configs: &Path, out: &Path) -> Command {
    let mut command = diff(configs, out);
    if out.exists() {
        command.args(["--set", "batch.pools.0.nodes=3"]);
    }
    command
}

fn script(python: &str, configs: &Path, out: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/python/pipeline.py"));
    command.arg(configs).arg("-o").arg(out);
    command
}

/// An interpreter with the packages of the pipeline, if there is one.
fn python() -> Option<String> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = |package: &str| {
        let imports = format!("import yaml, jinja2, {package}");
        let mut command = Command::new(&python);
        let status =
            command.args(["-c", &imports]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if has("jsonschema_rs") || has("jsonschema") {
        return Some(python);
    }
    println!("no Python with yaml, jinja2 and jsonschema_rs: the comparison is left out");
    None
}

/// Configs in a folder in memory, each the real example under a name of its own.
struct Fleet {
    folder: tempfile::TempDir,
    size: usize,
}

impl Fleet {
    fn new(size: usize) -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(place).expect("a folder in memory");
        let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/gpu-preload.yaml");
        let text = std::fs::read_to_string(example).expect("the example is there");
        let configs = folder.path().join("configs");
        std::fs::create_dir(&configs).expect("made");
        for at in 0..size {
            let own = text.replace("name: vision\n", &format!("name: vision-{at:05}\n"));
            std::fs::write(configs.join(format!("{at:05}.yaml")), own).expect("written");
        }
        Self { folder, size }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    fn measure(
        &self,
        runs: usize,
        fresh: bool,
        command: impl Fn(&Path, &Path) -> Command,
    ) -> Measured {
        let configs = self.folder.path().join("configs");
        let again = || {
            if fresh {
                let _ = std::fs::remove_dir_all(self.out());
            }
            command(&configs, &self.out())
        };
        let _ = std::fs::remove_dir_all(self.out());
        if !fresh {
            time(&mut again());
        }
        let mut times: Vec<Duration> = (0..runs).map(|_| time(&mut again())).collect();
        times.sort();
        // Asking for the memory slows what is asked, so that a run of its own is watched.
        let peak_kib = peak(&mut again());
        Measured { median: times[times.len() / 2], peak_kib }
    }

    fn show(&self, what: &str, measured: &Measured) {
        let configs = u32::try_from(self.size).expect("a fleet is no larger");
        println!(
            "{:>34}  {:>10}  {:>6} MiB  {:>10}",
            format!("{what}, {}", self.size),
            format!("{:.1?}", measured.median),
            measured.peak_kib / 1024,
            format!("{:.2?}", measured.median / configs)
        );
    }
}

/// Runs a command: its time from start to end.
fn time(command: &mut Command) -> Duration {
    let started = Instant::now();
    let child = start(command);
    end(command, child);
    started.elapsed()
}

/// Runs a command: its peak memory in KiB.
fn peak(command: &mut Command) -> u64 {
    let child = start(command);
    let peak = peak_of(child.id());
    end(command, child);
    peak
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

fn end(command: &Command, mut child: Child) {
    let status = child.wait().expect("it ends");
    assert!(status.code().is_some_and(|code| code <= 1), "{command:?}: {status}");
}

/// The high-water mark of a process, asked for until it ends.
fn peak_of(id: u32) -> u64 {
    let mut peak = 0;
    while let Ok(status) = std::fs::read_to_string(format!("/proc/{id}/status")) {
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let Some(kib) = line.and_then(|line| line.split_whitespace().next()) else { break };
        peak = peak.max(kib.parse().unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    peak
}
