//! Whether an image is in the registry, asked as the Azure CLI asks: a token of Entra ID is exchanged for one of the
//! registry, and that for one of the repository.
//!
//! Shapes: <https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md> and
//! <https://learn.microsoft.com/rest/api/containerregistry/>.

use serde_json::Value;

use super::deployment::Deployment;
use super::error::CallError;
use super::failure::Failure;
use super::http::{Answer, Body, Call, Patience};
use crate::diagnostic::percent;
use crate::render::PlannedRegistry;

/// The registry as its data plane sees it.
pub(super) struct RegistryService<'a> {
    deployment: &'a Deployment<'a>,
    planned: &'a PlannedRegistry,
    login_server: String,
    refresh_token: String,
}

impl<'a> RegistryService<'a> {
    /// Logs in to a registry.
    pub(super) fn open(
        deployment: &'a Deployment<'a>,
        planned: &'a PlannedRegistry,
        login_server: &str,
    ) -> Result<Self, Failure> {
        let azure = deployment.azure;
        let token = azure.session.token(&azure.cloud.registry_audience)?;
        let fields =
            [("grant_type", "access_token"), ("service", login_server), ("access_token", &token)];
        let mut service = Self {
            deployment,
            planned,
            login_server: login_server.to_owned(),
            refresh_token: String::new(),
        };
        service.refresh_token = service.exchange("/oauth2/exchange", &fields, "refresh_token")?;
        Ok(service)
    }

    /// Whether the registry has `repository:tag`.
    pub(super) fn has(&self, image: &str) -> Result<bool, Failure> {
        let (repository, tag) = image.split_once(':').unwrap_or((image, "latest"));
        let scope = format!("repository:{repository}:metadata_read");
        let fields = [
            ("grant_type", "refresh_token"),
            ("service", self.login_server.as_str()),
            ("scope", &scope),
            ("refresh_token", &self.refresh_token),
        ];
        let token = self.exchange("/oauth2/token", &fields, "access_token")?;
        let url = format!(
            "https://{}/acr/v1/{repository}/_tags/{}",
            self.login_server,
            percent::component(tag)
        );
        let call = Call { bearer: Some(&token), ..Call::new("GET", &url) };
        let answer = self.send(&call)?;
        match answer.status {
            200..=299 => Ok(true),
            // A proxy's 404 is not one of the registry, which says what it does not know.
            404 if answer.json().is_some_and(|body| body.pointer("/errors/0/code").is_some()) => {
                Ok(false)
            }
            _ => Err(self.refused(&answer)),
        }
    }

    fn exchange(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        field: &str,
    ) -> Result<String, Failure> {
        let url = format!("https://{}{path}", self.login_server);
        let call = Call { body: Body::Form(fields), ..Call::new("POST", &url) };
        let answer = self.send(&call)?;
        let value = answer.json().filter(|_| answer.is_success());
        let token = value.as_ref().and_then(|value| value.get(field)).and_then(Value::as_str);
        token.map(str::to_owned).ok_or_else(|| self.refused(&answer))
    }

    fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        self.deployment.azure.http.send(call, Patience::NewHost).map_err(|error| error.failure())
    }

    fn refused(&self, answer: &Answer) -> Failure {
        let error = CallError::of(answer);
        let failure = error
            .failure(&format!("the images of registry `{}` cannot be listed", self.planned.name));
        let mut failure = Failure { help: Vec::new(), ..failure };
        if answer.status == 403 {
            failure = failure.help("allow this address in the firewall of the registry, or deploy from a machine that can reach it");
        }
        let role =
            if self.planned.abac { "Container Registry Repository Reader" } else { "AcrPull" };
        failure.help(format!(
            "assign the role `{role}` on registry `{}` to the deploying identity",
            self.planned.name
        ))
    }
}
