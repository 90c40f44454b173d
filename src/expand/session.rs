use std::cell::{Cell, RefCell};

use super::at::At;
use crate::arm::SourceMap;
use crate::arm::evaluate::{Problem, Work};
use crate::arm::expression::Expressions;
use crate::catalog::StageName;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Resources of one stage; Azure takes 800 a template.
const MOST_RESOURCES: usize = 10_000;
/// Turns of one loop that Azure takes
/// (<https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits>).
pub(super) const MOST_TURNS: i64 = 800;
/// Modules inside of modules.
pub(super) const DEEPEST_MODULE: usize = 16;

/// What all templates of one expansion share: the sink of findings and the limits.
pub(super) struct Session<'a> {
    pub(super) stage: StageName,
    source_map: &'a SourceMap,
    pub(super) expressions: &'a Expressions,
    diagnostics: RefCell<Diagnostics>,
    resources: Cell<usize>,
    /// What evaluating has cost so far, over all templates and their modules.
    pub(super) work: Work,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        stage: StageName,
        source_map: &'a SourceMap,
        expressions: &'a Expressions,
    ) -> Self {
        Self {
            stage,
            source_map,
            expressions,
            diagnostics: RefCell::default(),
            resources: Cell::new(0),
            work: Work::default(),
        }
    }

    pub(super) fn into_diagnostics(self) -> Diagnostics {
        let findings = self.diagnostics.into_inner().into_vec();
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(findings.len());
        // A loop reports the same mistake once for each of its turns.
        for finding in findings {
            if !kept.contains(&finding) {
                kept.push(finding);
            }
        }
        Diagnostics::from(kept)
    }

    /// Counts a resource; reports once when there are too many.
    pub(super) fn admit(&self, pointer: &str) -> bool {
        self.resources.set(self.resources.get() + 1);
        if self.resources.get() == MOST_RESOURCES + 1 {
            let title = format!("the template creates more than {MOST_RESOURCES} resources");
            self.report(
                Diagnostic::error("PB3003", title).help("split it into stages"),
                pointer,
                "",
            );
        }
        self.resources.get() <= MOST_RESOURCES
    }

    pub(super) fn report(&self, finding: Diagnostic, pointer: &str, label: &str) {
        let finding = match self.source_map.place(pointer) {
            Some(place) => finding.at(place, label),
            None => finding,
        };
        let mut diagnostics = self.diagnostics.borrow_mut();
        if diagnostics.iter().count() < 1_000 {
            diagnostics.push(finding);
        }
    }

    pub(super) fn report_problems(&self, problems: Vec<Problem>, at: At<'_>) {
        for problem in problems {
            let Problem { title, expression, help } = problem;
            let mut shown: String = expression.chars().take(200).collect();
            if shown.len() < expression.len() {
                shown.push_str("...");
            }
            let label = if shown.is_empty() { String::new() } else { format!("in `{shown}`") };
            let finding = Diagnostic::error("PB3001", title)
                .reason(
                    "Azure evaluates this expression during the deployment, and would refuse it",
                )
                .help(help);
            self.report(finding, &at.to_string(), &label);
        }
    }
}
