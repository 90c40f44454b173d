//! Finds the tags and expressions of a Tera template, as far as [`super::bounds`] must know them.

use std::ops::Range;

/// `{% ... %}` or `{{ ... }}`.
#[derive(Debug, Clone)]
pub(super) struct Tag<'t> {
    /// Where it stands, delimiters included.
    pub range: Range<usize>,
    /// `{%-`: the whitespace before it goes.
    pub trims_before: bool,
    /// `-%}`: the whitespace after it goes.
    pub trims_after: bool,
    is_expression: bool,
    inside: &'t str,
}

impl<'t> Tag<'t> {
    /// The first word of a tag; nothing for an expression.
    pub(super) fn word(&self) -> &'t str {
        if self.is_expression { "" } else { word_of(self.inside).0 }
    }

    /// The same tag as an expression, without its first word.
    pub(super) fn after_word(&self) -> Option<Self> {
        let inside = word_of(self.inside).1;
        (!self.is_expression).then(|| Self { inside, is_expression: true, ..self.clone() })
    }

    /// The name that `name = value` gives a value to.
    pub(super) fn assigned(&self) -> Option<&'t str> {
        let (name, rest) = word_of(word_of(self.inside).1);
        let rest = rest.trim_start();
        (!name.is_empty() && rest.starts_with('=') && !rest.starts_with("==")).then_some(name)
    }

    /// The text in quotes after the first word.
    pub(super) fn text(&self) -> Option<&'t str> {
        let rest = word_of(self.inside).1.trim_start();
        let length = quoted(rest)?;
        rest.get(1..length - 1)
    }

    /// Whether a word stands in it, outside of texts.
    pub(super) fn mentions(&self, word: &str) -> bool {
        let mut rest = self.inside;
        while let Some(first) = rest.chars().next() {
            if let Some(length) = quoted(rest) {
                rest = &rest[length..];
                continue;
            }
            let (found, after) = word_of(rest);
            if found == word {
                return true;
            }
            rest = if found.is_empty() { &rest[first.len_utf8()..] } else { after };
        }
        false
    }
}

/// The word at the start of a text, and what follows it.
fn word_of(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.split_at(end)
}

/// The length of the text in quotes at the start, quotes included.
fn quoted(text: &str) -> Option<usize> {
    let quote = *text.as_bytes().first().filter(|first| matches!(first, b'"' | b'\'' | b'`'))?;
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == quote && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some(end + 2)
}

/// The tags of a template in order, those in `raw` and in comments left out. Ends where the engine would
/// find a mistake.
pub(super) fn tags(text: &str) -> impl Iterator<Item = Tag<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = text.get(at..)?;
            at +=
                rest.as_bytes().windows(2).position(|two| matches!(two, b"{{" | b"{%" | b"{#"))?;
            let rest = &text[at..];
            if rest.starts_with("{#") {
                at += rest.find("#}")? + 2;
            } else if let Some(length) = raw(rest) {
                at += length;
            } else {
                let tag = tag(rest, at)?;
                at = tag.range.end;
                return Some(tag);
            }
        }
    })
}

fn tag(rest: &str, at: usize) -> Option<Tag<'_>> {
    let is_expression = rest.starts_with("{{");
    let close = if is_expression { "}}" } else { "%}" };
    let trims_before = rest[2..].starts_with('-');
    let start = if trims_before { 3 } else { 2 };
    let mut end = start;
    while !rest[end..].starts_with(close) {
        let first = rest[end..].chars().next()?;
        end += quoted(&rest[end..]).unwrap_or(first.len_utf8());
    }
    let trims_after = rest[start..end].ends_with('-');
    let inside = rest[start..end].trim_end_matches('-');
    let range = at..at + end + 2;
    Some(Tag { range, trims_before, trims_after, is_expression, inside })
}

/// The length of a `raw` section at the start of a text.
fn raw(text: &str) -> Option<usize> {
    let mut end = only(text, "raw")?;
    loop {
        end += text[end..].find("{%")?;
        if let Some(length) = only(&text[end..], "endraw") {
            return Some(end + length);
        }
        end += 2;
    }
}

/// The length of a tag of one word at the start of a text.
fn only(text: &str, word: &str) -> Option<usize> {
    let rest = text.strip_prefix("{%")?;
    let rest = rest.strip_prefix('-').unwrap_or(rest).trim_ascii_start();
    let rest = rest.strip_prefix(word)?.trim_ascii_start();
    let rest = rest.strip_prefix('-').unwrap_or(rest).strip_prefix("%}")?;
    Some(text.len() - rest.len())
}
