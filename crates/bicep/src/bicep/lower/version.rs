//! Whether a template needs symbolic names, which is language version 2.0.

use super::decorators;
use crate::bicep::binder::Bound;
use crate::bicep::compiled::Compiled;
use crate::bicep::load::BicepUnit;
use crate::bicep::syntax::{
    DeclarationBody, DecoratorSyntax, ExpressionSyntax, ObjectItemSyntax, ObjectSyntax,
    OutputDeclarationSyntax, ResourceDeclarationSyntax, StatementSyntax, TypeSyntax, walk,
};

/// Experiments that Azure's engine takes part in: the key in `bicepconfig.json`, and what the template calls
/// it (<https://github.com/Azure/bicep/blob/main/src/Bicep.Core/Features/IFeatureProvider.cs>).
const EXPERIMENTS: [(&str, &str); 9] = [
    ("resourceInfoCodegen", "Resource info codegen"),
    ("assertions", "Asserts"),
    ("waitAndRetry", "Wait and retry"),
    ("localDeploy", "Enable local deploy"),
    ("moduleExtensionConfigs", "Enable defining extension configs for modules"),
    ("userDefinedConstraints", "Enable @validate() decorator"),
    ("deployCommands", "Enable deploy commands"),
    ("thisNamespace", "Enable 'this' namespace"),
    ("resourcePatchMethod", "Enable resource PATCH method"),
];
const OPTIONS: [&str; 3] = ["retryOn", "onlyIfNotExists", "nullIfNotFound"];

/// The experiments of Azure's engine that are switched on for a file, as its template calls them.
pub fn experiments<'u>(unit: &'u BicepUnit<'_>) -> impl Iterator<Item = &'static str> + 'u {
    EXPERIMENTS.iter().filter(|(key, _)| unit.config.has(key)).map(|(_, name)| *name)
}

/// The version of the template language that a template is written in; none for a classic one.
pub fn language_version(unit: &BicepUnit<'_>, symbolic: bool) -> Option<&'static str> {
    if unit.config.has("moduleExtensionConfigs") {
        Some("2.2-experimental")
    } else if experiments(unit).next().is_some() {
        Some("2.1-experimental")
    } else {
        symbolic.then_some("2.0")
    }
}

/// Whether anything that can be seen without compiling asks for symbolic names.
pub fn syntax_needs_symbols(unit: &BicepUnit<'_>) -> bool {
    unit.config.has("symbolicNameCodegen")
        || experiments(unit).next().is_some()
        || unit.bound.program.statements.iter().any(|statement| match statement {
            StatementSyntax::Type(_)
            | StatementSyntax::Function(_)
            | StatementSyntax::Import(_)
            | StatementSyntax::Extension(_)
            | StatementSyntax::Assert(_) => true,
            StatementSyntax::Variable(node) => node.r#type.is_some(),
            StatementSyntax::Parameter(node) => is_structured(node.r#type),
            StatementSyntax::Output(node) => is_structured(node.r#type) || is_secure(node),
            StatementSyntax::Module(node) => {
                node.body().object.is_none_or(|body| body.property("name").is_none())
            }
            _ => false,
        })
        || unit.bound.resources.iter().any(|resource| resource_needs_symbols(resource.syntax))
}

fn resource_needs_symbols(node: &ResourceDeclarationSyntax<'_>) -> bool {
    let waits = || node.body().object.is_some_and(|body| body.property("dependsOn").is_some());
    has_option(node.decorators) || node.existing.is_some() && waits()
}

fn has_option(decorators: &[DecoratorSyntax<'_>]) -> bool {
    OPTIONS.iter().any(|name| decorators::find(decorators, name).is_some())
}

// Whether an output may not be shown.
fn is_secure(node: &OutputDeclarationSyntax<'_>) -> bool {
    decorators::find(node.decorators, "secure").is_some()
}

fn is_structured(node: TypeSyntax<'_>) -> bool {
    match node {
        TypeSyntax::Object(_)
        | TypeSyntax::Array(_)
        | TypeSyntax::Tuple(_)
        | TypeSyntax::Union(_)
        | TypeSyntax::Nullable(_) => true,
        TypeSyntax::Parenthesized(node) => is_structured(node.r#type),
        TypeSyntax::NonNull(node) => is_structured(node.base),
        TypeSyntax::PropertyAccess(node) => is_structured(node.base),
        TypeSyntax::AdditionalPropertiesAccess(node) => is_structured(node.base),
        TypeSyntax::ArrayAccess(node) => is_structured(node.base),
        TypeSyntax::ItemsAccess(node) => is_structured(node.base),
        _ => false,
    }
}

/// Whether this template needs symbolic names.
pub fn needs_symbols(unit: &BicepUnit<'_>, compiled: &[Option<Compiled>]) -> bool {
    syntax_needs_symbols(unit)
        || uses_secure_modules(unit, compiled)
        || reads_collections(&unit.bound)
}

fn uses_secure_modules(unit: &BicepUnit<'_>, compiled: &[Option<Compiled>]) -> bool {
    unit.bound.program.statements.iter().any(|statement| {
        let StatementSyntax::Module(node) = statement else { return false };
        let compiled = unit.reference(node.path).and_then(|id| compiled[id.0].as_ref());
        compiled.is_some_and(|compiled| !compiled.secure_outputs.is_empty())
    })
}

// A whole loop of resources can only be read by its symbol.
fn reads_collections(bound: &Bound<'_>) -> bool {
    let statements = bound.program.statements.iter();
    let mut values = statements.flat_map(|statement| match statement {
        StatementSyntax::Variable(node) => vec![node.value],
        StatementSyntax::Output(node) => vec![node.value],
        StatementSyntax::Module(node) => body_values(node.body()),
        _ => Vec::new(),
    });
    values.any(|value| reads_collection(bound, value))
        || bound.resources.iter().any(|resource| {
            let values = body_values(resource.syntax.body());
            values.into_iter().any(|value| reads_collection(bound, value))
        })
}

fn reads_collection<'a>(bound: &Bound<'a>, expression: ExpressionSyntax<'a>) -> bool {
    let mut found = false;
    walk(expression, &mut |node| {
        if let Some(reference) = bound.reference(node) {
            let looped = bound.deployed_body(reference.declared).r#for.is_some();
            match reference.index {
                Some(index) => found |= reads_collection(bound, index),
                None => found |= looped,
            }
            return false;
        }
        !found
            && !matches!(node, ExpressionSyntax::FunctionCall(call) if call.name.name == "nameof")
    });
    found
}

fn body_values<'a>(body: DeclarationBody<'a>) -> Vec<ExpressionSyntax<'a>> {
    let items = body.object.into_iter().flat_map(|object: &ObjectSyntax<'a>| object.items);
    let properties = items.filter_map(|item| match item {
        ObjectItemSyntax::Property(property) if property.name() != Some("dependsOn") => {
            Some(property.value)
        }
        _ => None,
    });
    let loops = body.r#for.map(|node| node.expression);
    properties.chain(loops).chain(body.r#if.map(|node| node.condition)).collect()
}
