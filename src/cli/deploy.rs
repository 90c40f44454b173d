//! `prebake deploy`: reads renders, shows what happens, ends with the documented codes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use super::folders::Folders;
use super::{Configs, Exit, input, terminal};
use crate::deploy::{
    Cloud, DeployableRender, Ended, Event, Failure, FailureKind, Modes, Outcome, Request, Verdict,
    World, deploy,
};
use crate::diagnostic::printable;
use crate::disk;
use crate::output;

/// Renders of a fleet that are deployed at once.
const AT_ONCE: usize = 4;
/// Seconds between two looks at something that takes its time.
const LOOK: f64 = 10.0;
const MAX_FILE_BYTES: u64 = 16 << 20;

/// `prebake deploy`.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(super) struct Deploy {
    /// Folder of a render, or a folder that contains renders
    #[arg(value_name = "RENDER")]
    render: PathBuf,
    /// Deploy only the registry, the image builds and the image version
    #[arg(long, conflicts_with_all = ["batch_only", "full"])]
    image_only: bool,
    /// Deploy only the Batch account and the pools
    #[arg(long, conflicts_with = "full")]
    batch_only: bool,
    /// Deploy all stages; this is the default
    #[arg(long)]
    full: bool,
    /// Show what the deployment would change in Azure, but change nothing
    #[arg(long, conflicts_with_all = ["verify", "clean_up", "retire_old"])]
    what_if: bool,
    /// Run a container task on each pool and show the result
    #[arg(long)]
    verify: bool,
    /// Delete the builder and the verification jobs
    #[arg(long, conflicts_with_all = ["image_only", "batch_only", "full", "verify", "retire_old"])]
    clean_up: bool,
    /// Drain and delete the pools that blue-green pools have replaced
    #[arg(long)]
    retire_old: bool,
    /// Folder of the config; images are built from it
    #[arg(long, value_name = "DIR", default_value = ".")]
    source: PathBuf,
    /// Verify or retire only this pool
    #[arg(long, value_name = "ID")]
    pool: Option<String>,
    /// How long `--retire-old` waits for the tasks that run on a pool
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    drain_minutes: u32,
    /// Render this config first, and deploy only if the result matches the render
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Answer yes to all questions: revert manual changes, delete the builder of another bake
    #[arg(long)]
    yes: bool,
    /// Format of the progress output
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// JSON file with the endpoints of another cloud, from its `/metadata/endpoints`
    #[arg(long, value_name = "FILE")]
    cloud: Option<PathBuf>,
    /// PEM file of certificate authorities to trust instead of those of the system
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// How the deployment of one render ended.
type Ending = Result<Ended, Failure>;

impl Deploy {
    pub(super) fn run(&self) -> Exit {
        match self.prepare() {
            Ok((renders, many)) => self.deploy_all(renders, many),
            Err(failure) => told(&failure),
        }
    }

    /// Reads everything that the command names, before anything is asked of Azure.
    fn prepare(&self) -> Result<(Vec<DeployableRender>, bool), Failure> {
        let folders = folders(&self.render)?;
        let many = folders.len() > 1 || folders.first() != Some(&self.render);
        let mut renders = Vec::new();
        for folder in folders {
            renders.push(read_render(&folder)?);
        }
        if let Some(config) = &self.config {
            self.compare(config, &renders)?;
        }
        Ok((renders, many))
    }

    /// Digests in the folder itself prove nothing: only the config does.
    fn compare(&self, config: &Path, renders: &[DeployableRender]) -> Result<(), Failure> {
        let wrong = |title: String, why: String| {
            Failure::input(title, why).help(format!(
                "render the config, review the change, and deploy again: `prebake render {}`",
                config.display()
            ))
        };
        let shared = Configs { paths: vec![config.to_owned()], ..Configs::shared(None, None) };
        let output = self.render.parent().unwrap_or(Path::new(""));
        let Ok(tools) = input::tools(&shared, output) else {
            return Err(wrong(
                format!("`{}` cannot be rendered", config.display()),
                "the templates cannot be read".to_owned(),
            ));
        };
        let mut rendered = BTreeMap::new();
        for job in input::jobs(config, &shared, &Folders::default()) {
            let outcome = job.render(&tools);
            let Some(render) = outcome.render else {
                terminal::findings(&outcome.diagnostics, &outcome.sources);
                return Err(wrong(
                    format!("`{}` cannot be rendered", config.display()),
                    "the findings above prevent it".to_owned(),
                ));
            };
            rendered.insert(render.model.name.clone(), render.artifacts.files);
        }
        for render in renders {
            let name = &render.plan.name;
            let shown = render.folder.display();
            let Some(files) = rendered.get(name) else {
                return Err(wrong(
                    format!("`{}` does not render to `{name}`", config.display()),
                    format!("`{shown}` belongs to another config"),
                ));
            };
            let differing = render.differing(files);
            if !differing.is_empty() {
                return Err(wrong(
                    format!("`{shown}` is not what `{}` renders to", config.display()),
                    format!("different: {}", differing.join(", ")),
                ));
            }
        }
        Ok(())
    }

