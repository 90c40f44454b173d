//! Listens on loopback, lets faults strike, records every request and hands it to the cloud.

use std::io::{self, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::answer::Answer;
use super::cloud::Cloud;
use super::fault::{Action, Fault};
use super::http::{self, Request};
use super::{batch, entra, management, registry};

/// What listens on a port of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Azure Resource Manager, Entra ID and blob storage.
    Management,
    /// The data plane of the registry with this name.
    Registry(String),
    /// The data plane of the Batch account with this name.
    Batch(String),
    /// The instance metadata service of a VM, without TLS.
    Metadata,
}

/// A request that has come in.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub service: Service,
    pub request: Request,
    /// What was answered; `None` where the connection broke or the caller was killed.
    pub status: Option<u16>,
    /// When it was answered.
    pub at: Instant,
}

impl Recorded {
    /// Whether it asks for a change: all but reads, and the posts that only read.
    pub fn is_write(&self) -> bool {
        const READS: [&str; 12] = [
            "/oauth2/",
            "/validate",
            "/whatif",
            "/retrievebootdiagnosticsdata",
            "/listlogsasurl",
            "/listbuildsourceuploadurl",
            "/checknameavailability",
            "/listdetails",
            "/listkeys",
            "/getprofile",
            "/oidctoken",
            "/checkaccess",
        ];
        let path = self.request.path.to_lowercase();
        match self.request.method.as_str() {
            "GET" | "HEAD" => false,
            "POST" => !READS.iter().any(|read| path.contains(read)),
            _ => true,
        }
    }

    pub fn line(&self) -> String {
        format!("{} {}", self.request.method, self.request.path)
    }
}

/// What all connections share.
pub struct Shared {
    pub cloud: Mutex<Cloud>,
    pub faults: Mutex<Vec<Fault>>,
    pub requests: Mutex<Vec<Recorded>>,
    caller: Mutex<Option<u32>>,
    caller_is_known: Condvar,
    tls: Arc<ServerConfig>,
    ports: Mutex<Vec<u16>>,
    stopped: Mutex<bool>,
}

pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // A handler that panicked has failed its test already; the others still want to say what they saw.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub fn new(cloud: Cloud, tls: Arc<ServerConfig>) -> Self {
        Self {
            cloud: Mutex::new(cloud),
            faults: Mutex::default(),
            requests: Mutex::default(),
            caller: Mutex::default(),
            caller_is_known: Condvar::new(),
            tls,
            ports: Mutex::default(),
            stopped: Mutex::new(false),
        }
    }

    /// The process that a fault kills.
    pub fn set_caller(&self, pid: Option<u32>) {
        *lock(&self.caller) = pid;
        self.caller_is_known.notify_all();
    }

    fn kill_caller(&self) {
        let wait = Duration::from_secs(10);
        let known =
            self.caller_is_known.wait_timeout_while(lock(&self.caller), wait, |pid| pid.is_none());
        let pid = known.unwrap_or_else(PoisonError::into_inner).0.take();
        let pid = pid.expect("a fault that kills needs `Standin::set_caller`").to_string();
        let _ = Command::new("kill").args(["-9", &pid]).status();
    }

    /// Opens a port for a service and serves it until the stand-in is dropped.
    pub fn listen(self: &Arc<Self>, service: Service, port: u16) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port on loopback");
        let port = listener.local_addr().expect("an address").port();
        lock(&self.ports).push(port);
        let shared = Arc::clone(self);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if *lock(&shared.stopped) {
                    return;
                }
                let (shared, service) = (Arc::clone(&shared), service.clone());
                if let Ok(stream) = stream {
                    thread::spawn(move || shared.connection(stream, &service));
                }
            }
        });
        port
    }

    pub fn stop(&self) {
        *lock(&self.stopped) = true;
        for port in lock(&self.ports).drain(..) {
            let _ = TcpStream::connect(("127.0.0.1", port));
        }
    }

    fn connection(&self, stream: TcpStream, service: &Service) {
        let _ = stream.set_nodelay(true);
        if *service == Service::Metadata {
            let _ = self.requests_of(stream, service);
            return;
        }
        let connection = ServerConnection::new(Arc::clone(&self.tls)).expect("a TLS connection");
        let _ = self.requests_of(StreamOwned::new(connection, stream), service);
    }

    fn requests_of(&self, stream: impl Read + Write, service: &Service) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(request) = http::read(&mut stream)? {
            let head = request.method == "HEAD";
            let Some(answer) = self.serve(request, service) else { return Ok(()) };
            http::write(stream.get_mut(), &answer, head)?;
        }
        Ok(())
    }

    fn fault(&self, request: &Request) -> Option<Action> {
        let mut faults = lock(&self.faults);
        let mut struck = faults.iter_mut().filter_map(|fault| {
            fault.strikes(&request.method, &request.path).then(|| fault.action.clone())
        });
        struck.next()
    }

    /// The answer to a request; `None` where the connection breaks.
    fn serve(&self, request: Request, service: &Service) -> Option<Answer> {
        let action = self.fault(&request);
        let answer = match &action {
            Some(Action::Answer(answer)) => Some(answer.clone()),
            Some(Action::DropRequest) => None,
            Some(Action::KillBefore) => {
                self.kill_caller();
                None
            }
            Some(Action::Delay(time)) => {
                thread::sleep(*time);
                Some(self.handle(&request, service))
            }
            None => Some(self.handle(&request, service)),
            Some(Action::DropAnswer) => {
                self.handle(&request, service);
                None
            }
            Some(Action::KillAfter) => {
                self.handle(&request, service);
                self.kill_caller();
                None
            }
        };
        let status = answer.as_ref().map(|answer| answer.status);
        lock(&self.requests).push(Recorded {
            service: service.clone(),
            request,
            status,
            at: Instant::now(),
        });
        answer.map(|answer| {
            let id = "00000000-0000-4000-8000-000000000001";
            answer.with_header("x-ms-request-id", id).with_header("x-ms-correlation-request-id", id)
        })
    }

    fn handle(&self, request: &Request, service: &Service) -> Answer {
        let mut cloud = lock(&self.cloud);
        cloud.settle();
        let outcome = match service {
            Service::Management => management::answer(&mut cloud, request),
            Service::Registry(name) => registry::data_plane(&mut cloud, name, request),
            Service::Batch(name) => batch::data_plane(&mut cloud, name, request),
            Service::Metadata => entra::instance_metadata(&cloud, request),
        };
        let answer = outcome.unwrap_or_else(|refusal| refusal);
        if answer.status == super::NO_ROUTE {
            cloud.unknown.push(format!("{service:?}: {} {}", request.method, request.path));
        }
        answer
    }
}
