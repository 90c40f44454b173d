//! What became of each property of a source, as a table for people: text for a terminal, Markdown for a file.

use std::fmt::Write as _;

use crate::diagnostic::printable::one_line;

/// What became of a property, the least surprising first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The new pool says the same.
    Same,
    /// A patch of the config says it.
    Patch,
    /// Only the new pool says it.
    New,
    /// Azure fills it in.
    State,
    /// It stays as it is, and the config does not manage it.
    Stays,
    /// The new pool says something else.
    Differs,
    /// A person has to do something.
    Step,
    /// Nothing of the new pool says it.
    Dropped,
    /// A secret, which is not taken over.
    Secret,
}

impl Outcome {
    /// All of them, in the order of a report.
    pub const ALL: [Self; 9] = [
        Self::Step,
        Self::Differs,
        Self::Dropped,
        Self::Secret,
        Self::Patch,
        Self::New,
        Self::Stays,
        Self::Same,
        Self::State,
    ];

    /// As a reader reads it.
    pub fn words(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Patch => "patch",
            Self::New => "new",
            Self::State => "read-only",
            Self::Stays => "stays",
            Self::Differs => "differs",
            Self::Step => "to do",
            Self::Dropped => "dropped",
            Self::Secret => "secret",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Self::Same => "The new pool has the same value.",
            Self::Patch => "The config has no key for it; its `patch` sets the same value.",
            Self::New => "The source does not set it; the new pool does.",
            Self::Stays => "It does not change. The config does not manage it.",
            Self::State => "Azure sets it, so the config does not.",
            Self::Differs => "The new pool has a different value.",
            Self::Step => "Action required.",
            Self::Dropped => "The new pool does not have it.",
            Self::Secret => "It is a secret. The config does not contain it.",
        }
    }
}

/// One property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The pool that it belongs to; empty for what belongs to none.
    pub pool: String,
    /// The file that says it.
    pub file: String,
    /// Where it stands in the file.
    pub source: String,
    /// Its value in the source.
    pub value: String,
    /// What became of it.
    pub outcome: Outcome,
    /// Where it stands in the resource of the pool; empty for what stands nowhere there.
    pub property: String,
    /// The key of the config that says it.
    pub key: String,
    /// The new value, if it is another one.
    pub now: Option<String>,
    /// Why, or what to do.
    pub why: String,
}

/// What became of everything in a source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The rows, in the order of the source.
    pub rows: Vec<Row>,
}

impl Report {
    /// How many rows have an outcome.
    pub fn count(&self, outcome: Outcome) -> usize {
        self.rows.iter().filter(|row| row.outcome == outcome).count()
    }

    /// The counts on one line.
    pub fn summary(&self) -> String {
        let counts = Outcome::ALL.into_iter().filter_map(|outcome| match self.count(outcome) {
            0 => None,
            count => Some(format!("{count} {}", outcome.words())),
        });
        counts.collect::<Vec<_>>().join(", ")
    }

