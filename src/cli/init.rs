use std::fmt::Write as _;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Configs, Exit, input, terminal};
use crate::catalog::Date;
use crate::diagnostic::Severity;
use crate::diagnostic::printable::one_line;
use crate::migrate::{
    self, File, KNOWN_VARIABLES, Migrated, MigratedConfig, Refusal, SCHEMA_FILE, Variables,
};
use crate::{config, disk, output, yaml};

/// Largest file to import in bytes: as large as a deployment template may be.
const MAX_SOURCE_BYTES: u64 = 4 * 1024 * 1024;
/// Most files to import at once.
const MAX_SOURCES: usize = 100;

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
    /// Import a file; repeat the option for files that belong together. Supported files: the
    /// output of `az batch pool show`, `az resource show` and `terraform show -json`,
    /// deployment templates, exported resource groups, Batch Shipyard files, and
    /// `batch-prep-v2.sh` with its environment file
    #[arg(long, value_name = "PATH", conflicts_with = "from_env")]
    from: Vec<PathBuf>,
    /// Print the config instead of writing it
    #[arg(long)]
    stdout: bool,
    /// Write a Markdown report next to the config, with the result for each property of the source
    #[arg(long)]
    report: bool,
    /// Date for checking retirements, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE", value_parser = input::day)]
    as_of: Option<Date>,
}

/// A file to write.
struct Written {
    path: PathBuf,
    text: String,
}

impl Init {
    pub(super) fn run(&self) -> Exit {
        let migrated = match self.migrated() {
            Ok(migrated) => migrated,
            Err(code) => return code,
        };
        let Some(migrated) = migrated else {
            if self.report {
                return terminal::failed(
                    "`--report` needs a source",
                    "the report lists what happens to each property of a source",
                    "name the source with `--from` or `--from-env`",
                );
            }
            let starter =
                Written { path: self.file.clone(), text: STARTER.replace("SUFFIX", &suffix()) };
            return self.write(&[starter], Exit::Done);
        };
        for note in &migrated.notes {
            terminal::remark(note);
        }
        for config in &migrated.configs {
            terminal::note(&terminal::told(&config.diagnostics, &config.sources, Severity::Error));
        }
        let table = format!(
            "what happens to each property: {}\n{}",
            migrated.report.summary(),
            migrated.report.text()
        );
        if self.stdout {
            terminal::note(&table);
        } else {
            terminal::out(&table);
        }
        let failed = migrated.configs.iter().any(|config| config.diagnostics.has_errors());
        self.write(&self.files(&migrated), if failed { Exit::Findings } else { Exit::Done })
    }

    /// What comes of the sources; nothing where none is named.
    fn migrated(&self) -> Result<Option<Migrated>, Exit> {
        if !self.from_env && self.from.is_empty() {
            return Ok(None);
        }
        let tools = input::tools(&Configs::shared(None, self.as_of), Path::new("out"))?;
        if self.from_env {
            return Ok(Some(migrate::migrate_variables(&environment(), &tools)));
        }
        let migrated = migrate::migrate(&self.sources()?, &tools);
        migrated
            .map(Some)
            .map_err(|Refusal { what, why, help }| terminal::failed(&what, &why, &help))
    }

    fn sources(&self) -> Result<Vec<File>, Exit> {
        if self.from.len() > MAX_SOURCES {
            return Err(terminal::failed(
                "too many files to read at once",
                &format!("the command names {} files; the limit is {MAX_SOURCES}", self.from.len()),
                "name only files that belong together",
            ));
        }
        let mut files = Vec::new();
        for path in &self.from {
            let name = path.display().to_string();
            let text = disk::argument(path, MAX_SOURCE_BYTES).and_then(disk::text);
            let text = text.map_err(|why| {
                terminal::failed(
                    &format!("`{name}` cannot be read"),
                    &why.to_string(),
                    if matches!(why, disk::ReadError::NotUtf8) {
                        "save it as UTF-8: `>` in Windows PowerShell writes UTF-16, and `| Out-File -Encoding utf8` \
                         writes UTF-8"
                    } else {
                        "name the file of a pool, a template, a Terraform state, a Batch Shipyard configuration or \
                         the old script"
                    },
                )
            })?;
            files.push(File { name: one_line(&name), text });
        }
        Ok(files)
    }

