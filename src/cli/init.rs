use std::path::PathBuf;

use clap::Args;

use super::{DONE, terminal};
use crate::config::import::{self, Variables};
use crate::output;

/// The starter config, commented.
const STARTER: &str = include_str!("starter.yaml");

/// `prebake init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// File to write
    #[arg(value_name = "FILE", default_value = "prebake.yaml")]
    file: PathBuf,
    /// Take the values from the environment variables of `batch-prep-v2.sh`
    #[arg(long)]
    from_env: bool,
    /// Print the config instead of writing it
    #[arg(long)]
    stdout: bool,
}

impl Init {
    pub(super) fn run(&self) -> u8 {
        let text = if self.from_env {
            let imported = import::from_variables(&environment());
            for note in &imported.notes {
                terminal::note(&format!("note: {note}\n"));
            }
            imported.yaml
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
                "`prebake init` overwrites nothing",
                "name another file, or remove this one",
            ),
            Err(error) => terminal::failed(
                &format!("`{shown}` cannot be written"),
                &error.to_string(),
                "name a file in a folder that can be written",
            ),
        }
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
