use crate::catalog::Stage;
use serde::Serialize;

/// What happens during a deployment, in the order in which it happens. The JSON of `--format json` is one of these a
/// line.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(crate) enum Event {
    /// Where the deployment goes.
    Started {
        /// The subscription.
        subscription: String,
        /// The resource group.
        resource_group: String,
        /// Where the tokens come from.
        login: String,
    },
    /// One line of the table that is made before the first write.
    Check {
        /// What was looked at.
        check: String,
        /// `ok`, `note` or `problem`.
        verdict: Verdict,
        /// What was found.
        detail: String,
        /// What to do.
        #[serde(skip_serializing_if = "String::is_empty")]
        help: String,
    },
    /// A step begins.
    Step {
        /// What: `stage registry`, `build app:1.0`, `bake`.
        step: String,
    },
    /// A step goes on.
    Progress {
        /// The step.
        step: String,
        /// What is new.
        detail: String,
    },
    /// A line of a log.
    Log {
        /// The step.
        step: String,
        /// The line.
        line: String,
    },
    /// A step is done.
    Done {
        /// The step.
        step: String,
        /// How it ended.
        outcome: Outcome,
        /// In a few words.
        #[serde(skip_serializing_if = "String::is_empty")]
        detail: String,
    },
    /// A property was changed manually.
    Drift {
        /// The resource.
        resource: String,
        /// The property.
        property: String,
        /// What stands in Azure.
        deployed: String,
        /// What the render says.
        rendered: String,
    },
    /// What a stage would change.
    Change {
        /// The stage.
        stage: Stage,
        /// What-if's own word, such as `Create`.
        change: String,
        /// The resource.
        resource: String,
        /// The properties that change.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        properties: Vec<String>,
    },
    /// Something worth knowing that stops nothing.
    Note {
        /// What.
        text: String,
    },
}

/// What a check found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Verdict {
    /// It is as it must be.
    Ok,
    /// It could not be asked, or may matter later.
    Note,
    /// The deployment would fail.
    Problem,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Outcome {
    /// It was done.
    Deployed,
    /// There was nothing to do.
    Unchanged,
    /// It was looked at, and is as it must be.
    Good,
    /// Something was taken away.
    Removed,
    /// It did not succeed, and the rest goes on.
    Failed,
}
