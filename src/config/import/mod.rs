//! Takes what a team has today, gives a config that says the same, and what was wrong with it.
//!
//! `variables` reads the environment variables of the script that prebake replaces, `script` its
//! configuration section, `pool` a pool as `az batch pool show` prints it, `shipyard` the files of Batch
//! Shipyard. Reads no file and checks no result: `prebake validate` does.

mod pool;
mod reference;
mod script;
mod shipyard;
mod variables;

pub use variables::{KNOWN_VARIABLES, Variables, from_variables};

use serde_json::{Map, Value};

use crate::yaml;

/// A config made from something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The config as YAML.
    pub yaml: String,
    /// Defects found on the way, and what the config does instead.
    pub notes: Vec<String>,
}

/// A config from the text of one file, or of several that belong together. `None` means that they are
/// none of the kinds that are known.
pub fn from_texts(texts: &[String]) -> Option<Imported> {
    if let [text] = texts {
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            return pool::is_pool(&value).then(|| pool::from_pool(&value));
        }
        if script::is_script(text) {
            return Some(script::from_script(text));
        }
    }
    let mut files = Map::new();
    for text in texts {
        let value = yaml::read(text, yaml::FOREIGN).ok()?;
        files.extend(value.as_object()?.clone());
    }
    let files = Value::Object(files);
    shipyard::is_shipyard(&files).then(|| shipyard::from_shipyard(&files))
}

fn note_if(notes: &mut Vec<String>, wrong: bool, note: &str) {
    if wrong {
        notes.push(note.to_owned());
    }
}

fn yaml_of(config: &Map<String, Value>, origin: &str) -> String {
    let yaml = serde_yaml::to_string(config).expect("plain data with text keys serialises");
    format!(
        "# yaml-language-server: $schema=./schemas/config.schema.json\n\
         # Made by `prebake init --from` from {origin}.\n{yaml}"
    )
}
