//! The data plane of a Batch account: jobs, tasks, nodes.
//!
//! Shapes: <https://learn.microsoft.com/rest/api/batchservice/> (2024-07-01.20.0).

use serde_json::Value;

use super::deployment::Deployment;
use super::error::CallError;
use super::failure::Failure;
use super::http::{Answer, Body, Patience, host};
use super::resource_manager::{Home, pages};

const API: &str = "2024-07-01.20.0";
const ACCOUNTS: &str = "Microsoft.Batch/batchAccounts";

/// One account.
pub(super) struct BatchService<'a> {
    deployment: &'a Deployment<'a>,
    endpoint: String,
}

impl<'a> BatchService<'a> {
    /// The account of the render, whatever the environment names; nothing when it is not there.
    pub(super) fn open(deployment: &'a Deployment<'a>) -> Result<Option<Self>, Failure> {
        let Some(batch) = &deployment.plan.batch else { return Ok(None) };
        let account = deployment
            .resources
            .iter()
            .find(|resource| resource.kind.eq_ignore_ascii_case(ACCOUNTS));
        let (path, api) = match account {
            Some(account) => (account.id.clone(), account.api_version.clone()),
            None => (deployment.resource(ACCOUNTS, &batch.account), "2024-07-01".to_owned()),
        };
        let found = deployment.azure.get(&path, &api);
        let found = found.map_err(|error| {
            error.failure(&format!("Batch account `{}` cannot be read", batch.account))
        })?;
        let Some(found) = found else { return Ok(None) };
        let endpoint = found
            .pointer("/properties/accountEndpoint")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Ok(Some(Self { deployment, endpoint: host(endpoint).to_owned() }))
    }

    /// Something by its path; nothing when it is not there.
    pub(super) fn get(&self, path: &str, patience: Patience) -> Result<Option<Value>, CallError> {
        match self.call("GET", &self.url(path), Body::None, patience) {
            Ok(answer) => Ok(answer.json()),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The text of a file; nothing when it is not there.
    pub(super) fn file(&self, path: &str) -> Result<Option<String>, CallError> {
        match self.call("GET", &self.url(path), Body::None, Patience::Some) {
            Ok(answer) => Ok(Some(String::from_utf8_lossy(&answer.bytes).into_owned())),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All pages of a list.
    pub(super) fn list(&self, path: &str) -> Result<Vec<Value>, CallError> {
        pages(self.url(path), "odata.nextLink", |url| {
            Ok(self.call("GET", url, Body::None, Patience::Some)?.json())
        })
    }

    /// Adds or does something.
    pub(super) fn post(&self, path: &str, body: Option<&Value>) -> Result<(), CallError> {
        let body = body.map_or(Body::None, Body::BatchJson);
        self.call("POST", &self.url(path), body, Patience::Some).map(|_| ())
    }

    /// Removes something; what is not there counts as removed.
    pub(super) fn delete(&self, path: &str) -> Result<(), CallError> {
        match self.call("DELETE", &self.url(path), Body::None, Patience::Some) {
            Ok(_) => Ok(()),
            Err(error) if error.is_absent() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn url(&self, path: &str) -> String {
        let sign = if path.contains('?') { '&' } else { '?' };
        format!("https://{}{path}{sign}api-version={API}", self.endpoint)
    }

    fn call(
        &self,
        method: &str,
        url: &str,
        body: Body<'_>,
        patience: Patience,
    ) -> Result<Answer, CallError> {
        let azure = self.deployment.azure;
        let home = Home { host: &self.endpoint, audience: &azure.cloud.batch_audience };
        azure.call_home(home, method, url, body, patience)
    }
}
