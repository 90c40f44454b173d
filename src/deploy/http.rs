//! HTTP with TLS: one call at a time, sent again while the failure is one that passes.
//!
//! The only file that opens a socket. It knows nothing of Azure but how its services ask for patience:
//! `Retry-After` with 429 and 503
//! (<https://learn.microsoft.com/azure/architecture/best-practices/retry-service-specific>).

use std::io::Read;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::NamedTempFile;
use ureq::http::{Method, Request as HttpRequest};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, SendBody};

use super::failure::Failure;
use crate::diagnostic::percent;

/// The largest answer that is read: the list of all VM sizes of a region has about 4 MB.
const MOST_BYTES: u64 = 64 << 20;
const CONNECT: Duration = Duration::from_secs(10);
const CALL: Duration = Duration::from_secs(120);
/// An upload of a build context may be large and the line slow.
const UPLOAD: Duration = Duration::from_secs(3600);
/// How often a call is sent when nothing waits for it.
const ATTEMPTS: u32 = 5;
/// How often it is sent to a host that may be new: about a minute, since names take a while to be known.
const ATTEMPTS_TO_NEW: u32 = 8;
/// The shortest pause between two looks, whatever a service asks for.
const SHORTEST_LOOK: Duration = Duration::from_millis(20);
/// The longest pause that a single call takes.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// What a call sends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Body<'a> {
    /// Nothing.
    None,
    /// JSON.
    Json(&'a Value),
    /// JSON of the Batch data plane, which asks for a content type of its own.
    BatchJson(&'a Value),
    /// The fields of a form.
    Form(&'a [(&'a str, &'a str)]),
    /// A file as the content of a blob.
    Blob(&'a NamedTempFile),
}

/// One call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    /// `GET`, `PUT`, ...
    pub method: &'a str,
    /// The whole URL.
    pub url: &'a str,
    /// The token of the `Authorization` header.
    pub bearer: Option<&'a str>,
    /// More headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// What it sends.
    pub body: Body<'a>,
}

impl<'a> Call<'a> {
    /// A call without a token, headers or a body.
    pub(super) fn new(method: &'a str, url: &'a str) -> Self {
        Self { method, url, bearer: None, headers: &[], body: Body::None }
    }
}

/// What came back.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// HTTP status.
    pub status: u16,
    headers: Vec<(String, String)>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// A header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; nothing when it is none.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.bytes).ok()
    }

    /// Whether the status says that the call was done.
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What a status means that asks to come again.
    pub(crate) fn later(&self, url: &str) -> Option<Unreachable> {
        is_later(self.status).then(|| Unreachable {
            host: host(url).to_owned(),
            why: format!("it responds with status {}", self.status),
            passes: true,
        })
    }

    /// How long the service asks to wait, in seconds: `Retry-After` as a number.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header("retry-after")?.trim().parse::<f64>().ok()?;
        (seconds.is_finite() && seconds >= 0.0)
            .then(|| Duration::from_secs_f64(seconds.min(3600.0)))
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreachable {
    /// The host.
    pub host: String,
    /// In the words of the system.
    pub why: String,
    /// Another attempt may help.
    pub passes: bool,
}

impl Unreachable {
    /// As the failure of a command.
    pub(crate) fn failure(&self) -> Failure {
        let failure = Failure::azure(format!("`{}` does not respond", self.host), &self.why);
        if self.why.contains("certificate") || self.why.contains("UnknownIssuer") {
            return failure.help(
                "pass the certificate authority that signed its certificate with `--ca-file FILE`",
            );
        }
        failure.help(
            "check the network and, behind a proxy, `HTTPS_PROXY`; then run the same command again",
        )
    }
}

/// How long a call is repeated.
#[derive(Debug, Clone, Copy)]
pub(super) enum Patience {
    /// It is answered at once or not at all.
    None,
    /// A handful of times.
    Some,
    /// Some more, to a host that was just made.
    NewHost,
    /// Until a moment, as a wait for something long does.
    Until(Instant),
}

impl Patience {
    /// Whether it is a wait that is not over.
    pub(super) fn lasts(self) -> bool {
        matches!(self, Self::Until(end) if Instant::now() < end)
    }
}

/// The client.
#[derive(Debug, Clone)]
pub(super) struct Http {
    agent: Agent,
    direct: Agent,
    /// The longest pause between two looks at something that takes its time.
    pub longest_look: Duration,
}

impl Http {
    /// A client that trusts the authorities of a PEM file, or those of the system without one.
    pub(super) fn new(authorities: Option<&[u8]>, longest_look: Duration) -> Result<Self, Failure> {
        let roots = match authorities {
            None => RootCerts::PlatformVerifier,
            Some(pem) => RootCerts::new_with_certs(&certificates(pem)?),
        };
        let tls = TlsConfig::builder().root_certs(roots).build();
        let agent = || {
            Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .timeout_connect(Some(CONNECT))
                .user_agent(concat!("prebake/", env!("CARGO_PKG_VERSION")))
                .accept("application/json")
                .tls_config(tls.clone())
        };
        Ok(Self {
            agent: agent().https_only(true).build().new_agent(),
            // The metadata service of a machine answers on the link itself: without TLS, never by a proxy.
            direct: agent()
                .proxy(None)
                .timeout_connect(Some(Duration::from_secs(1)))
                .build()
                .new_agent(),
            longest_look,
        })
    }

    /// Sends a call until it is answered by more than "later". Gives the last answer, whatever its status.
    pub(super) fn send(&self, call: &Call<'_>, patience: Patience) -> Result<Answer, Unreachable> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let answer = once(&self.agent, call);
            let (later, asked) = match &answer {
                Ok(answer) => (is_later(answer.status), answer.retry_after()),
                Err(unreachable) => (unreachable.passes, None),
            };
            if !later {
                return answer;
            }
            let pause =
                asked.map_or_else(|| self.backoff(attempt), |asked| asked.max(SHORTEST_LOOK));
            let again = match patience {
                Patience::None => false,
                Patience::Some => attempt < ATTEMPTS && pause <= LONGEST_PAUSE,
                Patience::NewHost => attempt < ATTEMPTS_TO_NEW && pause <= LONGEST_PAUSE,
                Patience::Until(end) => Instant::now() + pause < end,
            };
            if !again {
                return answer;
            }
            std::thread::sleep(pause);
        }
    }

    /// Sends a call to the metadata service of this machine, once.
    pub(super) fn send_on_link(&self, call: &Call<'_>) -> Result<Answer, Unreachable> {
        once(&self.direct, call)
    }

    /// The pause before a call is sent again: longer each time.
    fn backoff(&self, attempt: u32) -> Duration {
        Duration::from_millis(250).saturating_mul(1 << attempt.min(7)).min(self.longest_look * 3)
    }

    /// Looks at something long again and again until a look gives something; nothing when the time is over.
    pub(super) fn watch<T>(
        &self,
        end: Instant,
        mut look: impl FnMut(Patience) -> Result<Option<T>, Failure>,
    ) -> Result<Option<T>, Failure> {
        for looks in 0.. {
            if let Some(found) = look(Patience::Until(end))? {
                return Ok(Some(found));
            }
            let pause = self.look(looks, None);
            if Instant::now() + pause > end {
                break;
            }
            std::thread::sleep(pause);
        }
        Ok(None)
    }

    /// The pause before the next look at something long: short at first, then longer.
    pub(super) fn look(&self, looks: u32, asked: Option<Duration>) -> Duration {
        let grown = Duration::from_millis(250)
            .saturating_mul(1 << (looks.min(6) / 2 * 2))
            .min(self.longest_look);
        asked.unwrap_or(grown).max(SHORTEST_LOOK)
    }
}

