use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{folders, input};
use crate::model;
use crate::{disk, yaml};

/// Where the values of a matrix stand, beside a config.
const FILE: &str = "matrix.yaml";
/// More combinations of a matrix are a mistake.
const MAX_COMBINATIONS: usize = 256;
/// Longer names of folders are cut; file systems take 255 bytes.
const MAX_NAME: usize = 120;

/// One choice of a value for every path of a matrix.
#[derive(Debug, Clone, Default)]
pub(super) struct Combination(Vec<(String, Value)>);

/// Every combination of the matrix in a folder; without one the empty combination alone.
pub(super) fn combinations(folder: &Path) -> Result<Vec<Combination>, String> {
    let path = folder.join(FILE);
    if path.symlink_metadata().is_err() {
        return Ok(vec![Combination::default()]);
    }
    let root = folders::root(&path);
    let text = disk::text_within(&root, &path, input::MAX_TEMPLATE_BYTES)
        .map_err(|error| error.to_string())?;
    let matrix = yaml::read(&text, yaml::FOREIGN).map_err(|problem| problem.to_string())?;
    let matrix: BTreeMap<String, Vec<Value>> =
        serde_json::from_value(matrix).map_err(|error| error.to_string())?;
    let mut combinations = vec![Combination::default()];
    for (path, values) in &matrix {
        if values.is_empty() {
            return Err(format!("`{path}` has no values"));
        }
        combinations = combinations
            .iter()
            .flat_map(|chosen| values.iter().map(|value| chosen.and(path, value)))
            .take(MAX_COMBINATIONS + 1)
            .collect();
    }
    if combinations.len() > MAX_COMBINATIONS {
        return Err(format!("it creates more than {MAX_COMBINATIONS} test cases"));
    }
    Ok(combinations)
}

impl Combination {
    fn and(&self, path: &str, value: &Value) -> Self {
        let mut longer = self.clone();
        longer.0.push((path.to_owned(), value.clone()));
        longer
    }

    /// The values as `--set` takes them: in JSON, so that a text stays a text.
    pub(super) fn overrides(&self) -> Vec<String> {
        self.0.iter().map(|(path, value)| format!("{path}={value}")).collect()
    }

    /// A folder name that says the values: `node.os=ubuntu-24.04,batch.pools.0.nodes=4`. A name that cannot say
    /// them as they are ends in a digest of them.
    pub(super) fn folder(&self) -> String {
        let safe = |symbol: char| symbol.is_ascii_alphanumeric() || "-._=,".contains(symbol);
        let parts: Vec<String> =
            self.0.iter().map(|(path, value)| format!("{path}={}", plain(value))).collect();
        let whole = parts.join(",");
        if whole.len() <= MAX_NAME && whole.chars().all(safe) {
            return whole;
        }
        let mut name: String = whole
            .chars()
            .map(|symbol| if safe(symbol) { symbol } else { '-' })
            .take(MAX_NAME)
            .collect();
        let digest = Sha256::digest(self.overrides().join("\n"));
        name.push('-');
        name.push_str(&model::hex(&digest[..4]));
        name
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
