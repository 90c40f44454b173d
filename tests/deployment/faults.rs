//! A failure of every kind at every request: the deployment goes on, or ends with an error that says what to do, and
//! the same command then ends with what the render asks for.
//!
//! The gate takes each kind once in each deployment. `PREBAKE_FAULTS=100` takes so many cases of each, `PREBAKE_FAULTS=all`
//! every kind at every request.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Place;
use super::run::CONFIG;
use crate::azure::{Action, Fault, refusal};

/// The longest that a run beside the stand-in may take.
const LONGEST: Duration = Duration::from_secs(120);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Throttled,
    Unavailable,
    Broken,
    Forbidden,
    RequestLost,
    AnswerLost,
    KilledBefore,
    KilledAfter,
}

const KINDS: [Kind; 8] = [
    Kind::Throttled,
    Kind::KilledBefore,
    Kind::Forbidden,
    Kind::AnswerLost,
    Kind::Unavailable,
    Kind::KilledAfter,
    Kind::Broken,
    Kind::RequestLost,
];

impl Kind {
    fn action(self) -> Action {
        let later = |status, code| {
            let answer = refusal(status, code, "The service asks to come again.");
            Action::Answer(answer.with_header("Retry-After", "0"))
        };
        match self {
            Self::Throttled => later(429, "TooManyRequests"),
            Self::Unavailable => later(503, "ServiceUnavailable"),
            Self::Broken => later(500, "InternalServerError"),
            Self::Forbidden => Action::Answer(refusal(
                403,
                "AuthorizationFailed",
                "The client does not have authorization to perform this action.",
            )),
            Self::RequestLost => Action::DropRequest,
            Self::AnswerLost => Action::DropAnswer,
            Self::KilledBefore => Action::KillBefore,
            Self::KilledAfter => Action::KillAfter,
        }
    }

    fn kills(self) -> bool {
        matches!(self, Self::KilledBefore | Self::KilledAfter)
    }

    /// Whether one such answer is gone through without an end of the command.
    fn passes(self) -> bool {
        !self.kills() && self != Self::Forbidden
    }
}

/// A deployment in which something fails.
struct Scenario {
    name: &'static str,
    /// Configs in the order in which they are deployed; the last one meets the failure.
    configs: Vec<String>,
    arguments: &'static [&'static str],
}

impl Scenario {
    /// A place where everything but the last config is deployed.
    fn place(&self, rendered: &[Place]) -> Place {
        let (last, before) = rendered.split_last().expect("a scenario has a config");
        let place = Place::beside(last.folder.path());
        for earlier in before {
            place.take_files(earlier.folder.path());
            place.deploy(&["--full"]).succeeds();
        }
        place.take_files(last.folder.path());
        if !self.arguments.contains(&"--full") {
            place.deploy(&["--full"]).succeeds();
        }
        place.standin.take_requests();
        place
    }

    /// Each request of the deployment that meets no failure.
    fn requests(&self, rendered: &[Place]) -> Vec<String> {
        let place = self.place(rendered);
        place.deploy(self.arguments).succeeds();
        place.is_equal();
        place.standin.take_requests().iter().map(crate::azure::Recorded::line).collect()
    }

    fn check(&self) {
        let rendered: Vec<Place> = self.configs.iter().map(|config| Place::new(config)).collect();
        let requests = self.requests(&rendered);
        let asked = std::env::var("PREBAKE_FAULTS").unwrap_or_default();
        let sample = asked.parse().unwrap_or(KINDS.len());
        let cases: Vec<(usize, Kind)> = if asked == "all" {
            let every = (0..requests.len()).flat_map(|at| KINDS.map(|kind| (at, kind)));
            every.collect()
        } else {
            let at = |case: usize| case * requests.len() / sample;
            (0..sample).map(|case| (at(case), KINDS[case % KINDS.len()])).collect()
        };
        let (next, wrong) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(|| {
                    while let Some((at, kind)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Err(message) = self.survives(&rendered, *at, *kind) {
                            let what = format!("{kind:?} at request {at}, {}", requests[*at]);
                            wrong.lock().expect("no worker panicked").insert(what, message);
                        }
                    }
                });
            }
        });
        let wrong = wrong.into_inner().expect("no worker panicked");
        assert!(wrong.is_empty(), "{} of {} cases: {wrong:#?}", wrong.len(), cases.len());
        eprintln!("{}: {} cases of {} requests", self.name, cases.len(), requests.len());
    }

    fn survives(&self, rendered: &[Place], at: usize, kind: Kind) -> Result<(), String> {
        let place = self.place(rendered);
        place.standin.add_fault(Fault::new(kind.action()).after(at).times(1));
        let (code, errors) = run(&place, self.arguments)?;
        match code {
            Some(0) => {}
            None if kind.kills() => {}
            _ if kind.passes() => return Err(format!("it ended with {code:?}: {errors}")),
            Some(1 | 2) if errors.contains("error: ") && errors.contains("help: ") => {}
            // What a removal or an optional call met is told as a note, which says what to do.
            Some(1) if errors.contains("note: ") => {}
            _ => return Err(format!("it ended with {code:?} and says no next step: {errors}")),
        }
        place.standin.clear_faults();
        let (code, errors) = run(&place, self.arguments)?;
        if code != Some(0) {
            return Err(format!("the second run ended with {code:?}: {errors}"));
        }
        place.difference().map_or(Ok(()), Err)
    }
}

