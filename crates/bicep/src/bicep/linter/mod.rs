//! The linter: what is allowed but probably wrong, by the names and default levels of Microsoft's rules.
//!
//! A rule is one row of [`RULES`] and one function, which reads a [`Linting`] and reports. Levels, options and
//! directives are the business of this file: a rule never asks whether it is on.
//!
//! Read this file, then any rule.

mod api_versions;
mod decorators;
mod limits;
mod names;
mod references;
mod resources;
mod strings;
mod unused;

use std::cell::RefCell;

use serde_json::Value;

use super::binder::Bound;
use super::checker::is_silenced;
use super::config::Config;
use super::lower::walk::walk;
use super::syntax::{
    DecoratorSyntax, ExpressionSyntax, ObjectItemSyntax, ResourceDeclarationSyntax, StatementSyntax,
};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, Span};

/// Which rules look at a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lint {
    /// Those about parameters and variables that nothing uses.
    Unused,
    /// All of them. Ages are judged on this day, counted from 1970-01-01.
    All {
        /// The day.
        as_of: i64,
    },
}

impl Lint {
    /// All rules on a date, `YYYY-MM-DD`.
    pub fn on(text: &str) -> Option<Self> {
        day(text).map(|as_of| Self::All { as_of })
    }
}

/// One rule.
struct Rule {
    /// Its name, by which `bicepconfig.json` and directives know it.
    name: &'static str,
    /// Its level unless `bicepconfig.json` says otherwise; nothing where it is off.
    level: Option<Severity>,
    check: fn(&Linting<'_, '_>),
}

const WARNING: Option<Severity> = Some(Severity::Warning);
const ERROR: Option<Severity> = Some(Severity::Error);
const OFF: Option<Severity> = None;

const fn rule(name: &'static str, level: Option<Severity>, check: fn(&Linting<'_, '_>)) -> Rule {
    Rule { name, level, check }
}

/// The rules, by name.
const RULES: &[Rule] = &[
    rule("decompiler-cleanup", WARNING, names::decompiler_cleanup),
    rule("max-asserts", ERROR, limits::asserts),
    rule("max-outputs", ERROR, limits::outputs),
    rule("max-params", ERROR, limits::parameters),
    rule("max-resources", ERROR, limits::resources),
    rule("max-variables", ERROR, limits::variables),
    rule("no-conflicting-metadata", WARNING, decorators::conflicting_metadata),
    rule("no-deployments-resources", WARNING, resources::deployments),
    rule("no-unnecessary-dependson", WARNING, references::unnecessary_depends_on),
    rule("no-unused-existing-resources", WARNING, unused::existing_resources),
    rule("no-unused-imports", WARNING, unused::imports),
    rule("no-unused-params", WARNING, unused::parameters),
    rule("no-unused-types", WARNING, unused::types),
    rule("no-unused-vars", WARNING, unused::variables),
    rule("prefer-interpolation", WARNING, strings::prefer_interpolation),
    rule("prefer-unquoted-property-names", WARNING, names::unquoted_property_names),
    rule("secure-parameter-default", WARNING, decorators::secure_parameter_default),
    rule("simplify-interpolation", WARNING, strings::simplify_interpolation),
    rule("simplify-json-null", WARNING, strings::simplify_json_null),
    rule("use-description-outputs", OFF, decorators::described_outputs),
    rule("use-description-params", OFF, decorators::described_parameters),
    rule("use-parent-property", WARNING, references::parent_property),
    rule("use-recent-api-versions", OFF, api_versions::recent),
    rule("use-recent-az-powershell-version", WARNING, resources::az_powershell_version),
    rule("use-resource-symbol-reference", WARNING, references::symbol_reference),
];

/// What a rule reads, and where it reports.
pub(super) struct Linting<'a, 'c> {
    pub(super) bound: &'c Bound<'a>,
    /// The day on which ages are judged, counted from 1970-01-01.
    as_of: i64,
    options: &'c Value,
    rule: &'static str,
    severity: Severity,
    findings: &'c RefCell<Vec<Diagnostic>>,
}

/// Runs the rules over a file.
pub(super) fn lint(bound: &Bound<'_>, config: &Config, lint: Lint, diagnostics: &mut Diagnostics) {
    let core = &config.json["analyzers"]["core"];
    if core["enabled"] == Value::Bool(false) {
        return;
    }
    let findings = RefCell::default();
    for rule in RULES {
        let options = &core["rules"][rule.name];
        let level = level(options).unwrap_or(rule.level);
        let is_asked = match lint {
            Lint::Unused => matches!(rule.name, "no-unused-params" | "no-unused-vars"),
            Lint::All { .. } => true,
        };
        let (Some(severity), true) = (level, is_asked) else { continue };
        let as_of = if let Lint::All { as_of } = lint { as_of } else { 0 };
        let name = rule.name;
        (rule.check)(&Linting { bound, as_of, options, rule: name, severity, findings: &findings });
    }
    for finding in findings.into_inner() {
        let at = finding.place.map_or(0, |place| place.span.start);
        if !is_silenced(bound.program, &finding.code, at) {
            diagnostics.push(finding);
        }
    }
}

