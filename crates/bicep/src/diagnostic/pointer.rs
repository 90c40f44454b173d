//! Names as segments of a JSON pointer (RFC 6901).

use std::borrow::Cow;

use jsonptr::Token;

/// A name as it stands in a pointer: `~` is `~0`, `/` is `~1`.
pub fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) {
        Cow::Owned(Token::new(name).encoded().to_owned())
    } else {
        Cow::Borrowed(name)
    }
}

/// The name that a segment stands for. A segment that is not well-formed stands for itself.
pub fn unescape(segment: &str) -> Cow<'_, str> {
    match Token::from_encoded(segment) {
        Ok(token) if segment.contains('~') => Cow::Owned(token.decoded().into_owned()),
        _ => Cow::Borrowed(segment),
    }
}
