use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use regex::bytes::{Regex as FastRegex, RegexBuilder as FastRegexBuilder};
use regex_lite::{Regex, RegexBuilder};

/// The largest program that a pattern may make, in bytes.
const PROGRAM_BYTES: usize = 256 * 1024;
/// Texts after which the faster engine is worth its making: those of a fleet.
const MANY_TEXTS: usize = 64;
/// Most texts of a pattern that are kept, and their longest in bytes.
const KEPT: usize = 16;
const LONGEST_KEPT: usize = 128;

/// A pattern of a schema, made ready when a text first needs it.
#[derive(Debug)]
pub(super) struct Pattern {
    text: String,
    /// Nothing for a pattern that is left to the engine.
    ready: OnceLock<Option<Ready>>,
    /// The first texts that matched: such as versions and types, they come again.
    matched: Box<[OnceLock<Box<str>>]>,
}

/// The first engine is built in microseconds and slow, the other is built in a hundred times that and fast.
#[derive(Debug)]
struct Ready {
    plain: String,
    regex: Regex,
    texts: AtomicUsize,
    /// Nothing when it cannot be built.
    fast: OnceLock<Option<FastRegex>>,
    /// Characters that may not stand at the end: Azure's types say so with a look-behind.
    never_last: String,
}

impl Pattern {
    pub(super) fn new(text: &str) -> Self {
        let matched = (0..KEPT).map(|_| OnceLock::new()).collect();
        Self { text: text.to_owned(), ready: OnceLock::new(), matched }
    }

    /// Whether a text plainly matches. Only one of ASCII: outside of it, the dialects of patterns differ.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut known = self.matched.iter().map_while(OnceLock::get);
        if known.any(|known| **known == *text) {
            return true;
        }
        let ready = || self.ready.get_or_init(|| Ready::new(&self.text)).as_ref();
        let matches = text.is_ascii() && ready().is_some_and(|ready| ready.matches(text));
        if matches && text.len() <= LONGEST_KEPT {
            let free = self.matched.iter().find(|slot| slot.get().is_none());
            let _ = free.map(|slot| slot.set(text.into()));
        }
        matches
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
        Some(Self { plain, regex, texts: AtomicUsize::new(0), fast: OnceLock::new(), never_last })
    }

    fn matches(&self, text: &str) -> bool {
        if text.ends_with(|last| self.never_last.contains(last)) {
            return false;
        }
        if self.texts.fetch_add(1, Ordering::Relaxed) < MANY_TEXTS {
            return self.regex.is_match(text);
        }
        match self.fast.get_or_init(|| fast(&self.plain)) {
            Some(fast) => fast.is_match(text.as_bytes()),
            None => self.regex.is_match(text),
        }
    }
}

/// Without Unicode it means the same for texts of ASCII.
fn fast(plain: &str) -> Option<FastRegex> {
    FastRegexBuilder::new(plain).unicode(false).size_limit(PROGRAM_BYTES).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_engines_say_the_same() {
        let patterns = [
            r"^[^/@]+(/[^/@]+)*(@.+)?$",
            r"^[^_\W][\w\-._]{0,79}(?<![-.])$",
            r"^(\d{4}-\d{2}-\d{2}(-\w+)?|\[.*\])$",
            r"^0?[0-7]{3,4}$",
        ];
        let texts =
            ["Microsoft.Batch/batchAccounts", "a//b", "2025-05-01", "[x]", "0755", "name-", ""];
        for pattern in patterns {
            let pattern = Pattern::new(pattern);
            let first = texts.map(|text| pattern.matches(text));
            for _ in 0..2 {
                assert_eq!(texts.map(|text| pattern.matches(text)), first, "{}", pattern.text);
            }
            for number in 0..=MANY_TEXTS {
                let matches = ["!", "/"].map(|end| pattern.matches(&format!("{number}/{end}")));
                assert_eq!(matches, [pattern.text.starts_with("^[^/@]"), false], "{number}");
            }
            assert_eq!(texts.map(|text| pattern.matches(text)), first, "{}", pattern.text);
            let ready = pattern.ready.get().and_then(Option::as_ref).expect("it is plain");
            assert!(ready.fast.get().is_some_and(Option::is_some));
        }
        assert!(!Pattern::new("^a").matches("ä") && !Pattern::new("(?=a)a").matches("a"));
    }
}
