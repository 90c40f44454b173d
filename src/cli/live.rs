//! Reads what a person recorded of the live state: forecasts of what-if and plain GETs.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Exit, terminal};
use crate::diff::live::{self, Forecast};
use crate::diff::{Live, RenderState};
use crate::disk;

/// Largest file in bytes.
const MAX_BYTES: u64 = 32 * 1024 * 1024;
/// Most files of a folder.
const MAX_FILES: usize = 2_000;

/// What was read, before it is known which renders it meets.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    forecasts: Live,
    gets: Vec<(PathBuf, Value)>,
}

impl Recorded {
    /// Reads forecasts (`STAGE=FILE`, or a file whose name begins with the stage and a dot; `-` is a pipe) and the
    /// JSON files of a folder.
    pub(super) fn read(forecasts: &[String], folder: Option<&Path>) -> Result<Option<Self>, Exit> {
        if forecasts.is_empty() && folder.is_none() {
            return Ok(None);
        }
        let mut recorded = Self::default();
        for argument in forecasts {
            let (stage, path) = stage_and_path(argument).map_err(|why| wrong(argument, &why))?;
            let json = read(Path::new(path)).map_err(|why| wrong(argument, &why))?;
            let forecast = live::forecast(Forecast { stage, json: &json });
            recorded.forecasts.append(forecast.map_err(|why| wrong(argument, &why))?);
        }
        if let Some(folder) = folder {
            recorded.gets = files(folder)?;
        }
        Ok(Some(recorded))
    }

    /// The live state, with what the renders know of names.
    pub(super) fn live(
        &self,
        previous: Option<&RenderState>,
        new: &RenderState,
    ) -> Result<Live, Exit> {
        let mut all = self.forecasts.clone();
        for (path, json) in &self.gets {
            let found = live::resources_of(json, previous, new);
            let resources = found.map_err(|why| wrong(&path.display().to_string(), &why))?;
            all.append(Live { resources, ..Live::default() });
        }
        Ok(all)
    }
}

fn stage_and_path(argument: &str) -> Result<(&str, &str), String> {
    if let Some((stage, path)) = argument.split_once('=') {
        return Ok((stage, path));
    }
    let name = Path::new(argument).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match name.split_once('.') {
        Some((stage, _)) if !stage.is_empty() => Ok((stage, argument)),
        _ => Err("its name does not start with a stage, such as `batch.json`".to_owned()),
    }
}

fn files(folder: &Path) -> Result<Vec<(PathBuf, Value)>, Exit> {
    let shown = folder.display().to_string();
    let entries = std::fs::read_dir(folder).map_err(|error| wrong(&shown, &error.to_string()))?;
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    paths.sort();
    if paths.is_empty() || paths.len() > MAX_FILES {
        let why = format!(
            "it contains {} JSON files; the limit is {MAX_FILES}, and at least one is needed",
            paths.len()
        );
        return Err(wrong(&shown, &why));
    }
    let file = |path: PathBuf| {
        let json = read(&path).map_err(|why| wrong(&path.display().to_string(), &why))?;
        Ok((path, json))
    };
    paths.into_iter().map(file).collect()
}

/// A JSON file or a pipe, whose size and depth are bounded.
fn read(path: &Path) -> Result<Value, String> {
    let bytes = disk::argument(path, MAX_BYTES).and_then(disk::text);
    let text = bytes.map_err(|error| error.to_string())?;
    serde_json::from_str(&text).map_err(|error| format!("it is not JSON: {error}"))
}

fn wrong(what: &str, why: &str) -> Exit {
    terminal::failed(
        &format!("`{what}` does not describe the state of Azure"),
        why,
        "save the output of `az deployment group what-if --no-pretty-print` and pass it as `STAGE=FILE`, or save the output of `az resource show` in a folder for `--live`",
    );
    Exit::Failed
}
