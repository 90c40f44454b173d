use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::folders::Folders;
use super::{Configs, Exit, input, terminal};
use crate::diagnostic::pointer;
use crate::model::defaults;
use crate::pipeline::Job;

/// `prebake config`.
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Print configs with layers, environments and `--set` merged
    Show(Show),
}

/// `prebake config show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    configs: Configs,
    /// Show the file and line of each value
    #[arg(long)]
    origin: bool,
    /// Add every default value and derived name, each with its origin
    #[arg(long)]
    defaults: bool,
}

impl Config {
    pub(super) fn run(&self) -> Exit {
        let Self::Show(show) = self;
        show.run()
    }
}

impl Show {
    fn run(&self) -> Exit {
        let Ok((paths, mut code)) = input::find(&self.configs.paths) else { return Exit::Failed };
        let (mut several, folders) = (false, Folders::default());
        for path in &paths {
            for job in input::jobs(path, &self.configs, &folders) {
                if several {
                    terminal::out("---\n");
                }
                several |= job.document.is_some();
                code = code.max(self.one(path, &job));
            }
        }
        code
    }

    fn one(&self, path: &Path, job: &Job) -> Exit {
        terminal::findings(&job.diagnostics, &job.sources);
        let Some(document) = &job.document else { return Exit::Failed };
        let mut text = match &job.environment {
            Some(environment) => format!("# {}, environment {environment}\n", path.display()),
            None => format!("# {}\n", path.display()),
        };
        if self.defaults {
            let Some(model) = job.model() else {
                return terminal::failed(
                    &format!("the defaults of `{}` are unknown", path.display()),
                    "the config has errors, and defaults depend on its values",
                    "fix what `prebake validate` reports",
                );
            };
            let supplied = defaults::supplied(&model, &document.value);
            let whole = defaults::filled(&document.value, &supplied);
            let origins = supplied.into_iter().map(|one| (one.pointer, one.origin)).collect();
            Lines { job, origins }.below(&whole, "", 0, &mut text);
            for (what, name) in defaults::derived_names(&model) {
                let _ = writeln!(text, "# {what}: {name} (derived from `name`)");
            }
        } else if self.origin {
            let lines = Lines { job, origins: BTreeMap::new() };
            lines.below(&document.value, "", 0, &mut text);
        } else {
            text.push_str(&yaml(&document.value));
        }
        terminal::out(&text);
        Exit::Done
    }
}

fn yaml(value: &Value) -> String {
    serde_yaml::to_string(value).expect("plain data serializes")
}

/// A config as YAML with the origin of every single value as a comment.
struct Lines<'a> {
    job: &'a Job,
    /// The origins of keys that the config leaves out, by their pointers.
    origins: BTreeMap<String, &'static str>,
}

impl Lines<'_> {
    fn below(&self, value: &Value, pointer: &str, depth: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(map) => {
                for (key, value) in map {
                    let written = yaml(&Value::String(key.clone()));
                    let start = format!("{indent}{}:", written.trim_end());
                    self.entry(
                        &start,
                        value,
                        &format!("{pointer}/{}", pointer::escape(key)),
                        depth,
                        out,
                    );
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    let pointer = format!("{pointer}/{index}");
                    if value.as_object().is_some_and(|map| !map.is_empty()) {
                        // The first key stands on the line of the dash.
                        let mut item = String::new();
                        self.below(value, &pointer, depth + 1, &mut item);
                        let _ = write!(out, "{indent}- {}", item.trim_start());
                    } else {
                        self.entry(&format!("{indent}-"), value, &pointer, depth, out);
                    }
                }
            }
            single => out.push_str(&yaml(single)),
        }
    }

    fn entry(&self, start: &str, value: &Value, pointer: &str, depth: usize, out: &mut String) {
        let holds_more = match value {
            Value::Object(map) => !map.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => false,
        };
        if holds_more {
            let _ = writeln!(out, "{start}");
            self.below(value, pointer, depth + 1, out);
        } else {
            // JSON is YAML that stays on one line, however long the text is.
            let _ = writeln!(out, "{start} {value}  # {}", self.origin(pointer));
        }
    }

    fn origin(&self, pointer: &str) -> String {
        if let Some(origin) = self.origins.get(pointer) {
            return (*origin).to_owned();
        }
        let document = self.job.document.as_ref();
        document.and_then(|document| document.place(pointer)).map_or_else(String::new, |place| {
            let (file, at) = self.job.sources.position(place);
            format!("{file}:{}:{}", at.line, at.column)
        })
    }
}
