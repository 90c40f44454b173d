use std::sync::OnceLock;

use regex_lite::{Regex, RegexBuilder};

/// The largest program that a pattern may make, in bytes.
const PROGRAM_BYTES: usize = 256 * 1024;

/// A pattern of a schema, made ready when a text first needs it.
#[derive(Debug)]
pub(super) struct Pattern {
    text: String,
    /// Nothing for a pattern that is left to the engine.
    ready: OnceLock<Option<Ready>>,
}

/// Its engine is built in microseconds and matches short texts well enough; names are all it ever sees.
#[derive(Debug)]
struct Ready {
    regex: Regex,
    /// Characters that may not stand at the end: Azure's types say so with a look-behind.
    never_last: String,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned(), ready: OnceLock::new() }
    }

    /// Whether a text plainly matches. Only one of ASCII: outside of it, the dialects of patterns differ.
    pub(super) fn matches(&self, text: &str) -> bool {
        let ready = || self.ready.get_or_init(|| Ready::new(&self.text)).as_ref();
        text.is_ascii() && ready().is_some_and(|ready| ready.matches(text))
    }
}

impl Ready {
    fn new(pattern: &str) -> Option<Self> {
        let mut never_last = String::new();
        let mut plain = pattern.to_owned();
        if let Some((before, set)) = pattern.rsplit_once("(?<![")
            && let Some(set) = set.strip_suffix("])$")
        {
            // A set of plain characters only: a range or a class would mean something else.
            let meant = |c: char| c.is_ascii_alphanumeric() || matches!(c, '\\' | '^' | '[');
            if set.chars().any(meant) || set.get(1..).is_some_and(|rest| rest.contains('-')) {
                return None;
            }
            set.clone_into(&mut never_last);
            plain = format!("{before}$");
        }
        let regex = RegexBuilder::new(&plain).size_limit(PROGRAM_BYTES).build().ok()?;
        Some(Self { regex, never_last })
    }

    fn matches(&self, text: &str) -> bool {
        let ends_well = !text.ends_with(|last| self.never_last.contains(last));
        ends_well && self.regex.is_match(text)
    }
}
