use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DONE, terminal};
use crate::output;
use crate::render::EMBEDDED;
use crate::report;

/// `prebake templates`.
#[derive(Debug, Subcommand)]
pub(super) enum Templates {
    /// List the built-in templates
    List,
    /// Copy the built-in templates to a folder, to edit them and use them with `--templates`
    Eject(Eject),
}

#[derive(Debug, Args)]
pub(super) struct Eject {
    /// Folder to write to; existing files are kept
    #[arg(value_name = "DIR", default_value = "templates")]
    folder: PathBuf,
}

impl Templates {
    pub(super) fn run(&self) -> u8 {
        match self {
            Self::List => {
                let names: Vec<&str> = all().map(|(path, _)| path).collect();
                terminal::out(&(names.join("\n") + "\n"));
                DONE
            }
            Self::Eject(eject) => eject.run(),
        }
    }
}

/// The templates of what is deployed and of what is read.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    EMBEDDED.iter().copied().chain(report::Templates::embedded())
}

impl Eject {
    fn run(&self) -> u8 {
        for (path, text) in all() {
            let target = self.folder.join(path);
            let mut above = target.ancestors().skip(1).take_while(|above| *above != self.folder);
            if let Some(link) = above.find(|above| above.is_symlink()) {
                return terminal::failed(
                    &format!("`{}` is a symbolic link", link.display()),
                    "prebake would write to another place",
                    "remove the link, or name another folder",
                );
            }
            match output::write_new(&target, text) {
                Ok(true) => terminal::out(&format!("wrote {}\n", target.display())),
                Ok(false) => terminal::out(&format!("kept  {}\n", target.display())),
                Err(error) => {
                    return terminal::failed(
                        &format!("`{}` cannot be written", target.display()),
                        &error.to_string(),
                        "name a writable folder",
                    );
                }
            }
        }
        DONE
    }
}
