//! What the real Azure CLI said to each call of a script: how it is kept, and how it is given again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use prebake::model::hex_digest;
use regex::Regex;
use serde::{Deserialize, Serialize};

/// One call of `az` or `curl`, and what came of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Call {
    /// The program and its arguments. `SOURCE` is the folder of the config, `<bake>` the id of the bake, `<digest>`
    /// the digest of a stage.
    pub words: Vec<String>,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// What was written to the file that `--output` names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Where the recording of a scenario is kept.
pub fn path(scenario: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/deploy/recorded");
    folder.join(format!("{scenario}.json"))
}

/// The recording of a scenario.
pub fn load(scenario: &str) -> Vec<Call> {
    let text = fs::read_to_string(path(scenario)).expect("a recording; .ci/azure-cli makes it");
    serde_json::from_str(&text).expect("calls")
}

static HOST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"localhost:\d+").expect("a pattern"));
static STAGE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"-[0-9a-f]{12}$").expect("a pattern"));

/// The calls that `record.sh` kept in a folder, without what is different in every run.
pub fn pack(folder: &Path, source: &Path, bake_id: &str) -> Vec<Call> {
    let source = source.display().to_string();
    let plain = |text: &str| {
        let text = text.replace(&source, "SOURCE");
        let text = if bake_id.is_empty() { text } else { text.replace(bake_id, "<bake>") };
        HOST.replace_all(&text, "localhost:8443").into_owned()
    };
    let read = |number: usize, kind: &str| fs::read(folder.join(format!("{number}.{kind}"))).ok();
    let text = |number: usize, kind: &str| {
        plain(&String::from_utf8_lossy(&read(number, kind).unwrap_or_default()))
    };
    let mut calls = Vec::new();
    for number in 1.. {
        if read(number, "code").is_none() {
            return calls;
        }
        let words = text(number, "call");
        let mut words: Vec<String> =
            words.lines().map(|word| STAGE.replace(word, "-<digest>").into_owned()).collect();
        if words[0] == "curl" {
            let at = words.iter().position(|word| word == "--output").map(|at| at + 1);
            if let Some(word) = at.and_then(|at| words.get_mut(at)) {
                "FILE".clone_into(word);
            }
        }
        calls.push(Call {
            words,
            code: text(number, "code").trim().parse().expect("a code"),
            stdout: text(number, "stdout"),
            stderr: text(number, "stderr"),
            file: read(number, "file").map(|_| text(number, "file")),
        });
    }
    calls
}

/// Lays a recording out for `replay.sh`.
pub fn unpack(calls: &[Call], folder: &Path, bake_id: &str) {
    let mut keys: Vec<String> = Vec::new();
    for call in calls {
        let mut lines = call.words.join("\n");
        lines.push('\n');
        let key = hex_digest(lines.as_bytes())[..16].to_owned();
        keys.push(key.clone());
        let number = keys.iter().filter(|known| **known == key).count();
        let write = |kind: &str, text: &str| {
            let text = resealed(&text.replace("<bake>", bake_id));
            fs::write(folder.join(format!("{key}.{number}.{kind}")), text).expect("a new file");
        };
        write("code", &call.code.to_string());
        write("stdout", &call.stdout);
        write("stderr", &call.stderr);
        if let Some(file) = &call.file {
            write("file", file);
        }
    }
}

/// A console whose results carry the digests of what they say now.
fn resealed(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| {
            let found = line.split_once("PREBAKE-RESULT ").and_then(|(before, rest)| {
                let (json, _) = rest.rsplit_once(" sha256:")?;
                let whole = serde_json::from_str::<serde_json::Value>(json).is_ok();
                whole.then(|| {
                    format!(
                        "{before}PREBAKE-RESULT {json} sha256:{}\r\n",
                        hex_digest(json.as_bytes())
                    )
                })
            });
            found.unwrap_or_else(|| line.to_owned())
        })
        .collect()
}
