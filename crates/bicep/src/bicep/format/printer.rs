use super::FormatOptions;
use super::document::{Document, width};

/// Writes layouts: a group on one line if it fits there, else broken at its own lines.
pub(super) struct Printer<'o> {
    options: &'o FormatOptions,
    indent: String,
    text: String,
    /// Blanks that are written only if something follows them on their line.
    blanks: String,
    /// How much of the line is taken.
    taken: usize,
}

impl<'o> Printer<'o> {
    pub(super) fn new(options: &'o FormatOptions) -> Self {
        let indent = options.indent();
        Self { options, indent, text: String::new(), blanks: String::new(), taken: 0 }
    }

    pub(super) fn finish(mut self) -> String {
        if self.options.insert_final_newline {
            self.text.push_str(self.options.newline.text());
        }
        self.text
    }

    pub(super) fn print(&mut self, level: usize, document: &Document<'_>) {
        match document {
            Document::Text(text) => {
                self.write(text);
                self.taken += width(text);
            }
            Document::Suffix(text) => self.write(text),
            Document::LeadingPipe => {
                self.write("| ");
                self.taken += 2;
            }
            Document::Line(_) => self.end_line(level),
            Document::Glue(parts) | Document::Tail(parts) => self.print_all(level, parts),
            Document::Indent(parts) => self.print_all(level + 1, parts),
            Document::Group(parts) => {
                if self.fits(parts) {
                    self.print_flat(level, parts);
                } else {
                    self.print_all(level, parts);
                }
            }
        }
    }

    fn print_all(&mut self, level: usize, parts: &[Document<'_>]) {
        for part in parts {
            self.print(level, part);
        }
    }

    fn print_flat(&mut self, level: usize, parts: &[Document<'_>]) {
        for part in parts {
            match part {
                Document::Text(_) | Document::Suffix(_) | Document::Tail(_) => {
                    self.print(level, part);
                }
                Document::LeadingPipe => {}
                Document::Line(line) => {
                    self.write(line.flat());
                    self.taken += line.flat().len();
                }
                Document::Glue(parts) | Document::Indent(parts) | Document::Group(parts) => {
                    self.print_flat(level, parts);
                }
            }
        }
    }

    fn fits(&self, parts: &[Document<'_>]) -> bool {
        let Some(mut room) = self.options.width.checked_sub(self.taken) else { return false };
        take_room(parts, &mut room) != Room::Missing
    }

    fn write(&mut self, text: &str) {
        if text.chars().all(char::is_whitespace) {
            self.blanks.push_str(text);
            return;
        }
        self.text.push_str(&self.blanks);
        self.blanks.clear();
        self.text.push_str(text);
    }

    fn end_line(&mut self, level: usize) {
        self.text.push_str(self.options.newline.text());
        self.blanks = self.indent.repeat(level);
        self.taken = self.blanks.len();
    }
}

#[derive(PartialEq, Eq)]
enum Room {
    /// Everything fits so far.
    Left,
    /// What fits ends with a call's last argument, whose own lines need no room here.
    Closed,
    Missing,
}

/// Takes the room that the parts need on one line, and stops where there is none left.
fn take_room(parts: &[Document<'_>], room: &mut usize) -> Room {
    for part in parts {
        let needed = match part {
            Document::Text(text) => width(text),
            Document::Suffix(_) | Document::LeadingPipe => 0,
            Document::Line(line) => line.flat().len(),
            Document::Tail(_) => 1,
            Document::Glue(parts) | Document::Indent(parts) | Document::Group(parts) => {
                match take_room(parts, room) {
                    Room::Left => 0,
                    ended => return ended,
                }
            }
        };
        let Some(left) = room.checked_sub(needed) else { return Room::Missing };
        *room = left;
        if matches!(part, Document::Tail(_)) {
            return Room::Closed;
        }
    }
    Room::Left
}
