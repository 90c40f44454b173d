//! The most nodes that an autoscale formula asks for: each value as the range that it can lie in.

use std::collections::BTreeMap;

/// Parentheses deeper than this are not followed.
const MAX_DEPTH: usize = 64;
/// Batch takes no longer formula.
const MAX_BYTES: usize = 8192;

/// The most dedicated and spot nodes of a formula; nothing where only Azure can know.
pub(crate) fn most_nodes(formula: &str) -> [Option<u64>; 2] {
    if formula.len() > MAX_BYTES {
        return [None, None];
    }
    let tokens = tokens(formula);
    let mut values: BTreeMap<String, Range> = BTreeMap::new();
    for statement in tokens.split(|token| *token == Token::Symbol(";")) {
        if let [Token::Name(name), Token::Symbol("="), expression @ ..] = statement {
            let mut parser = Parser { tokens: expression, values: &values, depth: 0 };
            let value = parser.choice();
            let value = if parser.tokens.is_empty() { value } else { COUNT };
            values.insert(name.to_lowercase(), value);
        }
    }
    let targets = ["$targetdedicatednodes", "$targetlowprioritynodes"].map(|name| values.get(name));
    // A target that a formula leaves alone stays at zero, unless it leaves both alone.
    let untouched = targets.iter().any(Option::is_some).then_some(0);
    targets.map(|target| target.map_or(untouched, |range| range.most()))
}

/// The least and the most that a value can be.
#[derive(Debug, Clone, Copy)]
struct Range(f64, f64);

/// What is counted is not negative; more is not known.
const COUNT: Range = Range(0.0, f64::INFINITY);
const ANYTHING: Range = Range(f64::NEG_INFINITY, f64::INFINITY);

impl Range {
    fn new(least: f64, most: f64) -> Self {
        if least.is_nan() || most.is_nan() { ANYTHING } else { Self(least, most) }
    }

