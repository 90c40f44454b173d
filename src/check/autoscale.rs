//! A small reader of autoscale formulas: names, statements, parentheses and limits, no values.

use std::collections::BTreeSet;

use crate::catalog;

/// What is wrong in a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Line of the formula, from 1.
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) help: Option<String>,
}

/// Variables that a formula may set.
const TARGETS: [&str; 3] =
    ["$TargetDedicatedNodes", "$TargetLowPriorityNodes", "$NodeDeallocationOption"];

/// Batch's limits on a formula.
const MAX_BYTES: usize = 8192;
const MAX_STATEMENTS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Name(&'a str),
    Assign,
    Semicolon,
    Open,
    Close,
    Other,
}

/// Everything that is wrong.
pub(super) fn problems(formula: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    if formula.len() > MAX_BYTES {
        found.push(problem(1, format!("it has {} bytes; the limit is {MAX_BYTES}", formula.len())));
        return found;
    }
    let tokens = tokens(formula);
    parentheses(&tokens, &mut found);
    let mut reader = Reader { known: BTreeSet::new(), assigned: BTreeSet::new(), found };
    let mut statements = 0;
    for statement in tokens.split(|(token, _)| *token == Token::Semicolon) {
        if !statement.is_empty() {
            statements += 1;
            reader.statement(statement);
        }
    }
    let Reader { assigned, mut found, .. } = reader;
    if statements > MAX_STATEMENTS {
        found.push(problem(
            1,
            format!("it has {statements} statements; the limit is {MAX_STATEMENTS}"),
        ));
    }
    let targets = ["$TargetDedicatedNodes", "$TargetLowPriorityNodes"];
    if !targets.iter().any(|target| assigned.contains(target)) {
        let mut missing = problem(1, "it does not set `$TargetDedicatedNodes`".to_owned());
        missing.help = Some("assign the number of nodes to `$TargetDedicatedNodes`".to_owned());
        found.push(missing);
    }
    found
}

fn problem(line: usize, what: String) -> Problem {
    Problem { line, what, help: None }
}

