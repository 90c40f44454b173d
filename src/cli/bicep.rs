//! `prebake bicep`: the compiler as a tool of its own.
#![expect(clippy::disallowed_methods, reason = "it reads and writes what the user names")]

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;

use super::files::Folder;
use super::{DONE, FAILED, FINDINGS, terminal};
use crate::bicep;
use crate::diagnostic::{Diagnostics, Sources};

/// `prebake bicep`.
#[derive(Debug, Subcommand)]
pub(super) enum Bicep {
    /// Compile a Bicep file to an ARM template
    Build(Build),
    /// Compile a .bicepparam file to the JSON of a parameters file
    BuildParams(Build),
}

/// What both commands take.
#[derive(Debug, Args)]
pub(super) struct Build {
    /// The file to compile
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print the result
    #[arg(long, conflicts_with = "outfile")]
    stdout: bool,
    /// Write the result here; without it, beside the file
    #[arg(long, value_name = "F")]
    outfile: Option<PathBuf>,
    /// Folder that may be read; without it the current one, or the file's own if that is elsewhere
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Folder of restored modules, as `bicep restore` fills it
    #[arg(long, value_name = "DIR")]
    module_cache: Option<PathBuf>,
}

impl Bicep {
    pub(super) fn run(&self) -> u8 {
        match self {
            Self::Build(build) => build.run(|entry, folder, sources, diagnostics| {
                bicep::compile(entry, folder, sources, diagnostics).map(|template| template.json)
            }),
            Self::BuildParams(build) => build.run(|entry, folder, sources, diagnostics| {
                let environment = |name: &str| std::env::var(name).ok();
                bicep::compile_params(entry, folder, &environment, sources, diagnostics)
                    .map(|parameters| parameters.json)
            }),
        }
    }
}

type Compile = fn(&str, &Folder, &mut Sources, &mut Diagnostics) -> Option<Value>;

impl Build {
    fn run(&self, compile: Compile) -> u8 {
        let opened = Folder::around(&self.file, self.root.as_deref(), self.module_cache.clone());
        let (folder, entry) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let what = format!("`{}` cannot be read", self.file.display());
                return terminal::failed(&what, &error.to_string(), "name a Bicep file");
            }
        };
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        let compiled = compile(&entry, &folder, &mut sources, &mut diagnostics);
        terminal::findings(&diagnostics, &sources);
        let Some(compiled) = compiled else { return FINDINGS };
        let mut text = serde_json::to_string_pretty(&compiled).expect("JSON values can be written");
        text.push('\n');
        if self.stdout {
            terminal::out(&text);
            return DONE;
        }
        self.write(&text)
    }

    fn write(&self, text: &str) -> u8 {
        let path = self.outfile.clone().unwrap_or_else(|| self.file.with_extension("json"));
        match replace(&path, text) {
            Ok(()) => {
                terminal::note(&format!("wrote {}\n", path.display()));
                DONE
            }
            Err(error) => {
                let what = format!("`{}` cannot be written", path.display());
                terminal::failed(&what, &error.to_string(), "name another file with `--outfile`");
                FAILED
            }
        }
    }
}

// The old file stands until the new one is whole.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    std::fs::write(file.path(), text)?;
    file.persist(path)?;
    Ok(())
}
