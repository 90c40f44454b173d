use std::ops::Range;
use std::sync::Arc;

use memchr::{memchr, memrchr};

/// The simple commands of a script, in order. A word is a part of the script where it has neither a quote inside nor an
/// escape; all others stand in one text, one after the other.
#[derive(Debug)]
pub(super) struct Commands {
    script: Arc<str>,
    own: String,
    words: Vec<Word>,
    found: Vec<Found>,
}

/// Where a word stands.
#[derive(Debug, Clone, Copy, Default)]
struct Word {
    start: usize,
    end: usize,
    /// In the text of its own instead of in the script.
    is_own: bool,
}

/// Which words a command has, and where it stands in the script.
#[derive(Debug)]
struct Found {
    words: Range<usize>,
    /// The program without its folder. Rules ask for it most.
    program: Word,
    place: Range<usize>,
}

impl Commands {
    pub(super) fn iter(&self) -> impl Iterator<Item = Command<'_>> {
        self.found.iter().map(|found| Command { all: self, found })
    }

    pub(super) fn first(&self) -> Option<Command<'_>> {
        self.iter().next()
    }

    fn text(&self, word: Word) -> &str {
        let text: &str = if word.is_own { &self.own } else { &self.script };
        &text[word.start..word.end]
    }

    fn word(&self, at: usize) -> &str {
        self.text(self.words[at])
    }

    /// A word without its folder.
    fn program(&self, at: usize) -> Word {
        let word = self.words[at];
        let folder = memrchr(b'/', self.text(word).as_bytes()).map_or(0, |slash| slash + 1);
        Word { start: word.start + folder, ..word }
    }

    /// Adds a part of the script to the last word.
    fn add(&mut self, part: Range<usize>) {
        let Some(word) = self.words.last_mut() else { return };
        match (word.start == word.end, word.is_own) {
            _ if part.is_empty() => {}
            (true, _) => *word = Word { start: part.start, end: part.end, is_own: false },
            (false, false) if word.end == part.start => word.end = part.end,
            (false, is_own) => {
                if !is_own {
                    let start = self.own.len();
                    self.own.push_str(&self.script[word.start..word.end]);
                    *word = Word { start, end: self.own.len(), is_own: true };
                }
                self.own.push_str(&self.script[part]);
                word.end = self.own.len();
            }
        }
    }

    /// Takes the last word back.
    fn pop(&mut self) -> String {
        let word = self.words.pop().unwrap_or_default();
        let text = self.text(word).to_owned();
        if word.is_own {
            self.own.truncate(word.start);
        }
        text
    }
}

/// One simple command of a script: its words without quotes, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Command<'s> {
    all: &'s Commands,
    found: &'s Found,
}

impl<'s> Command<'s> {
    pub(super) fn words(self) -> impl Iterator<Item = &'s str> {
        self.found.words.clone().map(|at| self.all.word(at))
    }

    pub(super) fn word(self, at: usize) -> Option<&'s str> {
        self.words().nth(at)
    }

    pub(super) fn range(self) -> Range<usize> {
        self.found.place.clone()
    }

    /// The program, without its folder.
    pub(super) fn program(self) -> &'s str {
        self.all.text(self.found.program)
    }

    /// Whether the words begin so.
    pub(super) fn starts_with(self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(at, expected)| match at {
            0 => self.program() == *expected,
            _ => self.word(at) == Some(expected),
        })
    }

    pub(super) fn has(self, word: &str) -> bool {
        self.words().any(|known| known == word)
    }
}

/// Words that a simple command may follow.
const PREFIXES: [&str; 15] = [
    "if", "then", "else", "elif", "do", "while", "until", "!", "{", "(", "sudo", "exec", "time",
    "nohup", "command",
];

/// What ends, quotes or joins words; all else stands for itself. A look-up is faster than a chain of comparisons.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut rest: &[u8] = b" \t\r\n;&|()'\"\\";
    while let [byte, others @ ..] = rest {
        special[*byte as usize] = true;
        rest = others;
    }
    special
};

