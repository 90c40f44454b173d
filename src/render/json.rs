//! JSON as it is written: one value a line, two spaces a level.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

/// What stands before a value: the end of the one before it, and the indentation of so many levels.
const LINE: &[u8] = b",\n                                                                ";
/// The levels that it has.
const LEVELS: usize = (LINE.len() - 2) / 2;

/// How many bytes a file has at least room for.
const ROOM: usize = 4096;

/// JSON as a file of a render holds it: indented, and with an end of its last line.
///
/// # Panics
/// Never on what the crate writes: plain data with text keys serializes.
pub(crate) fn json_text(value: &impl Serialize) -> String {
    let mut text = Vec::with_capacity(ROOM);
    let mut serializer = Serializer::with_formatter(&mut text, Indented::default());
    value.serialize(&mut serializer).expect("plain data serializes");
    text.push(b'\n');
    String::from_utf8(text).expect("JSON is UTF-8")
}

/// Writes what the pretty printer of `serde_json` writes, but each indentation at once.
#[derive(Default)]
struct Indented {
    level: usize,
    is_filled: bool,
}

impl Indented {
    fn open(&mut self, writer: &mut (impl ?Sized + Write), bracket: &[u8]) -> io::Result<()> {
        self.level += 1;
        self.is_filled = false;
        writer.write_all(bracket)
    }

    fn close(&mut self, writer: &mut (impl ?Sized + Write), bracket: &[u8]) -> io::Result<()> {
        self.level -= 1;
        if self.is_filled {
            self.line(writer, true)?;
        }
        writer.write_all(bracket)
    }

    fn line(&self, writer: &mut (impl ?Sized + Write), is_first: bool) -> io::Result<()> {
        let levels = self.level.min(LEVELS);
        writer.write_all(&LINE[usize::from(is_first)..2 + 2 * levels])?;
        (levels..self.level).try_for_each(|_| writer.write_all(b"  "))
    }
}

impl Formatter for Indented {
    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_array_value<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.line(writer, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_filled = true;
        Ok(())
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.line(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.is_filled = true;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_value_is_written_as_the_pretty_printer_writes_it() {
        let mut deep = json!([]);
        for level in 0..80 {
            deep = if level % 2 == 0 { json!({ "a": deep, "b": {} }) } else { json!([1, deep]) };
        }
        let values = [
            json!(null),
            json!("ü\n\"\u{1}"),
            json!([]),
            json!({}),
            json!([[], {}, [[]], { "a": [] }, 1.5, -3, true]),
            json!({ "a": { "b": [1, 2, { "c": null }] }, "": [{}] }),
            deep,
        ];
        for value in &values {
            let mut pretty = serde_json::to_string_pretty(value).expect("it is JSON");
            pretty.push('\n');
            assert_eq!(json_text(value), pretty);
            assert_eq!(&serde_json::from_str::<Value>(&pretty).expect("it is JSON"), value);
        }
    }
}
