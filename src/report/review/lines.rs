//! Differences line by line, and texts made safe and short enough to show.

use serde::Serialize;
use serde_json::Value;

use crate::diagnostic::printable::is_invisible;
use crate::diff::{HunkLine, LineState};

/// Longer values are shown by their start.
const MAX_VALUE: usize = 240;

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineView {
    /// `+`, `-`, space, or nothing before the heading of a hunk.
    pub sign: &'static str,
    /// `added`, `removed`, `context` or `hunk`.
    pub class: &'static str,
    /// The text.
    pub text: String,
}

/// One line of a hunk.
pub(super) fn line(line: &HunkLine) -> LineView {
    line_view(line.state, &line.text)
}

/// One line of a state.
pub(super) fn line_view(state: LineState, text: &str) -> LineView {
    let (sign, class) = match state {
        LineState::Context => (" ", "context"),
        LineState::Removed => ("-", "removed"),
        LineState::Added => ("+", "added"),
    };
    LineView { sign, class, text: shortened(text) }
}

/// Writes control characters, which could drive a terminal, and those that reorder text as numbers.
pub(super) fn tame(data: &mut Value) {
    let wild = |symbol: char| symbol != '\t' && is_invisible(symbol);
    // Nearly all texts are plain, which is seen many bytes at a time.
    let plain = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    match data {
        Value::String(text) if !plain(text) && text.contains(wild) => {
            let tamed = |symbol: char| match symbol {
                symbol if wild(symbol) => format!("\\u{{{:x}}}", u32::from(symbol)),
                symbol => symbol.to_string(),
            };
            *text = text.chars().map(tamed).collect();
        }
        Value::Array(elements) => elements.iter_mut().for_each(tame),
        // The picture's own line ends are meant; the names in it are escaped already.
        Value::Object(object) => {
            object
                .iter_mut()
                .filter(|(key, _)| *key != "mermaid")
                .for_each(|(_, value)| tame(value));
        }
        _ => {}
    }
}

/// The start of a long text.
pub(super) fn shortened(text: &str) -> String {
    if text.len() <= MAX_VALUE {
        return text.to_owned();
    }
    let end = (0..=MAX_VALUE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}… ({} more bytes)", &text[..end], text.len() - end)
}
