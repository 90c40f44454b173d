use crate::diagnostic::Span;

/// Changes of a text, each a range and what stands there afterwards.
#[derive(Debug, Default)]
pub(super) struct Edits {
    edits: Vec<(Span, String)>,
}

impl Edits {
    pub(super) fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    pub(super) fn replace(&mut self, span: Span, text: impl Into<String>) {
        self.edits.push((span, text.into()));
    }

    /// Puts a property or an item on lines of its own in front of a part, or of the comments above it.
    pub(super) fn insert(&mut self, text: &str, at: u32, new: &str) {
        match comments_above(text, at as usize) {
            Some(first) => self.replace(to_span(first, first), format!("{new}\n")),
            None => self.replace(Span::new(at, at), format!("\n{new}\n")),
        }
    }

    /// Takes a part out with the comma that goes with it, and with its line where it stands alone.
    pub(super) fn remove(&mut self, text: &str, span: Span) {
        let (mut start, mut end) = (span.start as usize, span.end as usize);
        let blank = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
        let behind = end + blank(&text[end..]);
        if text[behind..].starts_with(',') {
            end = behind + 1;
        } else {
            let before = text[..start].trim_end();
            if before.ends_with(',') {
                start = before.len() - 1;
            }
        }
        let first = comments_above(text, start);
        let behind = end + blank(&text[end..]);
        if let (Some(first), true) = (first, text[behind..].starts_with('\n')) {
            (start, end) = (first, behind + 1);
        }
        self.replace(to_span(start, end), "");
    }

    /// Takes out the comments that stand on lines of their own above a part: they are about what is replaced.
    pub(super) fn remove_comments_above(&mut self, text: &str, at: u32) {
        let start = at as usize;
        let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
        if let Some(first) = comments_above(text, start).filter(|first| *first < line) {
            self.replace(to_span(first, line), "");
        }
    }

    /// The changed text.
    pub(super) fn apply(mut self, text: &str) -> String {
        self.edits.sort_by_key(|(span, _)| (span.start, span.end));
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for (span, new) in self.edits {
            let (start, end) = (span.start as usize, span.end as usize);
            // What stands in a part that went has gone with it.
            if start < at {
                continue;
            }
            out.push_str(&text[at..start]);
            out.push_str(&new);
            at = end;
        }
        out.push_str(&text[at..]);
        out
    }
}

/// The start of the line of a part, or of the comments directly above it; nothing if the part does not start its line.
fn comments_above(text: &str, start: usize) -> Option<usize> {
    let mut line = text[..start].rfind('\n').map_or(0, |end| end + 1);
    if !text[line..start].trim().is_empty() {
        return None;
    }
    while line > 0 {
        let above = text[..line - 1].rfind('\n').map_or(0, |end| end + 1);
        if !text[above..line].trim_start().starts_with("//") {
            break;
        }
        line = above;
    }
    Some(line)
}

fn to_span(start: usize, end: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(offset(start), offset(end))
}
