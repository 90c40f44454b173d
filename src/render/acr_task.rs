//! The builds of a config as one ACR task file: what it has to say beside the model.

use serde::Serialize;

use crate::model::{Build, Model};

/// The template of the task file.
pub(super) const TEMPLATE: &str = "acr/acr-task.yaml.tera";

/// Layers go to a registry beside the agent: the default of a step is enough.
const PUSH_SECONDS: u32 = 600;

/// What the template sees besides the model.
#[derive(Serialize)]
pub(super) struct AcrTask {
    /// Time limit of a run with all steps one after the other.
    run_timeout: u32,
    push_timeout: u32,
    builds: Vec<BuildStep>,
}

#[derive(Serialize)]
struct BuildStep {
    id: String,
    command: String,
    reference: String,
    timeout: u32,
}

/// The task file of a config that builds images.
pub(super) fn acr_task(model: &Model) -> Option<AcrTask> {
    let builds: Vec<BuildStep> =
        model.images.iter().filter_map(|image| image.build.as_ref()).map(build_step).collect();
    if builds.is_empty() {
        return None;
    }
    let run_timeout = builds.iter().map(|build| build.timeout + PUSH_SECONDS).sum();
    Some(AcrTask { run_timeout, push_timeout: PUSH_SECONDS, builds })
}

fn build_step(build: &Build) -> BuildStep {
    let reference = format!("{{{{.Run.Registry}}}}/{}", literal(&build.image));
    let mut words = vec!["-t".to_owned(), reference.clone(), "-f".to_owned()];
    let dockerfile = if build.remote || build.context == "." {
        build.dockerfile.clone()
    } else {
        format!("{}/{}", build.context.trim_end_matches('/'), build.dockerfile)
    };
    words.push(word(&dockerfile));
    for arg in &build.args {
        words.push("--build-arg".to_owned());
        words.push(word(&format!("{}={}", arg.name, arg.value)));
    }
    if let Some(target) = &build.target {
        words.extend(["--target".to_owned(), word(target)]);
    }
    words.push(word(&build.context));
    BuildStep {
        id: format!("build-{}", build.key.replace('_', "-")),
        command: words.join(" "),
        reference,
        timeout: build.timeout,
    }
}

/// One word of a command of ACR Tasks, which splits it as a shell does but expands nothing.
fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,=#-".contains(c);
    let quoted = if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
    };
    literal(&quoted)
}

/// The file is a Go template before it is YAML: what opens an action there must not.
fn literal(text: &str) -> String {
    text.replace("{{", "{{`{{`}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        assert_eq!(word("Dockerfile"), "Dockerfile");
        assert_eq!(word("A=b c"), "\"A=b c\"");
        assert_eq!(word(r#"say "hi\""#), r#""say \"hi\\\"""#);
        assert_eq!(word("a{{.Run.ID}}"), "\"a{{`{{`}}.Run.ID}}\"");
    }
}
