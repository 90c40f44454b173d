//! A stand-in for the services that take comments. It remembers requests and answers from a list of comments.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What the service holds and was asked.
#[derive(Default)]
pub(super) struct Held {
    /// Method, path and body of each request.
    pub requests: Vec<(String, String, Value)>,
    /// What it lists, in the form of the service.
    pub listed: Value,
    /// Whether the token only reads.
    pub read_only: bool,
}

/// Starts it on a port of its own. It ends with the test process.
pub(super) fn start(listed: Value) -> (String, Arc<Mutex<Held>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let held = Arc::new(Mutex::new(Held { listed, ..Held::default() }));
    let shared = Arc::clone(&held);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            answer(stream.expect("a connection"), &shared);
        }
    });
    (url, held)
}

fn answer(mut stream: TcpStream, held: &Mutex<Held>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let (method, path, start, length) = loop {
        let read = stream.read(&mut buffer).expect("a request");
        assert!(read > 0, "the request ends early");
        bytes.extend_from_slice(buffer.get(..read).expect("it was read"));
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut headers);
        if let httparse::Status::Complete(start) = request.parse(&bytes).expect("it is HTTP") {
            let length = request.headers.iter().find_map(|header| {
                let is_length = header.name.eq_ignore_ascii_case("content-length");
                is_length.then(|| std::str::from_utf8(header.value).ok()?.parse().ok())?
            });
            let method = request.method.expect("it has a method").to_owned();
            let path = request.path.expect("it has a path").to_owned();
            break (method, path, start, length.unwrap_or(0_usize));
        }
    };
    while bytes.len() < start + length {
        let read = stream.read(&mut buffer).expect("a body");
        bytes.extend_from_slice(buffer.get(..read).expect("it was read"));
    }
    let body = serde_json::from_slice(bytes.get(start..).expect("a body")).unwrap_or(Value::Null);
    let mut held = held.lock().expect("no test panicked");
    let refused = held.read_only && method != "GET";
    let (status, answer) = match (method.as_str(), refused) {
        (_, true) => {
            ("403 Forbidden", json!({ "message": "Resource not accessible by integration" }))
        }
        ("GET", _) => ("200 OK", held.listed.clone()),
        _ => ("200 OK", json!({})),
    };
    held.requests.push((method, path, body));
    let body = answer.to_string();
    let start_line =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(format!("{start_line}{body}").as_bytes()).expect("it is taken");
}
