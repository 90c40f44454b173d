//! Who deploys: the credentials in their documented order, and the tokens that are renewed while something is
//! waited for.
//!
//! Every source is asked anew for each token: an assertion of a pipeline lives for minutes, a bake for an hour.

use std::collections::BTreeMap;
use std::io;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::World;
use super::cloud::Cloud;
use super::error::CallError;
use super::failure::Failure;
use super::http::{Answer, Body, Call, Http, Patience};
use crate::diagnostic::percent;

/// The type of a client assertion (RFC 7523).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The audience of an assertion that Entra ID takes
/// (<https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust>).
const ASSERTION_AUDIENCE: &str = "api://AzureADTokenExchange";
/// A token is renewed this long before it ends.
const MARGIN: Duration = Duration::from_secs(300);
/// How often the metadata service is asked again.
const IDENTITY_ATTEMPTS: u32 = 4;
const DEFAULT_LIFE: Duration = Duration::from_secs(600);
/// The metadata service of a machine
/// (<https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>).
const METADATA_SERVICE: &str = "http://169.254.169.254";

/// Where a token comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// `AZURE_CLIENT_SECRET`.
    Secret(Application, Secret),
    /// A file that holds the assertion, `AZURE_FEDERATED_TOKEN_FILE`.
    TokenFile(Application, String),
    /// GitHub Actions: the URL and the token that get an assertion.
    GitHub(Application, String, Secret),
    /// Azure Pipelines: the URL, the service connection and the token of the job.
    Pipelines(Application, String, Secret),
    /// An identity of App Service or a container app: URL, secret of the header, client ID.
    AppIdentity(String, Secret, Option<String>),
    /// An identity of this machine: URL, client ID.
    MachineIdentity(String, Option<String>),
    /// The Azure CLI login.
    Cli,
}

/// An application with the tenant that it logs in to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Application {
    tenant: String,
    client: String,
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("(secret)")
    }
}

impl Source {
    /// What a person calls it.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::Secret(..) => "client secret",
            Self::TokenFile(..) => "workload identity",
            Self::GitHub(..) => "GitHub Actions",
            Self::Pipelines(..) => "service connection of Azure Pipelines",
            Self::AppIdentity(..) | Self::MachineIdentity(..) => "managed identity",
            Self::Cli => "Azure CLI login",
        }
    }
}

struct Token {
    text: String,
    renewed_at: Instant,
}

/// A login, with one token for each audience.
pub(super) struct Session<'a> {
    world: &'a World,
    http: &'a Http,
    cloud: &'a Cloud,
    /// Where the tokens come from.
    pub source: Source,
    /// The subscription that the CLI's login has chosen.
    pub subscription: Option<String>,
    tokens: Mutex<BTreeMap<String, Token>>,
}

impl<'a> Session<'a> {
    /// Logs in with the first source that there is. One that the environment describes and that refuses ends the
    /// search: whoever sets a secret means that one. A machine in Azure need not have an identity.
    pub(super) fn open(
        world: &'a World,
        http: &'a Http,
        cloud: &'a Cloud,
        subscription: Option<&str>,
    ) -> Result<Self, Failure> {
        let (source, may_fail) = match configured(world)? {
            Some(source) => (source, false),
            None => {
                machine_identity(world, http).map_or((Source::Cli, false), |source| (source, true))
            }
        };
        let mut session =
            Self { world, http, cloud, source, subscription: None, tokens: Mutex::default() };
        let audience = &cloud.resource_manager_audience;
        let mut answer = session.ask(audience, subscription);
        if answer.is_err() && may_fail {
            session.source = Source::Cli;
            answer = session.ask(audience, subscription);
        }
        let (token, chosen) = answer?;
        session.subscription = chosen;
        session.keep(audience, token);
        Ok(session)
    }

    /// A token for an audience, renewed in time.
    pub(super) fn token(&self, audience: &str) -> Result<String, CallError> {
        if let Some(token) = self.kept(audience) {
            return Ok(token);
        }
        let (token, _) = self.ask(audience, self.subscription.as_deref())?;
        let text = token.text.clone();
        self.keep(audience, token);
        Ok(text)
    }

