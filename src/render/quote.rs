//! The one place where a value becomes text of another language. Everything a config says is data, and
//! these functions keep it inside its quotes.

use std::fmt::Write as _;

use serde_json::Value;

use crate::catalog::Cloud;
use crate::diagnostic::printable::is_invisible;

/// A value as a Bicep literal. Collections are one item a line, indented by `indent` levels of two
/// spaces where they stand.
pub fn bicep(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    write_bicep(value, indent, &[], &mut out);
    out
}

/// A value as a Bicep literal in which the hosts of a cloud are those of the cloud that it is deployed to.
pub fn bicep_in(cloud: &Cloud, value: &Value, indent: usize) -> String {
    let mut out = String::new();
    let hosts = [
        (cloud.storage_suffix.to_owned(), "environment().suffixes.storage"),
        (format!(".{}", cloud.vault_suffix), "environment().suffixes.keyvaultDns"),
    ];
    write_bicep(value, indent, &hosts, &mut out);
    out
}

/// The end of a host, and the expression that has it in every cloud.
type Host = (String, &'static str);

fn write_bicep(value: &Value, indent: usize, hosts: &[Host], out: &mut String) {
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
        Value::String(text) => write_bicep_string(text, hosts, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            out.push_str("[\n");
            for item in items {
                pad(indent + 1, out);
                write_bicep(item, indent + 1, hosts, out);
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
                write_bicep_key(key, out);
                out.push_str(": ");
                write_bicep(value, indent + 1, hosts, out);
                out.push('\n');
            }
            pad(indent, out);
            out.push('}');
        }
    }
}

/// The key of a property as Bicep writes it: in quotes where it is no name.
pub fn bicep_key(key: &str) -> String {
    let mut out = String::new();
    write_bicep_key(key, &mut out);
    out
}

fn write_bicep_key(key: &str, out: &mut String) {
    if is_identifier(key) {
        out.push_str(key);
    } else {
        write_bicep_string(key, &[], out);
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

fn write_bicep_string(text: &str, hosts: &[Host], out: &mut String) {
    out.push('\'');
    let mut start = 0;
    while let Some((at, (host, expression))) = next_host(text, start, hosts) {
        write_bicep_characters(&text[start..at], out);
        let _ = write!(out, "${{{expression}}}");
        start = at + host.len();
    }
    write_bicep_characters(&text[start..], out);
    out.push('\'');
}

/// Where the next host ends a longer one, and is no part of a word.
fn next_host<'h>(text: &str, start: usize, hosts: &'h [Host]) -> Option<(usize, &'h Host)> {
    let ends_a_host = |at: usize, host: &str| {
        let before = text[..at].chars().next_back();
        let after = text[at + host.len()..].chars().next();
        let follows = if host.starts_with('.') {
            before.is_some_and(char::is_alphanumeric)
        } else {
            before == Some('.')
        };
        follows && !after.is_some_and(char::is_alphanumeric)
    };
    let found = hosts.iter().filter_map(|host| {
        let mut places = text[start..].match_indices(&host.0).map(|(at, _)| start + at);
        Some((places.find(|at| ends_a_host(*at, &host.0))?, host))
    });
    found.min_by_key(|(at, _)| *at)
}

fn write_bicep_characters(text: &str, out: &mut String) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push_str(r"\\"),
            '\'' => out.push_str(r"\'"),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            '$' if characters.peek() == Some(&'{') => out.push_str(r"\$"),
            other if is_invisible(other) => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
            }
            other => out.push(other),
        }
    }
}

/// A text as one word of bash. What needs no quotes gets none, so that scripts read like scripts.
pub fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else if text.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic()) {
        single_quoted(text)
    } else {
        ansi_quoted(text)
    }
}

/// `'...'`, and outside of it what shellcheck would take for a forgotten expansion.
fn single_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for character in text.chars() {
        match character {
            '\'' => out.push_str(r"'\''"),
            '$' | '`' => {
                let _ = write!(out, r#"'"\{character}"'"#);
            }
            other => out.push(other),
        }
    }
    out.push('\'');
    out
}

/// `$'...'`: bytes outside of printable ASCII as escapes, whatever the locale and the line endings.
fn ansi_quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2 + 3);
    out.push_str("$'");
    for byte in text.bytes() {
        match byte {
            // No argument of a process can hold it.
            0 => {}
            b'\'' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            // Octal takes three digits at most, so a digit that follows is not swallowed.
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
    }
    out.push('\'');
    out
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
            other if is_invisible(other) => {
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
            other if is_invisible(other) => {}
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
        .filter(|character| !is_invisible(*character))
        .collect();
    let longest = text.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let gap = if longest > 0 { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    const HOSTILE: [&str; 12] = [
        "",
        "a b",
        "it's",
        "$(reboot)",
        "`id`",
        "${HOME}",
        "\"; rm -rf /",
        "a\nb",
        "a\r\nb\t",
        "\u{85}\u{2028}\u{feff}",
        "\u{1F600}1",
        "--flag",
    ];

    fn read_by_bash(word: &str) -> Vec<u8> {
        let script = format!("printf '%s' {word}");
        Command::new("bash").args(["-c", &script]).output().expect("bash runs").stdout
    }

    #[test]
    fn hosts_are_those_of_the_cloud_that_a_value_is_deployed_to() {
        let here = |text: &str| {
            let cloud = crate::catalog::cloud("public").expect("it is in the catalog");
            bicep_in(&cloud, &Value::from(text), 0)
        };
        let storage = "${environment().suffixes.storage}";
        let url = "https://a.blob.core.windows.net/b?c='d'";
        assert_eq!(here(url), format!(r"'https://a.blob.{storage}/b?c=\'d\''"));
        let two = "a.file.core.windows.net:/b c.file.core.windows.net:/d";
        assert_eq!(here(two), format!("'a.file.{storage}:/b c.file.{storage}:/d'"));
        let vault = "${environment().suffixes.keyvaultDns}";
        assert_eq!(here("https://v.vault.azure.net/x"), format!("'https://v{vault}/x'"));
        for other in ["core.windows.net", "a.hardcore.windows.net", "a.core.windows.network"] {
            assert_eq!(here(other), format!("'{other}'"));
        }
        assert_eq!(here("a.blob.core.chinacloudapi.cn"), "'a.blob.core.chinacloudapi.cn'");
    }

    #[test]
    fn bash_reads_a_word_back() {
        for text in HOSTILE {
            assert_eq!(read_by_bash(&shell(text)), text.as_bytes());
        }
        assert_eq!(shell("Standard_D4s_v5"), "Standard_D4s_v5");
        assert_eq!(shell("a'$b"), r#"'a'\'''"\$"'b'"#);
        assert_eq!(shell("\u{7}1é"), r"$'\0071\303\251'");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn bash_reads_any_word_back(text in any::<String>()) {
            let text = text.replace('\0', "");
            prop_assert_eq!(read_by_bash(&shell(&text)), text.as_bytes());
        }

        #[test]
        fn yaml_reads_any_string_back(text in any::<String>()) {
            let read: String = serde_yaml::from_str(&yaml(&text)).expect("it is YAML");
            prop_assert_eq!(read, text);
        }
    }
}
