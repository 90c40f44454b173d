use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Configs, DONE, FAILED, FINDINGS, input, terminal};
use crate::diagnostic::Diagnostics;
use crate::diff::{self, FileDiff, FileState};
use crate::output::{self, OutputError};
use crate::pipeline::{self, Outcome};

/// `prebake render`.
#[derive(Debug, Args)]
pub(super) struct Render {
    #[command(flatten)]
    configs: Configs,
    /// Folder that holds one folder a render
    #[arg(short, long, value_name = "DIR", default_value = "out")]
    output: PathBuf,
    /// Write nothing; show what would be written
    #[arg(long)]
    dry_run: bool,
    /// Write nothing; exit with 1 and a diff when a folder is not current
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,
    /// Show a unified diff of every changed file
    #[arg(long)]
    diff: bool,
}

impl Render {
    pub(super) fn run(&self) -> u8 {
        let Ok(tools) = input::tools(&self.configs) else { return FAILED };
        let Ok(paths) = input::find(&self.configs.paths) else { return FAILED };
        let mut code = DONE;
        for path in paths {
            let one = match input::read(&path, &self.configs.overrides) {
                Ok(input) => self.one(&pipeline::render(&input, &tools)),
                Err(code) => code,
            };
            code = code.max(one);
        }
        code
    }

    fn one(&self, outcome: &Outcome) -> u8 {
        terminal::findings(&outcome.diagnostics, &outcome.sources);
        let Some(render) = &outcome.render else {
            terminal::note(&format!(
                "nothing written: {}\n",
                terminal::counts(&outcome.diagnostics)
            ));
            return if outcome.is_bad_input() { FAILED } else { FINDINGS };
        };
        let folder = self.output.join(&render.model.name);
        match self.compare_and_write(&folder, render) {
            Ok(code) => code,
            Err(error) => {
                let findings = Diagnostics::from(vec![error.diagnostic()]);
                terminal::findings(&findings, &outcome.sources);
                FAILED
            }
        }
    }

    fn compare_and_write(
        &self,
        folder: &Path,
        render: &pipeline::Render,
    ) -> Result<u8, OutputError> {
        let previous = output::previous(folder)?;
        let files = diff::files(&previous.files, &render.artifacts.files);
        let changed = files.changed().next().is_some() || !previous.damaged.is_empty();
        terminal::out(&summary(&render.model.name, folder, &files));
        if self.diff || self.check {
            for file in files.changed() {
                terminal::out(&file.unified());
            }
        }
        if self.check {
            return Ok(if changed { FINDINGS } else { DONE });
        }
        if self.dry_run {
            terminal::out("\nnothing written: --dry-run\n");
            return Ok(DONE);
        }
        let committed = output::commit(folder, &render.artifacts.files)?;
        for path in &committed.overwritten {
            terminal::note(&format!("note: `{path}` was edited by hand and is overwritten\n"));
        }
        for path in &committed.foreign {
            terminal::note(&format!("note: `{path}` is not of this render and stays\n"));
        }
        terminal::out(&format!("\nNext:\n  {}\n", next_command(folder)));
        Ok(DONE)
    }
}

fn next_command(folder: &Path) -> String {
    let shown = folder.display().to_string();
    format!("cd {} && ./deploy.sh --what-if", crate::render::quote::shell(&shown))
}

/// A line a changed file, and how many are as they were.
fn summary(name: &str, folder: &Path, files: &FileDiff) -> String {
    let mut text = format!("{name} → {}\n", folder.display());
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
            file.path, file.added, file.removed
        );
    }
    let unchanged = files.count(FileState::Unchanged);
    if unchanged > 0 {
        let _ = writeln!(text, "  = {unchanged} files unchanged");
    }
    text
}