/// The simple commands of a script, in order. No shell in full: comments, quotes, continued lines, here
/// documents and operators are understood, substitutions are part of the word that holds them.
pub(super) fn commands(script: impl Into<Arc<str>>) -> Commands {
    let script = script.into();
    let (own, found) = (String::new(), Vec::new());
    let words = Vec::with_capacity(script.len() / 16);
    let commands = Commands { script: Arc::clone(&script), own, words, found };
    let mut splitter = Splitter { script: &script, at: 0, here: None, commands };
    while splitter.at < script.len() {
        splitter.command();
    }
    splitter.commands
}

struct Splitter<'a> {
    script: &'a str,
    at: usize,
    /// The delimiter of a here document that begins on the next line.
    here: Option<String>,
    commands: Commands,
}

impl Splitter<'_> {
    fn command(&mut self) {
        let start = self.at;
        let before = self.commands.words.len();
        let mut first = None;
        loop {
            self.blanks();
            let Some(next) = self.peek() else { break };
            match next {
                '\n' => {
                    self.at += 1;
                    self.here_document();
                    break;
                }
                '#' => {
                    self.skip_line();
                }
                ';' | '&' | '|' | '(' | ')' if !self.redirects() => {
                    self.at += 1;
                    break;
                }
                _ => {
                    first.get_or_insert(self.at);
                    self.word();
                    if self.commands.word(self.commands.words.len() - 1).starts_with("<<") {
                        let word = self.commands.pop();
                        self.expect_here(&word["<<".len()..]);
                    }
                }
            }
        }
        let end = self.script[start..self.at]
            .trim_end_matches([';', '&', '|', '\n', ' ', '(', ')'])
            .len()
            + start;
        let all = before..self.commands.words.len();
        let skipped = all.clone().take_while(|at| is_prefix(self.commands.word(*at))).count();
        let words = before + skipped..all.end;
        if !words.is_empty() {
            let start = first.unwrap_or(start);
            let program = self.commands.program(words.start);
            self.commands.found.push(Found { words, program, place: start..end.max(start) });
        }
    }

    fn peek(&self) -> Option<char> {
        self.script[self.at..].chars().next()
    }

    /// `&` belongs to a redirection in `2>&1` and `&>`.
    fn redirects(&self) -> bool {
        let rest = &self.script[self.at..];
        rest.starts_with("&>") || (rest.starts_with('&') && self.script[..self.at].ends_with('>'))
    }

    fn blanks(&mut self) {
        let bytes = self.script.as_bytes();
        loop {
            match bytes.get(self.at..) {
                Some([b' ' | b'\t' | b'\r', ..]) => self.at += 1,
                Some([b'\\', b'\n', ..]) => self.at += 2,
                _ => return,
            }
        }
    }

    fn skip_line(&mut self) {
        let rest = &self.script.as_bytes()[self.at..];
        self.at += memchr(b'\n', rest).unwrap_or(rest.len());
    }

    /// Adds the next word to those of the commands.
    fn word(&mut self) {
        self.commands.words.push(Word::default());
        let mut quote = None;
        loop {
            let rest = &self.script.as_bytes()[self.at..];
            let plain = match quote {
                None => rest.iter().position(|byte| SPECIAL[usize::from(*byte)]),
                Some(b'\'') => rest.iter().position(|byte| *byte == b'\''),
                Some(_) => rest.iter().position(|byte| *byte == b'"' || *byte == b'\\'),
            };
            let plain = plain.unwrap_or(rest.len());
            self.add(plain);
            // What stops here is ASCII.
            let Some(next) = rest.get(plain).copied() else { break };
            match (next, quote) {
                (b'\\', _) => {
                    self.at += 1;
                    match self.peek() {
                        Some('\n') => self.at += 1,
                        escaped => self.add(escaped.map_or(0, char::len_utf8)),
                    }
                    continue;
                }
                (_, Some(_)) => quote = None,
                (b'\'' | b'"', None) => quote = Some(next),
                (b'(', None) if self.last().ends_with(['$', '<', '>', '=']) => {
                    self.substitution();
                    continue;
                }
                (b'&', None) if self.last().ends_with('>') || self.redirects() => {
                    self.add(1);
                    continue;
                }
                _ => break,
            }
            self.at += 1;
        }
    }

    /// The word that is being read.
    fn last(&self) -> &str {
        self.commands.words.last().map_or("", |word| self.commands.text(*word))
    }

    /// Adds so many of the next bytes to the last word.
    fn add(&mut self, length: usize) {
        let start = self.at;
        self.at += length;
        self.commands.add(start..self.at);
    }

    /// `$(...)` and `name=(...)`, parentheses balanced.
    fn substitution(&mut self) {
        let mut depth = 0_usize;
        let ends = |byte: &u8| {
            match byte {
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        };
        let rest = &self.script.as_bytes()[self.at..];
        let end = rest.iter().position(ends).map_or(rest.len(), |last| last + 1);
        self.add(end);
    }

    fn expect_here(&mut self, delimiter: &str) {
        if delimiter.starts_with('<') {
            return;
        }
        let delimiter = delimiter.trim_start_matches('-');
        let delimiter = if delimiter.is_empty() {
            self.blanks();
            self.word();
            self.commands.pop()
        } else {
            delimiter.to_owned()
        };
        self.here = (!delimiter.is_empty()).then_some(delimiter);
    }

    fn here_document(&mut self) {
        let Some(delimiter) = self.here.take() else { return };
        while self.at < self.script.len() {
            let start = self.at;
            self.skip_line();
            let line = self.script[start..self.at].trim();
            self.at = (self.at + 1).min(self.script.len());
            if line == delimiter {
                return;
            }
        }
    }
}

