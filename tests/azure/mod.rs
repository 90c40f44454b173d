//! A stateful stand-in of Azure on loopback, behind TLS.
//!
//! It keeps the state of a cloud and refuses what Azure refuses, so that a deployment can be run against it
//! and its end compared with what the render asks for. Each answer says where its shape is from. `Standin`
//! starts it, `Knobs` says how its Azure behaves, and `Fault` what goes wrong on the way there.
//!
//! Read `cloud` for the state, `server` for how requests come in, `management` for which path is answered
//! where, `deployment`, `template` and `provision` for how a template becomes resources.
#![expect(clippy::disallowed_methods, reason = "the stand-in has a clock, and tests read files")]
#![expect(dead_code, reason = "the scenarios that need the rest of it come with `prebake deploy`")]
#![expect(unused_imports, reason = "the same")]

mod answer;
mod batch;
mod blob;
mod client;
mod clock;
mod cloud;
mod compute;
mod deployment;
mod entra;
mod fault;
mod gallery;
mod http;
mod image_builder;
mod jobs;
mod knobs;
mod management;
mod provision;
mod registry;
mod serve;
mod server;
mod template;
mod tests;
mod tls;

use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard, OnceLock, Weak};

use serde_json::{Value, json};
use tempfile::TempDir;

pub use answer::{Answer, error_object, refusal};
pub use cloud::{CLIENT, Cloud, Resource, SECRET, SUBSCRIPTION, TENANT};
pub use fault::{Action, Fault};
pub use knobs::{BakeEnd, BuildEnd, Knobs};
pub use server::{Recorded, Service};

use http::Request;
use server::{Shared, lock};
use tls::Identity;

/// The status of a request for which there is no answer; Azure never gives it.
const NO_ROUTE: u16 = 599;

fn no_route() -> Answer {
    refusal(NO_ROUTE, "NotInStandIn", "The stand-in does not know this request.")
}

/// A page of a list, with `nextLink` where there is more.
fn list_page(request: &Request, values: Vec<Value>) -> Answer {
    const PAGE: usize = 50;
    let from: usize = request.query("$skiptoken").and_then(|text| text.parse().ok()).unwrap_or(0);
    let more = values.len() > from + PAGE;
    let page: Vec<Value> = values.into_iter().skip(from).take(PAGE).collect();
    let mut body = json!({ "value": page });
    if more {
        let host = request.header("host").unwrap_or("localhost");
        let mut link = format!("https://{host}{}?$skiptoken={}", request.path, from + PAGE);
        for name in ["api-version", "$filter"] {
            if let Some(value) = request.query(name) {
                let value = value.replace(' ', "%20").replace('\'', "%27");
                link = format!("{link}&{name}={value}");
            }
        }
        body["nextLink"] = json!(link);
    }
    Answer::ok(&body)
}

/// A running stand-in; it stops when it is dropped.
pub struct Standin {
    shared: Arc<Shared>,
    folder: TempDir,
    port: u16,
    metadata: u16,
}

impl Standin {
    /// An empty subscription, on ports of the system's choice.
    pub fn start() -> Self {
        Self::start_at(0)
    }

