//! Entra ID: tokens with an audience and an end, for a secret, an assertion, or a managed identity.

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::{Answer, Outcome, refusal, token_refusal};
use super::cloud::{CLIENT, Cloud, SECRET, SUBSCRIPTION, TENANT, id_from};
use super::http::Request;

/// What the metadata of this cloud names as the audience of Resource Manager and of Batch.
pub const MANAGEMENT: &str = "https://management.core.standin/";
pub const BATCH: &str = "https://batch.core.standin/";
const REGISTRY: &str = "https://containerregistry.azure.net";
/// What a federated credential expects, <https://learn.microsoft.com/entra/workload-id/workload-identity-federation>.
pub const EXCHANGE: &str = "api://AzureADTokenExchange";
/// What an app of App Service must show.
pub const APP_HEADER: &str = "app-identity-header";
pub const GITHUB_TOKEN: &str = "github-request-token";
pub const DEVOPS_TOKEN: &str = "devops-system-access-token";

/// The endpoints of the cloud.
///
/// Shape: `https://management.azure.com/metadata/endpoints?api-version=2022-09-01`, which answers
/// without a login; one object from 2022 on, a list before.
pub fn endpoints(cloud: &Cloud, request: &Request) -> Answer {
    let base = format!("{}/", cloud.base());
    let body = json!({
        "portal": "https://portal.standin",
        "authentication": {
            "loginEndpoint": base,
            "audiences": [MANAGEMENT, base],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": "https://rest.media.standin",
        "graphAudience": "https://graph.standin/",
        "graph": "https://graph.standin/",
        "name": "standin",
        "suffixes": {
            "storage": "core.standin",
            "acrLoginServer": "azurecr.standin",
            "keyVaultDns": "vault.standin",
            "sqlServerHostname": "database.standin",
            "azureDataLakeStoreFileSystem": "adls.standin",
            "azureDataLakeAnalyticsCatalogAndJob": "adla.standin",
        },
        "batch": BATCH,
        "resourceManager": base,
        "vmImageAliasDoc": format!("{base}aliases.json"),
        "sqlManagement": "https://sql.standin/",
        "gallery": "https://gallery.standin/",
        "activeDirectoryDataLake": "https://datalake.standin/",
        "microsoftGraphResourceId": "https://graph.standin/",
    });
    if request.query("api-version").is_some_and(|version| version >= "2022") {
        return Answer::ok(&body);
    }
    Answer::ok(&json!([body]))
}

/// The requests to Entra ID, and to the services that give a pipeline its assertions.
pub fn answer(cloud: &Cloud, request: &Request, segments: &[&str]) -> Option<Outcome> {
    let lower: Vec<String> = segments.iter().map(|segment| segment.to_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    Some(match (request.method.as_str(), lower.as_slice()) {
        ("GET", ["metadata", "endpoints"]) => Ok(endpoints(cloud, request)),
        (
            "GET",
            [_, ".well-known", "openid-configuration"]
            | [_, "v2.0", ".well-known", "openid-configuration"],
        ) => Ok(configuration(cloud, segments[0])),
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => token(cloud, request, tenant),
        ("GET", ["oidc", "github"]) => github(cloud, request),
        ("POST", ["oidc", "devops"]) => devops(cloud, request),
        _ => return None,
    })
}

/// Shape: <https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc>.
fn configuration(cloud: &Cloud, tenant: &str) -> Answer {
    let base = format!("{}/{tenant}", cloud.base());
    Answer::ok(&json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "issuer": format!("{}/{TENANT}/v2.0", cloud.base()),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
    }))
}

fn signed(claims: &Value) -> String {
    let header = json!({ "typ": "JWT", "alg": "RS256" });
    let encode = |text: String| URL_SAFE_NO_PAD.encode_to_string(text);
    let text = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
    let signature = signature(&text);
    format!("{text}.{signature}")
}

fn signature(text: &str) -> String {
    URL_SAFE_NO_PAD
        .encode_to_string(prebake::model::hex_digest(format!("{text} of the stand-in").as_bytes()))
}

/// The claims of a token that this stand-in has signed.
fn claims(token: &str) -> Option<Value> {
    let (text, given) = token.rsplit_once('.')?;
    let payload = text.split_once('.')?.1;
    let bytes = URL_SAFE_NO_PAD.decode_to_vec(payload).ok()?;
    serde_json::from_slice(&bytes).ok().filter(|_| signature(text) == given)
}

fn access_token(cloud: &Cloud, audience: &str) -> Value {
    let now = cloud.clock.now();
    let life = cloud.knobs.token_seconds;
    let token = signed(&json!({
        "aud": audience, "iss": format!("{}/{TENANT}/", cloud.base()), "iat": now, "nbf": now,
        "exp": now + life, "appid": CLIENT, "oid": id_from("caller"), "tid": TENANT,
        "idtyp": "app",
    }));
    json!({
        "token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token,
    })
}

