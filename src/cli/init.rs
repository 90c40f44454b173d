use std::path::PathBuf;

use clap::Args;

use super::{DONE, terminal};
use crate::config::import::{self, Variables};
use crate::{disk, output};

/// Largest file to import in bytes.
const MAX_SOURCE_BYTES: u64 = 1024 * 1024;

/// The starter config, commented.
const STARTER: &str = include_str!("starter.yaml");

/// `prebake init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// Config file to create
    #[arg(value_name = "FILE", default_value = "prebake.yaml")]
    file: PathBuf,
    /// Use the environment variables of `batch-prep-v2.sh`
    #[arg(long)]
    from_env: bool,
    /// Import a file: `batch-prep-v2.sh`, the JSON output of `az batch pool show`, or a Batch Shipyard file; repeat the option for the pool and global configuration of Batch Shipyard
    #[arg(long, value_name = "PATH", conflicts_with = "from_env")]
    from: Vec<PathBuf>,
    /// Print the config instead of writing it
    #[arg(long)]
    stdout: bool,
}

impl Init {
    pub(super) fn run(&self) -> u8 {
        let text = if self.from_env {
            let imported = import::from_variables(&environment());
            for note in &imported.notes {
                terminal::remark(note);
            }
            imported.yaml
        } else if !self.from.is_empty() {
            match self.import() {
                Ok(imported) => {
                    for note in &imported.notes {
                        terminal::remark(note);
                    }
                    imported.yaml
                }
                Err(code) => return code,
            }
        } else {
            STARTER.to_owned()
        };
        if self.stdout {
            terminal::out(&text);
            return DONE;
        }
        let shown = self.file.display();
        match output::write_new(&self.file, &text) {
            Ok(true) => {
                terminal::out(&format!("wrote {shown}\n\nNext:\n  prebake render {shown}\n"));
                DONE
            }
            Ok(false) => terminal::failed(
                &format!("`{shown}` exists"),
                "`prebake init` does not overwrite files",
                "name another file, or remove this one",
            ),
            Err(error) => terminal::failed(
                &format!("`{shown}` cannot be written"),
                &error.to_string(),
                "name a file in a writable folder",
            ),
        }
    }
}

impl Init {
    fn import(&self) -> Result<import::Imported, u8> {
        let mut texts = Vec::new();
        for path in &self.from {
            let text = disk::argument(path, MAX_SOURCE_BYTES).and_then(disk::text);
            texts.push(text.map_err(|why| {
                terminal::failed(
                    &format!("`{}` cannot be read", path.display()),
                    &why.to_string(),
                    "name `batch-prep-v2.sh`, the JSON of a pool, or a Batch Shipyard file",
                )
            })?);
        }
        import::from_texts(&texts).ok_or_else(|| {
            terminal::failed(
                "the file format is unknown",
                "it is not `batch-prep-v2.sh`, the output of `az batch pool show`, or a Batch Shipyard pool or global configuration",
                "use one of these files, or create a new config with `prebake init`",
            )
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "this command is asked to read the environment")]
fn environment() -> Variables {
    let known = import::KNOWN_VARIABLES.iter().filter_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some(((*name).to_owned(), value))
    });
    known.collect()
}
