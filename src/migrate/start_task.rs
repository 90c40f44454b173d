//! The start task of a pool: its command as the config writes it.

use serde_json::{Map, Value, json};

use super::config::{Draft, pairs};
use super::ledger::SourcePool;

const LINE: &str = "/properties/startTask/commandLine";

/// Puts the start task and its environment into a pool of the config.
pub(super) fn add(
    draft: &mut Draft,
    map: &mut Map<String, Value>,
    index: usize,
    pool: &SourcePool,
    notes: &mut Vec<String>,
) {
    let line = pool.body.pointer(LINE).and_then(Value::as_str).filter(|line| !line.is_empty());
    let Some(line) = line else { return };
    let (command, why) = command(line);
    if let Some(why) = why {
        draft.reasons.insert((index, LINE.to_owned()), why.to_owned());
    }
    if command.trim_end().ends_with("|| true") || command.contains("|| echo") {
        notes.push(format!(
            "the start task of {} hides its failure, so faulty nodes accept tasks: let the start task fail",
            pool.named()
        ));
    }
    let mut task = json!({ "command": command });
    // Batch does not retry where nothing is said; a config without the key retries once.
    if pool.body.pointer("/properties/startTask/maxTaskRetryCount").is_none() {
        task["maxTaskRetryCount"] = json!(0);
    }
    map.insert("startTask".into(), task);
    let environment = pairs(pool.body.pointer("/properties/startTask/environmentSettings"));
    if !environment.is_empty() {
        map.insert("environment".into(), Value::Object(environment));
    }
}

const OTHER_SHELL: &str =
    "prebake runs the command with `/bin/bash -c`; before, it ran with another shell";
const NO_SHELL: &str =
    "prebake runs the command with `/bin/bash -c`; before, it ran without a shell";
const NO_SHELL_QUOTED: &str = "prebake runs the command with `/bin/bash -c`; before, it ran without a shell. Its \
                               words are quoted, so variables and operators in them stay plain text";

/// The command of a command line, and why it is not the same line.
fn command(line: &str) -> (String, Option<&'static str>) {
    let Some(words) = words(line) else { return (line.to_owned(), Some(NO_SHELL)) };
    if let [shell, option, command] = &words[..]
        && option == "-c"
    {
        match shell.as_str() {
            "/bin/bash" | "bash" | "/usr/bin/bash" => return (command.clone(), None),
            "/bin/sh" | "sh" | "/usr/bin/sh" => return (command.clone(), Some(OTHER_SHELL)),
            _ => {}
        }
    }
    if words.iter().all(|word| is_plain(word)) {
        return (words.join(" "), Some(NO_SHELL));
    }
    let quoted: Vec<String> = words
        .iter()
        .map(|word| {
            if is_plain(word) { word.clone() } else { format!("'{}'", word.replace('\'', r"'\''")) }
        })
        .collect();
    (quoted.join(" "), Some(NO_SHELL_QUOTED))
}

/// Whether a shell takes a word as it stands.
fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    !word.is_empty() && word.chars().all(plain)
}

/// Whether two command lines run the same command.
pub(super) fn same(one: &str, other: &str) -> bool {
    let shell = |words: Vec<String>| -> Vec<String> {
        let mut words = words;
        if let [shell, option, _] = &mut words[..]
            && option == "-c"
            && ["bash", "/usr/bin/bash"].contains(&shell.as_str())
        {
            "/bin/bash".clone_into(shell);
        }
        words
    };
    match (words(one), words(other)) {
        (Some(one), Some(other)) => shell(one) == shell(other),
        _ => one == other,
    }
}

/// The words of a command line. `None` where a quote does not end.
fn words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut symbols = line.chars();
    while let Some(symbol) = symbols.next() {
        match symbol {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match symbols.next()? {
                        '\'' => break,
                        symbol => word.push(symbol),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match symbols.next()? {
                        '"' => break,
                        '\\' => match symbols.next()? {
                            escaped @ ('"' | '\\' | '$' | '`') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        symbol => word.push(symbol),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(symbols.next()?),
            space if space.is_whitespace() => words.extend(word.take()),
            symbol => word.get_or_insert_default().push(symbol),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_a_shell_is_taken_out_of_its_quotes() {
        for (line, expected) in [
            ("/bin/bash -c 'nvidia-smi && echo $A'", "nvidia-smi && echo $A"),
            ("bash -c \"echo \\\"a\\\" $B\"", "echo \"a\" $B"),
            ("/bin/bash -c ./setup.sh", "./setup.sh"),
            ("./s.sh one two", "./s.sh one two"),
            ("echo $HOME; ls", "echo '$HOME;' ls"),
            // Bash runs the first word and takes the second for its own name.
            ("/bin/bash -c echo hi", "/bin/bash -c echo hi"),
        ] {
            assert_eq!(command(line).0, expected, "{line}");
        }
    }

    #[test]
    fn quotes_make_no_other_command() {
        assert!(same("/bin/bash -c ./setup.sh", "/bin/bash -c './setup.sh'"));
        assert!(same("bash -c 'a b'", "/bin/bash -c \"a b\""));
        assert!(!same("/bin/bash -c 'a b'", "/bin/bash -c a b"));
    }
}
