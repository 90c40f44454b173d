//! The instance metadata service and the token exchange of a registry, before a plain registry.
//!
//! One HTTP server on loopback: it answers metadata requests as a VM with one identity gets them, trades
//! the identity's token for a refresh token as Azure's registries do, lets only its holder in, and hands
//! everything else to a `docker-registry` behind it. Failures can be ordered.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64_simd::STANDARD;

const NULL_USER: &str = "00000000-0000-0000-0000-000000000000";
pub const ACCESS_TOKEN: &str = "aad-access-token";
pub const REFRESH_TOKEN: &str = "acr-refresh-token";

/// A failure for the next requests whose path contains a text.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub path: &'static str,
    pub times: usize,
    pub answer: &'static str,
}

#[derive(Debug, Default)]
struct State {
    refusals: Vec<Refusal>,
    requests: Vec<String>,
}

/// The server; it lives as long as the test process.
#[derive(Debug, Clone)]
pub struct Front {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Front {
    pub fn start(registry: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let front = Self { address, state: Arc::default() };
        let server = front.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                thread::spawn(move || server.answer(stream, registry));
            }
        });
        front
    }

    pub fn refuse(&self, path: &'static str, times: usize, answer: &'static str) {
        let refusal = Refusal { path, times, answer };
        self.state.lock().expect("no test panicked in it").refusals.push(refusal);
    }

    /// How many requests had a path that contains a text.
    pub fn count(&self, path: &str) -> usize {
        let state = self.state.lock().expect("no test panicked in it");
        state.requests.iter().filter(|request| request.contains(path)).count()
    }

    fn answer(&self, mut stream: TcpStream, registry: SocketAddr) {
        let Some(request) = Request::read(&mut stream) else { return };
        let refusal = self.note(&request.line);
        if let Some(answer) = refusal {
            let _ = stream.write_all(answer.as_bytes());
        } else if request.line.contains(" /metadata/") {
            let _ = stream.write_all(metadata(&request).as_bytes());
        } else if request.line.contains(" /oauth2/exchange") {
            let _ = stream.write_all(exchange(&request).as_bytes());
        } else if request.header("authorization") == Some(basic()) {
            forward(&request, &mut stream, registry);
        } else {
            let text = "Www-Authenticate: Basic realm=\"registry\"\r\n";
            let body =
                r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"#;
            let _ = stream.write_all(response("401 Unauthorized", text, body).as_bytes());
        }
    }

    fn note(&self, line: &str) -> Option<&'static str> {
        let mut state = self.state.lock().expect("no test panicked in it");
        state.requests.push(line.to_owned());
        let refusal =
            state.refusals.iter_mut().find(|one| one.times > 0 && line.contains(one.path))?;
        refusal.times -= 1;
        Some(refusal.answer)
    }
}

fn basic() -> String {
    format!("Basic {}", STANDARD.encode_to_string(format!("{NULL_USER}:{REFRESH_TOKEN}")))
}

fn metadata(request: &Request) -> String {
    if request.header("metadata").as_deref() != Some("true") {
        return response("400 Bad Request", "", "the header Metadata: true is missing");
    }
    let line = percent_decoded(&request.line);
    let identity = "msi_res_id=/subscriptions/00000000-1111-2222-3333-444444444444/resourceGroups\
                    /vision-batch/providers/Microsoft.ManagedIdentity/userAssignedIdentities\
                    /vision-identity ";
    if line.contains("/instance/compute/subscriptionId") {
        response("200 OK", "", "00000000-1111-2222-3333-444444444444")
    } else if line.contains("/instance/compute/resourceGroupName") {
        response("200 OK", "", "vision-batch")
    } else if line.contains("resource=https://containerregistry.azure.net/")
        && line.contains(identity)
    {
        let body =
            format!("{{\n  \"access_token\": \"{ACCESS_TOKEN}\",\n  \"expires_in\": \"86399\"\n}}");
        response("200 OK", "", &body)
    } else {
        response("400 Bad Request", "", r#"{"error":"invalid_request"}"#)
    }
}

/// The two characters that matter here; curl writes them in either case.
fn percent_decoded(text: &str) -> String {
    [("%2F", "/"), ("%2f", "/"), ("%3A", ":"), ("%3a", ":")]
        .iter()
        .fold(text.to_owned(), |text, (code, character)| text.replace(code, character))
}

fn exchange(request: &Request) -> String {
    let body = percent_decoded(&String::from_utf8_lossy(&request.body));
    let good = body.contains("grant_type=access_token")
        && body.contains("service=127.0.0.1:")
        && body.contains(&format!("access_token={ACCESS_TOKEN}"));
    if good {
        response("200 OK", "", &format!(r#"{{"refresh_token":"{REFRESH_TOKEN}"}}"#))
    } else {
        response("401 Unauthorized", "", r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#)
    }
}

pub fn response(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Docker-Distribution-Api-Version: registry/2.0\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// Sends a request on without its credential, and the answer back as it comes.
fn forward(request: &Request, client: &mut TcpStream, registry: SocketAddr) {
    let Ok(mut server) = TcpStream::connect(registry) else { return };
    let mut head = format!("{}\r\nConnection: close\r\n", request.line);
    for (name, value) in &request.headers {
        if name != "authorization" && name != "connection" {
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    head.push_str("\r\n");
    let _ = server.write_all(head.as_bytes());
    let _ = server.write_all(&request.body);
    let _ = std::io::copy(&mut server, client);
}

struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read(&mut byte).ok()? == 0 {
                return None;
            }
            head.push(byte[0]);
            // A client that tries TLS first would wait for an answer to it.
            if head[0] == 0x16 {
                return None;
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next()?.to_owned();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
            .collect();
        let mut request = Self { line, headers, body: Vec::new() };
        let length = request.header("content-length").and_then(|text| text.parse().ok());
        request.body.resize(length.unwrap_or(0), 0);
        stream.read_exact(&mut request.body).ok()?;
        Some(request)
    }

    fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}
