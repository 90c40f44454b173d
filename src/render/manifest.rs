use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::KnownDigests;

/// Name of the manifest in a render.
pub const MANIFEST: &str = "manifest.json";

/// What a render consists of: the files that prebake wrote, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest {
    /// Version of prebake that rendered.
    pub prebake: String,
    /// Name of the deployment.
    pub name: String,
    /// SHA-256 of the config as it was understood, layers and `--set` included.
    pub config_digest: String,
    /// SHA-256 of all templates.
    pub templates_digest: String,
    /// SHA-256 of the catalog of the user's own that judged it; nothing where the config names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog_digest: Option<String>,
    /// Where the stages deploy to; nothing in manifests that do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
    /// SHA-256 of every other file of the render, by path.
    pub files: BTreeMap<String, String>,
}

/// Where a render deploys to: the ids of its resources depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The resource group.
    pub resource_group: String,
    /// The subscription; nothing means the one that `az` is logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<String>,
    /// The region.
    pub location: String,
}

impl Manifest {
    /// The manifest of a render.
    pub fn of(
        name: &str,
        config_digest: String,
        templates_digest: &str,
        files: &BTreeMap<String, String>,
        digests: &KnownDigests,
    ) -> Self {
        let digest =
            |(path, text): (&String, &String)| (path.clone(), digests.digest(text.as_bytes()));
        Self {
            prebake: env!("CARGO_PKG_VERSION").to_owned(),
            name: name.to_owned(),
            config_digest,
            templates_digest: templates_digest.to_owned(),
            catalog_digest: None,
            target: None,
            files: files.iter().map(digest).collect(),
        }
    }

    /// Says where the render deploys to.
    #[must_use]
    pub fn deployed_to(mut self, target: Target) -> Self {
        self.target = Some(target);
        self
    }

    /// Says which catalog of the user's own judged the render; an empty digest says none.
    #[must_use]
    pub fn judged_by(mut self, digest: &str) -> Self {
        self.catalog_digest = (!digest.is_empty()).then(|| digest.to_owned());
        self
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        super::json_text(self)
    }

    /// Reads a manifest, if the text is one.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}