    /// Forgets a token that was refused.
    pub(super) fn forget(&self, audience: &str) {
        self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(audience);
    }

    fn kept(&self, audience: &str) -> Option<String> {
        let tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let token = tokens.get(audience)?;
        (Instant::now() < token.renewed_at).then(|| token.text.clone())
    }

    fn keep(&self, audience: &str, token: Token) {
        let mut tokens = self.tokens.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        tokens.insert(audience.to_owned(), token);
    }

    fn ask(
        &self,
        audience: &str,
        subscription: Option<&str>,
    ) -> Result<(Token, Option<String>), CallError> {
        let entra = |application: &Application, field: (&str, &str)| {
            self.ask_entra(application, audience, field).map(|token| (token, None))
        };
        match &self.source {
            Source::Secret(application, secret) => entra(application, ("client_secret", &secret.0)),
            Source::TokenFile(application, path) => {
                let assertion = self.world.read(path).map_err(|error| {
                    Failure::input(
                        format!(
                            "`AZURE_FEDERATED_TOKEN_FILE` names `{path}`, which cannot be read"
                        ),
                        error,
                    )
                    .help("mount the service account token at this path")
                })?;
                entra(application, ("client_assertion", assertion.trim()))
            }
            Source::GitHub(application, url, token) => {
                let url = format!("{url}&audience={}", percent::component(ASSERTION_AUDIENCE));
                let assertion = self.assertion("GET", &url, token, "value", self.source.words())?;
                entra(application, ("client_assertion", &assertion))
            }
            Source::Pipelines(application, url, token) => {
                let assertion =
                    self.assertion("POST", url, token, "oidcToken", self.source.words())?;
                entra(application, ("client_assertion", &assertion))
            }
            Source::AppIdentity(url, secret, client) => {
                let url = format!(
                    "{url}?api-version=2019-08-01&resource={}{}",
                    percent::component(audience),
                    client_field(client.as_ref())
                );
                self.ask_identity(&url, &[("x-identity-header", &secret.0)])
                    .map(|token| (token, None))
            }
            Source::MachineIdentity(url, client) => {
                let url = format!(
                    "{url}/metadata/identity/oauth2/token?api-version=2018-02-01&resource={}{}",
                    percent::component(audience),
                    client_field(client.as_ref())
                );
                self.ask_identity(&url, &[("metadata", "true")]).map(|token| (token, None))
            }
            Source::Cli => Ok(ask_cli(self.world, audience, subscription)?),
        }
    }

