use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::fleet::{Asked, Fleet};
use super::{Configs, Exit, digest_hints, input, record, terminal};
use crate::diagnostic::printable::{one_line, tamed};
use crate::diagnostic::{Diagnostics, Severity, Sources};
use crate::diff::{self, FileDiff, FileState};
use crate::output::{self, KnownRender, OutputError, PreviousRender};
use crate::pipeline::{self, Job, Tools};
use crate::render::{MANIFEST, Manifest, PLAN, Plan};
use crate::report::review;

/// `prebake render`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
pub(super) struct Render {
    #[command(flatten)]
    configs: Configs,
    /// Output folder; each render gets a subfolder
    #[arg(short, long, value_name = "DIR", default_value = "out")]
    output: PathBuf,
    /// Show what would be written, but write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write nothing; show a diff and exit with 1 if a folder is not current
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,
    /// Show a unified diff for each changed file
    #[arg(long)]
    diff: bool,
    /// Render every config, even if nothing changed
    #[arg(long)]
    force: bool,
}

/// What came of one render, ready to be shown.
struct Shown {
    /// Name of the deployment and so of its folder, if it has one.
    name: Option<String>,
    /// For stdout: the table of a single render, or the line of one among many.
    text: String,
    /// For stderr: findings and notes.
    notes: String,
    state: State,
    code: Exit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Written,
    /// Rendered and the same as what stands there, or known to be without rendering.
    Unchanged,
    Differs,
    Refused,
}

impl Render {
    pub(super) fn run(&self) -> Exit {
        let Ok(tools) = input::tools(&self.configs, &self.output) else { return Exit::Failed };
        let looks_again = self.force || self.check || self.dry_run || self.diff;
        let standing =
            |asked: Asked<'_>| if looks_again { None } else { self.standing(&asked, &tools) };
        let fleet = match Fleet::except(&self.configs, standing) {
            Ok(fleet) => fleet,
            Err(code) => return code,
        };
        let mut summary = Summary::default();
        let mut made = BTreeSet::new();
        let code = fleet.each_or_standing(
            |path, job| self.work(path, job, &tools, &fleet),
            |name| Some(self.skipped(name)),
            |shown| {
                terminal::note(&shown.notes);
                if shown.state == State::Refused || !fleet.has_progress() {
                    terminal::out(&shown.text);
                }
                summary.count(shown.state);
                made.extend(shown.name);
                shown.code
            },
        );
        let code = code.max(self.strangers(&made, &fleet));
        record::close();
        if !fleet.is_single() {
            terminal::out(&summary.text(fleet.blocked(), &self.output));
        }
        code
    }

    fn work(&self, path: &str, job: Job, tools: &Tools, fleet: &Fleet<'_>) -> Shown {
        let label = match &job.environment {
            Some(environment) => format!("{path} ({environment})"),
            None => path.to_owned(),
        };
        let (name, input) = (job.name().map(str::to_owned), job.input);
        let outcome = job.render(tools);
        let told = if fleet.shows_all() { Severity::Info } else { Severity::Error };
        let mut notes = terminal::told(&outcome.diagnostics, &outcome.sources, told);
        let Some(render) = &outcome.render else {
            let counts = terminal::counts(&outcome.diagnostics);
            let text = if fleet.is_single() {
                let _ = writeln!(notes, "{counts}; nothing was written");
                String::new()
            } else {
                format!("{label}: {counts}; nothing was written\n")
            };
            let code = Exit::of(&outcome, true);
            return Shown { name, text, notes, state: State::Refused, code };
        };
        let folder = self.output.join(&render.model.name);
        if fleet.is_single() {
            notes.push_str(&digest_hints::offers(&render.model, &folder));
        }
        let written = output::previous(&folder).and_then(|previous| {
            let outcome = (render, &outcome.sources);
            self.compare_and_write((&folder, &previous), outcome, (fleet, tools), &mut notes)
        });
        match written {
            Ok((text, state, wrong)) => {
                if !fleet.is_single() && state != State::Differs {
                    record::add(&render.model.name, &render.artifacts.files[MANIFEST], input);
                }
                let counts = terminal::counts(&outcome.diagnostics);
                let text = if fleet.is_single() { text } else { among_many(&text, &counts) };
                let outdated = self.check && state == State::Differs;
                let code = if outdated || wrong { Exit::Findings } else { Exit::Done };
                Shown { name, text, notes, state, code }
            }
            Err(error) => {
                let findings = Diagnostics::from(vec![error.diagnostic()]);
                notes.push_str(&terminal::told(&findings, &outcome.sources, Severity::Info));
                let text = format!("{label}: nothing was written\n");
                Shown { name, text, notes, state: State::Refused, code: Exit::Failed }
            }
        }
    }

