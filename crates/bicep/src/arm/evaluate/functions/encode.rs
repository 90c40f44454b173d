//! Values as text and back: JSON, base 64, URIs.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64_simd::STANDARD;
use percent_encoding::percent_decode_str;

use super::{
    Arguments, Evaluated, Failure, Outcome, display, expected, json, string as string_value,
    text_of, wrong,
};
use crate::arm::evaluate::Properties;
use crate::diagnostic::percent;

pub(super) fn string(arguments: Arguments<'_>) -> Outcome {
    match &arguments[0] {
        value @ Evaluated::Null => Err(expected("a value", value)),
        value => string_value(display(value)?),
    }
}

pub(super) fn json(arguments: Arguments<'_>) -> Outcome {
    json::read(text_of(&arguments[0])?)
}

pub(super) fn base64(arguments: Arguments<'_>) -> Outcome {
    string_value(STANDARD.encode_to_string(text_of(&arguments[0])?))
}

pub(super) fn base64_to_string(arguments: Arguments<'_>) -> Outcome {
    string_value(decode_base64(text_of(&arguments[0])?)?)
}

pub(super) fn base64_to_json(arguments: Arguments<'_>) -> Outcome {
    json::read(&decode_base64(text_of(&arguments[0])?)?)
}

fn decode_base64(encoded: &str) -> Result<String, Failure> {
    let bytes = STANDARD.decode_to_vec(encoded.trim()).ok();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).ok_or_else(|| {
        wrong("the argument is not a base64-encoded string", "pass the result of `base64`")
    })
}

pub(super) fn data_uri(arguments: Arguments<'_>) -> Outcome {
    let encoded = STANDARD.encode_to_string(display(&arguments[0])?);
    string_value(format!("data:text/plain;charset=utf-8;base64,{encoded}"))
}

pub(super) fn data_uri_to_string(arguments: Arguments<'_>) -> Outcome {
    let uri = text_of(&arguments[0])?;
    let parts = uri.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    match parts {
        Some((kind, data)) if kind.ends_with(";base64") => string_value(decode_base64(data)?),
        Some((_, data)) => string_value(percent_decode(data)?),
        None => Err(wrong("the string is not a data URI", "pass the result of `dataUri`")),
    }
}

/// A relative address resolved against a base, as RFC 3986 has it for the cases that templates use.
pub(super) fn uri(arguments: Arguments<'_>) -> Outcome {
    let (base, relative) = (text_of(&arguments[0])?, text_of(&arguments[1])?);
    let Some(authority) = base.find("://").map(|at| at + 3) else {
        return Err(wrong("the base is not an absolute URI", "start it with `https://`"));
    };
    if let Some(at) = relative.find("://") {
        let rooted = relative[at + 3..].contains('/');
        return string_value(if rooted { relative.to_owned() } else { format!("{relative}/") });
    }
    let path = base[authority..].find('/').map_or(base.len(), |at| authority + at);
    let (host, directory) = base.split_at(path);
    let directory = directory.rfind('/').map_or("/", |at| &directory[..=at]);
    string_value(if relative.is_empty() {
        if path == base.len() { format!("{base}/") } else { base.to_owned() }
    } else if relative.starts_with('/') {
        format!("{host}{relative}")
    } else {
        format!("{host}{}", without_dots(&format!("{directory}{relative}")))
    })
}

/// The parts of an absolute address.
pub(super) fn parse_uri(arguments: Arguments<'_>) -> Outcome {
    let uri = text_of(&arguments[0])?;
    let Some((scheme, rest)) = uri.split_once("://") else {
        return Err(wrong("the string is not an absolute URI", "start it with `https://`"));
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let (host, port) = match host.rsplit_once(':') {
        Some((name, port)) => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (host, None),
        },
        None => (host, None),
    };
    let text = |text: &str| Evaluated::String(text.to_owned());
    let path = if path.is_empty() { "/" } else { path };
    let mut parts = Properties::default();
    parts.insert("scheme".to_owned(), text(&scheme.to_ascii_lowercase()));
    parts.insert("host".to_owned(), text(&host.to_ascii_lowercase()));
    if let Some(port) = port {
        parts.insert("port".to_owned(), Evaluated::Integer(port));
    }
    parts.insert("path".to_owned(), text(path));
    if !query.is_empty() {
        parts.insert("query".to_owned(), text(query));
    }
    Ok(Evaluated::Object(parts))
}

/// An address of its parts.
pub(super) fn build_uri(arguments: Arguments<'_>) -> Outcome {
    let Evaluated::Object(parts) = &arguments[0] else {
        return Err(expected("an object", &arguments[0]));
    };
    let read = |name: &str| parts.get(name).map(display).transpose();
    let (Some(scheme), Some(host)) = (read("scheme")?, read("host")?) else {
        return Err(wrong("a URI needs a scheme and a host", "set `scheme` and `host`"));
    };
    let port = read("port")?.map(|port| format!(":{port}")).unwrap_or_default();
    let path = written_path(&read("path")?.unwrap_or_default());
    let slash = if path.starts_with('/') { "" } else { "/" };
    let query = read("query")?.filter(|query| !query.is_empty()).unwrap_or_default();
    let mark = if query.is_empty() || query.starts_with('?') { "" } else { "?" };
    string_value(format!("{scheme}://{host}{port}{slash}{path}{mark}{query}"))
}

/// A path as .NET's `Uri` shows it: a blank stands for itself, a control character does not.
fn written_path(path: &str) -> String {
    let mut written = String::with_capacity(path.len());
    for character in path.replace("%20", " ").chars() {
        match character {
            '\\' => written.push('/'),
            control if control.is_ascii_control() => {
                let _ = write!(written, "%{:02X}", u32::from(control));
            }
            other => written.push(other),
        }
    }
    written
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let (path, rest) = path.split_at(path.find(['?', '#']).unwrap_or(path.len()));
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').skip(1) {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}{rest}", parts.join("/"))
}

pub(super) fn uri_component(arguments: Arguments<'_>) -> Outcome {
    string_value(percent::component(text_of(&arguments[0])?))
}

pub(super) fn uri_component_to_string(arguments: Arguments<'_>) -> Outcome {
    string_value(percent_decode(text_of(&arguments[0])?)?)
}

fn percent_decode(encoded: &str) -> Result<String, Failure> {
    let decoded = percent_decode_str(encoded).decode_utf8();
    decoded.map(Cow::into_owned).map_err(|_| {
        wrong("the argument is not a URI-encoded string", "pass the result of `uriComponent`")
    })
}
