//! Values as text and back: JSON, base 64, URIs.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{
    Arguments, Evaluated, Failure, Outcome, display, string as string_value, text_of, wrong,
};

pub(super) fn string(arguments: Arguments<'_>) -> Outcome {
    string_value(display(&arguments[0])?)
}

pub(super) fn json(arguments: Arguments<'_>) -> Outcome {
    parse_json(text_of(&arguments[0])?)
}

fn parse_json(json: &str) -> Outcome {
    match serde_json::from_str(json) {
        Ok(value) => Ok(Evaluated::from_plain(&value)),
        Err(error) => Err(wrong(format!("the text is not JSON: {error}"), "pass a JSON text")),
    }
}

pub(super) fn base64(arguments: Arguments<'_>) -> Outcome {
    string_value(STANDARD.encode(text_of(&arguments[0])?))
}

pub(super) fn base64_to_string(arguments: Arguments<'_>) -> Outcome {
    string_value(decode_base64(text_of(&arguments[0])?)?)
}

pub(super) fn base64_to_json(arguments: Arguments<'_>) -> Outcome {
    parse_json(&decode_base64(text_of(&arguments[0])?)?)
}

fn decode_base64(encoded: &str) -> Result<String, Failure> {
    let bytes = STANDARD.decode(encoded.trim()).ok();
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| wrong("the text is not base 64 of a text", "pass what `base64` gives"))
}

pub(super) fn data_uri(arguments: Arguments<'_>) -> Outcome {
    let encoded = STANDARD.encode(display(&arguments[0])?);
    string_value(format!("data:text/plain;charset=utf8;base64,{encoded}"))
}

pub(super) fn data_uri_to_string(arguments: Arguments<'_>) -> Outcome {
    let uri = text_of(&arguments[0])?;
    let parts = uri.strip_prefix("data:").and_then(|rest| rest.split_once(','));
    match parts {
        Some((kind, data)) if kind.ends_with(";base64") => string_value(decode_base64(data)?),
        Some((_, data)) => string_value(percent_decode(data)?),
        None => Err(wrong("the text is no data URI", "pass what `dataUri` gives")),
    }
}

/// A relative address resolved against a base, as RFC 3986 has it for the cases that templates use.
pub(super) fn uri(arguments: Arguments<'_>) -> Outcome {
    let (base, relative) = (text_of(&arguments[0])?, text_of(&arguments[1])?);
    let Some(authority) = base.find("://").map(|at| at + 3) else {
        return Err(wrong("the base is no absolute address", "start it with `https://`"));
    };
    if relative.contains("://") {
        return string_value(relative);
    }
    let path = base[authority..].find('/').map_or(base.len(), |at| authority + at);
    let relative_path = relative.strip_prefix('/');
    let directory = match relative_path {
        Some(_) => &base[..path],
        None => base[..].rfind('/').filter(|at| *at >= path).map_or(base, |at| &base[..at]),
    };
    string_value(format!("{directory}/{}", relative_path.unwrap_or(relative)))
}

pub(super) fn uri_component(arguments: Arguments<'_>) -> Outcome {
    let mut encoded = String::new();
    for byte in text_of(&arguments[0])?.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            encoded.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    string_value(encoded)
}

pub(super) fn uri_component_to_string(arguments: Arguments<'_>) -> Outcome {
    string_value(percent_decode(text_of(&arguments[0])?)?)
}

fn percent_decode(encoded: &str) -> Result<String, Failure> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes)
        .map_err(|_| wrong("the text does not decode to a text", "pass what `uriComponent` gives"))
}
