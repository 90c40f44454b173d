use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use rayon::prelude::*;

use super::live::Recorded;
use super::{Configs, DEFAULT_OUTPUT, Exit, input, record, terminal};
use crate::catalog::Overlay;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Sources};
use crate::diff::{self, DetailedExit, RenderState};
use crate::output::{self, OutputError, PreviousRender};
use crate::pipeline::{self, Job, Render, Tools};
use crate::render::MANIFEST;
use crate::report::review::{self, Fleet, Reviewer, Section};
use crate::report::{Report, Templates};

/// `prebake diff`.
#[derive(Debug, Args)]
pub(super) struct Diff {
    #[command(flatten)]
    configs: Configs,
    /// Previous renders: an output folder, a checkout that contains `out/`, or a single render
    #[arg(long, value_name = "DIR", default_value = DEFAULT_OUTPUT)]
    against: PathBuf,
    /// Format of the review
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Compare with Azure, using the output of `az deployment group what-if --no-pretty-print`: `STAGE=FILE`, or a file whose name starts with the stage, such as `batch.json`; `STAGE=-` reads standard input
    #[arg(long, value_name = "FILE", num_args = 1..)]
    what_if: Vec<String>,
    /// Compare with Azure, using a folder with the JSON output of `az resource show` and `az batch pool show`
    #[arg(long, value_name = "DIR")]
    live: Option<PathBuf>,
    /// Exit with 0 for no change, 2 for changes, 3 if work, data or access is lost or the deployment will fail, and 1 for an error
    #[arg(long)]
    detailed_exitcode: bool,
    /// Write the review to this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Markdown,
    Html,
    Json,
}

/// What came of one config.
enum Compared {
    Section(Box<Section>),
    Failed(Exit, String),
}

impl Diff {
    pub(super) fn run(&self) -> Exit {
        match self.compare() {
            Ok(code) => code,
            Err(code) if self.detailed_exitcode && code != Exit::Done => {
                Exit::Detailed(DetailedExit::Error)
            }
            Err(code) => code,
        }
    }

    fn compare(&self) -> Result<Exit, Exit> {
        let tools = input::tools(&self.configs, Path::new(DEFAULT_OUTPUT))?;
        let templates = Templates::new(input::report_templates(self.configs.templates.as_deref())?);
        let reviewer = Reviewer::new(self.format(), &templates).map_err(|error| told(*error))?;
        // Without a file, the parts wait in memory.
        let reviewer = match tempfile::tempfile() {
            Ok(file) => reviewer.with_file(file),
            Err(_) => reviewer,
        };
        let mut sections = Vec::new();
        let (mut code, mut failed) = (Exit::Done, 0);
        if !self.against.exists() && self.against != Path::new(DEFAULT_OUTPUT) {
            let folder = self.against.display();
            terminal::note(&format!("note: `{folder}` does not exist, so everything is new\n"));
        }
        let recorded = Recorded::read(&self.what_if, self.live.as_deref())?;
        // Without any config only what is gone can differ.
        if !input::search(&self.configs.paths).0.is_empty() {
            let configs = super::fleet::Fleet::new(&self.configs)?;
            if recorded.is_some() && !configs.is_single() {
                return Err(terminal::failed(
                    "the state of Azure belongs to a single config",
                    "the command compares several configs",
                    "name one config, and one environment with `--env`",
                ));
            }
            failed = configs.blocked();
            code = configs.each(
                |_, job| self.one(job, &tools, &reviewer, recorded.as_ref(), configs.is_single()),
                |compared| match compared {
                    Compared::Section(section) => {
                        sections.push(*section);
                        Exit::Done
                    }
                    Compared::Failed(code, notes) => {
                        failed += 1;
                        terminal::note(&notes);
                        code
                    }
                },
            );
        }
        if code == Exit::Done {
            sections.extend(self.gone(&sections, &reviewer, &tools)?);
        }
        if sections.is_empty() {
            if code == Exit::Done {
                // Nothing to compare: say what was searched for.
                input::find(&self.configs.paths)?;
            }
            return Err(code);
        }
        let fleet = Fleet::new(sections).without(failed);
        let changes = fleet.detailed_exit();
        self.write(&reviewer.report(fleet).map_err(|error| told(*error))?)?;
        if code == Exit::Done { Ok(self.code(changes)) } else { Err(code) }
    }

    fn format(&self) -> review::Format {
        match self.format {
            // The terminal's stream drops the color where there is no terminal.
            Format::Text => review::Format::Text { color: self.output.is_none() },
            Format::Markdown => review::Format::Markdown,
            Format::Html => review::Format::Html,
            Format::Json => review::Format::Json,
        }
    }

    fn code(&self, detailed: DetailedExit) -> Exit {
        match detailed {
            _ if self.detailed_exitcode => Exit::Detailed(detailed),
            DetailedExit::Error => Exit::Findings,
            _ => Exit::Done,
        }
    }