fn once(agent: &Agent, call: &Call<'_>) -> Result<Answer, Unreachable> {
    let failed = |error: ureq::Error| Unreachable {
        host: host(call.url).to_owned(),
        passes: passes(&error),
        why: error.to_string(),
    };
    let method = Method::from_bytes(call.method.as_bytes()).expect("methods are plain words");
    let mut request = HttpRequest::builder().method(method).uri(call.url);
    for (name, value) in call.headers {
        request = request.header(*name, *value);
    }
    if let Some(token) = call.bearer {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let limit = if matches!(call.body, Body::Blob(_)) { UPLOAD } else { CALL };
    let (content_type, mut body) = content(&call.body).map_err(|error| failed(error.into()))?;
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    if let Some(length) = body.1 {
        request = request.header("content-length", length);
    }
    let request = request.body(body.0.take()).map_err(|error| failed(error.into()))?;
    let (parts, body) = request.into_parts();
    let sent = if let Some(content) = body {
        let request = agent.configure_request(HttpRequest::from_parts(parts, content));
        let request = request.timeout_global(Some(limit)).allow_non_standard_methods(true);
        agent.run(request.build())
    } else {
        let request = agent.configure_request(HttpRequest::from_parts(parts, ()));
        let request = request.timeout_global(Some(limit)).allow_non_standard_methods(true);
        agent.run(request.build())
    };
    let mut response = sent.map_err(failed)?;
    let text = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let headers = response.headers().iter().filter_map(text).collect();
    let status = response.status().as_u16();
    let mut bytes = Vec::new();
    let mut reader = response.body_mut().with_config().limit(MOST_BYTES).reader();
    reader.read_to_end(&mut bytes).map_err(|error| failed(error.into()))?;
    Ok(Answer { status, headers, bytes })
}

type Content = (Option<SendBody<'static>>, Option<u64>);

fn content(body: &Body<'_>) -> std::io::Result<(Option<&'static str>, Content)> {
    let text = |kind, text: String| {
        let length = text.len() as u64;
        let body = SendBody::from_owned_reader(std::io::Cursor::new(text.into_bytes()));
        (Some(kind), (Some(body), Some(length)))
    };
    Ok(match body {
        Body::None => (None, (None, None)),
        Body::Json(value) => text("application/json", value.to_string()),
        Body::BatchJson(value) => {
            text("application/json; odata=minimalmetadata", value.to_string())
        }
        Body::Form(fields) => text("application/x-www-form-urlencoded", form(fields)),
        Body::Blob(file) => {
            let file = file.reopen()?;
            let length = file.metadata()?.len();
            (
                Some("application/octet-stream"),
                (Some(SendBody::from_owned_reader(file)), Some(length)),
            )
        }
    })
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", percent::component(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// The host of a URL with its port, in lower case as written.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())]
}

/// Whether a status asks to come again.
fn is_later(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

fn passes(error: &ureq::Error) -> bool {
    match error {
        ureq::Error::Io(error) => error.kind() != std::io::ErrorKind::InvalidData,
        ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::Protocol(_)
        | ureq::Error::BodyStalled
        | ureq::Error::ConnectProxyFailed(_) => true,
        _ => false,
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate<'static>>, Failure> {
    let wrong = |why: String| {
        Failure::input("the file of `--ca-file` contains no certificates", why)
            .help("use a PEM file that contains `-----BEGIN CERTIFICATE-----`")
    };
    let mut found = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(wrong(error.to_string())),
        }
    }
    if found.is_empty() { Err(wrong("no certificate was found".to_owned())) } else { Ok(found) }
}
