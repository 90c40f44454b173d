//! Secrets in text: what they look like is a table, and names say of what is assigned to them that it is one.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, OnceLock};

use memchr::{memchr, memchr_iter, memrchr, memrchr_iter};
use regex::bytes::{Regex as QuickRegex, RegexBuilder as QuickRegexBuilder};
use regex_lite::Regex;

use super::rules;
use crate::catalog::Table;
use crate::diagnostic::{Diagnostic, FileId, Place, SourceFile, Span};

/// The code of the rule.
pub const SECRET: &str = "CI006";

static TABLE: Table = Table::new("secret-forms", include_str!("secret-forms.tsv"));

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Secret {
    /// What it is, in words.
    pub what: String,
    /// Where it stands, with the name or command that tells what it is.
    pub range: Range<usize>,
    /// The secret itself: what no message shows.
    pub value: Range<usize>,
}

/// What a secret looks like.
struct Form {
    what: &'static str,
    also: &'static str,
    scope: Scope,
    pattern: &'static str,
    /// How many short parts of texts were read.
    short: AtomicUsize,
    /// Read byte by byte, which nearly always tells at once that there is none.
    quick: OnceLock<Option<QuickRegex>>,
    /// Built in a tenth of the time of the other, and slow.
    exact: OnceLock<Option<Regex>>,
}

/// Short parts of texts after which the quick pattern is worth its making: those of a fleet.
const MANY_PARTS: usize = 64;

/// The longest part that is short, in bytes.
const SHORT_PART: usize = 1024;

/// How far one secret goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The line of its mark, with those that a `\\` at the end makes one command.
    Lines,
    /// The whole text.
    Text,
}

static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let form = |[_, what, _, also, scope, pattern]: [&'static str; 6]| Form {
        what,
        also,
        scope: if scope == "text" { Scope::Text } else { Scope::Lines },
        pattern,
        short: AtomicUsize::new(0),
        quick: OnceLock::new(),
        exact: OnceLock::new(),
    };
    TABLE.rows().map(|row| form(row.cells())).collect()
});

impl Form {
    /// Whether the pattern matches the bytes of a text: where it matches the characters, it does.
    fn may_match(&self, text: &str) -> bool {
        if text.len() <= SHORT_PART && self.short.fetch_add(1, Ordering::Relaxed) < MANY_PARTS {
            return true;
        }
        let build = || QuickRegexBuilder::new(self.pattern).unicode(false).build().ok();
        let quick = self.quick.get_or_init(build).as_ref();
        quick.is_none_or(|quick| quick.is_match(text.as_bytes()))
    }

    /// Adds the secrets of a text that has marks at these places, in order.
    fn find(&self, text: &str, marks: &[usize], found: &mut Vec<Secret>) {
        let ranges = match self.scope {
            Scope::Lines => commands_at(text, marks),
            Scope::Text => vec![(0, text.len())],
        };
        for (start, end) in ranges {
            let part = &text[start..end];
            if !part.contains(self.also) {
                continue;
            }
            if !self.may_match(part) {
                continue;
            }
            let Some(pattern) = self.exact.get_or_init(|| Regex::new(self.pattern).ok()) else {
                continue;
            };
            for captures in pattern.captures_iter(part) {
                let Some(whole) = captures.get(0) else { continue };
                let value = captures.get(1).unwrap_or(whole);
                let moved = |range: Range<usize>| start + range.start..start + range.end;
                found.push(Secret {
                    what: self.what.to_owned(),
                    range: moved(whole.range()),
                    value: moved(value.range()),
                });
            }
        }
    }
}

/// Names that hold a word of `secret-names.txt` and are no secrets.
const NOT_SECRET: [&str; 9] =
    ["name", "id", "uri", "url", "file", "path", "type", "version", "days"];

/// What tells of a secret, in any case: a mark of a form, or a word in a name that says that its value is secret.
struct Word {
    text: &'static str,
    /// The number of the form.
    form: Option<usize>,
}

// The automaton of the words, as `build.rs` writes it: the class of each byte, the state that follows a state and a
// class, and the words that each of the last states finds. A state is the place of its row in `NEXT`.
include!(concat!(env!("OUT_DIR"), "/secret_words.rs"));

