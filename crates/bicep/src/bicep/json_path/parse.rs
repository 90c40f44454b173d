//! How paths and their filters are written.

use serde_json::Value;

use super::filter::{Comparison, Condition, Operand};
use super::{Path, Step};

/// How deep conditions may stand in each other.
const MAXIMUM_DEPTH: usize = 32;

/// The steps of a whole path. Nothing if it is not understood.
pub fn path(text: &str) -> Option<Path> {
    let mut parser = Parser { rest: text.trim(), depth: 0 };
    parser.rest = parser.rest.strip_prefix('$').unwrap_or(parser.rest);
    let mut steps = Vec::new();
    if !parser.rest.is_empty() && !parser.rest.starts_with(['.', '[']) {
        steps.push(parser.name()?);
    }
    parser.steps(&mut steps)?;
    parser.rest.is_empty().then_some(steps)
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, expected: &str) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    // As many steps as there are.
    fn steps(&mut self, steps: &mut Path) -> Option<()> {
        loop {
            if self.take("..") {
                steps.push(Step::Deep);
                if !self.rest.starts_with('[') {
                    steps.push(self.name()?);
                }
            } else if self.take("[") {
                steps.push(self.bracket()?);
            } else if self.take(".") {
                steps.push(self.name()?);
            } else {
                return Some(());
            }
        }
    }

    fn name(&mut self) -> Option<Step> {
        let stops = |letter: char| " .[]()=!<>&|,".contains(letter);
        let (name, rest) = self.rest.split_at(self.rest.find(stops).unwrap_or(self.rest.len()));
        self.rest = rest;
        match name {
            "" => None,
            "*" => Some(Step::All),
            name => Some(Step::Names(vec![name.to_owned()])),
        }
    }

    fn bracket(&mut self) -> Option<Step> {
        self.blanks();
        let step = if self.take("*") {
            Step::All
        } else if self.take("?") {
            self.blanks();
            let step = self.take("(").then(|| self.conditions())??;
            self.blanks();
            self.take(")").then_some(Step::Filter(step))?
        } else if self.rest.starts_with(['\'', '"']) {
            let mut names = vec![self.text()?];
            while self.comma() {
                names.push(self.text()?);
            }
            Step::Names(names)
        } else {
            self.positions()?
        };
        self.blanks();
        self.take("]").then_some(step)
    }

    fn comma(&mut self) -> bool {
        self.blanks();
        let found = self.take(",");
        self.blanks();
        found
    }

    fn positions(&mut self) -> Option<Step> {
        let first = self.position();
        if self.rest.starts_with(':') {
            let mut parts = [first, None, None];
            for part in &mut parts[1..] {
                if self.take(":") {
                    *part = self.position();
                }
            }
            let step = parts[2].unwrap_or(1);
            return (step != 0).then_some(Step::Slice(parts[0], parts[1], step));
        }
        let mut positions = vec![first?];
        while self.comma() {
            positions.push(self.position()?);
        }
        Some(Step::Positions(positions))
    }

    fn position(&mut self) -> Option<i64> {
        self.blanks();
        let digits = |letter: char| !letter.is_ascii_digit() && letter != '-';
        let (number, rest) = self.rest.split_at(self.rest.find(digits).unwrap_or(self.rest.len()));
        self.rest = rest.trim_start();
        number.parse().ok()
    }

    // `'text'`, with backslashes before quotes and backslashes.
    fn text(&mut self) -> Option<String> {
        let quote = self.rest.chars().next().filter(|letter| matches!(letter, '\'' | '"'))?;
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            if letter == quote {
                self.rest = &self.rest[at + 1..];
                return Some(text);
            }
            text.push(match letter {
                '\\' => match letters.next()?.1 {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                },
                other => other,
            });
        }
        None
    }

    fn conditions(&mut self) -> Option<Condition> {
        self.depth += 1;
        if self.depth > MAXIMUM_DEPTH {
            return None;
        }
        let mut alternatives = vec![self.all_conditions()?];
        while self.take("||") {
            alternatives.push(self.all_conditions()?);
        }
        self.depth -= 1;
        Some(Condition::Any(alternatives))
    }

    fn all_conditions(&mut self) -> Option<Condition> {
        let mut all = vec![self.condition()?];
        self.blanks();
        while self.take("&&") {
            all.push(self.condition()?);
            self.blanks();
        }
        Some(Condition::All(all))
    }

    fn condition(&mut self) -> Option<Condition> {
        self.blanks();
        if self.take("(") {
            let inner = self.conditions()?;
            self.blanks();
            return self.take(")").then_some(inner);
        }
        let left = self.operand()?;
        self.blanks();
        let operator = Comparison::ALL.into_iter().find(|(sign, _)| self.take(sign));
        let Some((_, operator)) = operator else { return Some(Condition::Exists(left)) };
        self.blanks();
        let right = match operator {
            Comparison::Matches => self.pattern()?,
            _ => self.operand()?,
        };
        Some(Condition::Compare(left, operator, right))
    }

    fn operand(&mut self) -> Option<Operand> {
        for (sign, from_root) in [("@", false), ("$", true)] {
            if self.take(sign) {
                let mut steps = Vec::new();
                self.steps(&mut steps)?;
                return Some(Operand::Path(from_root, steps));
            }
        }
        if self.rest.starts_with(['\'', '"']) {
            return self.text().map(|text| Operand::Literal(Value::String(text)));
        }
        let stops = |letter: char| !letter.is_ascii_alphanumeric() && !"+-.".contains(letter);
        let (word, rest) = self.rest.split_at(self.rest.find(stops).unwrap_or(self.rest.len()));
        self.rest = rest;
        // Numbers, `true`, `false` and `null` are those of JSON.
        serde_json::from_str(word).ok().map(Operand::Literal)
    }

    // `/pattern/` with the option `i`, or a text.
    fn pattern(&mut self) -> Option<Operand> {
        let (pattern, options) = if self.take("/") {
            let (pattern, rest) = self.rest.split_once('/')?;
            let end = rest.find(|letter: char| !letter.is_ascii_alphabetic());
            let (options, rest) = rest.split_at(end.unwrap_or(rest.len()));
            self.rest = rest;
            (pattern.to_owned(), options)
        } else {
            (self.text()?, "")
        };
        let insensitive = match options {
            "" => false,
            "i" => true,
            _ => return None,
        };
        Operand::pattern(&pattern, insensitive)
    }
}