fn is_prefix(word: &str) -> bool {
    let assigns = memchr(b'=', word.as_bytes()).is_some_and(|sign| {
        let (name, value) = (&word[..sign], &word[sign + 1..]);
        !name.is_empty()
            && !value.starts_with('(')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    assigns || PREFIXES.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::commands;

    fn words(script: &str) -> Vec<Vec<String>> {
        let words = |command: super::Command<'_>| command.words().map(str::to_owned).collect();
        commands(script).iter().map(words).collect()
    }

    #[test]
    fn operators_and_prefixes_part_commands() {
        assert_eq!(
            words(
                "set -e; if ! sudo docker pull 'a b' 2>&1 | tee log; then exit 1; fi # docker run"
            ),
            [
                vec!["set", "-e"],
                vec!["docker", "pull", "a b", "2>&1"],
                vec!["tee", "log"],
                vec!["exit", "1"],
                vec!["fi"]
            ]
        );
        assert_eq!(
            words("FOO=1 apt-get \\\n  install x && y"),
            [vec!["apt-get", "install", "x"], vec!["y"]]
        );
        assert_eq!(words("a=$(docker pull b); echo \"$a;c\""), [vec!["echo", "$a;c"]]);
    }

    #[test]
    fn here_documents_are_no_commands() {
        assert_eq!(
            words("cat > f << 'EOF'\ndocker run x\nEOF\nls"),
            [vec!["cat", ">", "f"], vec!["ls"]]
        );
        assert_eq!(words("cat <<-END\n docker\n END\nls"), [vec!["cat"], vec!["ls"]]);
    }

    #[test]
    fn ranges_hold_the_command() {
        let script = "true; docker pull x:1 || exit";
        let commands = commands(script);
        let pull = commands.iter().nth(1).expect("there are three");
        assert_eq!(&script[pull.range()], "docker pull x:1");
    }

    #[test]
    fn odd_scripts_end() {
        for script in ["", "'", "\"", "\\", "<<", "<<E", "$(", "a=(", "((((", "&&&&", "é;ü", "\r\n"]
        {
            commands(script);
        }
    }
}
