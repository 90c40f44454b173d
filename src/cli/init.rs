use std::hash::{BuildHasher, Hasher, RandomState};
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
    /// File to write
    #[arg(value_name = "FILE", default_value = "prebake.yaml")]
    file: PathBuf,
    /// Take the values from the environment variables of `batch-prep-v2.sh`
    #[arg(long)]
    from_env: bool,
    /// Take the values from a file: the old script, the JSON of `az batch pool show`, or a Batch Shipyard
    /// file; give it twice for Shipyard's pool and global configuration
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
            STARTER.replace("SUFFIX", &suffix())
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

impl Init {
    fn import(&self) -> Result<import::Imported, u8> {
        let mut texts = Vec::new();
        for path in &self.from {
            let text = disk::argument(path, MAX_SOURCE_BYTES).and_then(disk::text);
            texts.push(text.map_err(|why| {
                terminal::failed(
                    &format!("`{}` cannot be read", path.display()),
                    &why.to_string(),
                    "name the old script, the JSON of a pool, or a Batch Shipyard file",
                )
            })?);
        }
        import::from_texts(&texts).ok_or_else(|| {
            terminal::failed(
                "no known kind of configuration",
                "it is neither `batch-prep-v2.sh`, nor what `az batch pool show` prints, nor a Batch \
                 Shipyard pool or global configuration",
                "give one of these files, or start with `prebake init`",
            )
        })
    }
}

/// A suffix that is another one with each call: a config keeps it, and no render draws one.
fn suffix() -> String {
    // The standard library seeds each of these from the operating system.
    let mut drawn = RandomState::new().build_hasher().finish();
    let letters = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut suffix = String::new();
    while suffix.len() < 5 {
        let letter = letters[usize::try_from(drawn % 32).unwrap_or_default()];
        drawn /= 32;
        // YAML reads a word of digits, or of digits and one `e`, as a number.
        if !suffix.is_empty() || letter.is_ascii_alphabetic() {
            suffix.push(char::from(letter));
        }
        if drawn == 0 {
            drawn = RandomState::new().build_hasher().finish();
        }
    }
    suffix
}

#[expect(clippy::disallowed_methods, reason = "this command is asked to read the environment")]
fn environment() -> Variables {
    let known = import::KNOWN_VARIABLES.iter().filter_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some(((*name).to_owned(), value))
    });
    known.collect()
}
