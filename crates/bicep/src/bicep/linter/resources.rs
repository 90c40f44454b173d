//! Resources that are better declared otherwise.

use super::{Linting, inside};
use crate::azure_types::tables;
use crate::bicep::binder::{BoundResource, SymbolKind};
use crate::bicep::functions::is_list_function;
use crate::bicep::syntax::{ExpressionSyntax, ObjectSyntax};
use crate::diagnostic::Span;

/// The oldest version of Azure PowerShell that deployment scripts should use, unless `minimumVersion` says otherwise:
/// what Microsoft's compiler 0.49.2 does not warn of.
const AZ_POWERSHELL: (u32, u32) = (14, 0);

impl<'a> Linting<'a, '_> {
    /// The whole type of a resource whose type is written after its parent's.
    pub(super) fn full_kind(&self, resource: &BoundResource<'a>, written: &str) -> String {
        match resource.nested_in.map(|parent| self.bound.resource(parent)) {
            Some(parent) if !written.split('/').next().unwrap_or("").contains('.') => {
                let kind = parent.syntax.r#type.literal().unwrap_or_default();
                let kind = kind.split_once('@').map_or(kind, |(kind, _)| kind);
                format!("{}/{written}", self.full_kind(parent, kind))
            }
            _ => written.to_owned(),
        }
    }

    /// The API version of a resource, which may be that of the resource around it.
    pub(super) fn version_of(&self, resource: &BoundResource<'a>) -> Option<&'a str> {
        let written = resource.syntax.r#type.literal()?;
        match written.split_once('@') {
            Some((_, version)) => Some(version),
            None => self.version_of(self.bound.resource(resource.nested_in?)),
        }
    }

    /// The whole type of a resource.
    pub(super) fn kind_of(&self, resource: &BoundResource<'a>) -> String {
        let written = resource.syntax.r#type.literal().unwrap_or_default();
        let written = written.split_once('@').map_or(written, |(kind, _)| kind);
        self.full_kind(resource, written)
    }
}

pub(super) fn deployments(linting: &Linting<'_, '_>) {
    for resource in &linting.bound.resources {
        let is_deployment =
            linting.kind_of(resource).eq_ignore_ascii_case("Microsoft.Resources/deployments");
        if is_deployment && resource.syntax.existing.is_none() {
            let span = resource.syntax.r#type.span();
            let help = "use a module";
            linting.report(
                span,
                "the deployment is declared as a resource",
                "the compiler does not check its template",
                help,
            );
        }
    }
}

pub(super) fn az_powershell_version(linting: &Linting<'_, '_>) {
    for resource in &linting.bound.resources {
        let kind = linting.kind_of(resource);
        if !kind.eq_ignore_ascii_case("Microsoft.Resources/deploymentScripts") {
            continue;
        }
        // Microsoft's rule does not look into loops and conditions.
        let ExpressionSyntax::Object(body) = resource.syntax.value else { continue };
        let Some(version) = script_version(body) else { continue };
        let wanted = linting.options["minimumVersion"].as_str().and_then(numbers);
        let wanted = wanted.unwrap_or(AZ_POWERSHELL);
        if numbers(version).is_some_and(|numbers| numbers < wanted) {
            let title = format!("Azure PowerShell {version} is outdated");
            let help = format!("use {}.{} or newer", wanted.0, wanted.1);
            linting.report(
                resource.syntax.span,
                title,
                "Azure no longer supports this version",
                &help,
            );
        }
    }
}

/// The first two numbers of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let (major, minor) = version.split_once('.')?;
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn script_version<'a>(body: &ObjectSyntax<'a>) -> Option<&'a str> {
    let kind = body.property("kind")?.value.literal()?;
    let ExpressionSyntax::Object(properties) = body.property("properties")?.value else {
        return None;
    };
    let version = properties.property("azPowerShellVersion")?.value.literal()?;
    kind.eq_ignore_ascii_case("AzurePowerShell").then_some(version)
}

pub(super) fn stable_image(linting: &Linting<'_, '_>) {
    for (_, node) in linting.resources() {
        let Some(body) = node.body().object else { continue };
        let path = ["properties", "storageProfile", "imageReference"];
        let image = match inside(body, &path) {
            Some(ExpressionSyntax::Object(image)) => image,
            Some(other) => match linting.target(other).map(|id| linting.bound.symbol(id).kind) {
                Some(SymbolKind::Variable(node)) => match node.value {
                    ExpressionSyntax::Object(image) => image,
                    _ => continue,
                },
                _ => continue,
            },
            None => continue,
        };
        for name in ["offer", "sku", "version"] {
            let Some(value) = image.property(name).map(|property| property.value) else { continue };
            let text = value.literal().unwrap_or_default().to_ascii_lowercase();
            if text.contains("preview") {
                let title = format!("the {name} of the image is a preview");
                let help = "use a supported image";
                linting.report(value.span(), title, "preview images are not supported", help);
            }
        }
    }
}

pub(super) fn recognized_type(linting: &Linting<'_, '_>) {
    let mut conditions: Vec<Span> = Vec::new();
    linting.expressions(&mut |expression| {
        let span = expression.span();
        // There such a function may not stand at all.
        if conditions.iter().any(|it| it.contains(span)) {
            return;
        }
        let (name, arguments, span) = match expression {
            ExpressionSyntax::If(node) => {
                conditions.push(node.condition.span());
                return;
            }
            ExpressionSyntax::FunctionCall(call) => (call.name.name, call.arguments, call.span),
            ExpressionSyntax::InstanceFunctionCall(call) => match call.base {
                ExpressionSyntax::Variable(base) if base.name.name == "az" => {
                    (call.name.name, call.arguments, call.span)
                }
                _ => return,
            },
            _ => return,
        };
        let (true, Some(first)) =
            (name == "reference" || is_list_function(name), arguments.first())
        else {
            return;
        };
        let kind = match first {
            ExpressionSyntax::FunctionCall(call) if call.name.name == "resourceId" => {
                let mut texts = call.arguments.iter().map(|it| linting.known_text(*it));
                texts.find_map(|text| text.filter(|text| is_type(text)))
            }
            ExpressionSyntax::FunctionCall(_) => None,
            other => linting.known_text(*other).filter(|text| is_type(text)),
        };
        if let Some(kind) = kind.filter(|kind| tables().versions(kind).is_empty()) {
            let title = format!("`{name}` refers to an unknown resource type");
            let label = format!("unknown resource type `{kind}`");
            linting.report(span, title, &label, "correct the resource type");
        }
    });
}

/// Whether a text is written like a resource type.
pub(super) fn is_type(text: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|it| it.is_ascii_alphabetic());
    let mut parts = text.split('/');
    let namespace = parts.next().and_then(|first| first.split_once('.'));
    let named = namespace.is_some_and(|(before, after)| letters(before) && letters(after));
    named && text.contains('/') && parts.all(letters)
}
