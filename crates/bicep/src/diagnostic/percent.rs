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