    /// For a terminal. What needs no attention is named on one line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for outcome in Outcome::ALL {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.outcome == outcome).collect();
            if rows.is_empty() {
                continue;
            }
            let _ = writeln!(text, "\n{} ({})", outcome.words(), rows.len());
            if matches!(outcome, Outcome::Same | Outcome::State) {
                let names: Vec<String> = rows.iter().map(|row| one_line(&row.source)).collect();
                let _ = writeln!(text, "{}", wrapped(&names.join(", "), "  "));
                continue;
            }
            for (why, rows) in by_reason(&rows) {
                for row in &rows {
                    let _ = writeln!(text, "  {}", one_line(&line_of(row)));
                }
                if !why.is_empty() {
                    let _ = writeln!(text, "{}", wrapped(&one_line(why), "      "));
                }
            }
        }
        text
    }

    /// For a file beside the config.
    pub fn markdown(&self, title: &str) -> String {
        let mut text = format!("# {}\n\n{}\n", cell(title), cell(&self.summary()));
        for outcome in Outcome::ALL {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.outcome == outcome).collect();
            if rows.is_empty() {
                continue;
            }
            let words = outcome.words();
            let heading = format!("{}{}", words[..1].to_uppercase(), &words[1..]);
            let _ = write!(text, "\n## {heading}\n\n{}\n\n", outcome.about());
            text.push_str(
                "| pool | source | value | now | key | why |\n|---|---|---|---|---|---|\n",
            );
            for row in rows {
                let source = if row.file.is_empty() {
                    row.source.clone()
                } else {
                    format!("{}: {}", row.file, row.source)
                };
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} | {} | {} |",
                    cell(&row.pool),
                    cell(&source),
                    cell(&row.value),
                    cell(row.now.as_deref().unwrap_or_default()),
                    cell(&row.key),
                    prose(&row.why),
                );
            }
        }
        text
    }
}

/// One row on one line.
fn line_of(row: &Row) -> String {
    let mut line = row.source.clone();
    if !row.value.is_empty() {
        let _ = write!(line, " = {}", cut(&row.value));
    }
    if let Some(now) = &row.now {
        let _ = write!(line, " -> {}", cut(now));
    }
    line
}

/// Longest value of a line on a terminal, in characters.
const LONGEST: usize = 80;

fn cut(value: &str) -> String {
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    value.chars().take(LONGEST - 3).chain("...".chars()).collect()
}

/// The rows with their reasons, each reason once, in the order of the rows.
fn by_reason<'r>(rows: &[&'r Row]) -> Vec<(&'r str, Vec<&'r Row>)> {
    let mut groups: Vec<(&str, Vec<&Row>)> = Vec::new();
    for row in rows {
        match groups.iter_mut().find(|(why, _)| *why == row.why) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((&row.why, vec![row])),
        }
    }
    groups
}

/// Width of a line on a terminal.
const WIDTH: usize = 100;

fn wrapped(text: &str, indent: &str) -> String {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let fits = line.chars().count() + word.chars().count() + indent.len() < WIDTH;
        if !line.is_empty() && !fits {
            lines.push(format!("{indent}{line}"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(format!("{indent}{line}"));
    lines.join("\n")
}

/// What somebody else wrote, as the cell of a table shows it: no markup in it counts.
fn cell(text: &str) -> String {
    let mut shown = String::new();
    for symbol in one_line(text).chars() {
        if r"\`*_{}[]()<>#+-.!|~&:@".contains(symbol) {
            shown.push('\\');
        }
        shown.push(symbol);
    }
    shown
}

/// A sentence of prebake, whose code spans stay; what it quotes cannot leave the cell.
fn prose(text: &str) -> String {
    let mut shown = String::new();
    for (index, part) in one_line(text).split('`').enumerate() {
        if index % 2 == 1 {
            let _ = write!(shown, "`{}`", part.replace('|', r"\|"));
        } else {
            shown.push_str(&cell(part));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_is_no_markup() {
        assert_eq!(cell("a|b\n[x](y)"), "a\\|b\u{fffd}\\[x\\]\\(y\\)");
        assert_eq!(prose("see `a|b` | c"), "see `a\\|b` \\| c");
    }

    #[test]
    fn rows_with_one_reason_share_it() {
        let row = |source: &str| Row {
            pool: "p".to_owned(),
            file: String::new(),
            source: source.to_owned(),
            value: "1".to_owned(),
            outcome: Outcome::Dropped,
            property: String::new(),
            key: String::new(),
            now: None,
            why: "it is gone".to_owned(),
        };
        let report = Report { rows: vec![row("a"), row("b")] };
        assert_eq!(report.text(), "\ndropped (2)\n  a = 1\n  b = 1\n      it is gone\n");
        assert_eq!(report.summary(), "2 dropped");
    }
}
