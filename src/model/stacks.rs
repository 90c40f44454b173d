use serde::Serialize;

use crate::catalog::Stage;
use crate::config::fields::{self, ActionOnUnmanage, DenySettingsMode};

/// Deployment stacks of the lasting stages.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stacks {
    /// `detachAll`, `deleteResources` or `deleteAll`, as the Azure CLI spells it.
    pub action_on_unmanage: &'static str,
    /// `none`, `denyDelete` or `denyWriteAndDelete`, as the Azure CLI spells it.
    pub deny_settings_mode: &'static str,
    /// The stages that become stacks: those that last and that no bake changes. An image version stays as long as a
    /// pool uses it, and a builder lasts one bake.
    pub stages: Vec<Stage>,
}

impl Stacks {
    pub(super) fn new(written: &fields::Stacks, stages: &[Stage]) -> Self {
        Self {
            action_on_unmanage: match written.action_on_unmanage {
                None | Some(ActionOnUnmanage::DetachAll) => "detachAll",
                Some(ActionOnUnmanage::DeleteResources) => "deleteResources",
                Some(ActionOnUnmanage::DeleteAll) => "deleteAll",
            },
            deny_settings_mode: match written.deny_settings_mode {
                None | Some(DenySettingsMode::None) => "none",
                Some(DenySettingsMode::DenyDelete) => "denyDelete",
                Some(DenySettingsMode::DenyWriteAndDelete) => "denyWriteAndDelete",
            },
            stages: stages.iter().copied().filter(|stage| !stage.is_of_bake()).collect(),
        }
    }
}