    /// On this port.
    pub fn start_at(port: u16) -> Self {
        let identity = Identity::new();
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("ca.pem"), &identity.ca_pem).expect("a new file");
        let back: Arc<OnceLock<Weak<Shared>>> = Arc::default();
        let open = {
            let back = Arc::clone(&back);
            move |service| {
                let shared = back.get().and_then(Weak::upgrade).expect("the stand-in runs");
                shared.listen(service, 0)
            }
        };
        let shared = Arc::new(Shared::new(Cloud::new(Arc::new(open)), identity.config));
        back.set(Arc::downgrade(&shared)).expect("set once");
        let port = shared.listen(Service::Management, port);
        let metadata = shared.listen(Service::Metadata, 0);
        lock(&shared.cloud).set_base(port);
        let standin = Self { shared, folder, port, metadata };
        let endpoints = standin.endpoints();
        std::fs::write(standin.cloud_file(), endpoints).expect("a new file");
        standin
    }

    fn endpoints(&self) -> Vec<u8> {
        let request = Request {
            method: "GET".to_owned(),
            path: "/metadata/endpoints".to_owned(),
            query: vec![("api-version".to_owned(), "2022-09-01".to_owned())],
            headers: Vec::new(),
            body: Vec::new(),
        };
        entra::endpoints(&self.cloud(), &request).body
    }

    /// `https://localhost:8443`
    pub fn base(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// `http://127.0.0.1:8442`: the instance metadata service of a VM.
    pub fn metadata_base(&self) -> String {
        format!("http://127.0.0.1:{}", self.metadata)
    }

    /// The certificate authority, for `--ca-file`.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The cloud's endpoints, for `--cloud`.
    pub fn cloud_file(&self) -> PathBuf {
        self.folder.path().join("cloud.json")
    }

    /// The environment of a login with a client secret.
    pub fn secret_environment() -> Vec<(&'static str, String)> {
        vec![
            ("AZURE_TENANT_ID", TENANT.to_owned()),
            ("AZURE_CLIENT_ID", CLIENT.to_owned()),
            ("AZURE_CLIENT_SECRET", SECRET.to_owned()),
            ("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION.to_owned()),
        ]
    }

    /// The environment of a GitHub job with a federated credential.
    pub fn github_environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AZURE_TENANT_ID", TENANT.to_owned()),
            ("AZURE_CLIENT_ID", CLIENT.to_owned()),
            ("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION.to_owned()),
            (
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                format!("{}/oidc/github?api-version=2.0", self.base()),
            ),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", entra::GITHUB_TOKEN.to_owned()),
        ]
    }

    /// The environment of an Azure DevOps job with a service connection.
    pub fn devops_environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AZURE_TENANT_ID", TENANT.to_owned()),
            ("AZURE_CLIENT_ID", CLIENT.to_owned()),
            ("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION.to_owned()),
            (
                "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
                "11111111-0000-4000-8000-000000000001".to_owned(),
            ),
            ("SYSTEM_OIDCREQUESTURI", format!("{}/oidc/devops", self.base())),
            ("SYSTEM_ACCESSTOKEN", entra::DEVOPS_TOKEN.to_owned()),
        ]
    }

    /// The environment of an app in App Service with an identity.
    pub fn app_environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("IDENTITY_ENDPOINT", format!("{}/msi/token", self.metadata_base())),
            ("IDENTITY_HEADER", entra::APP_HEADER.to_owned()),
            ("AZURE_SUBSCRIPTION_ID", SUBSCRIPTION.to_owned()),
        ]
    }

    /// What the Azure CLI prints as a token, for each audience that this cloud names.
    pub fn cli_tokens(&self) -> Vec<(&'static str, String)> {
        let cloud = self.cloud();
        let audiences = [entra::MANAGEMENT, entra::BATCH];
        audiences
            .map(|audience| (audience, entra::cli_token(&cloud, audience).to_string()))
            .to_vec()
    }

    /// An assertion as Kubernetes writes it into `AZURE_FEDERATED_TOKEN_FILE`.
    pub fn assertion(&self) -> String {
        entra::assertion(&self.cloud(), "system:serviceaccount:prebake:deploy")
    }

    /// The state of the cloud. Requests wait while it is held.
    pub fn cloud(&self) -> MutexGuard<'_, Cloud> {
        let mut cloud = lock(&self.shared.cloud);
        cloud.settle();
        cloud
    }

    pub fn add_fault(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// The process that `Action::KillBefore` and `Action::KillAfter` kill.
    pub fn set_caller(&self, pid: Option<u32>) {
        self.shared.set_caller(pid);
    }

    /// The requests since the start or the last call of this function.
    pub fn take_requests(&self) -> Vec<Recorded> {
        std::mem::take(&mut *lock(&self.shared.requests))
    }

    /// The same, which stay.
    pub fn requests(&self) -> Vec<Recorded> {
        lock(&self.shared.requests).clone()
    }

    /// Reads a file of the stand-in's own folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Standin {
    fn drop(&mut self) {
        self.shared.stop();
    }
}