    /// The token endpoint of Entra ID
    /// (<https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>).
    fn ask_entra(
        &self,
        application: &Application,
        audience: &str,
        (name, value): (&str, &str),
    ) -> Result<Token, CallError> {
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.cloud.login,
            percent::component(&application.tenant)
        );
        let scope = format!("{audience}/.default");
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", &application.client),
            ("scope", &scope),
            (name, value),
        ];
        if name == "client_assertion" {
            fields.push(("client_assertion_type", ASSERTION_TYPE));
        }
        let call = Call { body: Body::Form(&fields), ..Call::new("POST", &url) };
        let answer = self.http.send(&call, Patience::Some)?;
        token_of(&answer, self.world).ok_or_else(|| self.refused(&url, &answer))
    }

    fn assertion(
        &self,
        method: &str,
        url: &str,
        token: &Secret,
        field: &str,
        whose: &str,
    ) -> Result<String, CallError> {
        let call = Call { bearer: Some(&token.0), ..Call::new(method, url) };
        let answer = self.http.send(&call, Patience::Some)?;
        if let Some(later) = answer.later(url) {
            return Err(later.into());
        }
        let value = answer.json().filter(|_| answer.is_success());
        let text = value.as_ref().and_then(|value| value.get(field)?.as_str()).map(str::to_owned);
        text.ok_or_else(|| {
            let failure = Failure::input(
                format!("{whose} did not return a token for this job"),
                format!("it responded with status {}", answer.status),
            )
            .help("allow the job to request a token: `permissions: id-token: write` on GitHub, or a service connection with workload identity federation on Azure Pipelines");
            failure.into()
        })
    }

    fn ask_identity(&self, url: &str, headers: &[(&str, &str)]) -> Result<Token, CallError> {
        let call = Call { headers, ..Call::new("GET", url) };
        // The metadata service answers 429 and 5xx while it starts.
        for attempt in 0.. {
            let error = match self.http.send_on_link(&call) {
                Ok(answer) => match token_of(&answer, self.world) {
                    Some(token) => return Ok(token),
                    None => self.refused(url, &answer),
                },
                Err(unreachable) => unreachable.into(),
            };
            if !error.passes() || attempt == IDENTITY_ATTEMPTS {
                return Err(error);
            }
            std::thread::sleep(self.http.look(attempt, None));
        }
        unreachable!("the last attempt returns")
    }

    fn refused(&self, url: &str, answer: &Answer) -> CallError {
        if let Some(later) = answer.later(url) {
            return later.into();
        }
        let value = answer.json().unwrap_or(Value::Null);
        let words =
            value.get("error_description").or_else(|| value.get("error")).and_then(Value::as_str);
        let reason = words.map_or_else(
            || format!("it responded with status {}", answer.status),
            |words| words.lines().next().unwrap_or_default().to_owned(),
        );
        let failure = Failure::input(format!("the login failed ({})", self.source.words()), reason);
        let failure = match &self.source {
            Source::Secret(..) => failure
                .help("correct `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`"),
            Source::TokenFile(..) | Source::GitHub(..) | Source::Pipelines(..) => failure.help(
                "compare the issuer and subject with the federated credential of the application",
            ),
            _ => failure.help(
                "assign an identity to this machine; if it has several, set `AZURE_CLIENT_ID`",
            ),
        };
        failure.into()
    }
}

/// What a token endpoint answers.
fn token_of(answer: &Answer, world: &World) -> Option<Token> {
    let value = answer.json().filter(|_| answer.is_success())?;
    Some(Token::new(value.get("access_token")?.as_str()?, &value, world))
}

impl Token {
    /// The life of a token is `expires_in`, or what is left until `expires_on`; each a number or, from the endpoints
    /// of managed identities, a text.
    fn new(text: &str, value: &Value, world: &World) -> Self {
        let seconds = |name: &str| match value.get(name)? {
            Value::Number(seconds) => seconds.as_u64(),
            Value::String(seconds) => seconds.parse().ok(),
            _ => None,
        };
        let now = world.now + world.started.elapsed().as_secs();
        let left = || Some(seconds("expires_on")?.saturating_sub(now));
        let life = seconds("expires_in").or_else(left).map_or(DEFAULT_LIFE, Duration::from_secs);
        // A token of short life is used for half of it.
        let used = life.saturating_sub(MARGIN).max(life / 2);
        Self { text: text.to_owned(), renewed_at: Instant::now() + used }
    }
}

fn client_field(client: Option<&String>) -> String {
    client.map_or_else(String::new, |client| format!("&client_id={}", percent::component(client)))
}