/// An assertion as GitHub, Azure DevOps or Kubernetes signs it.
pub fn assertion(cloud: &Cloud, subject: &str) -> String {
    let now = cloud.clock.now();
    signed(&json!({
        "aud": EXCHANGE, "iss": "https://issuer.standin", "sub": subject, "iat": now, "nbf": now,
        "exp": now + cloud.knobs.assertion_seconds,
    }))
}

/// Shape: <https://docs.github.com/actions/reference/security/oidc>.
fn github(cloud: &Cloud, request: &Request) -> Outcome {
    if request.header("authorization") != Some(&format!("Bearer {GITHUB_TOKEN}"))
        && request.header("authorization") != Some(&format!("bearer {GITHUB_TOKEN}"))
    {
        return Err(Answer::json(401, &json!({ "message": "Bad credentials" })));
    }
    if request.query("audience") != Some(EXCHANGE) {
        return Err(Answer::json(400, &json!({ "message": "audience" })));
    }
    let value = assertion(cloud, "repo:prebake/prebake:environment:production");
    Ok(Answer::ok(&json!({ "count": value.len(), "value": value })))
}

/// Shape: <https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create>.
fn devops(cloud: &Cloud, request: &Request) -> Outcome {
    if request.header("authorization") != Some(&format!("Bearer {DEVOPS_TOKEN}")) {
        return Err(Answer::empty(401));
    }
    if request.query("serviceConnectionId").is_none() || request.query("api-version").is_none() {
        return Err(Answer::json(400, &json!({ "message": "serviceConnectionId" })));
    }
    let value = assertion(cloud, "sc://organization/project/connection");
    Ok(Answer::ok(&json!({ "oidcToken": value })))
}

/// Shape: <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>.
fn token(cloud: &Cloud, request: &Request, tenant: &str) -> Outcome {
    let form = request.form();
    let field =
        |name: &str| form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    if tenant != TENANT {
        let text = format!("Tenant '{tenant}' not found.");
        return Err(token_refusal(400, "invalid_request", 90_002, &text));
    }
    if field("grant_type") != Some("client_credentials") {
        return Err(token_refusal(400, "unsupported_grant_type", 70_003, "grant type"));
    }
    if field("client_id") != Some(CLIENT) {
        let text = "Application was not found in the directory.";
        return Err(token_refusal(400, "unauthorized_client", 700_016, text));
    }
    match (field("client_secret"), field("client_assertion")) {
        (Some(SECRET), None) => {}
        (None, Some(assertion)) => {
            check_assertion(cloud, assertion, field("client_assertion_type"))?;
        }
        _ => {
            let text = "Invalid client secret provided.";
            return Err(token_refusal(401, "invalid_client", 7_000_215, text));
        }
    }
    let scope = field("scope").unwrap_or("");
    let Some(audience) = scope.split(' ').find_map(|scope| scope.strip_suffix("/.default")) else {
        return Err(token_refusal(400, "invalid_scope", 1_002_012, "scope is not valid."));
    };
    audience_known(cloud, audience)?;
    Ok(Answer::ok(&access_token(cloud, audience)))
}

fn check_assertion(cloud: &Cloud, assertion: &str, kind: Option<&str>) -> Result<(), Answer> {
    if kind != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") {
        return Err(token_refusal(400, "invalid_request", 900_144, "client_assertion_type"));
    }
    let Some(claims) = claims(assertion) else {
        let text = "Client assertion failed signature validation.";
        return Err(token_refusal(401, "invalid_client", 700_027, text));
    };
    if claims["aud"] != EXCHANGE {
        let text = "No matching federated identity record found for presented assertion audience.";
        return Err(token_refusal(401, "invalid_client", 700_212, text));
    }
    if claims["exp"].as_u64().unwrap_or(0) <= cloud.clock.now() {
        let text = "Client assertion is not within its valid time range.";
        return Err(token_refusal(401, "invalid_client", 700_024, text));
    }
    Ok(())
}

fn audience_known(cloud: &Cloud, audience: &str) -> Result<(), Answer> {
    let audience = audience.trim_end_matches('/');
    let known = [MANAGEMENT, BATCH, REGISTRY, cloud.base()];
    if known.iter().any(|known| known.trim_end_matches('/') == audience) {
        return Ok(());
    }
    let text = format!("The resource principal named {audience} was not found in the tenant.");
    Err(token_refusal(400, "invalid_resource", 500_011, &text))
}

