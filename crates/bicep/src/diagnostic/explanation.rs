use std::fmt;

static TABLE: &str = include_str!("codes.tsv");
const BICEP_REASON: &str = "Microsoft's Bicep compiler reports the same diagnostic under this code";

/// What a code says, whatever was found. Rules have theirs in the table of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// Stable code, `PB0101`.
    pub code: &'static str,
    /// What is wrong.
    pub title: &'static str,
    /// Why it matters.
    pub reason: &'static str,
    /// What to do.
    pub fix: &'static str,
    /// How it may look, its lines separated by `\n` as two characters; often empty.
    example: &'static str,
}

impl Explanation {
    /// Where Microsoft tells more, of a code that its compiler has too.
    pub fn source(&self) -> Option<String> {
        let page = match self.code {
            code if code.starts_with("BCP") => "core",
            code if code.contains('-') => "linter",
            _ => return None,
        };
        Some(format!("https://aka.ms/bicep/{page}-diagnostics#{}", self.code))
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}: {}\n", self.code, self.title)?;
        writeln!(out, "Why:    {}.", self.reason)?;
        writeln!(out, "Fix:    {}.", self.fix)?;
        if let Some(source) = self.source() {
            writeln!(out, "Source: {source}")?;
        }
        if !self.example.is_empty() {
            writeln!(out, "\nExample:\n\n  {}", self.example.replace("\\n", "\n  "))?;
        }
        Ok(())
    }
}

/// The explanation of a code, whatever its letter case.
pub fn explanation(code: &str) -> Option<Explanation> {
    explanations().find(|known| known.code.eq_ignore_ascii_case(code))
}

/// All explanations, by code.
pub fn explanations() -> impl Iterator<Item = Explanation> {
    TABLE.lines().filter(|line| !line.starts_with('#')).skip(1).map(parse)
}

fn parse(row: &'static str) -> Explanation {
    let mut cells = row.split('\t');
    let mut next = || cells.next().unwrap_or("");
    let (code, title, reason, fix, example) = (next(), next(), next(), next(), next());
    let reason = if reason.is_empty() { BICEP_REASON } else { reason };
    Explanation { code, title, reason, fix, example }
}