    /// Folders among the renders that no config of a checked fleet makes: what is deployed from there was reviewed
    /// by nobody.
    fn strangers(&self, made: &BTreeSet<String>, fleet: &Fleet<'_>) -> Exit {
        let whole = self.configs.paths.iter().all(|path| path.is_dir()) && fleet.blocked() == 0;
        if !self.check || !whole || self.configs.names_environments() {
            return Exit::Done;
        }
        let entries = std::fs::read_dir(&self.output).into_iter().flatten().flatten();
        let mut folders: Vec<String> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_file()))
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with('.') && !made.contains(name))
            .collect();
        folders.sort();
        for name in &folders {
            let at = one_line(&self.output.join(name).display().to_string());
            terminal::out(&format!("{at}: no config renders to this folder\n"));
        }
        if folders.is_empty() { Exit::Done } else { Exit::Findings }
    }

    /// The plan of a render that stands as it would be made anew, if this machine has made or compared it before. A
    /// manifest alone proves nothing: whoever edits a file can edit its digest, too.
    fn standing(&self, asked: &Asked<'_>, tools: &Tools) -> Option<Plan> {
        match asked {
            Asked::Input(digest) => {
                let made = record::made_from(digest)?;
                let is_it = |manifest: &Manifest, known: &KnownRender| {
                    tools.made(manifest) && known.manifest == made.manifest
                };
                self.plan_of_whole(&made.name, is_it, tools)
            }
            Asked::Job(job) => {
                let is_it = |manifest: &Manifest, _: &KnownRender| job.made(manifest, tools);
                self.plan_of_whole(job.name()?, is_it, tools)
            }
        }
    }

    fn plan_of_whole(
        &self,
        name: &str,
        is_it: impl Fn(&Manifest, &KnownRender) -> bool,
        tools: &Tools,
    ) -> Option<Plan> {
        let known = |manifest: &Manifest, text: &str| {
            record::known(text).filter(|known| is_it(manifest, known))
        };
        let folder = self.output.join(name);
        let plan = output::file_of_whole(&folder, PLAN, known, &tools.digests)?;
        record::found_whole(&plan.render);
        serde_json::from_str(&plan.text).ok()
    }

    /// A render of a fleet that stands as it would be written.
    fn skipped(&self, name: &str) -> Shown {
        let folder = self.output.join(name);
        output::sweep(&folder);
        Shown {
            text: format!("{name} → {}: unchanged, skipped\n", shown(&folder)),
            name: Some(name.to_owned()),
            notes: String::new(),
            state: State::Unchanged,
            code: Exit::Done,
        }
    }

    /// What is shown, what came of the folder, and whether the change itself has errors.
    fn compare_and_write(
        &self,
        (folder, previous): (&Path, &PreviousRender),
        (render, sources): (&pipeline::Render, &Sources),
        (fleet, tools): (&Fleet<'_>, &Tools),
        notes: &mut String,
    ) -> Result<(String, State, bool), OutputError> {
        let files = diff::files(&previous.files, &render.artifacts.files);
        let changed =
            files.changed().next().is_some() || !previous.damaged.is_empty() || previous.lost_mode;
        let name = &render.model.name;
        let about = || {
            if !fleet.is_single() {
                return (line(name, folder, &files), false);
            }
            let (meaning, wrong) = if changed {
                in_azure((folder, previous), (render, sources), tools)
            } else {
                (String::new(), false)
            };
            (summary(name, folder, &files) + &meaning, wrong)
        };
        let only_shows = self.check || self.dry_run;
        let commit = || (!only_shows).then(|| output::commit(folder, &render.artifacts.files));
        // What a deployment does is found out while the files are written.
        let ((mut text, wrong), committed) = rayon::join(about, commit);
        if self.diff || self.check {
            for file in files.changed() {
                text.push_str(&tamed(&file.unified()));
            }
        }
        let state = match (changed, only_shows) {
            (false, _) => State::Unchanged,
            (true, true) => State::Differs,
            (true, false) => State::Written,
        };
        if self.dry_run && fleet.is_single() {
            text.push_str("\nnothing was written (--dry-run)\n");
        }
        let Some(committed) = committed.transpose()? else { return Ok((text, state, wrong)) };
        for path in &committed.overwritten {
            let _ = writeln!(
                notes,
                "note: `{}` was edited manually and is overwritten",
                one_line(path)
            );
        }
        // The result and the log of a bake stand beside its render by intention.
        for path in
            committed.foreign.iter().filter(|path| !digest_hints::BESIDE.contains(&path.as_str()))
        {
            let _ = writeln!(
                notes,
                "note: `{}` does not belong to this render and is kept",
                one_line(path)
            );
        }
        if fleet.is_single() {
            let next = if wrong {
                "fix the errors above and render again before you deploy".to_owned()
            } else {
                next_command(folder)
            };
            let _ = write!(text, "\nNext:\n  {next}\n");
        }
        Ok((text, state, wrong))
    }
}