/// Calls `found` with every word of a text and with where it begins, in order of their ends.
fn each_word(text: &str, mut found: impl FnMut(&Word, usize)) {
    let mut state = 0;
    for (at, byte) in text.bytes().enumerate() {
        state = usize::from(NEXT[state + usize::from(CLASSES[usize::from(byte)])]);
        if state >= FIRST_OF_WORDS {
            for word in FOUND[(state - FIRST_OF_WORDS) / WIDTH] {
                found(word, at + 1 - word.text.len());
            }
        }
    }
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    memrchr(b'\n', &bytes[..at]).map_or(0, |line| line + 1)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |end| at + end)
}

/// The secrets of a text, in their order.
pub(super) fn secrets(text: &str) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut marks: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut lines: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    each_word(text, |word, start| match word.form {
        None => lines.entry(line_start(bytes, start)).or_default().push(start),
        Some(form) if bytes[start..].starts_with(word.text.as_bytes()) => {
            marks.entry(form).or_default().push(start);
        }
        Some(_) => {}
    });
    let mut found = Vec::new();
    for (form, mut places) in marks {
        places.sort_unstable();
        FORMS[form].find(text, &places, &mut found);
    }
    for (start, names) in lines {
        // The value of a YAML key may stand on the next line.
        let first = line_end(bytes, start);
        let end = line_end(bytes, (first + 1).min(bytes.len()));
        let moved = |range: Range<usize>| start + range.start..start + range.end;
        let names = names.into_iter().map(|at| at - start).collect();
        found.extend(assigned(&text[start..end], names).into_iter().map(|secret| Secret {
            what: secret.what,
            range: moved(secret.range),
            value: moved(secret.value),
        }));
    }
    found.sort_by_key(|secret| (secret.range.start, std::cmp::Reverse(secret.range.end)));
    let mut end = 0;
    found.retain(|secret| {
        let first = secret.range.start >= end;
        end = end.max(secret.range.end);
        first
    });
    found
}

/// Whether a text holds a secret.
pub(crate) fn holds_secret(text: &str) -> bool {
    !secrets(text).is_empty()
}

/// The finding of each secret that a file of the user's holds, and where the secret itself stands: the excerpt
/// of a message must not show it.
///
/// # Panics
/// Never: a test looks the rule's code up.
pub(crate) fn secrets_of_file(file: &SourceFile, id: FileId) -> Vec<(Diagnostic, Place)> {
    let place = |range: &Range<usize>| {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Place { file: id, span: Span::new(offset(range.start), offset(range.end)) }
    };
    let finding = |secret: &Secret| {
        let rule = rules::rule(SECRET).expect("a test looks every code up");
        let label = format!("everyone who can read this file can read {}", secret.what);
        let finding = Diagnostic::new(rule.severity, rule.code, rule.title)
            .at(place(&secret.range), label)
            .reason(rule.reason)
            .help(rule.fix);
        (finding, place(&secret.value))
    };
    secrets(&file.text).iter().map(finding).collect()
}

/// Where the lines of marks begin and end, those together that a `\\` at the end makes one command.
fn commands_at(text: &str, marks: &[usize]) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let goes_on = |end: &usize| *end > 0 && bytes[end - 1] == b'\\';
    let mut found: Vec<(usize, usize)> = Vec::new();
    for at in marks.iter().copied() {
        let from = found.last().map_or(0, |(_, end)| *end);
        // What was found already holds this mark, too: each line is looked at once.
        if at < from {
            continue;
        }
        let mut ends = memrchr_iter(b'\n', &bytes[from..at]).map(|length| from + length);
        let start = ends.find(|end| !goes_on(end)).map_or(from, |end| end + 1);
        let mut ends = memchr_iter(b'\n', &bytes[at..]).map(|length| at + length);
        let end = ends.find(|end| !goes_on(end)).unwrap_or(bytes.len());
        found.push((start, end));
    }
    found
}

/// How much of a value is looked at: enough to show it.
const LONGEST_SHOWN: usize = 256;

