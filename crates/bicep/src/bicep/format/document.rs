use std::borrow::Cow;

/// A part of a layout: text, a place where a line may end, or parts that belong together.
#[derive(Debug, Clone)]
pub(super) enum Document<'a> {
    /// Text as it stands.
    Text(Cow<'a, str>),
    /// A comment at the end of a line, which takes no room.
    Suffix(Cow<'a, str>),
    /// The sign before the first member of a union, which is there only if the union is broken.
    LeadingPipe,
    /// Where a line may end.
    Line(Line),
    /// Parts one after another.
    Glue(Vec<Document<'a>>),
    /// The object or array that is a call's last argument: it takes the room of its opening sign.
    Tail(Vec<Document<'a>>),
    /// Parts whose lines start one level deeper.
    Indent(Vec<Document<'a>>),
    /// Parts that stand on one line if they fit there.
    Group(Vec<Document<'a>>),
}

/// What a place where a line may end is if it does not end there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// It always ends; in a list, an empty line.
    Hard,
    /// Where the source has a line end that means nothing by itself.
    Soft,
    OrNothing,
    OrSpace,
    OrCommaSpace,
}

impl Line {
    /// The text in place of the line end.
    pub(super) fn flat(self) -> &'static str {
        match self {
            Self::Hard | Self::Soft | Self::OrNothing => "",
            Self::OrSpace => " ",
            Self::OrCommaSpace => ", ",
        }
    }
}

/// How wide a text is, counted as Microsoft's formatter does: in UTF-16 units.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char::len_utf16).sum() }
}

impl<'a> Document<'a> {
    pub(super) fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn is_line(&self) -> bool {
        matches!(self, Self::Line(_))
    }

    pub(super) fn is_hard_line(&self) -> bool {
        matches!(self, Self::Line(Line::Hard))
    }

    /// Whether it ends with a comment to the end of the line.
    pub(super) fn has_suffix(&self) -> bool {
        match self {
            Self::Suffix(_) => true,
            Self::Glue(parts) | Self::Tail(parts) | Self::Indent(parts) | Self::Group(parts) => {
                parts.last().is_some_and(Self::has_suffix)
            }
            Self::Text(_) | Self::LeadingPipe | Self::Line(_) => false,
        }
    }

    /// The same on one line, however long that is.
    pub(super) fn flattened(self) -> Self {
        match self {
            Self::Line(line) => Self::text(line.flat()),
            Self::LeadingPipe => Self::text(""),
            Self::Glue(parts) | Self::Indent(parts) | Self::Group(parts) => {
                Self::Glue(parts.into_iter().map(Self::flattened).collect())
            }
            kept @ (Self::Text(_) | Self::Suffix(_) | Self::Tail(_)) => kept,
        }
    }
}

/// Parts with a blank between any two.
pub(super) fn spread(parts: Vec<Document<'_>>) -> Document<'_> {
    let mut spread = Vec::with_capacity(parts.len() * 2);
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            spread.push(Document::text(" "));
        }
        spread.push(part);
    }
    Document::Glue(spread)
}

/// Parts with a line between any two; an empty line is followed by none.
pub(super) fn separated(parts: Vec<Document<'_>>, line: Line) -> Vec<Document<'_>> {
    let mut separated = Vec::with_capacity(parts.len() * 2);
    let mut joined = true;
    for part in parts {
        if !joined {
            separated.push(Document::Line(line));
        }
        joined = part.is_hard_line();
        separated.push(part);
    }
    separated
}

/// Parts without the line ends before the first and after the last.
pub(super) fn trimmed(mut parts: Vec<Document<'_>>) -> Vec<Document<'_>> {
    while parts.last().is_some_and(Document::is_line) {
        parts.pop();
    }
    let first = parts.iter().position(|part| !part.is_line()).unwrap_or(parts.len());
    parts.drain(..first);
    parts
}

/// Parts with at most one empty line between any two, and how many of those there are.
pub(super) fn collapsed(parts: Vec<Document<'_>>) -> (Vec<Document<'_>>, usize) {
    let mut kept = Vec::with_capacity(parts.len());
    let mut empty_lines = 0;
    let mut previous = None;
    for part in parts {
        let line = if let Document::Line(line) = part { Some(line) } else { None };
        let is_empty_line = match line {
            // Two line ends that mean nothing by themselves have an empty line between them.
            Some(Line::Soft) => previous == Some(Line::Soft),
            Some(Line::Hard) => previous != Some(Line::Hard),
            _ => {
                kept.push(part);
                previous = line;
                continue;
            }
        };
        if is_empty_line {
            kept.push(Document::Line(Line::Hard));
            empty_lines += 1;
        }
        previous = line;
    }
    (kept, empty_lines)
}
