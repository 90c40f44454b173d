//! Whole runs of the real binary, process start included: one config, and fleets in memory whose configs differ in their
//! names only or in everything. Beside them, in the same rounds: the floor (what no renderer can do without) and a
//! Python pipeline of the same job (`benches/python`).
//!
//! `cargo bench --bench fleet` prints a table: medians, and the medians of the ratios within each round. `FLEET=10000`
//! sets the largest fleet, `PREBAKE` names another binary, `PYTHON` an interpreter that has the packages.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark writes, reads and prints"
)]

mod configs;
mod floor;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use configs::Kind;
use floor::Floor;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [floor, renders, to] = arguments.as_slice() {
        if let Some(took) = floor::run(floor, Path::new(renders), Path::new(to)) {
            println!("{took}");
        }
        return;
    }
    let largest = std::env::var("FLEET").ok().and_then(|size| size.parse().ok());
    let largest: usize = largest.unwrap_or(1_000);
    let python = python();
    println!(
        "{:>42} {:>10} {:>9} {:>11} {:>11} {:>11}",
        "run", "median", "peak", "of floor", "of pipeline", "of validate"
    );
    Bench::new(Kind::Names, 1, 41).show(python.as_deref());
    for size in [1_000, 10_000].into_iter().filter(|size| *size <= largest) {
        let rounds = if size == 1_000 { 5 } else { 3 };
        let python = python.as_deref().filter(|_| size == 1_000);
        Bench::new(Kind::Names, size, rounds).show(python);
        Bench::new(Kind::Everything, size, rounds).show(python);
    }
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

/// What is measured in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    Floor(Floor),
    PipelineNew,
    PipelineUnchanged,
    New,
    Unchanged,
    Validate,
    DiffUnchanged,
    DiffSomeChanged,
    DiffChanged,
}

/// In this order: what the others are compared with comes first.
const RUNS: [Run; 11] = [
    Run::Floor(Floor::Process),
    Run::Floor(Floor::Write),
    Run::Floor(Floor::Read),
    Run::PipelineNew,
    Run::PipelineUnchanged,
    Run::New,
    Run::Unchanged,
    Run::Validate,
    Run::DiffUnchanged,
    Run::DiffSomeChanged,
    Run::DiffChanged,
];

impl Run {
    fn label(self) -> &'static str {
        match self {
            Self::Floor(Floor::Process) => "floor: an empty process",
            Self::Floor(Floor::Write) => "floor: files and SHA-256",
            Self::Floor(Floor::Read) => "floor: reading",
            Self::PipelineNew => "pipeline, new",
            Self::PipelineUnchanged => "pipeline, unchanged",
            Self::New => "render, new",
            Self::Unchanged => "render, unchanged",
            Self::Validate => "validate",
            Self::DiffUnchanged => "diff, unchanged",
            Self::DiffSomeChanged => "diff, one in twenty changed",
            Self::DiffChanged => "diff, each changed",
        }
    }

    /// What it is compared with: the floor, the pipeline, `validate`.
    fn compared_with(self, size: usize) -> [Option<Self>; 3] {
        let write = if size == 1 { Floor::Process } else { Floor::Write };
        match self {
            Self::New => [Some(Self::Floor(write)), Some(Self::PipelineNew), None],
            Self::Unchanged => {
                [Some(Self::Floor(Floor::Read)), Some(Self::PipelineUnchanged), None]
            }
            Self::DiffChanged => [None, None, Some(Self::Validate)],
            _ => [None; 3],
        }
    }
}

/// Configs in a folder in memory, and how often each run is measured.
struct Bench {
    folder: tempfile::TempDir,
    kind: Kind,
    size: usize,
    rounds: usize,
}

impl Bench {
    fn new(kind: Kind, size: usize, rounds: usize) -> Self {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(place).expect("a folder in memory");
        for (configs, changes) in [("configs", false), ("some-changed", true)] {
            let configs = folder.path().join(configs);
            std::fs::create_dir(&configs).expect("made");
            for at in 0..size {
                let mut text = configs::config(kind, at);
                if changes && at.is_multiple_of(20) {
                    text.push_str("      resizeTimeout: PT20M\n");
                }
                std::fs::write(configs.join(format!("{at:05}.yaml")), text).expect("written");
            }
        }
        Self { folder, kind, size, rounds }
    }

