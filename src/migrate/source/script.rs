//! The script that prebake replaces, its older versions, and its environment.

use std::collections::BTreeMap;

use super::Sources;
use super::detect::Kind;
use super::variables::{KNOWN_VARIABLES, Variables, pool_of_variables};
use crate::migrate::File;
use crate::migrate::ledger::{Entry, Fate};

/// Commands that only a script for Batch runs.
const COMMANDS: [&str; 3] =
    ["az batch pool create", "az batch account create", "az sig image-version create"];

/// Reads the script, its variables, or both; what the environment file says goes before the script.
pub(super) fn read(documents: &[(&File, Kind)], sources: &mut Sources) {
    let mut variables = Variables::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut others: Vec<Entry> = Vec::new();
    let mut text: Option<&str> = None;
    for (file, kind) in documents {
        let Kind::Script(script) = kind else { continue };
        text = Some(script);
        for (name, value) in assignments(script, &mut sources.notes) {
            match value {
                Ok(value) => {
                    files.insert(name.clone(), file.name.clone());
                    variables.insert(name, value);
                }
                Err(value) => others.push(Entry {
                    at: name,
                    value: value.into(),
                    fate: Fate::Dropped("the script computes it".to_owned()),
                    file: file.name.clone(),
                }),
            }
        }
    }
    for (file, kind) in documents {
        if let Kind::Environment(given) = kind {
            for (name, value) in given {
                files.insert(name.clone(), file.name.clone());
                variables.insert(name.clone(), value.clone());
                others.retain(|entry| entry.at != *name);
            }
        }
    }
    if variables.is_empty() {
        return;
    }
    let mut pool = pool_of_variables(&variables, text, &mut sources.notes);
    for entry in &mut pool.entries {
        entry.file = files.get(&entry.at).cloned().unwrap_or_default();
    }
    pool.file = files.values().next().cloned().unwrap_or_default();
    pool.entries.extend(others);
    if let Some(text) = text {
        defects(text, &mut sources.notes);
    }
    sources.pools.push(pool);
}

/// Whether a text is the script: it sets variables of it, and runs a command for Batch.
pub(super) fn is_script(text: &str) -> bool {
    let sets = text.lines().filter_map(assignment).filter(|(name, _)| is_known(name)).count();
    let runs = COMMANDS.iter().any(|command| text.contains(command));
    let has_interpreter = text.starts_with("#!");
    (has_interpreter || runs) && (sets >= 3 || sets >= 1 && runs)
}

fn is_known(name: &str) -> bool {
    KNOWN_VARIABLES.contains(&name)
}

type Assigned = (String, Result<String, String>);

/// The first assignment of each variable that is a plain value; later ones are the script's own doing. `Err` is what
/// the script computes.
fn assignments(text: &str, notes: &mut Vec<String>) -> Vec<Assigned> {
    let mut found: Vec<Assigned> = Vec::new();
    for (name, written) in text.lines().filter_map(assignment) {
        let value = literal(name, written);
        let computed = value.contains(['$', '`']);
        if let Some((_, known)) = found.iter_mut().find(|(known, _)| known == name) {
            if known.is_err() && !computed {
                *known = Ok(value);
            }
            continue;
        }
        found.push((name.to_owned(), if computed { Err(value) } else { Ok(value) }));
    }
    found
        .retain(|(_, value)| value.as_ref().is_ok_and(|value| !value.is_empty()) || value.is_err());
    one_image(text, &mut found);
    // One of two other variables decides the size.
    let has_sizes = found.iter().any(|(name, value)| name == "GPU_VM_SIZE" && value.is_ok());
    for (name, value) in &found {
        if has_sizes && name == "VM_SIZE" {
            continue;
        }
        if let (Err(value), true) = (value, is_known(name)) {
            notes.push(format!(
                "the script computes {name} (`{value}`), so the config does not contain it"
            ));
        }
    }
    found
}

/// The script has an image for nodes with GPUs and one for others, in this order.
fn one_image(text: &str, found: &mut [Assigned]) {
    const IMAGE: &str = "CONTAINER_IMAGE";
    let gpu = found.iter().find(|(name, _)| name == "ENABLE_GPU");
    let has_gpu = gpu.is_none_or(|(_, value)| value.as_deref() != Ok("false"));
    let images = text.lines().filter_map(assignment).filter(|(name, _)| *name == IMAGE);
    let last = images.map(|(name, written)| literal(name, written)).next_back();
    if let (Some(last), false) = (last.filter(|image| !image.contains(['$', '`'])), has_gpu)
        && let Some((_, image)) = found.iter_mut().find(|(name, _)| name == IMAGE)
    {
        *image = Ok(last);
    }
}

