use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rules of `prebake validate` that this config changes, by code.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Checks {
    /// By code, such as `POOL014`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, RuleSetting>,
    /// Dedicated vCPUs that Batch grants, by VM family (`Standard NCASv3_T4 Family`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quota: BTreeMap<String, u32>,
}

/// What this config makes of a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleSetting {
    /// New severity, or `waive`.
    pub level: Level,
    /// Why; shown wherever the finding would have been.
    #[schemars(length(min = 8, max = 500))]
    pub reason: String,
    /// Last day on which it holds, `YYYY-MM-DD`. A waiver needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub until: Option<String>,
}

/// Severity that a config gives a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Fails a run.
    Error,
    /// Shown.
    Warning,
    /// Shown as information.
    Info,
    /// Not shown until the day in `until` has passed.
    Waive,
}
