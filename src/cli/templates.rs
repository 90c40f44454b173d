use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use similar::TextDiff;

use super::{Exit, terminal};
use crate::diagnostic::nearest;
use crate::disk;
use crate::output;
use crate::render::EMBEDDED;
use crate::report;

/// `prebake templates`.
#[derive(Debug, Subcommand)]
pub(super) enum Templates {
    /// List the built-in templates
    List,
    /// Copy built-in templates to a folder, to edit them and use them with `--templates`
    Eject(Eject),
    /// Show how the built-in templates have changed since yours were ejected
    Diff(Diff),
}

#[derive(Debug, Args)]
pub(super) struct Eject {
    /// Names from `prebake templates list` [default: all templates]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Output folder; existing files are kept
    #[arg(short, long, value_name = "DIR", default_value = "templates")]
    output: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct Diff {
    /// Folder of the ejected templates
    #[arg(value_name = "DIR", default_value = "templates")]
    folder: PathBuf,
}

/// Where `eject` keeps what a template was, below its folder: `diff` compares with it.
const ORIGINALS: &str = ".ejected";

/// Largest template that is read back.
const MAX_BYTES: u64 = 1024 * 1024;

impl Templates {
    pub(super) fn run(&self) -> Exit {
        match self {
            Self::List => {
                let names: Vec<&str> = all().map(|(path, _)| path).collect();
                terminal::out(&(names.join("\n") + "\n"));
                Exit::Done
            }
            Self::Eject(eject) => eject.run(),
            Self::Diff(diff) => diff.run(),
        }
    }
}

/// The templates of what is deployed and of what is read.
fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    EMBEDDED.iter().copied().chain(report::Templates::embedded())
}

/// What a template was when it was ejected. The ending keeps it from being taken for a template.
fn original(folder: &Path, path: &str) -> PathBuf {
    folder.join(ORIGINALS).join(format!("{path}.original"))
}

impl Eject {
    fn run(&self) -> Exit {
        for name in &self.names {
            if !all().any(|(path, _)| path == name) {
                let help = match nearest(name, all().map(|(path, _)| path)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "use a name from `prebake templates list`; `--output` names a folder"
                        .to_owned(),
                };
                let title = format!("there is no template `{name}`");
                return terminal::failed(&title, "no built-in template has this name", &help);
            }
        }
        let is_wanted =
            |path: &str| self.names.is_empty() || self.names.iter().any(|it| it == path);
        for (path, text) in all().filter(|(path, _)| is_wanted(path)) {
            let target = self.output.join(path);
            match self.write(&target, text) {
                Ok(true) => {
                    terminal::out(&format!("wrote {}\n", target.display()));
                    if let Err(code) = self.write(&original(&self.output, path), text) {
                        return code;
                    }
                }
                Ok(false) => terminal::out(&format!("kept  {}\n", target.display())),
                Err(code) => return code,
            }
        }
        Exit::Done
    }

    /// Writes a file unless it is there, and through no link.
    fn write(&self, target: &Path, text: &str) -> Result<bool, Exit> {
        let mut above = target.ancestors().skip(1).take_while(|above| *above != self.output);
        if let Some(link) = above.find(|above| above.is_symlink()) {
            return Err(terminal::failed(
                &format!("`{}` is a symbolic link", link.display()),
                "the files would be written to another folder",
                "remove the link, or name another folder",
            ));
        }
        output::write_new(target, text).map_err(|error| {
            terminal::failed(
                &format!("`{}` cannot be written", target.display()),
                &error.to_string(),
                "name a writable folder",
            )
        })
    }
}

impl Diff {
    fn run(&self) -> Exit {
        if !self.folder.is_dir() {
            return terminal::failed(
                &format!("folder `{}` does not exist", self.folder.display()),
                "it contains no ejected templates",
                "name the folder of your templates",
            );
        }
        let mut code = Exit::Done;
        for (path, built_in) in all() {
            let own = self.folder.join(path);
            if !own.exists() {
                continue;
            }
            let read = |file: &Path| disk::text_within(&self.folder, file, MAX_BYTES);
            let (title, before) = match (read(&original(&self.folder, path)), read(&own)) {
                (Ok(original), _) => {
                    ("the built-in template changed after it was ejected", original)
                }
                (Err(_), Ok(own)) => ("differs; its original version is unknown", own),
                (Err(_), Err(error)) => {
                    code = terminal::failed(
                        &format!("`{}` cannot be read", own.display()),
                        &error.to_string(),
                        "make it a regular file",
                    );
                    continue;
                }
            };
            if before == built_in {
                continue;
            }
            if code != Exit::Failed {
                code = Exit::Findings;
            }
            let diff = TextDiff::from_lines(before.as_str(), built_in);
            terminal::out(&format!("# {path}: the built-in template {title}\n"));
            let hunks = diff.unified_diff().header(path, path).to_string();
            terminal::out(&crate::diagnostic::printable::tamed(&hunks));
        }
        if code == Exit::Done {
            terminal::out("the built-in templates have not changed since yours were ejected\n");
        }
        code
    }
}
