//! Renders a config in the making, and takes out of it what cannot be rendered.

use serde_json::Value;

use super::config::Draft;
use super::yaml_of;
use crate::diagnostic::pointer::unescape;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, Severity, Sources, code_class};
use crate::diff::POOL;
use crate::pipeline::{Input, Job, Render, Tools};

/// What a config renders.
#[derive(Debug, Default)]
pub(super) struct Trial {
    /// The bodies of the pools, in the order of the config.
    pub bodies: Vec<Option<Value>>,
    /// The symbolic names of the pools in the stage.
    pub symbols: Vec<String>,
    /// What stands against it.
    pub diagnostics: Diagnostics,
    /// The texts that the findings point into.
    pub sources: Sources,
    /// Where the errors stand in the config.
    errors: Vec<(String, Diagnostic)>,
}

/// Most keys that are taken out of one config.
const MOST_REPAIRS: usize = 40;

impl Trial {
    /// Renders a config.
    pub(super) fn of(draft: &Draft, tools: &Tools) -> Self {
        let text = yaml_of(&draft.value, "a source");
        let input = Input {
            path: "prebake.yaml".to_owned(),
            bytes: text.into_bytes(),
            overrides: Vec::new(),
        };
        let job = Job::alone(&input);
        let document = job.document.clone().unwrap_or_default();
        let (render, outcome) = job.attempt(tools);
        let error = |finding: &Diagnostic| {
            let place = finding.place?;
            let pointer = document
                .entries()
                .filter(|(_, entry)| encloses(entry.value, place) || entry.key == Some(place))
                .min_by_key(|(_, entry)| entry.value.span.end - entry.value.span.start)
                .map(|(pointer, _)| pointer.to_owned())?;
            (finding.severity == Severity::Error).then(|| (pointer, finding.clone()))
        };
        let errors = outcome.diagnostics.iter().filter_map(error).collect();
        let (bodies, symbols) = render.as_ref().map(pools).unwrap_or_default();
        Self { bodies, symbols, diagnostics: outcome.diagnostics, sources: outcome.sources, errors }
    }

    /// How many errors stand against it.
    pub(super) fn error_count(&self) -> usize {
        self.diagnostics.count(Severity::Error)
    }

    /// The first error in words.
    pub(super) fn first_error(&self) -> String {
        let error = self.diagnostics.iter().find(|finding| finding.severity == Severity::Error);
        error.map_or_else(String::new, |finding| match finding.label.as_str() {
            "" => finding.title.clone(),
            label => format!("{} ({label})", finding.title),
        })
    }

    /// Whether its pools were rendered.
    pub(super) fn is_rendered(&self) -> bool {
        self.bodies.iter().any(Option::is_some)
    }
}

fn encloses(outer: Place, inner: Place) -> bool {
    outer.file == inner.file
        && outer.span.start <= inner.span.start
        && inner.span.end <= outer.span.end
}

fn pools(render: &Render) -> (Vec<Option<Value>>, Vec<String>) {
    let resources: Vec<_> = render
        .stages
        .iter()
        .flat_map(|stage| &stage.resources)
        .filter(|resource| resource.kind.eq_ignore_ascii_case(POOL) && !resource.existing)
        .collect();
    let body = |id: &str| {
        let own = resources.iter().find(|resource| resource.name.rsplit('/').next() == Some(id))?;
        Some(Value::Object(own.body_json()))
    };
    let pools = render.model.batch.as_ref().map(|batch| &batch.pools[..]).unwrap_or_default();
    (
        pools.iter().map(|pool| body(&pool.id)).collect(),
        pools.iter().map(|pool| format!("pool_{}", pool.key)).collect(),
    )
}

/// Keys without which a pool is none, or that a person has to decide.
const KEPT: [&str; 6] = ["id", "vmSize", "nodes", "spotNodes", "autoScale", "startTask"];

/// Renders a config, without the keys that make it invalid: each is a reason why the new pool says something else.
pub(super) fn repaired(draft: &mut Draft, pools: usize, tools: &Tools) -> Trial {
    let mut trial = Trial::of(draft, tools);
    for _ in 0..MOST_REPAIRS {
        if trial.is_rendered() || trial.error_count() == 0 {
            break;
        }
        let Some((pointer, error)) = trial.errors.iter().find_map(|(pointer, error)| {
            removable(pointer).map(|pointer| (pointer, error.clone()))
        }) else {
            break;
        };
        // What the schema of configs does not know may still be a patch.
        let is_form = code_class(&error.code).is_input;
        let mut config = Value::Object(std::mem::take(&mut draft.value));
        remove(&mut config, &pointer);
        if let Value::Object(config) = config {
            draft.value = config;
        }
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let index = steps.get(2).and_then(|step| step.parse().ok()).unwrap_or(0);
        let properties = if is_form { Vec::new() } else { super::proof::properties_of(&steps) };
        for property in properties {
            for pool in if steps[0] == "batch" { index..index + 1 } else { 0..pools } {
                let why = format!("the config does not accept it: {}", error.title);
                draft.reasons.entry((pool, property.clone())).or_insert(why);
            }
        }
        trial = Trial::of(draft, tools);
    }
    trial
}

/// The key to take out for an error at a pointer.
fn removable(pointer: &str) -> Option<String> {
    let steps: Vec<&str> = pointer.split('/').skip(1).collect();
    match steps[..] {
        ["batch", "pools", _, "startTask", "resourceFiles", _, ..] => {
            Some(format!("/{}", steps[..6].join("/")))
        }
        ["batch", "pools", _, "startTask", key, ..] if key != "command" => {
            Some(format!("/{}", steps[..5].join("/")))
        }
        ["batch", "pools", _, key, ..] if !KEPT.contains(&key) => {
            // An element of a list goes alone.
            let list = [
                "identities",
                "mounts",
                "dataDisks",
                "extensions",
                "applications",
                "metadata",
                "environment",
            ];
            let length = if list.contains(&key) { steps.len().min(5) } else { 4 };
            Some(format!("/{}", steps[..length].join("/")))
        }
        ["network", ..]
        | ["node", "secureBoot" | "encryptionAtHost" | "securityType"]
        | ["subscription"] => Some(pointer.to_owned()),
        ["images", _, ..] => Some(format!("/{}", steps[..2].join("/"))),
        _ => None,
    }
}

fn remove(config: &mut Value, pointer: &str) {
    let Some((above, last)) = pointer.rsplit_once('/') else { return };
    match config.pointer_mut(above) {
        Some(Value::Object(object)) => {
            object.shift_remove(unescape(last).as_ref());
        }
        Some(Value::Array(items)) => {
            if let Ok(index) = last.parse::<usize>()
                && index < items.len()
            {
                items.remove(index);
            }
        }
        _ => {}
    }
}