    fn one(
        &self,
        job: Job,
        tools: &Tools,
        reviewer: &Reviewer,
        recorded: Option<&Recorded>,
        single: bool,
    ) -> Compared {
        let read = |name: &str| output::previous(&self.folder(name));
        let name = job.name().filter(|_| !single);
        let standing = name.map(|name| (name.to_owned(), read(name)));
        // A render of a fleet that stands as it would be made anew differs in nothing. This machine made it, or has
        // compared it before.
        if let Some((name, Ok(previous))) = &standing
            && is_known(previous, &job, tools)
            && previous.is_whole(&tools.digests)
            && let Ok(Some(state)) = pipeline::previous(previous, &self.folder(name), None, None)
        {
            return compared(reviewer, name, Some(&state), &state, &job.overlay);
        }
        let outcome = job.render(tools);
        let Some(render) = &outcome.render else {
            let code = Exit::of(&outcome, true);
            let notes = terminal::told(&outcome.diagnostics, &outcome.sources, Severity::Error);
            return Compared::Failed(code, notes);
        };
        let name = &render.model.name;
        let standing = standing.filter(|(known, _)| known == name).map(|(_, previous)| previous);
        let previous = standing.unwrap_or_else(|| read(name));
        match state_of(previous, &self.folder(name), Some(render), tools) {
            Ok(previous) => {
                let live =
                    recorded.map(|it| it.live(previous.as_ref(), render.state())).transpose();
                let diff = match live {
                    Ok(Some(live)) => {
                        render.diff_with_live(previous.as_ref(), &live, &outcome.sources)
                    }
                    Ok(None) => render.diff(previous.as_ref(), &outcome.sources),
                    Err(code) => return Compared::Failed(code, String::new()),
                };
                Compared::Section(Box::new(reviewer.section(name, &diff.aged(tools.as_of))))
            }
            Err(findings) => {
                let notes = terminal::told(&findings, &Sources::new(), Severity::Info);
                Compared::Failed(Exit::Failed, notes)
            }
        }
    }

    /// The folder of a render: the one given, if it is a render itself, or below it.
    fn folder(&self, name: &str) -> PathBuf {
        // One that lost its manifest is found too, so that it is told and not taken for nothing.
        let is_render = output::has_render;
        let inside = self.against.join(name);
        let checkout = self.against.join("out").join(name);
        if is_render(&self.against) {
            self.against.clone()
        } else if !is_render(&inside) && is_render(&checkout) {
            checkout
        } else {
            inside
        }
    }

    /// Renders of configs that are gone. Only a search of folders can tell that one is gone.
    fn gone(
        &self,
        sections: &[Section],
        reviewer: &Reviewer,
        tools: &Tools,
    ) -> Result<Vec<Section>, Exit> {
        let known: BTreeSet<&str> = sections.iter().map(Section::name).collect();
        if !self.configs.paths.iter().all(|path| path.is_dir()) {
            return Ok(Vec::new());
        }
        let mut renders = input::renders(&self.against);
        renders.retain(|name, _| !known.contains(name.as_str()));
        let section = |(name, folder): (&String, &PathBuf)| {
            let state = state_of(output::previous(folder), folder, None, tools)?;
            Ok(state.map(|state| reviewer.section(name, &diff::diff(Some(&state), None))))
        };
        let gone: Vec<Result<_, Diagnostics>> = renders.par_iter().map(section).collect();
        let gone: Result<Vec<Option<Section>>, _> = gone.into_iter().collect();
        let gone = gone.map_err(|findings| {
            terminal::findings(&findings, &Sources::new());
            Exit::Failed
        })?;
        Ok(gone.into_iter().flatten().collect())
    }

    fn write(&self, report: &Report) -> Result<(), Exit> {
        let Some(path) = &self.output else {
            terminal::report(report);
            return Ok(());
        };
        output::write(path, report).map_err(|error| {
            terminal::failed(
                &format!("`{}` cannot be written", path.display()),
                &error.to_string(),
                "name a file in a writable folder",
            )
        })
    }
}

/// Whether a render was made from what a job would make it from, and this machine has made or compared it before. A
/// manifest alone proves nothing: whoever edits a file can edit its digest, too.
fn is_known(previous: &PreviousRender, job: &Job, tools: &Tools) -> bool {
    let manifest = previous.manifest.as_ref().zip(previous.files.get(MANIFEST));
    manifest
        .is_some_and(|(manifest, text)| job.made(manifest, tools) && record::known(text).is_some())
}

/// Tells why the review cannot be written.
fn told(error: Diagnostic) -> Exit {
    terminal::findings(&Diagnostics::from(vec![error]), &Sources::new());
    Exit::Failed
}

fn compared(
    reviewer: &Reviewer,
    name: &str,
    previous: Option<&RenderState>,
    new: &RenderState,
    overlay: &Overlay,
) -> Compared {
    let diff = diff::diff(previous, Some(new)).priced(previous, Some(new), overlay);
    Compared::Section(Box::new(reviewer.section(name, &diff)))
}

/// The render that was read from a folder, as a diff compares it; nothing where none stands.
fn state_of(
    read: Result<PreviousRender, OutputError>,
    folder: &Path,
    current: Option<&Render>,
    tools: &Tools,
) -> Result<Option<RenderState>, Diagnostics> {
    let previous = read.map_err(|error| Diagnostics::from(vec![error.diagnostic()]))?;
    pipeline::previous(&previous, folder, current, Some(&tools.compiled))
}
