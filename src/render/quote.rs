//! The one place where a value becomes text of another language. Everything a config says is data, and
//! these functions keep it inside its quotes.

use std::fmt::Write as _;

use serde_json::Value;

/// A value as a Bicep literal. Collections are one item a line, indented by `indent` levels of two
/// spaces where they stand.
pub fn bicep(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    write_bicep(value, indent, &mut out);
    out
}

fn write_bicep(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => {
            let _ = match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => write!(out, "{whole}"),
                // Bicep has no fractions; json() is how it spells one.
                (None, _) => write!(out, "json('{number}')"),
            };
        }
        Value::String(text) => write_bicep_string(text, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            out.push_str("[\n");
            for item in items {
                pad(indent + 1, out);
                write_bicep(item, indent + 1, out);
                out.push('\n');
            }
            pad(indent, out);
            out.push(']');
        }
        Value::Object(map) if map.is_empty() => out.push_str("{}"),
        Value::Object(map) => {
            out.push_str("{\n");
            for (key, value) in map {
                pad(indent + 1, out);
                if is_identifier(key) {
                    out.push_str(key);
                } else {
                    write_bicep_string(key, out);
                }
                out.push_str(": ");
                write_bicep(value, indent + 1, out);
                out.push('\n');
            }
            pad(indent, out);
            out.push('}');
        }
    }
}

fn pad(levels: usize, out: &mut String) {
    for _ in 0..levels {
        out.push_str("  ");
    }
}

fn is_identifier(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !matches!(key, "true" | "false" | "null")
}

fn write_bicep_string(text: &str, out: &mut String) {
    out.push('\'');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push_str(r"\\"),
            '\'' => out.push_str(r"\'"),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            '$' if characters.peek() == Some(&'{') => out.push_str(r"\$"),
            other if invisible(other) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
            }
            other => out.push(other),
        }
    }
    out.push('\'');
}

/// Characters that a reviewer cannot see, or that reorder what he sees.
fn invisible(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}' | '\u{fff0}'..='\u{ffff}'
        )
}

/// A text as one word of a POSIX shell.
pub fn shell(text: &str) -> String {
    // No argument of a process can hold a NUL; in a script it would end the line for some shells.
    format!("'{}'", text.replace('\0', "").replace('\'', r"'\''"))
}

/// A text as a YAML double-quoted scalar on one line.
pub fn yaml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            other if invisible(other) => {
                let code = u32::from(other);
                let _ = if code <= 0xffff {
                    write!(out, "\\u{code:04x}")
                } else {
                    write!(out, "\\U{code:08x}")
                };
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A value as JSON on one line.
pub fn json(value: &Value) -> String {
    value.to_string()
}

/// A text as Markdown prose or table cell: nothing in it is markup.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '!' | '~' | '$' => {
                out.push('\\');
                out.push(character);
            }
            other if invisible(other) => {}
            other => out.push(other),
        }
    }
    out
}

/// A text as Markdown code: its longest run of backticks decides the fence.
pub fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|character| match character {
            '\n' | '\r' => ' ',
            '|' => '\u{2502}',
            other => other,
        })
        .filter(|character| !invisible(*character))
        .collect();
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let gap = if longest > 0 { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}