/// Runs the command and gives its exit code, which is nothing when it was killed, and what it printed.
fn run(place: &Place, arguments: &[&str]) -> Result<(Option<i32>, String), String> {
    let path = place.folder.path().join("errors");
    let file = std::fs::File::create(&path).expect("a new file");
    let mut command = place.command(arguments);
    command.stdout(file.try_clone().expect("an open file")).stderr(Stdio::from(file));
    let mut child = command.spawn().expect("the binary runs");
    place.standin.set_caller(Some(child.id()));
    let text = |path: &Path| std::fs::read_to_string(path).expect("prints UTF-8");
    let begin = Instant::now();
    while begin.elapsed() < LONGEST {
        if let Some(status) = child.try_wait().expect("our own child") {
            place.standin.set_caller(None);
            return Ok((status.code(), text(&path)));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().and_then(|()| child.wait()).expect("our own child");
    Err(format!("it did not end: {}", text(&path)))
}

fn blue_green(slots: u32) -> String {
    CONFIG.replace(
        "{ id: dev, nodes: 1 }",
        &format!("{{ id: dev, nodes: 1, replace: blue-green, taskSlotsPerNode: {slots} }}"),
    )
}

#[test]
fn a_bake_meets_a_failure_at_each_request() {
    Scenario { name: "bake", configs: vec![CONFIG.to_owned()], arguments: &["--full"] }.check();
}

#[test]
fn image_builder_meets_a_failure_at_each_request() {
    let config = CONFIG.replace("gallery:", "bake: image-builder\ngallery:");
    Scenario { name: "image builder", configs: vec![config], arguments: &["--full"] }.check();
}

#[test]
fn an_import_meets_a_failure_at_each_request() {
    let config = CONFIG.replace(
        "build: { context: ., dockerfile: Dockerfile }",
        "import: { from: docker.io/library/python:3.12 }",
    );
    Scenario { name: "import", configs: vec![config], arguments: &["--full"] }.check();
}

#[test]
fn a_change_meets_a_failure_at_each_request() {
    let changed = CONFIG.replace("nodes: 1", "nodes: 3").replace(
        "gallery: { version: 1.0.0 }",
        "gallery: { version: 1.0.0, replicas: 2, targetRegions: [{ region: westeurope }] }",
    );
    Scenario { name: "change", configs: vec![CONFIG.to_owned(), changed], arguments: &["--full"] }
        .check();
}

#[test]
fn verification_and_retirement_meet_a_failure_at_each_request() {
    let configs = vec![blue_green(1), blue_green(2)];
    Scenario { name: "retirement", configs, arguments: &["--verify", "--retire-old"] }.check();
}

/// `Retry-After` is the pause before the same call.
#[test]
fn a_service_is_left_alone_as_long_as_it_asks() {
    let place = Place::new(CONFIG);
    let answer = refusal(429, "TooManyRequests", "slow down").with_header("Retry-After", "1");
    place.standin.add_fault(
        Fault::new(Action::Answer(answer)).method("PUT").path("resourcegroups/[^/]*$").times(2),
    );
    place.deploy(&["--full"]).succeeds();
    let requests = place.standin.take_requests();
    let puts: Vec<Instant> = requests
        .iter()
        .filter(|one| one.request.method == "PUT" && one.request.path.ends_with("/vision-batch"))
        .map(|one| one.at)
        .collect();
    assert_eq!(puts.len(), 3);
    for pair in puts.windows(2) {
        assert!(pair[1] - pair[0] >= Duration::from_secs(1), "{:?}", pair[1] - pair[0]);
    }
}
