use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tables::LIFECYCLES as TABLE;

/// How long a resource lasts once it is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Lifecycle {
    /// Until somebody deletes it.
    Lasting,
    /// As long as one bake: the deployment removes it when the image is captured.
    OneBake,
}

/// A stage of a render: one deployment of one template. Stages deploy in this order.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Stage {
    /// The registry, the identity that pulls from it, and image builds.
    Registry,
    /// The VM that bakes the image.
    Builder,
    /// The image version that is captured from it.
    Image,
    /// The Batch account and its pools.
    Batch,
}

impl Stage {
    /// All, in the order in which they deploy.
    pub const ALL: [Self; 4] = [Self::Registry, Self::Builder, Self::Image, Self::Batch];

    /// Its name, as configs, files and reports spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Builder => "builder",
            Self::Image => "image",
            Self::Batch => "batch",
        }
    }

    /// The stage of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// How long its resources last.
    pub fn lifecycle(self) -> Lifecycle {
        match TABLE.find(self.name()).map(|row| row.cells::<2>()[1]) {
            Some("bake") => Lifecycle::OneBake,
            _ => Lifecycle::Lasting,
        }
    }

    /// Whether a bake decides if it is deployed, and not its own state.
    pub const fn is_of_bake(self) -> bool {
        matches!(self, Self::Builder | Self::Image)
    }

    /// Path of its Bicep in a render.
    pub fn bicep(self) -> String {
        format!("{self}.bicep")
    }

    /// Path in a render of the module that holds what it deploys into another resource group.
    pub fn module(self) -> String {
        format!("modules/{self}.bicep")
    }

    /// Path of its Bicep parameters in a render.
    pub fn bicep_parameters(self) -> String {
        format!("{self}.bicepparam")
    }

    /// Path of its compiled template in a render.
    pub fn template(self) -> String {
        template_path(self.name())
    }

    /// Path of its compiled parameters in a render.
    pub fn parameters(self) -> String {
        parameters_path(self.name())
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The stage of a resource. A render of another version may have stages that this one does not know, and a template
/// that is no stage has a name, too. Those come last, in the order of the alphabet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum StageName {
    /// A stage that prebake renders.
    Known(Stage),
    /// Another deployment.
    Other(Arc<str>),
}

impl StageName {
    /// The stage, if prebake renders it.
    pub fn known(&self) -> Option<Stage> {
        match self {
            Self::Known(stage) => Some(*stage),
            Self::Other(_) => None,
        }
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(stage) => stage.name(),
            Self::Other(name) => name,
        }
    }

    /// How long its resources last, as far as prebake knows.
    pub fn lifecycle(&self) -> Lifecycle {
        self.known().map_or(Lifecycle::Lasting, Stage::lifecycle)
    }

    /// Path of its compiled template in a render.
    pub fn template(&self) -> String {
        template_path(self.as_str())
    }

    /// Path of its compiled parameters in a render.
    pub fn parameters(&self) -> String {
        parameters_path(self.as_str())
    }
}

impl From<Stage> for StageName {
    fn from(stage: Stage) -> Self {
        Self::Known(stage)
    }
}

impl From<&str> for StageName {
    fn from(name: &str) -> Self {
        Stage::parse(name).map_or_else(|| Self::Other(name.into()), Self::Known)
    }
}

impl PartialEq<Stage> for StageName {
    fn eq(&self, stage: &Stage) -> bool {
        self.known() == Some(*stage)
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for StageName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

fn template_path(name: &str) -> String {
    format!("arm/{name}.json")
}

fn parameters_path(name: &str) -> String {
    format!("arm/{name}.parameters.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_known_stage_and_lifecycle() {
        for row in TABLE.rows() {
            let [stage, lifecycle] = row.cells();
            assert!(Stage::parse(stage).is_some(), "{stage}");
            assert!(matches!(lifecycle, "bake" | "lasting"), "{stage}");
        }
    }

    #[test]
    fn a_builder_lasts_one_bake_and_a_pool_does_not() {
        assert_eq!(Stage::Builder.lifecycle(), Lifecycle::OneBake);
        assert_eq!(Stage::Batch.lifecycle(), Lifecycle::Lasting);
    }

    #[test]
    fn a_stage_is_spelled_one_way() {
        for stage in Stage::ALL {
            assert_eq!(serde_json::to_value(stage).expect("a word"), stage.name());
            assert_eq!(Stage::parse(stage.name()), Some(stage));
        }
    }

    #[test]
    fn other_stages_follow_in_the_order_of_the_alphabet() {
        let mut names = ["network", "batch", "dns", "registry"].map(StageName::from);
        names.sort();
        assert_eq!(names.map(|name| name.to_string()), ["registry", "batch", "dns", "network"]);
    }
}
