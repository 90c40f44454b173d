//! What the commands read: a file or a pattern, and the folders around it.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::super::files::Folder;
use super::super::input::{day, today};
use super::super::{Exit, terminal};
use super::{WRONG, glob};
use crate::bicep::Lint;
use crate::catalog::Date;
use crate::diagnostic::{Diagnostics, Sources};
use crate::report::compiler;

/// What every command takes.
#[derive(Debug, Args)]
pub(super) struct Input {
    /// The file
    #[arg(value_name = "FILE", required_unless_present = "pattern", conflicts_with = "pattern")]
    file: Option<PathBuf>,
    /// Glob pattern, such as `**/*.bicep`, instead of a single file
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<String>,
    /// Read no files outside this folder [default: no limit]
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Folder of modules that `bicep restore` downloaded
    #[arg(long, value_name = "DIR")]
    module_cache: Option<PathBuf>,
    /// The bicepconfig.json to use instead of the nearest one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// How findings are printed.
#[derive(Debug, Args)]
pub(super) struct Findings {
    /// Format of errors and warnings: one line each, SARIF, or with source excerpts
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "default", ignore_case = true)]
    pub(super) diagnostics_format: DiagnosticsFormat,
    /// Accepted for compatibility: prebake never restores modules
    #[arg(long)]
    no_restore: bool,
    /// Date for checking the age of API versions, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE", value_parser = day)]
    as_of: Option<Date>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum DiagnosticsFormat {
    Default,
    Sarif,
    Excerpts,
}

/// One file to work on.
pub(super) struct Entry {
    /// As the user names it.
    pub(super) path: PathBuf,
    /// Below the folder that a pattern starts at.
    pub(super) relative: Option<PathBuf>,
    /// The files around it.
    pub(super) folder: Folder,
    /// Its name in that folder.
    pub(super) name: String,
}

impl Input {
    /// Works on every file, and gives the exit code.
    pub(super) fn each(&self, endings: &[&str], mut work: impl FnMut(&Entry) -> Exit) -> Exit {
        let files = match self.files() {
            Ok(files) => files,
            Err(code) => return code,
        };
        let mut code = Exit::Done;
        for (path, relative) in files {
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or("");
            if !endings.iter().any(|known| known.eq_ignore_ascii_case(ending)) {
                let expected: Vec<String> =
                    endings.iter().map(|ending| format!("`.{ending}`")).collect();
                let why = format!("its name does not end in {}", expected.join(" or "));
                return refused(&path, &why, "name another file");
            }
            match self.open(&path) {
                Ok((folder, name)) => {
                    code = code.max(work(&Entry { path, relative, folder, name }));
                }
                Err(why) => return refused(&path, &why, "name a readable file"),
            }
        }
        code
    }

    fn open(&self, path: &Path) -> Result<(Folder, String), String> {
        let opened = Folder::around(path, self.root.as_deref(), self.module_cache.clone());
        let (folder, name) = opened.map_err(|error| error.to_string())?;
        let Some(config) = &self.config else { return Ok((folder, name)) };
        let configured = folder.configured(config);
        let folder = configured.map_err(|error| format!("{}: {error}", config.display()))?;
        Ok((folder, name))
    }

    fn files(&self) -> Result<Vec<(PathBuf, Option<PathBuf>)>, Exit> {
        if let Some(file) = &self.file {
            return Ok(vec![(file.clone(), None)]);
        }
        let pattern = self.pattern.as_deref().unwrap_or_default();
        match glob::find(pattern) {
            Ok((root, found)) => Ok(found
                .into_iter()
                .map(|relative| (root.join(&relative), Some(relative)))
                .collect()),
            Err(error) => {
                terminal::failed(
                    &format!("`{pattern}` is not a valid pattern"),
                    &error.to_string(),
                    "use a pattern such as `**/*.bicep`",
                );
                Err(WRONG)
            }
        }
    }
}

pub(super) fn refused(path: &Path, why: &str, help: &str) -> Exit {
    terminal::failed(&format!("cannot use `{}`", path.display()), why, help);
    WRONG
}

impl Findings {
    /// The rules to lint with.
    pub(super) fn lint(&self) -> Lint {
        let day = self.as_of.or_else(today).map(|day| day.to_string());
        day.and_then(|day| Lint::on(&day)).unwrap_or(Lint::Unused)
    }

    /// Prints the findings of a file; SARIF to stdout where nothing else is printed there.
    pub(super) fn print(
        &self,
        entry: &Entry,
        diagnostics: &Diagnostics,
        sources: &Sources,
        sarif_to_stdout: bool,
    ) {
        let path_of = |name: &str| {
            let is_reference = name.starts_with("br:") || name.starts_with("ts:");
            if is_reference {
                return name.to_owned();
            }
            entry.folder.path_of(name).to_string_lossy().into_owned()
        };
        match self.diagnostics_format {
            DiagnosticsFormat::Default => {
                terminal::note(&compiler::lines(diagnostics, sources, &entry.name, &path_of));
            }
            DiagnosticsFormat::Sarif => {
                let text = compiler::sarif(diagnostics, sources, &entry.name, &path_of);
                if sarif_to_stdout { terminal::out(&text) } else { terminal::note(&text) }
            }
            DiagnosticsFormat::Excerpts => terminal::findings(diagnostics, sources),
        }
    }
}
