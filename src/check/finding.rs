use super::node::Node;
use super::rules;
use crate::catalog::StageName;
use crate::diagnostic::{Diagnostic, Fact, Place, Severity, Span};

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A value of a compiled stage.
    Resource {
        /// The stage.
        stage: StageName,
        /// JSON pointer of the value in the stage's template.
        pointer: String,
    },
    /// A range of a rendered file.
    Artifact {
        /// Path in the render.
        path: String,
        /// The range.
        span: Span,
    },
    /// A value of the config.
    Config {
        /// Its JSON pointer.
        pointer: String,
    },
}

impl From<&Node<'_>> for Target {
    fn from(node: &Node<'_>) -> Self {
        Self::Resource { stage: node.resource().stage.clone(), pointer: node.pointer() }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub code: &'static str,
    /// Where.
    pub target: Target,
    /// Why here.
    pub label: String,
    /// The next step, where it is more exact than the rule's own.
    pub help: Option<String>,
    /// The severity, where it is not the rule's own.
    pub severity: Option<Severity>,
    /// The other side of a contradiction.
    pub also: Vec<(Target, String)>,
    /// The rows of the catalog on which it rests.
    pub facts: Vec<Fact>,
}

impl Finding {
    /// Gives the next step for this very case.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Gives this case another severity than the rule's.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = Some(severity);
        self
    }

    /// Names the row of the catalog on which this case rests.
    pub fn rests_on(&mut self, fact: Fact) -> &mut Self {
        self.facts.push(fact);
        self
    }

    /// Points at the other side of a contradiction.
    pub fn also(&mut self, target: impl Into<Target>, label: impl Into<String>) -> &mut Self {
        self.also.push((target.into(), label.into()));
        self
    }
}

/// Takes the findings of one rule.
pub(super) struct Sink<'a> {
    code: &'static str,
    findings: &'a mut Vec<Finding>,
}

impl<'a> Sink<'a> {
    pub(super) fn new(code: &'static str, findings: &'a mut Vec<Finding>) -> Self {
        Self { code, findings }
    }

    /// Records a finding and gives it, to say more about it.
    pub(super) fn report(
        &mut self,
        target: impl Into<Target>,
        label: impl Into<String>,
    ) -> &mut Finding {
        let (code, target, label) = (self.code, target.into(), label.into());
        let at = self.findings.len();
        self.findings.push(Finding {
            code,
            target,
            label,
            help: None,
            severity: None,
            also: Vec::new(),
            facts: Vec::new(),
        });
        &mut self.findings[at]
    }
}

/// Knows where things stand in the texts that a user can open.
pub trait Places {
    /// The rendered line of a value of a stage.
    fn resource(&self, stage: &StageName, pointer: &str) -> Option<Place>;
    /// A range of a rendered file.
    fn artifact(&self, path: &str, span: Span) -> Option<Place>;
    /// The line of the user's own file that decides what a finding is about.
    fn cause(&self, target: &Target) -> Option<Place>;
}

/// A finding as a diagnostic: at the line of the user's own file that decides the value, with the rendered line
/// second; at the rendered line where no such line does.
///
/// # Panics
/// Never for a finding of [`super::check`]: a test looks every code up.
pub fn diagnostic(finding: &Finding, places: &dyn Places) -> Diagnostic {
    let rule = rules::rule(finding.code).expect("a test looks every code up");
    let severity = finding.severity.unwrap_or(rule.severity);
    let help = finding.help.as_deref().unwrap_or(rule.fix);
    let mut diagnostic =
        Diagnostic::new(severity, rule.code, rule.title).reason(rule.reason).help(help);
    diagnostic.facts = rules::TABLE.fact_of(rule.code).into_iter().collect();
    diagnostic.facts.extend(finding.facts.iter().cloned());
    let rendered = rendered_place(&finding.target, places);
    match (places.cause(&finding.target), rendered) {
        (Some(place), Some(rendered)) => {
            diagnostic =
                diagnostic.at(place, &finding.label).related(rendered, "the rendered line");
        }
        (Some(place), None) | (None, Some(place)) => {
            diagnostic = diagnostic.at(place, &finding.label);
        }
        (None, None) => diagnostic.label.clone_from(&finding.label),
    }
    for (target, label) in &finding.also {
        if let Some(place) = places.cause(target).or_else(|| rendered_place(target, places)) {
            diagnostic = diagnostic.related(place, label);
        }
    }
    diagnostic
}

fn rendered_place(target: &Target, places: &dyn Places) -> Option<Place> {
    match target {
        Target::Resource { stage, pointer, .. } => places.resource(stage, pointer),
        Target::Artifact { path, span } => places.artifact(path, *span),
        Target::Config { .. } => None,
    }
}
