use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rules of `prebake validate` that this config changes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Checks {
    /// Levels and waivers of rules, by rule code. Default: none. Example: `{ POOL003: { level: warning,
    /// reason: planned for spring } }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<String, RuleSetting>,
    /// Quota of dedicated vCPUs in your Batch account, by VM family. Default: not checked. Example: `{
    /// Standard NCASv3_T4 Family: 16 }`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quota: BTreeMap<String, u32>,
}

/// How this config changes a rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RuleSetting {
    /// New level of the findings: `error`, `warning`, `info`, or `waive` to hide them.
    pub level: Level,
    /// Reason for the setting, shown in reports. Example: `moving to Ubuntu 24.04 in spring`.
    #[schemars(length(min = 8, max = 500))]
    pub reason: String,
    /// Last day on which the setting applies, as `YYYY-MM-DD`. Required for `waive`. Example: `2027-03-31`.
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