/// A token of the CLI's login.
///
/// Shape: azure-cli 2.91.0, `command_modules/profile/custom.py`, `get_access_token`.
pub fn cli_token(cloud: &Cloud, audience: &str) -> Value {
    let token = access_token(cloud, audience);
    json!({
        "tokenType": "Bearer", "accessToken": token["access_token"],
        "expires_on": cloud.clock.now() + cloud.knobs.token_seconds,
        "expiresOn": "2026-11-29 10:00:00.000000", "tenant": TENANT, "subscription": SUBSCRIPTION,
    })
}

/// Shape: <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>.
fn app_identity(cloud: &Cloud, request: &Request) -> Outcome {
    if request.header("x-identity-header") != Some(APP_HEADER) {
        return Err(Answer::json(401, &json!({ "statusCode": 401, "message": "Unauthorized" })));
    }
    if request.query("api-version") != Some("2019-08-01") {
        return Err(Answer::json(400, &json!({ "statusCode": 400, "message": "api-version" })));
    }
    let audience = request.query("resource").unwrap_or("");
    audience_known(cloud, audience)?;
    let ends = cloud.clock.now() + cloud.knobs.token_seconds;
    Ok(Answer::ok(&json!({
        "access_token": access_token(cloud, audience)["access_token"], "expires_on": ends.to_string(),
        "resource": audience, "token_type": "Bearer", "client_id": CLIENT,
    })))
}

/// Shape: <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>.
pub fn instance_metadata(cloud: &Cloud, request: &Request) -> Outcome {
    if request.path == "/msi/token" {
        return app_identity(cloud, request);
    }
    if request.path != "/metadata/identity/oauth2/token" {
        return Err(super::no_route());
    }
    if request.header("metadata") != Some("true") {
        let text = "Required metadata header not specified";
        return Err(Answer::json(
            400,
            &json!({ "error": "invalid_request", "error_description": text }),
        ));
    }
    let audience = request.query("resource").unwrap_or("");
    audience_known(cloud, audience)?;
    if request.query("client_id").is_some_and(|client| client != CLIENT) {
        let text = "Identity not found";
        return Err(Answer::json(
            400,
            &json!({ "error": "invalid_request", "error_description": text }),
        ));
    }
    let mut body = access_token(cloud, audience);
    let now = cloud.clock.now();
    super::cloud::extend(
        &mut body,
        json!({
            "client_id": CLIENT, "resource": audience, "not_before": now.to_string(),
            "expires_on": (now + cloud.knobs.token_seconds).to_string(),
            "expires_in": cloud.knobs.token_seconds.to_string(),
        }),
    );
    Ok(Answer::ok(&body))
}

/// Refuses a request without a token of this audience that is still good.
pub fn check_token(cloud: &Cloud, request: &Request, audiences: &[&str]) -> Result<(), Answer> {
    let challenge = format!("Bearer authorization_uri=\"{}/{TENANT}\"", cloud.base());
    let refuse = |code: &str, text: &str| {
        Err(refusal(401, code, text).with_header("WWW-Authenticate", challenge.clone()))
    };
    let Some(token) = request.header("authorization").and_then(|text| text.strip_prefix("Bearer "))
    else {
        let text = "Authentication failed. The 'Authorization' header is missing.";
        return refuse("AuthenticationFailed", text);
    };
    let Some(claims) = claims(token) else {
        return refuse("InvalidAuthenticationToken", "The access token is invalid.");
    };
    let audience = claims["aud"].as_str().unwrap_or("").trim_end_matches('/');
    if !audiences.iter().any(|known| known.trim_end_matches('/') == audience) {
        let text = format!(
            "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with one of the allowed audiences."
        );
        return refuse("InvalidAuthenticationTokenAudience", &text);
    }
    if claims["exp"].as_u64().unwrap_or(0) <= cloud.clock.now() {
        let text = "The access token expiry UTC time is earlier than current UTC time.";
        return refuse("ExpiredAuthenticationToken", text);
    }
    Ok(())
}

/// The tokens of a registry's data plane: they say what they allow.
pub fn registry_token(cloud: &Cloud, claims: &Value) -> String {
    let mut all = json!({ "exp": cloud.clock.now() + 4_500, "iss": "Azure Container Registry" });
    super::cloud::extend(&mut all, claims.clone());
    signed(&all)
}

/// The claims of such a token, if it is good.
pub fn registry_claims(cloud: &Cloud, token: &str) -> Option<Value> {
    claims(token).filter(|claims| claims["exp"].as_u64().unwrap_or(0) > cloud.clock.now())
}

/// Whether a token is good for an exchange at a registry.
pub fn is_exchangeable(cloud: &Cloud, token: &str) -> bool {
    let audiences = [MANAGEMENT, REGISTRY, cloud.base()];
    registry_claims(cloud, token).is_some_and(|claims| {
        let audience = claims["aud"].as_str().unwrap_or("").trim_end_matches('/');
        audiences.iter().any(|known| known.trim_end_matches('/') == audience)
    })
}
