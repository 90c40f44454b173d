//! Percent-encoding of URLs (RFC 3986).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but the unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The same, with the slashes of a path left as they are.
const RESERVED_IN_A_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A text as one component of a URL or of a form.
pub fn component(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A path of a URL.
pub fn path(text: &str) -> String {
    utf8_percent_encode(text, RESERVED_IN_A_PATH).to_string()
}

/// A path as a URI reference: relative ones stay relative to the repository, absolute ones get a scheme.
pub fn uri(name: &str) -> String {
    let name = name.replace('\\', "/");
    let name = name.trim_start_matches("./");
    if name.starts_with('/') {
        return format!("file://{}", path(name));
    }
    match name.split_once(':') {
        Some((drive, rest)) if drive.len() == 1 => {
            format!("file:///{drive}:{}", path(rest))
        }
        _ => path(name),
    }
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_uri_references() {
        assert_eq!(uri("./examples/gpu preload.yaml"), "examples/gpu%20preload.yaml");
        assert_eq!(uri("/srv/a#b.yaml"), "file:///srv/a%23b.yaml");
        assert_eq!(uri("C:\\x\\ä.yaml"), "file:///C:/x/%C3%A4.yaml");
        assert_eq!(uri("a:b.yaml"), "file:///a:b.yaml");
        assert_eq!(uri("out/x:y.bicep"), "out/x%3Ay.bicep");
    }
}