/// A folder as the terminal shows it.
fn shown(folder: &Path) -> String {
    one_line(&folder.display().to_string())
}

/// How a fleet fared, in a form that fits a screen whatever its size.
#[derive(Debug, Default)]
struct Summary {
    written: usize,
    unchanged: usize,
    differs: usize,
    refused: usize,
}

impl Summary {
    fn count(&mut self, state: State) {
        let counter = match state {
            State::Written => &mut self.written,
            State::Unchanged => &mut self.unchanged,
            State::Differs => &mut self.differs,
            State::Refused => &mut self.refused,
        };
        *counter += 1;
    }

    fn text(&self, blocked: usize, output: &Path) -> String {
        let all = self.written + self.unchanged + self.differs + self.refused + blocked;
        let mut text = format!("\n{all} renders in {}\n", shown(output));
        for (count, what) in [
            (self.written, "written"),
            (self.differs, "would change"),
            (self.unchanged, "unchanged"),
            (self.refused, "failed, nothing was written"),
            (blocked, "use the same folder or pool as another config, nothing was written"),
        ] {
            if count > 0 {
                let _ = writeln!(text, "{count:>7} {what}");
            }
        }
        text
    }
}

/// The line of one render among many, before what its findings count.
fn line(name: &str, folder: &Path, files: &FileDiff) -> String {
    let mut parts = Vec::new();
    for (state, word) in [
        (FileState::Added, "new"),
        (FileState::Changed, "changed"),
        (FileState::Removed, "removed"),
        (FileState::Unchanged, "unchanged"),
    ] {
        let count = files.count(state);
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    format!("{name} → {}: {}\n", shown(folder), parts.join(", "))
}

/// The line with the counts of findings at its end; diffs below it stay as they are.
fn among_many(text: &str, counts: &str) -> String {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let counts = if counts.is_empty() { String::new() } else { format!(" ({counts})") };
    format!("{line}{counts}\n{rest}")
}

/// What the changed files do when they are deployed, and whether that is an error. Of a previous render that
/// is broken it cannot be told.
fn in_azure(
    (folder, previous): (&Path, &PreviousRender),
    (render, sources): (&pipeline::Render, &Sources),
    tools: &Tools,
) -> (String, bool) {
    match pipeline::previous(previous, folder, Some(render), Some(&tools.compiled)) {
        Ok(before) => {
            let diff = render.outline(before.as_ref(), sources);
            (review::summary(&diff), diff.findings.has_errors())
        }
        Err(_) => ("In Azure: unknown, because the previous render is damaged\n".to_owned(), false),
    }
}

fn next_command(folder: &Path) -> String {
    let shown = folder.display().to_string();
    let shown = crate::render::quote::shell(&shown);
    format!(
        "prebake deploy {shown} --what-if\n\nThis command needs an Azure login, for example with `az login`."
    )
}

/// A line a changed file, and how many are as they were.
fn summary(name: &str, folder: &Path, files: &FileDiff) -> String {
    let mut text = format!("{name} → {}\n", shown(folder));
    let width = files.changed().map(|file| file.path.len()).max().unwrap_or(0);
    for file in files.changed() {
        let (sign, word) = match file.state {
            FileState::Added => ("+", "new"),
            FileState::Changed => ("~", "changed"),
            FileState::Removed => ("-", "removed"),
            FileState::Unchanged => continue,
        };
        let _ = writeln!(
            text,
            "  {sign} {:width$}  {word:8} +{} -{}",
            one_line(&file.path),
            file.added,
            file.removed
        );
    }
    let unchanged = files.count(FileState::Unchanged);
    if unchanged > 0 {
        let _ = writeln!(text, "  = {unchanged} files unchanged");
    }
    text
}