    /// The configs, and the report beside them. The first config has the name that was asked for.
    fn files(&self, migrated: &Migrated) -> Vec<Written> {
        let stem = self.file.with_extension("");
        let beside = |ending: &str| {
            let mut name = stem.file_name().unwrap_or_default().to_os_string();
            name.push(ending);
            stem.with_file_name(name)
        };
        let mut files: Vec<Written> = migrated
            .configs
            .iter()
            .enumerate()
            .map(|(index, MigratedConfig { name, yaml, .. })| Written {
                path: if index == 0 { self.file.clone() } else { beside(&format!("-{name}.yaml")) },
                text: yaml.clone(),
            })
            .collect();
        if self.report {
            let text = migrated.report.markdown("What happens to each property of the source");
            files.push(Written { path: beside(".migration.md"), text });
        }
        files
    }

    fn write(&self, files: &[Written], code: Exit) -> Exit {
        if self.stdout {
            let texts: Vec<&str> = files.iter().map(|file| file.text.as_str()).collect();
            terminal::out(&texts.join("---\n"));
            return code;
        }
        // Nothing is written where one of several files stands in the way.
        for Written { path, .. } in files {
            if path.symlink_metadata().is_ok() {
                return terminal::failed(
                    &format!("`{}` exists", path.display()),
                    "`prebake init` does not overwrite files",
                    "name another file, or delete this one",
                );
            }
        }
        let schema = Written {
            path: self.file.with_file_name(SCHEMA_FILE),
            text: config::schema::CONFIG.text().to_owned(),
        };
        let mut said = String::new();
        for (index, Written { path, text }) in files.iter().chain([&schema]).enumerate() {
            match output::write_new(path, text) {
                Ok(true) => {
                    let _ = writeln!(said, "wrote {}", path.display());
                }
                // Another config of the folder brought the schema.
                Ok(false) if index == files.len() => {}
                Ok(false) => return Exit::Failed,
                Err(error) => {
                    return terminal::failed(
                        &format!("`{}` cannot be written", path.display()),
                        &error.to_string(),
                        "name a file in a writable folder",
                    );
                }
            }
        }
        said.push_str(&self.next(files, code));
        terminal::out(&said);
        code
    }

    /// What to do next: a command that succeeds, and what a deployment still lacks.
    fn next(&self, files: &[Written], code: Exit) -> String {
        let configs: Vec<&Written> = files
            .iter()
            .filter(|file| !file.path.ends_with(".md") && is_config(&file.path))
            .collect();
        let mut said = String::new();
        let missing: Vec<String> = configs.iter().flat_map(|file| lacks(file)).collect();
        if !missing.is_empty() {
            let _ = write!(said, "\nMissing before you deploy:\n");
            for line in missing {
                let _ = writeln!(said, "  {}", one_line(&line));
            }
        }
        let shown = self.file.display();
        if code == Exit::Done {
            let _ = write!(said, "\nNext:\n");
        } else {
            let _ = write!(said, "\nNext: fix the errors above in {shown}, then\n");
        }
        for file in configs {
            let _ = writeln!(said, "  prebake render {}", file.path.display());
        }
        said
    }
}

fn is_config(path: &Path) -> bool {
    path.extension().is_none_or(|ending| ending != "md")
}

/// Build contexts and Dockerfiles that a config names and that are not there.
fn lacks(file: &Written) -> Vec<String> {
    let Ok(config) = yaml::read(&file.text, yaml::FOREIGN) else { return Vec::new() };
    let folder = file.path.parent().unwrap_or(Path::new("."));
    let images = config.get("images").and_then(serde_json::Value::as_array);
    let missing = |image: &serde_json::Value| {
        let build = image.get("build")?;
        let context = build.get("context")?.as_str()?;
        if context.contains("://") {
            return None;
        }
        let dockerfile = build.get("dockerfile").and_then(serde_json::Value::as_str);
        let path = folder.join(context).join(dockerfile.unwrap_or("Dockerfile"));
        let name = image.get("name")?.as_str()?;
        (!path.is_file()).then(|| {
            let shown = path.display().to_string();
            format!("{}: the image `{name}` is built from it", shown.trim_start_matches("./"))
        })
    };
    images.into_iter().flatten().filter_map(missing).collect()
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
    let known = KNOWN_VARIABLES.iter().filter_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some(((*name).to_owned(), value))
    });
    known.collect()
}
