//! Blob storage behind shared access signatures: consoles, logs of runs, contexts of builds.

use super::answer::{Answer, Outcome, blob_refusal};
use super::cloud::Cloud;
use super::http::Request;
use super::{compute, registry};

/// `/blob/...`. Shapes: <https://learn.microsoft.com/rest/api/storageservices/get-blob> and `.../put-blob`.
pub fn answer(cloud: &mut Cloud, request: &Request, path: &str) -> Outcome {
    if request.query("sig").is_none() {
        return Err(blob_refusal(
            403,
            "AuthenticationFailed",
            "Server failed to authenticate the request.",
        ));
    }
    match request.method.as_str() {
        "PUT" => Ok(put(cloud, request, path)),
        "GET" | "HEAD" => get(cloud, request, path),
        _ => Err(super::no_route()),
    }
}

fn put(cloud: &mut Cloud, request: &Request, path: &str) -> Answer {
    let written = Answer::empty(201)
        .with_header("ETag", "\"0x8D\"")
        .with_header("Last-Modified", "Sun, 29 Nov 2026 10:00:00 GMT")
        .with_header("x-ms-request-server-encrypted", "true");
    match request.query("comp") {
        // The blocks of one client come in order.
        Some("block") => {
            cloud.blobs.entry(path.to_owned()).or_default().extend_from_slice(&request.body);
        }
        Some("blocklist") => {}
        _ if request.header("x-ms-blob-type").is_none() => {
            return blob_refusal(
                400,
                "MissingRequiredHeader",
                "An HTTP header that's mandatory for this request is not specified. x-ms-blob-type",
            );
        }
        _ => {
            cloud.blobs.insert(path.to_owned(), request.body.clone());
        }
    }
    written
}

fn get(cloud: &mut Cloud, request: &Request, path: &str) -> Outcome {
    let look = request.method == "GET";
    let console =
        path.strip_prefix("boot/").and_then(|name| name.strip_suffix(".serialconsole.log"));
    let run = path.strip_prefix("logs/").and_then(|name| name.strip_suffix("/rawtext.log"));
    let missing = || blob_refusal(404, "BlobNotFound", "The specified blob does not exist.");
    let (bytes, complete) = match (console, run) {
        (Some(vm), _) => (compute::console(cloud, vm, look)?, None),
        (_, Some(run)) => registry::log(cloud, run).ok_or_else(missing)?,
        _ => (cloud.blobs.get(path).cloned().ok_or_else(missing)?, None),
    };
    let range = request.header("x-ms-range").or(request.header("range"));
    let answer = match range.and_then(|text| text.strip_prefix("bytes=")) {
        None => Answer::bytes("text/plain", bytes),
        Some(range) => part(&bytes, range)?,
    };
    let answer = answer
        .with_header("ETag", "\"0x8D\"")
        .with_header("Last-Modified", "Sun, 29 Nov 2026 10:00:00 GMT")
        .with_header("x-ms-blob-type", "AppendBlob")
        .with_header("Accept-Ranges", "bytes");
    // The registry's service sets it when the run has ended; the CLI waits for it.
    Ok(match complete {
        Some(state) => answer.with_header("x-ms-meta-Complete", state),
        None => answer,
    })
}

fn part(bytes: &[u8], range: &str) -> Outcome {
    let (from, to) = range.split_once('-').unwrap_or((range, ""));
    let from: usize = from.parse().unwrap_or(0);
    let last = bytes.len().saturating_sub(1);
    let to = to.parse().unwrap_or(last).min(last);
    if from >= bytes.len() {
        return Err(blob_refusal(
            416,
            "InvalidRange",
            "The range specified is invalid for the current size of the resource.",
        ));
    }
    let content = format!("bytes {from}-{to}/{}", bytes.len());
    let answer = Answer { status: 206, ..Answer::bytes("text/plain", bytes[from..=to].to_vec()) };
    Ok(answer.with_header("Content-Range", content))
}
