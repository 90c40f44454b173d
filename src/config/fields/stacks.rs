use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Deployment stacks: Azure records the resources of a stage, and manages resources that are removed from the template.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Stacks {
    /// What happens to a resource that is no longer in the template: `detachAll` keeps it,
    /// `deleteResources` and `deleteAll` delete it. Default: `detachAll`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_on_unmanage: Option<ActionOnUnmanage>,
    /// What others cannot do with the resources: `none`, `denyDelete` or `denyWriteAndDelete`. Default:
    /// `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deny_settings_mode: Option<DenySettingsMode>,
}

/// What happens to a resource that leaves a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ActionOnUnmanage {
    /// It stays, and the stack forgets it.
    DetachAll,
    /// It is deleted; a resource group stays.
    DeleteResources,
    /// It is deleted, and so is a resource group that the stack made.
    DeleteAll,
}

/// What others may not do to the resources of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DenySettingsMode {
    /// Everything is allowed.
    None,
    /// Nobody deletes them.
    DenyDelete,
    /// Nobody changes or deletes them.
    DenyWriteAndDelete,
}