/// The source that the environment describes, in the documented order.
fn configured(world: &World) -> Result<Option<Source>, Failure> {
    let variable = |name: &str| world.variable(name);
    let application = |tenant: &str, client: &str, because: &str| {
        let lacks = |name: &str| {
            Failure::input(
                format!("`{because}` is set, but not `{name}`"),
                "both are needed to log in",
            )
            .help(format!("set `{name}`, or unset `{because}`"))
        };
        Ok::<_, Failure>(Application {
            tenant: variable(tenant).ok_or_else(|| lacks(tenant))?,
            client: variable(client).ok_or_else(|| lacks(client))?,
        })
    };
    let (tenant, client) = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID");
    if let Some(secret) = variable("AZURE_CLIENT_SECRET") {
        let application = application(tenant, client, "AZURE_CLIENT_SECRET")?;
        return Ok(Some(Source::Secret(application, Secret(secret))));
    }
    if let Some(path) = variable("AZURE_FEDERATED_TOKEN_FILE") {
        let application = application(tenant, client, "AZURE_FEDERATED_TOKEN_FILE")?;
        return Ok(Some(Source::TokenFile(application, path)));
    }
    let request =
        variable("ACTIONS_ID_TOKEN_REQUEST_URL").zip(variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN"));
    if let Some((url, token)) = request.filter(|_| variable(client).is_some()) {
        let application = application(tenant, client, "ACTIONS_ID_TOKEN_REQUEST_URL")?;
        return Ok(Some(Source::GitHub(application, url, Secret(token))));
    }
    // <https://learn.microsoft.com/azure/devops/pipelines/library/connect-to-azure>, "AzurePipelinesCredential".
    let connection =
        variable("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID").zip(variable("SYSTEM_OIDCREQUESTURI"));
    if let Some(((id, url), token)) = connection.zip(variable("SYSTEM_ACCESSTOKEN")) {
        let either = |own, general| if variable(own).is_some() { own } else { general };
        let application = application(
            either("AZURESUBSCRIPTION_TENANT_ID", tenant),
            either("AZURESUBSCRIPTION_CLIENT_ID", client),
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
        )?;
        let url = format!("{url}?api-version=7.1&serviceConnectionId={}", percent::component(&id));
        return Ok(Some(Source::Pipelines(application, url, Secret(token))));
    }
    if let Some((url, secret)) = variable("IDENTITY_ENDPOINT").zip(variable("IDENTITY_HEADER")) {
        return Ok(Some(Source::AppIdentity(url, Secret(secret), variable(client))));
    }
    Ok(None)
}

/// The identity of this machine, if its metadata service answers.
fn machine_identity(world: &World, http: &Http) -> Option<Source> {
    let named = world.variable("AZURE_POD_IDENTITY_AUTHORITY_HOST");
    let url = named.unwrap_or_else(|| METADATA_SERVICE.to_owned());
    let url = url.trim_end_matches('/').to_owned();
    let probe = format!("{url}/metadata/identity/oauth2/token?api-version=2018-02-01");
    // Without the header, and without a resource, it answers 400 at once: the probe of Azure's own clients.
    http.send_on_link(&Call::new("GET", &probe)).ok()?;
    Some(Source::MachineIdentity(url, world.variable("AZURE_CLIENT_ID")))
}

/// `az account get-access-token`: one process for each audience.
fn ask_cli(
    world: &World,
    audience: &str,
    subscription: Option<&str>,
) -> Result<(Token, Option<String>), Failure> {
    let mut command = Command::new(if cfg!(windows) { "az.cmd" } else { "az" });
    command.args(["account", "get-access-token", "--output", "json", "--resource", audience]);
    if let Some(subscription) = subscription {
        command.args(["--subscription", subscription]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let no_login = |why: String, step: &str| {
        Failure::input("not logged in to Azure", why).help(format!(
            "{step}, or set `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`"
        ))
    };
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => no_login(
            "the environment contains no credentials, and the Azure CLI is not installed".to_owned(),
            "install the Azure CLI and run `az login`",
        ),
        _ => no_login(
            format!(
                "the environment contains no credentials, and the Azure CLI cannot be started: {error}"
            ),
            "run `az login`",
        ),
    })?;
    let words = String::from_utf8_lossy(&output.stderr);
    let value: Option<Value> = serde_json::from_slice(&output.stdout).ok();
    let Some(value) = value.filter(|_| output.status.success()) else {
        let why = words.trim().lines().next_back().unwrap_or_default().to_owned();
        return Err(no_login(why, "run `az login`"));
    };
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let token = text("accessToken")
        .ok_or_else(|| no_login("the Azure CLI printed no token".to_owned(), "run `az login`"))?;
    let token = Token::new(&token, &value, world);
    Ok((token, text("subscription")))
}