    fn or(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.max(other.1))
    }

    fn combine(self, operator: &str, other: Self) -> Self {
        let counts = self.0 >= 0.0 && other.0 >= 0.0;
        match operator {
            "+" => Self::new(self.0 + other.0, self.1 + other.1),
            "-" => Self::new(self.0 - other.1, self.1 - other.0),
            "*" if counts => Self::new(self.0 * other.0, self.1 * other.1),
            "/" if counts && other.0 > 0.0 => Self::new(self.0 / other.1, self.1 / other.0),
            _ => ANYTHING,
        }
    }

    fn most(self) -> Option<u64> {
        let most = self.1.max(0.0).ceil();
        (most <= f64::from(u32::MAX)).then(|| format!("{most}").parse().ok()).flatten()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Token<'a> {
    Number(f64),
    Name(&'a str),
    Symbol(&'a str),
}

fn tokens(formula: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = formula.trim_start();
    while let Some(first) = rest.chars().next() {
        let span = |holds: fn(char) -> bool| {
            rest[1..].find(|letter: char| !holds(letter)).map_or(rest.len(), |end| end + 1)
        };
        let past = |text: &str| rest.find(text).map_or(rest.len(), |at| at + text.len());
        let two = ["==", "!=", "<=", ">=", "&&", "||"];
        let length = match first {
            _ if rest.starts_with("//") => past("\n"),
            _ if rest.starts_with("/*") => past("*/"),
            '0'..='9' => span(|letter| letter.is_ascii_digit() || letter == '.'),
            '$' | '_' | 'a'..='z' | 'A'..='Z' => {
                span(|letter| letter.is_ascii_alphanumeric() || letter == '_')
            }
            _ if two.iter().any(|symbol| rest.starts_with(symbol)) => 2,
            _ => first.len_utf8(),
        };
        let (text, after) = rest.split_at(length);
        rest = after.trim_start();
        match first {
            '/' if length > 1 => {}
            '0'..='9' => tokens.push(Token::Number(text.parse().unwrap_or(f64::NAN))),
            '$' | '_' | 'a'..='z' | 'A'..='Z' => tokens.push(Token::Name(text)),
            _ => tokens.push(Token::Symbol(text)),
        }
    }
    tokens
}

struct Parser<'a> {
    tokens: &'a [Token<'a>],
    values: &'a BTreeMap<String, Range>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Option<Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*first)
    }

    fn takes(&mut self, symbols: &[&str]) -> Option<&'a str> {
        match self.tokens.first() {
            Some(Token::Symbol(symbol)) if symbols.contains(symbol) => {
                self.tokens = &self.tokens[1..];
                Some(symbol)
            }
            _ => None,
        }
    }

    /// `condition ? this : that`, whose condition may be known and is not asked.
    fn choice(&mut self) -> Range {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            // What is not followed is left over, and what is left over makes the whole unknown.
            return ANYTHING;
        }
        let condition = self.comparison();
        let chosen = if self.takes(&["?"]).is_some() {
            let this = self.choice();
            if self.takes(&[":"]).is_some() { this.or(self.choice()) } else { ANYTHING }
        } else {
            condition
        };
        self.depth -= 1;
        chosen
    }

    fn comparison(&mut self) -> Range {
        let mut value = self.operation(&["+", "-"]);
        while self.takes(&["==", "!=", "<=", ">=", "<", ">", "&&", "||"]).is_some() {
            self.operation(&["+", "-"]);
            value = Range(0.0, 1.0);
        }
        value
    }

    fn operation(&mut self, operators: &[&str]) -> Range {
        let products = operators.contains(&"*");
        let part = |parser: &mut Self| {
            if products { parser.value() } else { parser.operation(&["*", "/"]) }
        };
        let mut value = part(self);
        while let Some(operator) = self.takes(operators) {
            value = value.combine(operator, part(self));
        }
        value
    }

    fn value(&mut self) -> Range {
        if let Some(sign) = self.takes(&["-", "!", "+"]) {
            self.depth += 1;
            let value = if self.depth > MAX_DEPTH { ANYTHING } else { self.value() };
            self.depth -= 1;
            return match sign {
                "-" => Range(-value.1, -value.0),
                "+" => value,
                _ => Range(0.0, 1.0),
            };
        }
        let mut value = match self.next() {
            Some(Token::Number(number)) => Range::new(number, number),
            Some(Token::Symbol("(")) => self.arguments().into_iter().next().unwrap_or(ANYTHING),
            Some(Token::Name(name)) => self.named(name),
            _ => ANYTHING,
        };
        // What a sample tells is a count or a share.
        while self.takes(&["."]).is_some() {
            self.next();
            if self.takes(&["("]).is_some() {
                self.arguments();
            }
            value = COUNT;
        }
        value
    }

    fn named(&mut self, name: &str) -> Range {
        if self.takes(&["("]).is_none() {
            return self.values.get(&name.to_lowercase()).copied().unwrap_or(COUNT);
        }
        let arguments = self.arguments();
        let all = |combine: fn(f64, f64) -> f64| {
            let both = |a: Range, b: Range| Range(combine(a.0, b.0), combine(a.1, b.1));
            arguments.iter().copied().reduce(both).unwrap_or(ANYTHING)
        };
        match name.to_lowercase().as_str() {
            "min" => all(f64::min),
            "max" => all(f64::max),
            "avg" => arguments.iter().copied().reduce(Range::or).unwrap_or(ANYTHING),
            "ceil" | "floor" | "round" => {
                let value = all(f64::max);
                Range(value.0.floor(), value.1.ceil())
            }
            _ => ANYTHING,
        }
    }

    /// What stands before the closing parenthesis.
    fn arguments(&mut self) -> Vec<Range> {
        let mut found = Vec::new();
        while self.takes(&[")"]).is_none() && !self.tokens.is_empty() {
            let left = self.tokens.len();
            found.push(self.choice());
            self.takes(&[","]);
            if self.tokens.len() == left {
                break;
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_tells_its_upper_bound() {
        for (formula, dedicated) in [
            ("maxNodes = 12; $TargetDedicatedNodes = min(maxNodes, x);", Some(12)),
            ("$TargetDedicatedNodes = min(4, $PendingTasks.GetSample(1));", Some(4)),
            ("$TargetDedicatedNodes = min($PendingTasks.GetSample(1), 7);", Some(7)),
            ("$TargetDedicatedNodes=min($a, max(2, ($b + 1) * 3), 7);", Some(7)),
            ("$TargetDedicatedNodes = 3;", Some(3)),
            ("$TargetDedicatedNodes = $hour >= 1 && $hour < 5 ? 10 : 0;", Some(10)),
            ("a = 2; a = a * 5; $targetDedicatedNodes = a - $x; // = 90;", Some(10)),
            ("$TargetDedicatedNodes = $x;", None),
            ("maxAge = 90; $TargetDedicatedNodes = $PendingTasks.GetSample(1);", None),
            ("maxAge = 90; $TargetDedicatedNodes = min(3, $PendingTasks.GetSample(1));", Some(3)),
            ("$x = min(9, 2); $TargetDedicatedNodes = $PendingTasks.GetSample(1) + $x;", None),
            ("$TargetDedicatedNodes = 3 3;", None),
            ("$TargetDedicatedNodes = 5 - -$x;", None),
        ] {
            assert_eq!(most_nodes(formula)[0], dedicated, "{formula}");
        }
        let both = "$TargetDedicatedNodes = 2; $TargetLowPriorityNodes = min(20, $x);";
        assert_eq!(most_nodes(both), [Some(2), Some(20)]);
        assert_eq!(most_nodes("$TargetLowPriorityNodes = 4;"), [Some(0), Some(4)]);
        assert_eq!(most_nodes("x = 4;"), [None, None]);
        assert_eq!(most_nodes("$TargetDedicatedNodes = é(\"…\" ? ;;)"), [None, Some(0)]);
        let deep = format!("$TargetDedicatedNodes = {}1;", "(".repeat(4000));
        assert_eq!(most_nodes(&deep)[0], None);
        let signs = format!("$TargetDedicatedNodes = {}1;", "-".repeat(4000));
        assert_eq!(most_nodes(&signs)[0], None);
    }
}
