use std::fmt;

/// Whose turn it is after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The command, the render or the login cannot be used; nothing was changed.
    Input,
    /// Azure refused something, or something in Azure failed.
    Azure,
}

/// What ended a deployment: what, why, and the next steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Whose turn it is.
    pub kind: FailureKind,
    /// What failed, lowercase and without a full stop.
    pub title: String,
    /// Why, in Azure's own words where Azure has any.
    pub reason: String,
    /// What to do, one step a line.
    pub help: Vec<String>,
}

impl Failure {
    /// A failure of what the user gave.
    pub(crate) fn input(title: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(FailureKind::Input, title, reason)
    }

    /// A failure in Azure.
    pub(crate) fn azure(title: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(FailureKind::Azure, title, reason)
    }

    fn new(kind: FailureKind, title: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { kind, title: title.into(), reason: reason.into(), help: Vec::new() }
    }

    /// Adds a next step.
    #[must_use]
    pub(crate) fn help(mut self, step: impl Into<String>) -> Self {
        self.help.push(step.into());
        self
    }

    /// Says what was being done.
    #[must_use]
    pub(crate) fn during(mut self, what: &str) -> Self {
        self.title = format!("{what}: {}", self.title);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "error: {}", self.title)?;
        if !self.reason.is_empty() {
            for (index, line) in self.reason.lines().enumerate() {
                writeln!(out, "  {} {line}", if index == 0 { "why:" } else { "    " })?;
            }
        }
        for step in &self.help {
            writeln!(out, "  help: {step}")?;
        }
        Ok(())
    }
}