/// What a few lines assign to names that say that they are secret, which have words at these places of the first line:
/// `name=value` or `name: value`, either in quotes or not, the value of six characters at least that is no variable, path
/// or expression.
fn assigned(lines: &str, mut names: Vec<usize>) -> Vec<Secret> {
    let lower = lines.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    let in_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let skip = |from: usize, wanted: fn(u8) -> bool| {
        from + bytes[from..].iter().take_while(|byte| wanted(**byte)).count()
    };
    let quote = |at: usize| at + usize::from(matches!(bytes.get(at), Some(b'"' | b'\'')));
    let found = |at: usize| {
        let start = at - bytes[..at].iter().rev().take_while(|byte| in_name(byte)).count();
        let end = at + bytes[at..].iter().take_while(|byte| in_name(byte)).count();
        let sign = skip(quote(end), |byte| byte.is_ascii_whitespace());
        let _ = bytes.get(sign).filter(|byte| matches!(byte, b':' | b'='))?;
        let unquoted = skip(sign + 1, |byte| byte.is_ascii_whitespace());
        let value = quote(unquoted);
        let ends = |byte: u8| byte.is_ascii_whitespace() || b"\"'$(".contains(&byte);
        let rest = bytes[value..].iter().take(LONGEST_SHOWN);
        let length = rest.take_while(|byte| !ends(**byte)).count();
        let plain = bytes.get(value).is_some_and(|first| !b"<{[\\@|;&)".contains(first));
        // A name of YAML for a value that stands elsewhere, or the first key of a mapping on the next line.
        let refers = value == unquoted
            && (bytes.get(value) == Some(&b'*')
                || bytes[sign..value].contains(&b'\n') && bytes[..value + length].ends_with(b":"));
        (plain && !refers && length >= 6).then_some((start..end, value..value + length))
    };
    names.sort_unstable();
    // Words that stand in one name are one name, however long it is.
    let mut end = 0;
    names.retain(|at| {
        let first = *at >= end;
        if first {
            end = at + bytes[*at..].iter().take_while(|byte| in_name(byte)).count();
        }
        first
    });
    let secret = |(name, value): (Range<usize>, Range<usize>)| {
        let shown = &lines[name.clone()];
        let text = String::from_utf8_lossy(&bytes[value.clone()]);
        let harmless = NOT_SECRET.iter().any(|end| lower[name.clone()].ends_with(end))
            || ["http", "/", "--"].iter().any(|start| text.starts_with(start))
            || matches!(text.as_ref(), "disabled" | "enabled" | "required" | "optional")
            || text.split([',', '}', ']']).next().is_some_and(is_word_of_json)
            || is_prose(bytes, name.start, &value);
        let end = (0..=value.end).rev().find(|end| lines.is_char_boundary(*end)).unwrap_or(0);
        let value = value.start..end;
        (!harmless).then(|| Secret {
            what: format!("the value of `{shown}`"),
            range: name.start..end,
            value,
        })
    };
    names.into_iter().filter_map(found).filter_map(secret).collect()
}

/// Whether a value is a word of JSON, after which another property or the end of an object stands.
fn is_word_of_json(text: &str) -> bool {
    matches!(text, "true" | "false" | "null")
}

