//! Resources that are better declared otherwise.

use super::Linting;
use crate::bicep::binder::BoundResource;
use crate::bicep::syntax::{ExpressionSyntax, ObjectSyntax};

/// The oldest major version of Azure PowerShell that is still supported in deployment scripts.
/// Source: <https://learn.microsoft.com/azure/azure-resource-manager/bicep/linter-rule-use-recent-az-powershell-version>.
const AZ_POWERSHELL: u32 = 12;

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
            let help = "write a module";
            linting.report(span, "a deployment as a resource", "its template is not checked", help);
        }
    }
}

pub(super) fn az_powershell_version(linting: &Linting<'_, '_>) {
    for resource in &linting.bound.resources {
        let kind = linting.kind_of(resource);
        if !kind.eq_ignore_ascii_case("Microsoft.Resources/deploymentScripts") {
            continue;
        }
        let Some(body) = resource.syntax.body().object else { continue };
        let Some(version) = script_version(body) else { continue };
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if major.is_some_and(|major| major < AZ_POWERSHELL) {
            let title = format!("Azure PowerShell {version} is old");
            let help = format!("use {AZ_POWERSHELL}.0 or newer");
            linting.report(resource.syntax.span, title, "it is no longer supported", &help);
        }
    }
}

fn script_version<'a>(body: &ObjectSyntax<'a>) -> Option<&'a str> {
    let kind = body.property("kind")?.value.literal()?;
    let ExpressionSyntax::Object(properties) = body.property("properties")?.value else {
        return None;
    };
    let version = properties.property("azPowerShellVersion")?.value.literal()?;
    kind.eq_ignore_ascii_case("AzurePowerShell").then_some(version)
}
