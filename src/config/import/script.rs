use super::variables::{KNOWN_VARIABLES, Variables, from_variables};
use super::{Imported, note_if};

/// A config from the configuration section of `batch-prep-v2.sh`, with the defects of the script itself.
pub(super) fn from_script(text: &str) -> Imported {
    let mut notes = Vec::new();
    let variables = variables(text, &mut notes);
    let mut imported = from_variables(&variables);
    imported.yaml = imported.yaml.replacen(
        "`prebake init --from-env` from the variables",
        "`prebake init --from` from the configuration section",
        1,
    );
    notes.append(&mut imported.notes);
    defects(text, &mut notes);
    Imported { yaml: imported.yaml, notes }
}

/// Whether a text is a script that sets variables of the old one.
pub(super) fn is_script(text: &str) -> bool {
    text.starts_with("#!") || text.lines().any(|line| assignment(line).is_some())
}

/// The first assignment of each known variable; later ones are the script's own doing.
fn variables(text: &str, notes: &mut Vec<String>) -> Variables {
    let mut variables = Variables::new();
    for (name, written) in text.lines().filter_map(assignment) {
        if variables.contains_key(name) {
            continue;
        }
        let value = literal(name, written);
        if value.contains(['$', '`']) {
            notes.push(format!("{name} is computed by the script (`{value}`): it is left out"));
        } else if !value.is_empty() {
            variables.insert(name.to_owned(), value);
        }
    }
    variables
}

/// `NAME=value` of a known variable, also after `export` and the like.
fn assignment(line: &str) -> Option<(&'static str, &str)> {
    let mut rest = line.trim();
    for word in ["export ", "readonly ", "declare -r ", "local "] {
        rest = rest.strip_prefix(word).unwrap_or(rest);
    }
    let (name, value) = rest.split_once('=')?;
    let known = KNOWN_VARIABLES.iter().find(|known| **known == name)?;
    Some((known, value))
}

/// The value without quotes and comment; of `${NAME:-default}` the default.
fn literal(name: &str, written: &str) -> String {
    let written = written.trim();
    let inner = match written.chars().next() {
        Some(quote @ ('"' | '\'')) => written[1..].split(quote).next().unwrap_or_default(),
        _ => written.split([' ', '\t', ';', '#']).next().unwrap_or_default(),
    };
    let default = inner
        .strip_prefix("${")
        .and_then(|rest| rest.strip_prefix(name))
        .and_then(|rest| rest.strip_prefix(":-").or_else(|| rest.strip_prefix('-')))
        .and_then(|rest| rest.strip_suffix('}'));
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
        note: "the script makes every image definition V1, whatever the base image is: prebake \
                takes the generation of base image and VM size",
    },
    Defect {
        signs: &["az image create"],
        unless: None,
        note: "the script goes through a managed image, which Batch pools no longer take and \
                trusted launch forbids: prebake captures straight from the VM",
    },
    Defect {
        signs: &["--public-ip-address \"\""],
        unless: Some("nat gateway"),
        note: "the script's builder has no outbound access once default outbound access is off: prebake's \
                has a NAT gateway",
    },
    Defect {
        signs: &["dnf install -y docker"],
        unless: Some("docker-ce"),
        note: "`dnf install docker` brings podman on AlmaLinux: prebake installs Docker from its \
                own repository",
    },
    Defect {
        signs: &["nvidia"],
        unless: Some("nvidia-container-toolkit"),
        note: "the script installs no NVIDIA container toolkit, so no GPU container can start: \
                prebake does",
    },
    Defect {
        signs: &["NvidiaGpuDriverLinux"],
        unless: None,
        note: "the script leaves the extension NvidiaGpuDriverLinux in the image, which Batch \
                advises against: prebake installs the driver as a step of the bake",
    },
    Defect {
        signs: &["pool create"],
        unless: Some("containerConfiguration"),
        note: "the script's pool has no containerConfiguration, so container tasks are refused: \
                prebake writes one",
    },
    Defect {
        signs: &["nvidia-smi ||"],
        unless: None,
        note: "the script's start task hides a failing `nvidia-smi`, so broken nodes take tasks: \
                let it fail",
    },
    Defect {
        signs: &["$RANDOM"],
        unless: None,
        note: "the script draws names at random, so a second run makes a second deployment: prebake \
                derives them",
    },
    Defect {
        signs: &["acr credential show", "--admin-enabled true"],
        unless: None,
        note: "the script uses the registry's admin password: prebake pulls with an identity",
    },
    Defect {
        signs: &["image-version delete"],
        unless: None,
        note: "the script deletes an image version that pools may still boot: raise \
                `gallery.version` instead",
    },
];

/// What is wrong with the script, whatever its variables say.
fn defects(text: &str, notes: &mut Vec<String>) {
    for defect in DEFECTS {
        let shown = defect.signs.iter().any(|sign| text.contains(sign));
        let absent = defect.unless.is_some_and(|sign| text.contains(sign));
        note_if(notes, shown && !absent, defect.note);
    }
}
