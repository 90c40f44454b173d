//! Azure Resource Manager: resources, lists and operations that take their time.
//!
//! Shapes: <https://learn.microsoft.com/rest/api/resources/> and, for operations,
//! <https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations>.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::cloud::Cloud;
use super::credential::Session;
use super::error::{AzureError, CallError, errors_of};
use super::failure::Failure;
use super::http::{Answer, Body, Call, Http, Patience, host};

/// Pages of one list: a list that never ends must not be followed for ever.
const MOST_PAGES: usize = 1_000;

/// What an operation that takes its time gives when it ends.
type Done = Result<Option<Value>, CallError>;

/// Azure, as one login sees it.
pub(super) struct Azure<'a> {
    /// The client.
    pub http: &'a Http,
    /// The login.
    pub session: &'a Session<'a>,
    /// The endpoints.
    pub cloud: &'a Cloud,
}

impl Azure<'_> {
    /// A resource or list by its path, which begins with a slash; nothing when it is not there.
    pub(super) fn get(&self, path: &str, api_version: &str) -> Result<Option<Value>, CallError> {
        self.get_with(path, api_version, Patience::Some)
    }

    /// The same, repeated as long as the patience lasts.
    pub(super) fn get_with(
        &self,
        path: &str,
        api_version: &str,
        patience: Patience,
    ) -> Result<Option<Value>, CallError> {
        let answer = self.call("GET", &self.url(path, api_version), Body::None, patience);
        match answer {
            Ok(answer) => self.value(&answer),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All pages of a list; nothing when what holds it is not there.
    pub(super) fn list(
        &self,
        path: &str,
        api_version: &str,
    ) -> Result<Option<Vec<Value>>, CallError> {
        let listed = pages(self.url(path, api_version), "nextLink", |url| {
            self.value(&self.call("GET", url, Body::None, Patience::Some)?)
        });
        match listed {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Sends something and waits until Azure is done with it.
    pub(super) fn change(
        &self,
        method: &str,
        path: &str,
        api_version: &str,
        body: Option<&Value>,
        limit: Duration,
    ) -> Done {
        let url = self.url(path, api_version);
        let body = body.map_or(Body::None, Body::Json);
        let answer = self.call(method, &url, body, Patience::Some)?;
        self.finish(&answer, limit)
    }

    /// Sends something that is answered at once.
    pub(super) fn post(
        &self,
        path: &str,
        api_version: &str,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        let body = body.map_or(Body::None, Body::Json);
        let answer = self.call("POST", &self.url(path, api_version), body, Patience::Some)?;
        Ok(self.value(&answer)?.unwrap_or(Value::Null))
    }

    /// Sends something, and gives the answer as it is.
    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        api_version: &str,
        body: Option<&Value>,
    ) -> Result<Answer, CallError> {
        let body = body.map_or(Body::None, Body::Json);
        self.call(method, &self.url(path, api_version), body, Patience::Some)
    }

    /// Waits for the operation that an answer names.
    pub(super) fn finish(&self, answer: &Answer, limit: Duration) -> Done {
        let end = Instant::now() + limit;
        let operation = answer.header("azure-asyncoperation").map(str::to_owned);
        let location = answer.header("location").map(str::to_owned);
        let done = self.value(answer)?;
        let Some(url) = operation.clone().or_else(|| location.filter(|_| answer.status == 202))
        else {
            return Ok(done);
        };
        let mut asked = answer.retry_after();
        for looks in 0.. {
            let pause = self.http.look(looks, asked);
            if Instant::now() + pause > end {
                break;
            }
            std::thread::sleep(pause);
            let answer = self.call("GET", &url, Body::None, Patience::Until(end))?;
            asked = answer.retry_after();
            let value = self.value(&answer)?;
            if operation.is_none() {
                if answer.status == 202 {
                    continue;
                }
                return Ok(value);
            }
            let status = value.as_ref().and_then(|value| value.get("status")?.as_str());
            match status.unwrap_or("Succeeded") {
                "Succeeded" => return Ok(value),
                "Failed" | "Canceled" => {
                    let error = value.as_ref().and_then(|value| value.get("error"));
                    return Err(ended(error, status.unwrap_or_default()));
                }
                _ => {}
            }
        }
        Err(Failure::azure(
            "the operation timed out",
            format!("the operation continues in Azure: {}", host(&url)),
        )
        .help("run the same command again to continue")
        .into())
    }

    /// The URL of a path.
    pub(super) fn url(&self, path: &str, api_version: &str) -> String {
        let sign = if path.contains('?') { '&' } else { '?' };
        format!(
            "{}{}{sign}api-version={api_version}",
            self.cloud.resource_manager,
            path.replace(' ', "%20")
        )
    }

    fn value(&self, answer: &Answer) -> Result<Option<Value>, CallError> {
        if answer.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        answer.json().map(Some).ok_or_else(|| {
            let reason = "the response is not JSON; a proxy may have sent it";
            Failure::azure(
                format!("`{}` does not respond as Azure does", host(&self.cloud.resource_manager)),
                reason,
            )
            .help("check `HTTPS_PROXY` and `--cloud`")
            .into()
        })
    }

    /// One call to Azure Resource Manager.
    fn call(
        &self,
        method: &str,
        url: &str,
        body: Body<'_>,
        patience: Patience,
    ) -> Result<Answer, CallError> {
        let home = Home {
            host: host(&self.cloud.resource_manager),
            audience: &self.cloud.resource_manager_audience,
        };
        self.call_home(home, method, url, body, patience)
    }

    /// One call with the token of a host, which goes to no other host.
    pub(super) fn call_home(
        &self,
        home: Home<'_>,
        method: &str,
        url: &str,
        body: Body<'_>,
        patience: Patience,
    ) -> Result<Answer, CallError> {
        if !host(url).eq_ignore_ascii_case(home.host) || !url.starts_with("https://") {
            return Err(Failure::azure(
                format!("the response refers to another host: `{}`", host(url)),
                "prebake never sends a token to another host",
            )
            .help("check `--cloud`")
            .into());
        }
        let audience = home.audience;
        let mut refused = false;
        for looks in 0.. {
            let token = match self.session.token(audience) {
                Ok(token) => token,
                // A wait of an hour outlives a login that is away for a minute.
                Err(error) if error.passes() && patience.lasts() => {
                    std::thread::sleep(self.http.look(looks, None));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let call = Call { bearer: Some(&token), body, ..Call::new(method, url) };
            let answer = self.http.send(&call, patience)?;
            if answer.status == 401 && !refused {
                refused = true;
                self.session.forget(audience);
                continue;
            }
            if answer.is_success() {
                return Ok(answer);
            }
            return Err(CallError::of(&answer));
        }
        unreachable!("each turn returns or waits")
    }
}

/// A host, and for whom the tokens are that it takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Home<'a> {
    /// The host, with its port.
    pub host: &'a str,
    /// The audience.
    pub audience: &'a str,
}

/// The items of all pages of a list; `next` is the member that names the next page.
pub(super) fn pages(
    mut url: String,
    next: &str,
    mut get: impl FnMut(&str) -> Result<Option<Value>, CallError>,
) -> Result<Vec<Value>, CallError> {
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let Some(mut page) = get(&url)? else { break };
        if let Some(Value::Array(items)) = page.get_mut("value").map(Value::take) {
            found.extend(items);
        }
        match page.get(next).and_then(Value::as_str) {
            Some(link) if !link.is_empty() => link.clone_into(&mut url),
            _ => break,
        }
    }
    Ok(found)
}

/// The error of an operation that ended badly.
pub(super) fn ended(error: Option<&Value>, status: &str) -> CallError {
    let mut errors = error.map(errors_of).unwrap_or_default();
    if errors.is_empty() {
        let message =
            format!("the operation ended with status {status}, and Azure returned no reason");
        errors.push(AzureError { status: 0, code: String::new(), message, target: String::new() });
    }
    CallError::Refused(errors)
}
