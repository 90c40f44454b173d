//! The linter: what is allowed but probably wrong, by the names and default levels of Microsoft's rules.
//!
//! A rule is one row of [`RULES`] and one function, which reads a [`Linting`] and reports. Levels, options and
//! directives are the business of this file: a rule never asks whether it is on.
//!
//! Read this file and `visit`, then any rule.

mod access;
mod api_versions;
mod decorators;
mod dependencies;
mod deployments;
mod hosts;
mod identifiers;
mod limits;
mod locations;
mod modules;
mod names;
mod outputs;
mod references;
mod resource_ids;
mod resources;
mod secrets;
mod strings;
mod types;
mod unused;
mod visit;

use std::cell::RefCell;

use serde_json::Value;

use super::binder::{Bound, SymbolId};
use super::checker::{Checked, is_silenced};
use super::load::BicepUnit;
use super::syntax::{DecoratorSyntax, ExpressionSyntax, ObjectSyntax};
use super::types::Type;
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

const INFO: Option<Severity> = Some(Severity::Info);
const WARNING: Option<Severity> = Some(Severity::Warning);
const ERROR: Option<Severity> = Some(Severity::Error);
const OFF: Option<Severity> = None;

const fn rule(name: &'static str, level: Option<Severity>, check: fn(&Linting<'_, '_>)) -> Rule {
    Rule { name, level, check }
}

/// The rules, by name.
const RULES: &[Rule] = &[
    rule("adminusername-should-not-be-literal", WARNING, secrets::admin_user_name),
    rule("artifacts-parameters", WARNING, modules::artifacts_parameters),
    rule("decompiler-cleanup", WARNING, names::decompiler_cleanup),
    rule("explicit-values-for-loc-params", OFF, locations::explicit_values),
    rule("max-asserts", ERROR, limits::asserts),
    rule("max-outputs", ERROR, limits::outputs),
    rule("max-params", ERROR, limits::parameters),
    rule("max-resources", ERROR, limits::resources),
    rule("max-variables", ERROR, limits::variables),
    rule("nested-deployment-template-scoping", ERROR, deployments::template_scoping),
    rule("no-conflicting-metadata", WARNING, decorators::conflicting_metadata),
    rule("no-deployments-resources", WARNING, resources::deployments),
    rule("no-explicit-any", WARNING, types::explicit_any),
    rule("no-hardcoded-env-urls", WARNING, hosts::environment_urls),
    rule("no-hardcoded-location", OFF, locations::hardcoded_location),
    rule("no-hardcoded-outputs", OFF, outputs::hardcoded_outputs),
    rule("no-loc-expr-outside-params", OFF, locations::expression_outside_parameters),
    rule("no-module-name", OFF, modules::module_name),
    rule("no-unnecessary-dependson", WARNING, dependencies::unnecessary),
    rule("no-unused-existing-resources", WARNING, unused::existing_resources),
    rule("no-unused-imports", WARNING, unused::imports),
    rule("no-unused-params", WARNING, unused::parameters),
    rule("no-unused-types", WARNING, unused::types),
    rule("no-unused-vars", WARNING, unused::variables),
    rule("outputs-should-not-contain-secrets", WARNING, secrets::outputs),
    rule("prefer-interpolation", WARNING, strings::prefer_interpolation),
    rule("prefer-unquoted-property-names", WARNING, names::unquoted_property_names),
    rule("protect-commandtoexecute-secrets", WARNING, secrets::command_to_execute),
    rule("secure-parameter-default", WARNING, decorators::secure_parameter_default),
    rule("secure-params-in-nested-deploy", WARNING, deployments::secure_parameters),
    rule("secure-params-in-parameters-file", WARNING, secrets::parameters_file),
    rule("secure-secrets-in-params", WARNING, secrets::parameters),
    rule("simplify-interpolation", WARNING, strings::simplify_interpolation),
    rule("simplify-json-null", WARNING, strings::simplify_json_null),
    rule("stacks-extensibility-compat", INFO, silent),
    rule("use-description-outputs", OFF, decorators::described_outputs),
    rule("use-description-params", OFF, decorators::described_parameters),
    rule("use-description-type-properties", OFF, decorators::described_type_properties),
    rule("use-description-types", OFF, decorators::described_types),
    rule("use-description-vars", OFF, decorators::described_variables),
    rule("use-parent-property", WARNING, references::parent_property),
    rule("use-recent-api-versions", OFF, api_versions::recent),
    rule("use-recent-az-powershell-version", WARNING, resources::az_powershell_version),
    rule("use-recent-module-versions", OFF, silent),
    rule("use-recognized-resource-type", WARNING, resources::recognized_type),
    rule("use-resource-id-functions", OFF, resource_ids::functions),
    rule("use-resource-symbol-reference", WARNING, references::symbol_reference),
    rule("use-safe-access", WARNING, access::safe_access),
    rule("use-secure-value-for-secure-inputs", WARNING, secrets::secure_inputs),
    rule("use-stable-resource-identifiers", WARNING, identifiers::stable_identifiers),
    rule("use-stable-vm-image", WARNING, resources::stable_image),
    rule("use-user-defined-types", OFF, types::user_defined),
    rule("what-if-short-circuiting", OFF, modules::short_circuiting),
];

/// A rule that says nothing here: the versions of modules are known to their registry only, and extensions other
/// than Azure's are refused.
fn silent(_: &Linting<'_, '_>) {}

/// The names of the rules.
pub fn rule_names() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.name)
}

/// What a rule reads, and where it reports.
pub(super) struct Linting<'a, 'c> {
    pub(super) bound: &'c Bound<'a>,
    unit: &'c BicepUnit<'a>,
    checked: &'c Checked<'a, 'c>,
    /// The day on which ages are judged, counted from 1970-01-01.
    as_of: i64,
    options: &'c Value,
    rule: &'static str,
    severity: Severity,
    findings: &'c RefCell<Vec<Diagnostic>>,
}

/// Runs the rules over a file.
pub(super) fn lint<'a>(
    unit: &BicepUnit<'a>,
    checked: &Checked<'a, '_>,
    lint: Lint,
    diagnostics: &mut Diagnostics,
) {
    let bound = &unit.bound;
    let core = &unit.config.json["analyzers"]["core"];
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
        let rule_name = rule.name;
        (rule.check)(&Linting {
            bound,
            unit,
            checked,
            as_of,
            options,
            rule: rule_name,
            severity,
            findings: &findings,
        });
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

    /// What an expression names, if it is a name.
    fn target(&self, expression: ExpressionSyntax<'_>) -> Option<SymbolId> {
        match expression {
            ExpressionSyntax::Variable(node) => self.bound.target(node.name),
            _ => None,
        }
    }

    /// The text that an expression always is.
    fn known_text(&self, expression: ExpressionSyntax<'a>) -> Option<&'a str> {
        match self.checked.type_of(expression) {
            Type::String(text) => text.literal,
            _ => None,
        }
    }
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

/// The value of a property inside of objects that are written out.
fn inside<'a>(object: &ObjectSyntax<'a>, path: &[&str]) -> Option<ExpressionSyntax<'a>> {
    let (name, rest) = path.split_first()?;
    let value = object.property(name)?.value;
    match value {
        _ if rest.is_empty() => Some(value),
        ExpressionSyntax::Object(inner) => inside(inner, rest),
        _ => None,
    }
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
mod tests;