    fn modes(&self) -> Modes {
        let none = !self.image_only && !self.batch_only && !self.full;
        let other = self.what_if || self.verify || self.clean_up || self.retire_old;
        let all = self.full || (none && !other);
        Modes {
            image: all || self.image_only,
            batch: all || self.batch_only,
            what_if: self.what_if,
            verify: self.verify,
            clean_up: self.clean_up,
            retire_old: self.retire_old,
        }
    }

    fn deploy_all(&self, renders: Vec<DeployableRender>, many: bool) -> Exit {
        let (send, results) = mpsc::channel();
        let (interrupt, interrupted) = mpsc::channel();
        // A second handler in one process is refused; there is only this one.
        let _ = ctrlc::set_handler(move || {
            let _ = interrupt.send(());
        });
        let shared = match self.shared() {
            Ok(shared) => Arc::new(shared),
            Err(failure) => return told(&failure),
        };
        let count = renders.len();
        let renders = Arc::new(renders);
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..AT_ONCE.min(count) {
            let (renders, next, send, shared) =
                (renders.clone(), next.clone(), send.clone(), shared.clone());
            let command = self.clone();
            // Not joined: whoever stops waiting does not wait for Azure.
            std::thread::spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(render) = renders.get(index) else { break };
                    let result = command.deploy_one(render, &shared, many);
                    if send.send((index, result)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut summary = Summary::default();
        let mut code = Exit::Done;
        for _ in 0..count {
            let Some((index, result)) = wait(&results, &interrupted) else {
                return stopped(&shared);
            };
            shared.screen.clear();
            code = code.max(self.ended(&renders[index], &result, many, &mut summary));
        }
        if many && self.format == Format::Text {
            terminal::out(&summary.text());
        }
        code
    }

    /// What all renders share: files are read once.
    fn shared(&self) -> Result<Shared, Failure> {
        let read = |path: &Path, flag: &str| {
            disk::argument(path, MAX_FILE_BYTES).and_then(disk::text).map_err(|error| {
                Failure::input(
                    format!("the file of `{flag}` cannot be read"),
                    format!("{}: {error}", path.display()),
                )
            })
        };
        let cloud = match &self.cloud {
            Some(path) => Some(Cloud::of_metadata(&read(path, "--cloud")?)?),
            None => None,
        };
        let authorities = match &self.ca_file {
            Some(path) => Some(read(path, "--ca-file")?.into_bytes()),
            None => None,
        };
        Ok(Shared { cloud, authorities, screen: Screen::new(self.format) })
    }

    #[expect(clippy::disallowed_methods, reason = "commands read the clock and keep files")]
    fn deploy_one(&self, render: &DeployableRender, shared: &Arc<Shared>, many: bool) -> Ending {
        let name = if many { Some(render.plan.name.clone()) } else { None };
        let reporter = shared.clone();
        let (yes, asker) = (self.yes, shared.clone());
        let world = World {
            variables: variables(),
            now: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
            started: Instant::now(),
            read: Box::new(|path| {
                disk::argument(Path::new(path), MAX_FILE_BYTES)
                    .and_then(disk::text)
                    .map_err(|error| error.to_string())
            }),
            keep: Box::new(|path, text| {
                std::fs::write(path, text).map_err(|error| error.to_string())
            }),
            ask: Box::new(move |question| yes || asker.screen.ask(question, many)),
            report: Box::new(move |event| reporter.screen.show(name.as_deref(), &event)),
            authorities: shared.authorities.clone(),
            cloud: shared.cloud.clone(),
            longest_look: look(),
        };
        let request = Request {
            modes: self.modes(),
            source: self.source.clone(),
            pool: self.pool.clone(),
            drain: Duration::from_secs(u64::from(self.drain_minutes) * 60),
        };
        deploy(render, &request, &world)
    }

    fn ended(
        &self,
        render: &DeployableRender,
        result: &Ending,
        many: bool,
        summary: &mut Summary,
    ) -> Exit {
        let (code, state) = match result {
            Ok(Ended::Unchanged) => (Exit::Done, "unchanged"),
            Ok(Ended::Deployed) if self.clean_up => (Exit::Done, "clean"),
            Ok(Ended::Deployed) => (Exit::Done, "deployed"),
            Ok(Ended::Different) => (Exit::Findings, "different"),
            Err(failure) if failure.kind == FailureKind::Input => (Exit::Failed, "failed"),
            Err(_) => (Exit::Findings, "failed"),
        };
        summary.count(state);
        let name = &render.plan.name;
        if self.format == Format::Json {
            let failure = result.as_ref().err().map(|failure| {
                serde_json::json!({ "title": failure.title, "reason": failure.reason, "help": failure.help })
            });
            let line = serde_json::json!({ "event": "ended", "render": name, "state": state, "exitCode": code.code(), "failure": failure });
            terminal::out(&format!("{line}\n"));
            return code;
        }
        match result {
            Err(failure) => {
                let prefix = if many { format!("{name}: ") } else { String::new() };
                terminal::note(&printable::tamed(&format!("{prefix}{failure}")));
            }
            Ok(_) if many => terminal::out(&format!("{name}: {state}\n")),
            Ok(Ended::Different) => {
                terminal::out(&format!(
                    "{name}: Azure differs from the render; the notes above list the differences\n"
                ));
            }
            Ok(_) if self.what_if || (self.verify && result == &Ok(Ended::Unchanged)) => {}
            Ok(_) => terminal::out(&format!("{name}: {state}\n")),
        }
        code
    }
}

/// Says what goes on after the user stopped the wait.
fn stopped(shared: &Shared) -> Exit {
    shared.screen.clear();
    let steps = shared.screen.running();
    let going = if steps.is_empty() {
        String::new()
    } else {
        format!("; Azure continues: {}", steps.join(", "))
    };
    terminal::note(&format!("\nstopped waiting{going}\nrun the same command again to continue\n"));
    Exit::Interrupted
}

/// The next result, unless the user stops the wait.
fn wait(
    results: &mpsc::Receiver<(usize, Ending)>,
    interrupted: &mpsc::Receiver<()>,
) -> Option<(usize, Ending)> {
    loop {
        match results.recv_timeout(Duration::from_millis(50)) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Timeout) if interrupted.try_recv().is_ok() => return None,
            Err(RecvTimeoutError::Timeout) => {}
            // A thread that panicked sends nothing more.
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// The environment, without what is not text.
fn variables() -> BTreeMap<String, String> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

/// The longest pause between two looks, from `PREBAKE_POLL_SECONDS`.
#[expect(clippy::disallowed_methods, reason = "commands read the environment")]
fn look() -> Duration {
    let seconds =
        std::env::var("PREBAKE_POLL_SECONDS").ok().and_then(|text| text.parse::<f64>().ok());
    let seconds = seconds
        .filter(|seconds| seconds.is_finite() && (0.02..=600.0).contains(seconds))
        .unwrap_or(LOOK);
    Duration::from_secs_f64(seconds)
}

/// A render, or the renders in a folder, in the order of their names.
fn folders(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let shown = path.display();
    if !path.is_dir() {
        return Err(Failure::input(
            format!("folder `{shown}` does not exist"),
            "a render is a folder",
        )
        .help("render a config first: `prebake render`"));
    }
    if path.join(crate::render::MANIFEST).is_file() || path.join(crate::render::PLAN).is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let renders: Vec<PathBuf> = input::renders(path).into_values().collect();
    if renders.is_empty() {
        return Err(Failure::input(
            format!("`{shown}` is not a render and contains none"),
            "no `manifest.json` was found in it",
        )
        .help("render a config first: `prebake render`"));
    }
    Ok(renders)
}

fn read_render(folder: &Path) -> Result<DeployableRender, Failure> {
    let shown = folder.display();
    let previous = output::previous(folder).map_err(|error| {
        let finding = error.diagnostic();
        Failure::input(format!("`{shown}` cannot be read: {}", finding.title), finding.reason)
    })?;
    let again = "render it again: `prebake render`";
    let Some(manifest) = &previous.manifest else {
        return Err(Failure::input(
            format!("`{shown}` is not a render"),
            "it has no readable `manifest.json`",
        )
        .help(again));
    };
    let digest = |text: &String| crate::model::hex_digest(text.as_bytes());
    let edited: Vec<&str> = manifest
        .files
        .iter()
        .filter(|(path, wanted)| previous.files.get(*path).map(digest).as_ref() != Some(*wanted))
        .map(|(path, _)| path.as_str())
        .collect();
    if !edited.is_empty() {
        return Err(Failure::input(
            format!("`{shown}` was edited after it was rendered"),
            format!("changed or missing: {}", edited.join(", ")),
        )
        .help(again));
    }
    DeployableRender::new(folder.to_owned(), previous.files)
}

fn told(failure: &Failure) -> Exit {
    terminal::note(&printable::tamed(&failure.to_string()));
    if failure.kind == FailureKind::Input { Exit::Failed } else { Exit::Findings }
}

/// What the deployments of one command share.
struct Shared {
    cloud: Option<Cloud>,
    authorities: Option<Vec<u8>>,
    screen: Screen,
}

/// Where events go: lines, and on a terminal one more that says what is waited for.
struct Screen {
    format: Format,
    bar: ProgressBar,
    running: Mutex<BTreeMap<String, Instant>>,
}

impl Screen {
    fn new(format: Format) -> Self {
        let bar = if format == Format::Text && std::io::stderr().is_terminal() {
            let style = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
                .expect("the template is well formed");
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        } else {
            ProgressBar::hidden()
        };
        Self { format, bar, running: Mutex::default() }
    }

    fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn running(&self) -> Vec<String> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    fn show(&self, render: Option<&str>, event: &Event) {
        self.follow(render, event);
        if self.format == Format::Json {
            let mut value = serde_json::to_value(event).expect("an event serializes");
            if let (Some(render), Some(object)) = (render, value.as_object_mut()) {
                object.insert("render".to_owned(), render.into());
            }
            terminal::out(&format!("{value}\n"));
            return;
        }
        // Of a fleet, each render has one line of progress, and what is wrong.
        let quiet = render.is_some()
            && !matches!(
                event,
                Event::Note { .. }
                    | Event::Drift { .. }
                    | Event::Check { verdict: Verdict::Problem, .. }
            );
        let prefix = render.map_or_else(String::new, |render| format!("{render}: "));
        if !quiet || matches!(event, Event::Step { .. }) {
            let line = printable::tamed(&format!("{prefix}{}", line(event)));
            self.bar.suspend(|| terminal::out(&format!("{line}\n")));
        }
    }

    fn follow(&self, render: Option<&str>, event: &Event) {
        let name = |step: &str| {
            render.map_or_else(|| step.to_owned(), |render| format!("{render}: {step}"))
        };
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Step { step } => {
                running.insert(name(step), Instant::now());
                self.bar.set_message(name(step));
                self.bar.reset_elapsed();
            }
            Event::Progress { step, detail } => {
                self.bar.set_message(format!("{} · {detail}", name(step)));
            }
            Event::Done { step, .. } => {
                running.remove(&name(step));
            }
            _ => {}
        }
    }

    fn ask(&self, question: &str, many: bool) -> bool {
        if many || self.format == Format::Json || !std::io::stdin().is_terminal() {
            return false;
        }
        self.bar.suspend(|| {
            terminal::note(&printable::tamed(&format!("{question} [y/N] ")));
            let mut answer = String::new();
            let read = std::io::stdin().lock().read_line(&mut answer);
            read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
        })
    }
}

/// An event as a line for people and logs.
fn line(event: &Event) -> String {
    match event {
        Event::Started { subscription, resource_group, login } => {
            format!("subscription {subscription}, resource group {resource_group} ({login})")
        }
        Event::Check { check, verdict, detail, help } => {
            let word = match verdict {
                Verdict::Ok => "ok",
                Verdict::Note => "note",
                Verdict::Problem => "PROBLEM",
            };
            let help =
                if help.is_empty() { String::new() } else { format!("\n  {:26}help: {help}", "") };
            format!("  {word:8} {check:16} {detail}{help}")
        }
        Event::Step { step } => format!("== {step}"),
        Event::Progress { detail, .. } => format!("  {detail}"),
        Event::Log { line, .. } => format!("  | {line}"),
        Event::Done { step, outcome, detail } => {
            let word = match outcome {
                Outcome::Deployed => "done",
                Outcome::Unchanged => "unchanged",
                Outcome::Good => "good",
                Outcome::Removed => "removed",
                Outcome::Failed => "failed",
            };
            if detail.is_empty() {
                format!("{step}: {word}")
            } else {
                format!("{step}: {word} ({detail})")
            }
        }
        Event::Drift { resource, property, deployed, rendered } => {
            format!(
                "  changed manually: {resource} {property} is {deployed}, but the render sets {rendered}"
            )
        }
        Event::Change { change, resource, properties, .. } => {
            let sign = match change.as_str() {
                "Create" => "+",
                "Delete" => "-",
                "Modify" => "~",
                "NoEffect" => "=",
                _ => "*",
            };
            let properties = if properties.is_empty() {
                String::new()
            } else {
                format!(" ({})", properties.join(", "))
            };
            format!("  {sign} {resource}{properties}")
        }
        Event::Note { text } => format!("note: {text}"),
    }
}

/// How a fleet fared.
#[derive(Debug, Default)]
struct Summary {
    states: BTreeMap<&'static str, usize>,
}

impl Summary {
    fn count(&mut self, state: &'static str) {
        *self.states.entry(state).or_default() += 1;
    }

    fn text(&self) -> String {
        let parts: Vec<String> =
            self.states.iter().map(|(state, count)| format!("{count} {state}")).collect();
        format!("\n{} renders: {}\n", self.states.values().sum::<usize>(), parts.join(", "))
    }
}