/// `NAME=value`, also after `export` and the like. Names of variables that configure a script are in capitals.
pub(super) fn assignment(line: &str) -> Option<(&str, &str)> {
    let mut rest = line.trim();
    for word in ["export ", "readonly ", "declare -r ", "local "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let (name, value) = rest.split_once('=')?;
    let is_name = name.bytes().next().is_some_and(|first| first.is_ascii_uppercase())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    (is_name && !value.starts_with('(') && !value.starts_with('=')).then_some((name, value))
}

/// The value without quotes and comment; of `${NAME:-default}` the default.
pub(super) fn literal(name: &str, written: &str) -> String {
    let written = written.trim();
    let inner = match written.chars().next() {
        Some(quote @ ('"' | '\'')) => written[1..].split(quote).next().unwrap_or_default(),
        _ => written.split([' ', '\t', ';', '#']).next().unwrap_or_default(),
    };
    let default = inner.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let default = default.and_then(|inner| {
        let (variable, default) = inner.split_once(":-").or_else(|| inner.split_once('-'))?;
        // `OVERRIDE_` variables are set by the options of the script.
        (variable == name || variable.starts_with("OVERRIDE_")).then_some(default)
    });
    default.unwrap_or(inner).to_owned()
}
/// A defect of the script that its text shows.
struct Defect {
    /// Any of these shows it.
    signs: &'static [&'static str],
    /// This shows that it is not there.
    unless: Option<&'static str>,
    note: &'static str,
}

const DEFECTS: &[Defect] = &[
    Defect {
        signs: &["vm generalize"],
        unless: Some("-deprovision"),
        note: "the script generalizes a VM that was never deprovisioned: its image keeps users, \
                host keys and machine ID; prebake deprovisions last",
    },
    Defect {
        signs: &["HYPERV_GENERATION=\"V1\"", "--hyper-v-generation V1"],
        unless: None,
        note: "the script creates every image definition as V1, regardless of the base image: prebake uses the \
               generation that the base image and the VM size support",
    },
    Defect {
        signs: &["az image create"],
        unless: None,
        note: "the script creates a managed image, which Batch pools no longer support and trusted launch does not \
               allow: prebake captures the image directly from the VM",
    },
    Defect {
        signs: &["--public-ip-address \"\""],
        unless: Some("nat gateway"),
        note: "the builder of the script has no outbound access after Azure turns off default outbound access: the \
               builder of prebake has a NAT gateway",
    },
    Defect {
        signs: &["dnf install -y docker"],
        unless: Some("docker-ce"),
        note: "`dnf install docker` installs Podman on AlmaLinux: prebake installs Docker from Docker's repository",
    },
    Defect {
        signs: &["nvidia"],
        unless: Some("nvidia-container-toolkit"),
        note: "the script does not install the NVIDIA Container Toolkit, so no GPU container can start: prebake \
               installs it",
    },
    Defect {
        signs: &["NvidiaGpuDriverLinux"],
        unless: None,
        note: "the script leaves the extension NvidiaGpuDriverLinux in the image, which Batch advises against: \
               prebake installs the driver during the bake",
    },
    Defect {
        signs: &["pool create"],
        unless: Some("containerConfiguration"),
        note: "the pool of the script has no containerConfiguration, so Batch refuses container tasks: prebake adds \
               one",
    },
    Defect {
        signs: &["nvidia-smi ||"],
        unless: None,
        note: "the start task of the script hides a failure of `nvidia-smi`, so faulty nodes accept tasks: let the \
               start task fail",
    },
    Defect {
        signs: &["$RANDOM"],
        unless: None,
        note: "the script uses random names, so a second run creates a second deployment: prebake derives the names",
    },
    Defect {
        signs: &["acr credential show", "--admin-enabled true"],
        unless: None,
        note: "the script uses the admin password of the registry: prebake pulls with an identity",
    },
    Defect {
        signs: &["image-version delete"],
        unless: None,
        note: "the script deletes an image version that pools might still use: increase `gallery.version` instead",
    },
];

/// What is wrong with the script, whatever its variables say.
fn defects(text: &str, notes: &mut Vec<String>) {
    for defect in DEFECTS {
        let shown = defect.signs.iter().any(|sign| text.contains(sign));
        let absent = defect.unless.is_some_and(|sign| text.contains(sign));
        if shown && !absent {
            notes.push(defect.note.to_owned());
        }
    }
}