/// The level that the options of a rule ask for, if they do.
#[expect(clippy::option_option, reason = "off is a level as well")]
fn level(options: &Value) -> Option<Option<Severity>> {
    match options["level"].as_str()?.to_ascii_lowercase().as_str() {
        "off" => Some(None),
        "info" => Some(Some(Severity::Info)),
        "warning" => Some(Some(Severity::Warning)),
        "error" => Some(Some(Severity::Error)),
        _ => None,
    }
}

impl<'a> Linting<'a, '_> {
    /// Reports at a place: what is wrong, why there, and what to do.
    pub(super) fn report(&self, span: Span, title: impl Into<String>, label: &str, help: &str) {
        let finding = Diagnostic::new(self.severity, self.rule, title);
        let finding = finding.at(self.bound.place(span), label).help(help);
        self.findings.borrow_mut().push(finding);
    }

    /// An option of the rule that is a whole number.
    fn number(&self, option: &str) -> Option<i64> {
        self.options[option].as_i64()
    }

    fn text(&self, span: Span) -> &'a str {
        &self.bound.program.text[span.range()]
    }

    /// Visits every expression of the file, the outer ones first.
    fn expressions(&self, visit: &mut dyn FnMut(ExpressionSyntax<'a>)) {
        for statement in self.bound.program.statements {
            decorated(statement.decorators(), visit);
            if let Some(value) = value(*statement) {
                walk_all(value, visit);
            }
        }
    }
}

fn walk_all<'a>(value: ExpressionSyntax<'a>, visit: &mut dyn FnMut(ExpressionSyntax<'a>)) {
    let mut nested: Vec<&ResourceDeclarationSyntax<'a>> = Vec::new();
    walk(value, &mut |expression| {
        visit(expression);
        if let ExpressionSyntax::Object(object) = expression {
            nested.extend(object.items.iter().filter_map(|item| match item {
                ObjectItemSyntax::Resource(resource) => Some(*resource),
                _ => None,
            }));
        }
        true
    });
    for resource in nested {
        decorated(resource.decorators, visit);
        walk_all(resource.value, visit);
    }
}

fn decorated<'a>(decorators: &[DecoratorSyntax<'a>], visit: &mut dyn FnMut(ExpressionSyntax<'a>)) {
    for decorator in decorators {
        walk_all(decorator.expression, visit);
    }
}

/// What stands after the `=` of a statement.
fn value(statement: StatementSyntax<'_>) -> Option<ExpressionSyntax<'_>> {
    Some(match statement {
        StatementSyntax::TargetScope(node) => node.value,
        StatementSyntax::Metadata(node) => node.value,
        StatementSyntax::Parameter(node) => return node.default,
        StatementSyntax::Variable(node) => node.value,
        StatementSyntax::Function(node) => node.body,
        StatementSyntax::Output(node) => node.value,
        StatementSyntax::Resource(node) => node.value,
        StatementSyntax::Module(node) => node.value,
        StatementSyntax::Assert(node) => node.value,
        StatementSyntax::Test(node) => node.value,
        StatementSyntax::ParameterAssignment(node) => node.value,
        StatementSyntax::Extension(node) => return node.config,
        StatementSyntax::ExtensionConfig(node) => return node.config,
        _ => return None,
    })
}

/// The decorator of a name, with or without its namespace.
fn decorator<'a>(
    decorators: &'a [DecoratorSyntax<'a>],
    name: &str,
) -> Option<&'a [ExpressionSyntax<'a>]> {
    decorators.iter().find_map(|decorator| match decorator.expression {
        ExpressionSyntax::FunctionCall(call) if call.name.name == name => Some(call.arguments),
        ExpressionSyntax::InstanceFunctionCall(call) if call.name.name == name => {
            Some(call.arguments)
        }
        _ => None,
    })
}

/// A day, `YYYY-MM-DD`, counted from 1970-01-01.
fn day(text: &str) -> Option<i64> {
    let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Counts years from March, so that a leap day comes last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_days() {
        assert_eq!(day("1970-01-01"), Some(0));
        assert_eq!(day("2000-03-01"), Some(11_017));
        assert_eq!(day("2026-11-28"), Some(20_785));
        assert_eq!(day("2026-13-01"), None);
    }

    #[test]
    fn rules_are_sorted() {
        assert!(RULES.is_sorted_by_key(|rule| rule.name));
    }
}
