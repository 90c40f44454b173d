//! How many declarations Azure takes in one template.
//!
//! Source: <https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits>.

use super::Linting;
use crate::bicep::syntax::StatementSyntax;
use crate::diagnostic::Span;

pub(super) fn asserts(linting: &Linting<'_, '_>) {
    linting.at_most(32, "asserts", |statement| match statement {
        StatementSyntax::Assert(node) => Some(node.name.span),
        _ => None,
    });
}

pub(super) fn outputs(linting: &Linting<'_, '_>) {
    linting.at_most(64, "outputs", |statement| match statement {
        StatementSyntax::Output(node) => Some(node.name.span),
        _ => None,
    });
}

pub(super) fn parameters(linting: &Linting<'_, '_>) {
    linting.at_most(256, "parameters", |statement| match statement {
        StatementSyntax::Parameter(node) => Some(node.name.span),
        _ => None,
    });
}

pub(super) fn resources(linting: &Linting<'_, '_>) {
    linting.at_most(800, "resources", |statement| match statement {
        StatementSyntax::Resource(node) => Some(node.name.span),
        _ => None,
    });
}

pub(super) fn variables(linting: &Linting<'_, '_>) {
    linting.at_most(512, "variables", |statement| match statement {
        StatementSyntax::Variable(node) => Some(node.name.span),
        _ => None,
    });
}

impl<'a> Linting<'a, '_> {
    fn at_most(
        &self,
        most: usize,
        what: &str,
        declared: impl Fn(&StatementSyntax<'a>) -> Option<Span>,
    ) {
        let names: Vec<Span> = self.bound.program.statements.iter().filter_map(declared).collect();
        if let Some(first) = names.first().filter(|_| names.len() > most) {
            let title = format!("the template has {} {what}", names.len());
            let label = format!("the limit is {most}");
            self.report(*first, title, &label, "move some of them to a module");
        }
    }
}
