//! A client of the stand-in for its own tests: it says what it sends, and reads what comes back.

use std::fmt::Write as _;
use std::io::{BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::{CLIENT, SECRET, Standin, TENANT};

/// An answer as it came in.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The code of ARM's error object.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or("").to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (known, value) = line.split_once(": ")?;
            known.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

/// Who asks.
pub struct Client<'a> {
    standin: &'a Standin,
    config: Arc<ClientConfig>,
    pub token: String,
}

impl<'a> Client<'a> {
    /// A client that trusts the stand-in's authority and has no token.
    pub fn stranger(standin: &'a Standin) -> Self {
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_file(standin.ca_file()).expect("a certificate");
        roots.add(ca).expect("an authority");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider knows TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { standin, config: Arc::new(config), token: String::new() }
    }

    /// A client with a token of Resource Manager.
    pub fn new(standin: &'a Standin) -> Self {
        let mut client = Self::stranger(standin);
        client.token = client.login(&[("client_secret", SECRET)], super::entra::MANAGEMENT);
        client
    }

    /// A token for an audience; empty where it is refused.
    pub fn login(&self, credential: &[(&str, &str)], audience: &str) -> String {
        let reply = self.token_reply(credential, audience);
        reply.json()["access_token"].as_str().unwrap_or("").to_owned()
    }

    pub fn token_reply(&self, credential: &[(&str, &str)], audience: &str) -> Reply {
        let mut form =
            format!("grant_type=client_credentials&client_id={CLIENT}&scope={audience}/.default");
        for (name, value) in credential {
            let _ = write!(form, "&{name}={value}");
        }
        let path = format!("/{TENANT}/oauth2/v2.0/token");
        self.send(
            "POST",
            &self.standin.base(),
            &path,
            "application/x-www-form-urlencoded",
            form.as_bytes(),
        )
    }

    /// A request to Resource Manager, below the subscription where the path is relative.
    pub fn ask(&self, method: &str, path: &str, body: &Value) -> Reply {
        let root = if path.starts_with('/') { "" } else { "/subscriptions/" };
        let subscription = if root.is_empty() { "" } else { super::SUBSCRIPTION };
        let slash = if root.is_empty() { "" } else { "/" };
        let path = format!("{root}{subscription}{slash}{path}");
        let mark = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{mark}api-version=2024-07-01");
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(method, &self.standin.base(), &path, "application/json", &body)
    }

    pub fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &Value::Null)
    }

    /// Any request: `host` is `https://localhost:8443`.
    pub fn send(&self, method: &str, host: &str, path: &str, kind: &str, body: &[u8]) -> Reply {
        let address = host.trim_start_matches("https://");
        let port: u16 =
            address.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        let name = ServerName::try_from("localhost").expect("a name");
        let connection = ClientConnection::new(Arc::clone(&self.config), name).expect("a client");
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the stand-in listens");
        let mut stream = StreamOwned::new(connection, stream);
        let head = format!(
            "{method} {} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n",
            path.replace(' ', "%20"),
            self.token,
            body.len()
        );
        let mut reply = Reply { status: 0, head: String::new(), text: String::new() };
        if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).is_err() {
            return reply;
        }
        let mut stream = BufReader::new(stream);
        let mut bytes = Vec::new();
        let mut byte = [0];
        while !bytes.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
            bytes.push(byte[0]);
        }
        reply.head = String::from_utf8_lossy(&bytes).into_owned();
        reply.status = reply.head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        let length: usize =
            reply.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let mut body = vec![0; if method == "HEAD" { 0 } else { length }];
        if stream.read_exact(&mut body).is_ok() {
            reply.text = String::from_utf8_lossy(&body).into_owned();
        }
        reply
    }
}

/// A deployment's body from the compiled files of a stage.
pub fn deployment(template: &Value, parameters: &Value) -> Value {
    json!({ "properties": {
        "mode": "Incremental", "template": template, "parameters": parameters["parameters"],
    } })
}
