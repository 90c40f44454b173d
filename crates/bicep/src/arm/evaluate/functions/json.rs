//! JSON as Azure's engine reads it: Newtonsoft.Json's dialect, which is wider than RFC 8259.
//!
//! Names stand without quotes, texts in single quotes, a comma after the last item, and comments anywhere. A whole
//! number that starts with zero is octal.

use serde_json::Number;

use super::{Evaluated, Failure, Outcome, wrong};
use crate::arm::evaluate::Properties;

/// How deep values nest.
const DEEPEST: usize = 128;

pub(super) fn read(text: &str) -> Outcome {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(DEEPEST)?;
    reader.blanks()?;
    if reader.at < text.len() { Err(reader.broken("the end")) } else { Ok(value) }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn broken(&self, wanted: &str) -> Failure {
        let title = match self.rest().chars().next() {
            Some(found) => {
                format!("the string is not valid JSON: expected {wanted}, found `{found}`")
            }
            None => format!("the string is not valid JSON: expected {wanted}"),
        };
        wrong(title, "pass valid JSON")
    }

    /// Goes over blanks and comments.
    fn blanks(&mut self) -> Result<(), Failure> {
        loop {
            let rest = self.rest().trim_start();
            self.at = self.text.len() - rest.len();
            let length = if let Some(comment) = rest.strip_prefix("/*") {
                4 + comment.find("*/").ok_or_else(|| self.broken("the end of the comment"))?
            } else if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else {
                return Ok(());
            };
            self.at += length;
        }
    }

    /// Goes over a character, and over blanks before it.
    fn takes(&mut self, wanted: char) -> Result<bool, Failure> {
        self.blanks()?;
        let is_there = self.rest().starts_with(wanted);
        self.at += if is_there { wanted.len_utf8() } else { 0 };
        Ok(is_there)
    }

    fn value(&mut self, depth: usize) -> Outcome {
        self.blanks()?;
        let Some(depth) = depth.checked_sub(1) else { return Err(self.broken("fewer levels")) };
        match self.rest().chars().next() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some(quote @ ('"' | '\'')) => self.quoted(quote).map(Evaluated::String),
            _ => self.word(),
        }
    }

    fn array(&mut self, depth: usize) -> Outcome {
        self.at += 1;
        let mut items = Vec::new();
        while !self.takes(']')? {
            items.push(self.value(depth)?);
            if !self.takes(',')? && !self.rest().starts_with(']') {
                return Err(self.broken("`,` or `]`"));
            }
        }
        Ok(Evaluated::Array(items))
    }

    fn object(&mut self, depth: usize) -> Outcome {
        self.at += 1;
        let mut properties = Properties::default();
        while !self.takes('}')? {
            let name = match self.rest().chars().next() {
                Some(quote @ ('"' | '\'')) => self.quoted(quote)?,
                _ => match self.run() {
                    "" => return Err(self.broken("a name")),
                    name => name.to_owned(),
                },
            };
            if !self.takes(':')? {
                return Err(self.broken("`:`"));
            }
            properties.insert(name, self.value(depth)?);
            if !self.takes(',')? && !self.rest().starts_with('}') {
                return Err(self.broken("`,` or `}`"));
            }
        }
        Ok(Evaluated::Object(properties))
    }

    /// What stands without quotes, up to the next blank or sign.
    fn run(&mut self) -> &'t str {
        let is_part = |letter: char| letter.is_alphanumeric() || "_$+-.".contains(letter);
        let rest = self.rest();
        let length = rest.find(|letter| !is_part(letter)).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// A name of JSON, or a number.
    fn word(&mut self) -> Outcome {
        let start = self.at;
        let found = match self.run() {
            "null" => Some(Evaluated::Null),
            "true" => Some(Evaluated::Bool(true)),
            "false" => Some(Evaluated::Bool(false)),
            number => read_number(number),
        };
        found.ok_or_else(|| {
            self.at = start;
            self.broken("a value")
        })
    }

    fn quoted(&mut self, quote: char) -> Result<String, Failure> {
        self.at += 1;
        let mut text = String::new();
        // Half of a pair waits for the other half.
        let mut high: Option<u32> = None;
        loop {
            let rest = self.rest();
            let Some(next) = rest.chars().next() else {
                return Err(self.broken("the end of a text"));
            };
            self.at += next.len_utf8();
            let unit = match next {
                '\\' => self.escape()?,
                next if next == quote && high.is_none() => return Ok(text),
                next => u32::from(next),
            };
            let code = match (high.take(), unit) {
                (None, 0xd800..=0xdbff) => {
                    high = Some(unit);
                    continue;
                }
                (Some(high), 0xdc00..=0xdfff) => {
                    0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00)
                }
                (Some(_), _) => return Err(self.broken("the other half of a character")),
                (None, unit) => unit,
            };
            text.push(char::from_u32(code).ok_or_else(|| self.broken("a character"))?);
        }
    }

    /// What stands behind a backslash: a code unit of UTF-16, or a character.
    fn escape(&mut self) -> Result<u32, Failure> {
        let Some(kind) = self.rest().chars().next() else { return Err(self.broken("an escape")) };
        let simple = match kind {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '"' | '\'' | '\\' | '/' => kind,
            'u' => {
                let digits =
                    self.rest().get(1..5).filter(|it| it.bytes().all(|it| it.is_ascii_hexdigit()));
                let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let unit = unit.ok_or_else(|| self.broken("four hexadecimal digits"))?;
                self.at += 5;
                return Ok(unit);
            }
            _ => return Err(self.broken("an escape")),
        };
        self.at += kind.len_utf8();
        Ok(u32::from(simple))
    }
}

fn read_number(text: &str) -> Option<Evaluated> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let is_octal = digits.len() > 1 && digits.bytes().all(|digit| digit.is_ascii_digit());
    if is_octal && digits.starts_with('0') {
        return i64::from_str_radix(text, 8).ok().map(Evaluated::Integer);
    }
    // `-0` is an integer, which has no sign.
    if let Ok(number) = text.parse() {
        return Some(Evaluated::Integer(number));
    }
    let large = text.parse::<u64>().ok().map(Number::from);
    large.or_else(|| Number::from_f64(text.parse().ok()?)).map(Evaluated::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn plain(text: &str) -> Option<Value> {
        read(text).ok()?.to_plain()
    }

    /// Each with the answer of Azure's engine.
    #[test]
    fn azures_engine_reads_more_than_json() {
        for (text, expected) in [
            ("[1,]", json!([1])),
            ("01", json!(1)),
            ("{a: 1}", json!({ "a": 1 })),
            ("1.0", json!(1.0)),
            ("-0.0", json!(-0.0)),
            ("1E-7", json!(1e-7)),
            ("  true ", json!(true)),
            ("\"x\"", json!("x")),
            ("null", json!(null)),
            ("{\"a\":1,\"A\":2}", json!({ "a": 1, "A": 2 })),
            (
                "{\"a\": [1, 2.50, -0, 1e5, \"\\u00e9\"]}",
                json!({ "a": [1, 2.5, 0, 100_000.0, "\u{e9}"] }),
            ),
        ] {
            assert_eq!(plain(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in [
            "", "[", "[1", "{", "{a}", "{a:}", "{:1}", "x", "-", "1x", "\"", "'a", "[1 2]", "1 2",
            "[,]",
        ] {
            assert_eq!(plain(text), None, "{text}");
        }
        for text in ["\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ude00\"", "\"\\q\"", "\"\\u12\"", "/* 1"] {
            assert_eq!(plain(text), None, "{text}");
        }
        assert_eq!(plain(&"[".repeat(100_000)), None);
    }
}
