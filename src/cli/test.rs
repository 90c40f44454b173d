use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use rayon::prelude::*;

use super::folders::Folders;
use super::matrix::{self, Combination};
use super::{Configs, Exit, input, terminal};
use crate::catalog::Date;
use crate::diagnostic::{Diagnostics, Sources, text};
use crate::diff;
use crate::model::KnownDigests;
use crate::output;
use crate::pipeline::{self, Job, Render, Tools};
use crate::render::{MANIFEST, Manifest};
use crate::report::review::{self, Format};
use crate::report::{Templates, files};

/// The approved findings of a config that is not meant to render.
const FINDINGS_FILE: &str = "findings.txt";

/// `prebake test`.
#[derive(Debug, Args)]
#[command(
    after_help = "A test case is a folder with a `prebake.yaml`. Its approved render is in `expected/`. An optional `matrix.yaml` has lines of the form `path: [value, ...]` and creates one test case for each combination."
)]
pub(super) struct Test {
    /// Folder of test cases
    #[arg(value_name = "DIR", default_value = "tests")]
    folder: PathBuf,
    /// Approve the current renders
    #[arg(long)]
    accept: bool,
    /// Folder of templates that replace or extend the built-in ones
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// Date for checking retirements, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE", value_parser = input::day)]
    as_of: Option<Date>,
    /// Run only test cases whose name contains this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    filter: String,
}

/// One config with one combination of values.
#[derive(Debug, Clone)]
struct Case {
    name: String,
    config: PathBuf,
    overrides: Vec<String>,
    expected: PathBuf,
}

/// What came of a case.
enum Verdict {
    Same,
    Accepted,
    Differs(String),
    Failed(Exit),
}

impl Test {
    pub(super) fn run(&self) -> Exit {
        if !self.folder.is_dir() {
            return terminal::failed(
                &format!("`{}` is not a folder", self.folder.display()),
                "a test case is a folder with a `prebake.yaml`",
                "name the folder of the test cases",
            );
        }
        let Ok(cases) = self.cases() else { return Exit::Failed };
        let configs = Configs::shared(self.templates.clone(), self.as_of);
        let Ok(tools) = input::tools(&configs, Path::new("expected")) else { return Exit::Failed };
        let verdicts: Vec<(String, Verdict)> =
            cases.par_iter().flat_map_iter(|case| self.all(case, &tools)).collect();
        let (mut failed, mut code) = (0, Exit::Done);
        let total = verdicts.len();
        for folder in self.left_over(&cases) {
            code = Exit::Findings;
            terminal::out(&format!(
                "UNKNOWN   {}\nit belongs to no test case; remove it\n",
                folder.display()
            ));
        }
        for (name, verdict) in verdicts {
            match verdict {
                Verdict::Same => terminal::out(&format!("ok        {name}\n")),
                Verdict::Accepted => terminal::out(&format!("accepted  {name}\n")),
                Verdict::Differs(why) => {
                    failed += 1;
                    code = code.max(Exit::Findings);
                    terminal::out(&format!("DIFFERS   {name}\n{why}\n"));
                }
                Verdict::Failed(error) => {
                    failed += 1;
                    code = code.max(error);
                }
            }
        }
        let cases_word = if total == 1 { "case" } else { "cases" };
        terminal::out(&format!("\n{total} {cases_word}, {failed} differ\n"));
        if failed > 0 && code == Exit::Findings {
            terminal::out(
                "Review the differences, then approve them with `prebake test --accept`.\n",
            );
        }
        code
    }

    fn cases(&self) -> Result<Vec<Case>, Exit> {
        let mut cases = Vec::new();
        for config in input::search(std::slice::from_ref(&self.folder)).0 {
            let folder = config.parent().unwrap_or(Path::new("."));
            let approved = config.components().any(|part| part.as_os_str() == "expected");
            if !approved {
                cases.extend(self.combinations(folder, &config)?);
            }
        }
        cases.retain(|case| case.name.contains(&self.filter));
        if cases.is_empty() {
            return Err(terminal::failed(
                &format!("no test case found in `{}`", self.folder.display()),
                "a test case is a folder with a `prebake.yaml`",
                "create one, and approve its render with `prebake test --accept`",
            ));
        }
        Ok(cases)
    }

    /// Approved renders of combinations that no matrix makes any more.
    fn left_over(&self, cases: &[Case]) -> Vec<PathBuf> {
        if !self.filter.is_empty() {
            return Vec::new();
        }
        let known: BTreeSet<&Path> = cases.iter().map(|case| case.expected.as_path()).collect();
        let folders: BTreeSet<&Path> =
            cases.iter().filter_map(|case| case.config.parent()).collect();
        let approved = folders.into_iter().flat_map(|folder| {
            let entries = std::fs::read_dir(folder.join("expected")).into_iter().flatten();
            entries.flatten().map(|entry| entry.path())
        });
        // Environments have their folders below that of their case.
        let made = |folder: &PathBuf| {
            known.iter().any(|known| known.starts_with(folder) || folder.starts_with(known))
        };
        let mut left: Vec<PathBuf> =
            approved.filter(|folder| folder.is_dir() && !made(folder)).collect();
        left.sort();
        left
    }

