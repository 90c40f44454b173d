//! Imports of images from other registries, which the registry fetches by itself.
//!
//! Shape: <https://learn.microsoft.com/rest/api/container-registry/registries/import-image>.

use std::time::Duration;

use serde_json::{Value, json};

use super::build::REGISTRIES;
use super::deployment::Deployment;
use super::error::CallError;
use super::failure::Failure;
use crate::catalog;
use crate::render::{PlannedImport, PlannedRegistry};

/// An image of tens of gigabytes takes its time.
const LONGEST: Duration = Duration::from_secs(2 * 3600);

impl Deployment<'_> {
    /// Imports an image and waits until it is there.
    pub(super) fn import(
        &self,
        planned: &PlannedRegistry,
        import: &PlannedImport,
    ) -> Result<(), Failure> {
        let body = json!({
            "source": self.source(import)?,
            "targetTags": [import.image],
            "mode": "NoForce",
        });
        let path = format!("{}/importImage", self.registry_path(planned));
        let api = catalog::api_version(REGISTRIES).unwrap_or_default();
        match self.azure.change("POST", &path, api, Some(&body), LONGEST) {
            // The tag is there: this call was sent twice, or another command imports the same image.
            Err(error) if error.status() == 409 => {}
            done => {
                done.map_err(|error| Self::no_import(&error, planned, import))?;
            }
        }
        if self.has_image(planned, &import.image)? {
            return Ok(());
        }
        Err(Failure::azure(
            format!("the import did not bring {} into registry `{}`", import.image, planned.name),
            "the operation succeeded, but the image is not in the registry",
        )
        .help("run the same command again"))
    }

    fn source(&self, import: &PlannedImport) -> Result<Value, Failure> {
        let mut source = json!({ "sourceImage": import.source });
        match &import.registry_id {
            Some(id) => source["resourceId"] = id.as_str().into(),
            None => source["registryUri"] = import.host.as_str().into(),
        }
        if let Some((user, variable)) = import.user.as_ref().zip(import.login_variable.as_ref()) {
            let password = self.world.variable(variable).ok_or_else(|| {
                Failure::input(
                    format!("the import of {} needs a password", import.image),
                    format!("`{variable}` is not set"),
                )
                .help(format!("set `{variable}` to the password of `{user}` on `{}`", import.host))
            })?;
            source["credentials"] = json!({ "username": user, "password": password });
        }
        Ok(source)
    }

    fn no_import(error: &CallError, planned: &PlannedRegistry, import: &PlannedImport) -> Failure {
        let failure = error.failure(&format!("{} cannot be imported", import.image));
        if error.status() != 403 {
            return failure;
        }
        failure.help(format!(
            "the deploying identity needs the role `Container Registry Data Importer and Data Reader` on registry `{}`{}",
            planned.name,
            match &import.registry_id {
                Some(id) => format!(" and on `{id}`"),
                None => String::new(),
            }
        ))
    }
}