    /// Measures every run in each round, so that what slows the machine slows all of them.
    fn show(&self, python: Option<&str>) {
        time(&mut self.render(&self.at("standing")));
        let is_run = |run: &&Run| {
            python.is_some() || !matches!(run, Run::PipelineNew | Run::PipelineUnchanged)
        };
        let runs: Vec<Run> = RUNS.iter().filter(is_run).copied().collect();
        if let Some(python) = python {
            time(&mut self.pipeline(python, &self.at("piped")));
        }
        let round = |_| {
            let measure = |run: &Run| self.measure(*run, python.unwrap_or_default());
            runs.iter().map(measure).collect::<Vec<_>>()
        };
        let times: Vec<Vec<Duration>> = (0..self.rounds).map(round).collect();
        for (at, run) in runs.iter().enumerate() {
            let others = run.compared_with(self.size).map(|other| {
                let other = runs.iter().position(|run| Some(*run) == other)?;
                let ratio = |round: &Vec<Duration>| round[at].div_duration_f64(round[other]);
                Some(median(times.iter().map(ratio).collect()))
            });
            let seconds = median(times.iter().map(|round| round[at].as_secs_f64()).collect());
            self.line(*run, seconds, others);
        }
    }

    fn line(&self, run: Run, seconds: f64, ratios: [Option<f64>; 3]) {
        // Asking for the memory slows what is asked, so that a run of its own is watched.
        let peak = self.command(run, &self.fresh()).map(|mut command| peak(&mut command) / 1024);
        let peak = peak.map(|mib| format!("{mib} MiB")).unwrap_or_default();
        let shown = ratios.map(|ratio| ratio.map(|it| format!("{it:.2}")).unwrap_or_default());
        let differ = if self.kind == Kind::Names { "" } else { ", different" };
        println!(
            "{:>42} {:>7.1} ms {peak:>9} {:>11} {:>11} {:>11}",
            format!("{}, {}{differ}", run.label(), self.size),
            seconds * 1_000.0,
            shown[0],
            shown[1],
            shown[2],
        );
    }

    fn measure(&self, run: Run, python: &str) -> Duration {
        let fresh = self.fresh();
        match run {
            Run::Floor(floor) => floor.measure(&self.at("standing"), &fresh),
            Run::PipelineNew => time(&mut self.pipeline(python, &fresh)),
            Run::PipelineUnchanged => time(&mut self.pipeline(python, &self.at("piped"))),
            _ => time(&mut self.command(run, &fresh).expect("the others are prebake's")),
        }
    }

    /// The command of a run of prebake.
    fn command(&self, run: Run, fresh: &Path) -> Option<Command> {
        let standing = self.at("standing");
        Some(match run {
            Run::New => self.render(fresh),
            Run::Unchanged => self.render(&standing),
            Run::Validate => prebake(&["validate"], &[&self.at("configs")]),
            Run::DiffUnchanged => diff(&self.at("configs"), &standing),
            Run::DiffSomeChanged => diff(&self.at("some-changed"), &standing),
            Run::DiffChanged => {
                let mut command = diff(&self.at("configs"), &standing);
                command.args(["--set", "batch.pools.0.taskSlotsPerNode=7"]);
                command
            }
            Run::Floor(_) | Run::PipelineNew | Run::PipelineUnchanged => return None,
        })
    }

    fn render(&self, out: &Path) -> Command {
        prebake(&["render"], &[&self.at("configs"), Path::new("-o"), out])
    }

    fn pipeline(&self, python: &str, out: &Path) -> Command {
        let mut command = Command::new(python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/python/pipeline.py"));
        command.arg(self.at("configs")).arg("-o").arg(out);
        command
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder that does not exist.
    fn fresh(&self) -> PathBuf {
        let fresh = self.at("fresh");
        let _ = std::fs::remove_dir_all(&fresh);
        fresh
    }
}

fn prebake(words: &[&str], paths: &[&Path]) -> Command {
    let binary = std::env::var_os("PREBAKE");
    let mut command = Command::new(binary.unwrap_or_else(|| env!("CARGO_BIN_EXE_prebake").into()));
    command.args(words).args(paths);
    command
}

fn diff(configs: &Path, against: &Path) -> Command {
    prebake(&["diff"], &[configs, Path::new("--against"), against])
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
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
