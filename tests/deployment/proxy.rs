//! A proxy between prebake and Azure, and the registry that lets only some through.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::run::CONFIG;
use super::{Outcome, Place};

/// A proxy that opens a tunnel for each `CONNECT` (RFC 9110, 9.3.6), and counts them.
struct Proxy {
    url: String,
    tunnels: Arc<AtomicUsize>,
}

impl Proxy {
    fn start(refuses: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port on loopback");
        let address = listener.local_addr().expect("an address");
        let tunnels = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&tunnels);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                std::thread::spawn(move || tunnel(&stream, &count, refuses));
            }
        });
        Self { url: format!("http://{address}"), tunnels }
    }

    fn count(&self) -> usize {
        self.tunnels.load(Ordering::SeqCst)
    }
}

fn tunnel(client: &TcpStream, count: &AtomicUsize, refuses: bool) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        reader.read_line(&mut head).ok().filter(|read| *read > 0)?;
    }
    let target = head.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    count.fetch_add(1, Ordering::SeqCst);
    let mut answers = client.try_clone().ok()?;
    if refuses {
        answers.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").ok()?;
        return None;
    }
    let server = TcpStream::connect(target.replace("localhost", "127.0.0.1")).ok()?;
    answers.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    let mut requests = server.try_clone().ok()?;
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut reader, &mut requests);
        let _ = requests.shutdown(std::net::Shutdown::Write);
    });
    std::io::copy(&mut &server, &mut answers).ok()?;
    answers.shutdown(std::net::Shutdown::Write).ok()
}

fn deploy(place: &Place, variables: &[(&str, &str)]) -> Outcome {
    let mut command = place.command(&["--full"]);
    command.envs(variables.iter().copied());
    Outcome::of(command.output().expect("the binary runs"))
}

#[test]
fn every_call_goes_through_the_proxy_that_the_environment_names() {
    let (place, proxy) = (Place::new(CONFIG), Proxy::start(false));
    deploy(&place, &[("HTTPS_PROXY", &proxy.url)]).succeeds();
    place.is_equal();
    // Resource Manager, the registry and Batch listen on ports of their own; each takes at least one tunnel.
    assert!(proxy.count() >= 2, "{}", proxy.count());
    let before = proxy.count();
    deploy(&place, &[("HTTPS_PROXY", &proxy.url), ("NO_PROXY", "localhost")]).succeeds();
    assert_eq!(proxy.count(), before);
    deploy(&place, &[("ALL_PROXY", &proxy.url)]).succeeds();
    assert!(proxy.count() > before);
}

#[test]
fn a_proxy_that_refuses_is_named() {
    let (place, proxy) = (Place::new(CONFIG), Proxy::start(true));
    let outcome = deploy(&place, &[("HTTPS_PROXY", &proxy.url)]).fails(1, "does not respond");
    assert!(outcome.errors.contains("HTTPS_PROXY"), "{}", outcome.errors);
    assert!(place.standin.take_requests().is_empty());
}

/// A quick build has no rights of its own where repositories have permissions.
#[test]
fn a_build_for_repository_permissions_works_as_the_caller() {
    let config = CONFIG.replace("create: true", "create: true, roleAssignmentMode: abac");
    let place = Place::new(&config);
    let task = std::fs::read_to_string(place.path().join("acr-task.yaml")).expect("it is rendered");
    assert!(task.contains("--source-acr-auth-id '[caller]'"), "{task}");
    place.deploy(&["--full"]).succeeds();
    place.is_equal();
    let requests = place.standin.take_requests();
    let runs: Vec<Value> = requests
        .iter()
        .filter(|one| one.request.path.ends_with("/scheduleRun"))
        .filter_map(|one| serde_json::from_slice(&one.request.body).ok())
        .collect();
    assert_eq!(runs.len(), 1);
    let caller = json!({ "sourceRegistry": { "identity": "[caller]" } });
    assert_eq!(runs[0]["credentials"], caller, "{:#}", runs[0]);
    place.standin.cloud().knobs.repository_rights = false;
    let outcome = place.deploy(&["--full"]).fails(1, "cannot be listed");
    assert!(outcome.errors.contains("Container Registry Repository"), "{}", outcome.errors);
}

#[test]
fn a_registry_behind_a_firewall_is_told_before_anything_is_written() {
    let place = Place::new(CONFIG);
    place.deploy(&["--full"]).succeeds();
    place.standin.take_requests();
    place.standin.cloud().knobs.registry_reachable = false;
    let outcome = place.deploy(&["--full"]).fails(1, "is not allowed access");
    assert!(outcome.errors.contains("firewall"), "{}", outcome.errors);
    let requests = place.standin.take_requests();
    assert!(requests.iter().all(|one| !one.is_write()));
}
