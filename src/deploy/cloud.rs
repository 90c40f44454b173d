//! The endpoints of a cloud: from the catalog, or from a file in the shape of ARM's `/metadata/endpoints`.

use serde_json::Value;

use super::failure::Failure;
use crate::catalog;

/// Where a cloud answers, and for whom its tokens are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cloud {
    /// Name of the cloud.
    pub name: String,
    /// URL of Azure Resource Manager, without a slash at its end.
    pub resource_manager: String,
    /// URL of Entra ID, without a slash at its end.
    pub login: String,
    /// Audience of tokens for Azure Resource Manager.
    pub resource_manager_audience: String,
    /// Audience of tokens that a registry exchanges.
    pub registry_audience: String,
    /// Audience of tokens for the Batch data plane.
    pub batch_audience: String,
}

impl Cloud {
    /// A cloud of the catalog.
    pub(crate) fn of_catalog(key: &str) -> Option<Self> {
        let cloud = catalog::cloud(key)?;
        Some(Self {
            name: cloud.name.to_owned(),
            resource_manager: cloud.resource_manager.to_owned(),
            login: cloud.login.to_owned(),
            resource_manager_audience: cloud.resource_manager_audience.to_owned(),
            registry_audience: cloud.registry_audience.to_owned(),
            batch_audience: cloud.batch_audience.to_owned(),
        })
    }

    /// Reads the answer of `GET https://<resource manager>/metadata/endpoints?api-version=2022-09-01`, an object, or
    /// a list of which the first is taken, as older versions answer.
    /// Source of the shape: learn.microsoft.com, Azure Stack Hub, "Register your cloud".
    pub(crate) fn of_metadata(text: &str) -> Result<Self, Failure> {
        let wrong = |what: &str| {
            Failure::input("the file of `--cloud` is not a description of a cloud", what).help(
                "save the response of `https://<resource manager>/metadata/endpoints?api-version=2022-09-01`",
            )
        };
        let value: Value = serde_json::from_str(text).map_err(|error| wrong(&error.to_string()))?;
        let cloud = value.get(0).unwrap_or(&value);
        let text = |pointer: &str| {
            let found = cloud.pointer(pointer).and_then(Value::as_str);
            found
                .filter(|text| !text.is_empty())
                .ok_or_else(|| wrong(&format!("it has no `{pointer}`")))
        };
        let url = |pointer: &str| {
            let url = text(pointer)?.trim_end_matches('/');
            if url.starts_with("https://") {
                return Ok(url.to_owned());
            }
            Err(wrong(&format!(
                "`{pointer}` is not an HTTPS URL, and prebake does not send tokens without TLS"
            )))
        };
        let resource_manager_audience = text("/authentication/audiences/0")?.to_owned();
        Ok(Self {
            name: text("/name")?.to_owned(),
            resource_manager: url("/resourceManager")?,
            login: url("/authentication/loginEndpoint")?,
            // The metadata name no audience of registries, which take tokens for Azure Resource Manager too.
            registry_audience: resource_manager_audience.clone(),
            batch_audience: text("/batch")?.to_owned(),
            resource_manager_audience,
        })
    }
}