    /// The case of a folder, or one for each combination of its matrix.
    fn combinations(&self, folder: &Path, config: &Path) -> Result<Vec<Case>, Exit> {
        let name = folder.strip_prefix(&self.folder).unwrap_or(folder).display().to_string();
        let name = if name.is_empty() { "case".to_owned() } else { name };
        let expected = folder.join("expected");
        let combinations = matrix::combinations(folder).map_err(|why| {
            terminal::failed(
                &format!("the matrix in `{}` is invalid", folder.display()),
                &why,
                "write lines of the form `path: [value, ...]`, such as `batch.pools.0.nodes: [1, 4]`",
            )
        })?;
        let case = |combination: &Combination| {
            let folder = combination.folder();
            Case {
                name: if folder.is_empty() { name.clone() } else { format!("{name}/{folder}") },
                config: config.to_path_buf(),
                overrides: combination.overrides(),
                expected: if folder.is_empty() { expected.clone() } else { expected.join(folder) },
            }
        };
        Ok(combinations.iter().map(case).collect())
    }

    /// The renders of a case: one, or one for each of its config's environments.
    fn all(&self, case: &Case, tools: &Tools) -> Vec<(String, Verdict)> {
        let mut configs = Configs::shared(self.templates.clone(), self.as_of);
        configs.overrides.clone_from(&case.overrides);
        let one = |job: Job| {
            let mut case = case.clone();
            if let Some(environment) = &job.environment {
                case.name = format!("{}/{environment}", case.name);
                case.expected.push(environment);
            }
            let verdict = self.one(&case, job, tools);
            (case.name, verdict)
        };
        input::jobs(&case.config, &configs, &Folders::default()).into_iter().map(one).collect()
    }

    fn one(&self, case: &Case, job: Job, tools: &Tools) -> Verdict {
        let outcome = job.render(tools);
        let render = outcome.render.as_ref();
        let state = render.map(Render::state);
        let files = match render {
            Some(render) => render.artifacts.files.clone(),
            None => findings(case, &outcome.diagnostics, &outcome.sources).into(),
        };
        if self.accept {
            return accept(&case.expected, &files);
        }
        let told = |findings: &Diagnostics| {
            terminal::findings(findings, &Sources::new());
            Verdict::Failed(Exit::Failed)
        };
        let approved = match output::previous(&case.expected) {
            Ok(previous) if previous.exists() => previous,
            Ok(_) => {
                return Verdict::Differs(
                    "no render is approved yet; run the command with `--accept`\n".to_owned(),
                );
            }
            Err(error) => return told(&Diagnostics::from(vec![error.diagnostic()])),
        };
        let mut changed = diff::files(&approved.files, &files);
        // The manifest holds digests of the rest, and of prebake itself.
        changed.files.retain(|file| file.path != MANIFEST);
        if changed.changed().next().is_none() && approved.damaged.is_empty() {
            return Verdict::Same;
        }
        // Approved findings stand in the place of a render.
        let approved = if approved.files.contains_key(FINDINGS_FILE) {
            None
        } else {
            match pipeline::previous(&approved, &case.expected, None, Some(&tools.compiled)) {
                Ok(approved) => approved,
                Err(findings) => return told(&findings),
            }
        };
        let (old, new) = (approved.as_ref(), state);
        let mut diff = diff::diff(old, new).aged(tools.as_of);
        if let Some(render) = render {
            diff = diff.priced(old, new, &render.overlay);
        }
        Verdict::Differs(explained(&case.name, &diff, &changed))
    }
}

/// What the difference does in Azure, then the text of every file.
fn explained(name: &str, diff: &diff::Diff, changed: &diff::FileDiff) -> String {
    let mut shown = diff.clone();
    // The text of all files follows.
    shown.files = diff::FileDiff::default();
    let mut text = if diff.resources.is_empty() {
        String::new()
    } else {
        let format = Format::Text { color: true };
        let told = review::review(name, &shown, format, &Templates::default());
        told.map(|told| told.to_string()).unwrap_or_default()
    };
    text.push('\n');
    text.push_str(&files::summary(changed));
    text.push_str(&files::unified(changed));
    text
}

fn accept(folder: &Path, files: &BTreeMap<String, String>) -> Verdict {
    match output::commit(folder, files) {
        Ok(committed) if committed.is_unchanged() => Verdict::Same,
        Ok(_) => Verdict::Accepted,
        Err(error) => {
            terminal::findings(&Diagnostics::from(vec![error.diagnostic()]), &Sources::new());
            Verdict::Failed(Exit::Failed)
        }
    }
}

/// What is approved of a config that does not render: its findings.
fn findings(case: &Case, diagnostics: &Diagnostics, sources: &Sources) -> BTreeMap<String, String> {
    // From whichever folder the cases are run, the config is named alike.
    let folder = case.config.parent().map(|folder| format!("{}/", folder.display()));
    let told = text::render(diagnostics, sources, false).replace(&folder.unwrap_or_default(), "");
    let mut files = BTreeMap::from([(FINDINGS_FILE.to_owned(), told)]);
    let manifest = Manifest::of(&case.name, String::new(), "", &files, &KnownDigests::default());
    files.insert(MANIFEST.to_owned(), manifest.text());
    files
}