struct Reader<'a> {
    /// Variables of the formula's own that have a value.
    known: BTreeSet<&'a str>,
    /// Targets that have a value.
    assigned: BTreeSet<&'a str>,
    found: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn statement(&mut self, statement: &[(Token<'a>, usize)]) {
        let (target, expression) = match statement {
            [(Token::Name(name), _), (Token::Assign, _), rest @ ..] => (Some(*name), rest),
            rest => {
                let line = rest.first().map_or(1, |(_, line)| *line);
                self.found.push(problem(line, "this statement is not an assignment".to_owned()));
                (None, rest)
            }
        };
        for (at, (token, line)) in expression.iter().enumerate() {
            match token {
                Token::Assign => {
                    let mut missing =
                        problem(*line, "a `;` is missing before this assignment".to_owned());
                    missing.help = Some("end every statement with `;`".to_owned());
                    self.found.push(missing);
                    if let Some((Token::Name(name), _)) =
                        at.checked_sub(1).and_then(|at| expression.get(at))
                    {
                        self.define(name);
                    }
                }
                Token::Name(name) if name.starts_with('$') => {
                    let defines = matches!(expression.get(at + 1), Some((Token::Assign, _)));
                    if !defines {
                        self.use_variable(name, *line);
                    }
                }
                _ => {}
            }
        }
        if let Some(name) = target {
            self.define(name);
        }
    }

    fn define(&mut self, name: &'a str) {
        if let Some(target) = TARGETS.iter().find(|target| target.eq_ignore_ascii_case(name)) {
            self.assigned.insert(target);
        }
        self.known.insert(name);
    }

    fn use_variable(&mut self, name: &'a str, line: usize) {
        let given = || catalog::autoscale_variables().chain(TARGETS);
        let is_given = given().any(|known| known.eq_ignore_ascii_case(name));
        if !is_given && !self.known.contains(name) {
            let mut unknown = problem(
                line,
                format!("`{name}` is neither a variable of Batch nor assigned before"),
            );
            let mut known: Vec<&str> = given().collect();
            known.extend(&self.known);
            unknown.help = crate::diagnostic::nearest(name, known)
                .map(|near| format!("did you mean `{near}`?"));
            self.found.push(unknown);
        }
    }
}

fn parentheses(tokens: &[(Token<'_>, usize)], found: &mut Vec<Problem>) {
    let mut open = Vec::new();
    for (token, line) in tokens {
        match token {
            Token::Open => open.push(*line),
            Token::Close if open.pop().is_none() => {
                found.push(problem(*line, "unmatched closing parenthesis".to_owned()));
            }
            Token::Semicolon => {
                if let Some(line) = open.first() {
                    found.push(problem(*line, "unmatched opening parenthesis".to_owned()));
                }
                open.clear();
            }
            _ => {}
        }
    }
    if let Some(line) = open.first() {
        found.push(problem(*line, "unmatched opening parenthesis".to_owned()));
    }
}

fn tokens(formula: &str) -> Vec<(Token<'_>, usize)> {
    let bytes = formula.as_bytes();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(byte) = bytes.get(at) {
        let rest = &formula[at..];
        let length = match byte {
            b'\n' => {
                line += 1;
                1
            }
            _ if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => {
                let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
                line += rest[..length].matches('\n').count();
                length
            }
            b'"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            b'$' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
                let length = rest[1..]
                    .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                    .map_or(rest.len(), |end| end + 1);
                tokens.push((Token::Name(&rest[..length]), line));
                length
            }
            _ => symbol(rest, line, &mut tokens),
        };
        at += length;
    }
    tokens
}

fn symbol(rest: &str, line: usize, tokens: &mut Vec<(Token<'_>, usize)>) -> usize {
    let comparison = ["==", "!=", "<=", ">="].iter().any(|operator| rest.starts_with(operator));
    let letter = rest.chars().next().unwrap_or(' ');
    let token = match letter {
        _ if comparison => Token::Other,
        '=' => Token::Assign,
        ';' => Token::Semicolon,
        '(' => Token::Open,
        ')' => Token::Close,
        _ => Token::Other,
    };
    if !letter.is_whitespace() {
        tokens.push((token, line));
    }
    if comparison { 2 } else { letter.len_utf8() }
}

#[cfg(test)]
mod tests {
    use super::problems;

    fn what(formula: &str) -> Vec<String> {
        problems(formula).into_iter().map(|problem| problem.what).collect()
    }

    #[test]
    fn documented_formulas_are_right() {
        let pending = "startingNumberOfVMs = 1;\nmaxNumberofVMs = 25;\n\
            pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);\n\
            pendingTaskSamples = pendingTaskSamplePercent < 70 ? startingNumberOfVMs : avg($PendingTasks.GetSample(180 * TimeInterval_Second));\n\
            $TargetDedicatedNodes=min(maxNumberofVMs, pendingTaskSamples);\n$NodeDeallocationOption = taskcompletion;";
        assert_eq!(what(pending), Vec::<String>::new());
        assert_eq!(
            what("/* a */ $n = 3; // b\n$TargetDedicatedNodes = $n == 3 ? 1 : 0"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn mistakes_are_found_with_their_lines() {
        assert_eq!(what("$TargetDedicatedNodes = $PendingTask.GetSample(1);").len(), 1);
        assert_eq!(what("$TargetDedicatedNodes = $MaxTasksPerNode;").len(), 1);
        let missing = problems("a = 1\n$TargetDedicatedNodes = a;");
        assert_eq!((missing.len(), missing[0].line), (1, 2));
        assert_eq!(what("a = 1;"), ["it does not set `$TargetDedicatedNodes`"]);
        assert_eq!(what("$TargetDedicatedNodes = (1;"), ["unmatched opening parenthesis"]);
        assert_eq!(what("$TargetDedicatedNodes = 1);").len(), 1);
        assert!(what("$TargetDedicatedNodes = 1; $TargetLowPriorityNodes = 1;").is_empty());
        assert!(what("$TargetLowPriorityNodes = 1;").is_empty());
        assert_eq!(what("$TargetDedicatedNodes = 1; 5;"), ["this statement is not an assignment"]);
        assert_eq!(what(&"a".repeat(9000)).len(), 1);
        assert_eq!(what(&format!("{}$TargetDedicatedNodes = 1;", "a=1;".repeat(100))).len(), 1);
    }

    #[test]
    fn odd_formulas_end() {
        for formula in ["", ";", "\"", "/*", "=", "é", "$", "((((", "a = = ;"] {
            problems(formula);
        }
    }
}