/// Whether a name and its value are words of a comment whose sentence continues after the value.
fn is_prose(bytes: &[u8], name: usize, value: &Range<usize>) -> bool {
    let line = memrchr_iter(b'\n', &bytes[..name]).next().map_or(0, |end| end + 1);
    let before = bytes[line..name].trim_ascii_start();
    let is_comment = before.starts_with(b"#") || before.starts_with(b"//");
    let goes_on = matches!(&bytes[value.end..], [b' ', next, ..] if next.is_ascii_alphabetic());
    is_comment && goes_on && bytes[value.clone()].iter().all(u8::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        secrets(text).into_iter().map(|secret| &text[secret.range]).collect()
    }

    #[test]
    fn every_secret_of_a_text_is_found_and_none_twice() {
        let text = "export HF_TOKEN=hunter2hunter2\nA_PASSWORD=abcdef API_KEY: 'ghijkl'\n\
                    db_password:\n  mnopqr\nhf_abcdefghijklmnopqrstuvwxyz0123456789\n";
        let secrets = [
            "HF_TOKEN=hunter2hunter2",
            "A_PASSWORD=abcdef",
            "API_KEY: 'ghijkl",
            "db_password:\n  mnopqr",
            "hf_abcdefghijklmnopqrstuvwxyz0123456789",
        ];
        assert_eq!(found(text), secrets);
    }

    #[test]
    fn every_word_of_a_text_is_found_wherever_it_stands() {
        assert_eq!(found("export MY_SECRETOKEN=hunter2hunter2"), ["MY_SECRETOKEN=hunter2hunter2"]);
        let marks = TABLE.rows().map(|row| row.cells::<3>()[2]).enumerate();
        let marks =
            marks.flat_map(|(form, cell)| cell.split('|').map(move |mark| (mark, Some(form))));
        let names = include_str!("secret-names.txt").lines().map(|name| (name, None));
        let words: Vec<_> = marks.chain(names).collect();
        let all: String = words.iter().map(|(word, _)| *word).collect();
        for (word, form) in words {
            for text in [word, &format!("ü{}\n", word.to_uppercase()), &word.repeat(9), &all] {
                let mut places = BTreeSet::new();
                each_word(text, |found, at| {
                    if (found.text, found.form) == (word, form) {
                        places.insert(at);
                    }
                });
                let (lower, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
                let wanted = (0..text.len())
                    .filter(|at| lower.as_bytes()[*at..].starts_with(word.as_bytes()));
                assert!(wanted.eq(places), "{word} in {text}");
            }
        }
    }

    #[test]
    fn the_bytes_of_a_secret_match_where_its_characters_do() {
        for form in FORMS.iter() {
            assert!(form.exact.get_or_init(|| Regex::new(form.pattern).ok()).is_some());
            let quick = QuickRegexBuilder::new(form.pattern).unicode(false).build();
            assert!(quick.is_ok(), "{}: {quick:?}", form.what);
            // A bound from above on characters outside of ASCII would be met by fewer of them than by their bytes.
            for (at, _) in form.pattern.match_indices('{') {
                let bound = form.pattern[at + 1..].split('}').next().unwrap_or_default();
                if bound.starts_with(|first: char| first.is_ascii_digit()) && !bound.ends_with(',')
                {
                    let class = form.pattern[..at].rsplit('[').next().unwrap_or_default();
                    assert!(class.ends_with(']') && !class.starts_with('^'), "{}", form.pattern);
                }
            }
        }
        assert_eq!(found("https://me:gehêim€ß@example.org").len(), 1);
        assert_eq!(found("machine ü\nlogin ß\npassword éüß").len(), 1);
    }

    #[test]
    fn a_sentence_in_a_comment_is_no_secret() {
        assert!(found("# This file has no secrets: everyone can read it.\n").is_empty());
        assert!(found("  // About the token: every node gets one\n").is_empty());
        assert_eq!(found("# password: hunterhunter\n").len(), 1);
        assert_eq!(found("# password: hunter2hunter2 of the old account\n").len(), 1);
        assert_eq!(found("password: hunterhunter of the old account\n").len(), 1);
    }

    #[test]
    fn a_key_whose_value_says_where_the_secret_lies_is_no_secret() {
        assert!(found("password:\n  vault: /subscriptions/x\n  name: operator\n").is_empty());
        assert!(found("password: *operator\n").is_empty());
        assert!(found("{\"disablePasswordAuthentication\":true}},\"x\":1}").is_empty());
        assert!(found("{passwordAuthentication: false, x: 1}").is_empty());
        assert_eq!(found("password: truely-secret\n").len(), 1);
        assert_eq!(found("password: \"*operator\"\n").len(), 1);
        assert_eq!(found("password:\n  \"hunter2:\"\n").len(), 1);
    }

    #[test]
    fn passwords_of_registries_are_found_on_the_command_line() {
        for login in [
            "docker login -u me -p hunter2 ghcr.io",
            "podman login --username me --password 'hunter2' ghcr.io",
            "docker login ghcr.io -u me \\\n  -phunter2",
        ] {
            assert_eq!(found(login).len(), 1, "{login}");
        }
        for login in [
            "docker login -u me -p \"$PASSWORD\" ghcr.io",
            "docker login -u me -p $(cat /run/password) ghcr.io",
            "docker login -u me --password-stdin ghcr.io",
            "docker login ghcr.io && mkdir -p /data",
        ] {
            assert!(found(login).is_empty(), "{login}: {:?}", found(login));
        }
    }
}
