//! IDs of resources that are put together by hand.

use super::Linting;
use super::visit::properties;
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::Kinds;
use crate::bicep::syntax::{ExpressionSyntax, ObjectPropertySyntax, walk};

/// How many variables a value is followed through.
const MAX_STEPS: usize = 16;

/// Functions that make an ID, or something that is no ID of a resource.
const FUNCTIONS: [&str; 8] = [
    "extensionResourceId",
    "guid",
    "if",
    "reference",
    "resourceId",
    "subscription",
    "subscriptionResourceId",
    "tenantResourceId",
];

/// Properties that are called `id` and are none of a resource, or hold such.
/// Source: <https://learn.microsoft.com/azure/azure-resource-manager/bicep/linter-rule-use-resource-id-functions>.
const OTHER: [&str; 40] = [
    "appId",
    "clientId",
    "connectorId",
    "contentId",
    "DataTypeId",
    "defaultMenuItemId",
    "deploymentSpecId",
    "detector",
    "groupId",
    "IllusiveIncidentId",
    "keyId",
    "keyVaultId",
    "keyVaultSecretId",
    "locations",
    "menuId",
    "metadata",
    "metricId",
    "nodeAgentSkuId",
    "objectId",
    "parentId",
    "policyDefinitionReferenceId",
    "principalId",
    "requestedServiceObjectiveId",
    "resource",
    "ruleId",
    "schemaId",
    "servicePrincipalClientId",
    "sid",
    "StartingDeviceID",
    "storageAccountSubscriptionId",
    "subscriptionId",
    "SyntheticMonitorId",
    "tags",
    "targetProtectionContainerId",
    "targetWorkerSizeId",
    "tenantId",
    "timezoneId",
    "UniqueFindingId",
    "vlanId",
    "workerSizeId",
];

/// Resource types whose properties are not looked at.
const OTHER_TYPES: [&str; 3] = [
    "microsoft.portal/dashboards",
    "microsoft.logic/workflows",
    "microsoft.apimanagement/service/backends",
];

pub(super) fn functions(linting: &Linting<'_, '_>) {
    for (id, node) in linting.resources() {
        let kind = linting.kind_of(linting.bound.resource(id)).to_ascii_lowercase();
        let body = node.body().object;
        let value = body.and_then(|body| body.property("properties")).map(|it| it.value);
        let Some(value @ ExpressionSyntax::Object(_)) = value.filter(|_| !is_other(&kind)) else {
            continue;
        };
        let owner = kind == "microsoft.apimanagement/service/subscriptions";
        properties(value, &mut |property| {
            let Some(name) = property.name() else { return true };
            if OTHER.iter().any(|other| other.eq_ignore_ascii_case(name))
                || owner && name.eq_ignore_ascii_case("ownerId")
            {
                return false;
            }
            let tail = name.len().checked_sub(2).and_then(|at| name.get(at..));
            let is_id = tail.is_some_and(|tail| tail.eq_ignore_ascii_case("id"));
            if !is_id || name.ends_with("uid") || name.ends_with("UID") {
                return true;
            }
            linting.resource_id(property);
            false
        });
    }
}

fn is_other(kind: &str) -> bool {
    let documents = kind.strip_prefix("microsoft.documentdb/databaseaccounts/");
    let collection = documents.and_then(|rest| rest.strip_suffix("/collections"));
    OTHER_TYPES.contains(&kind)
        || kind.starts_with("microsoft.web/sites/config")
        || collection.is_some_and(|inner| !inner.contains('/'))
}

impl<'a> Linting<'a, '_> {
    fn resource_id(&self, property: &ObjectPropertySyntax<'a>) {
        let found = self.checked.type_of(property.value);
        let found = found.without_null().unwrap_or(found);
        if found.kinds() == Kinds::STRING && !self.is_made_well(property.value, 0) {
            let name = property.name().unwrap_or_default();
            let title = format!("the resource ID in `{name}` is not built by a function");
            let label = "the actual ID can be different";
            let help = "use the symbolic name of the resource, or `resourceId()`";
            self.report(property.key.span(), title, label, help);
        }
    }

    fn is_made_well(&self, value: ExpressionSyntax<'a>, steps: usize) -> bool {
        let mut names_resource = false;
        walk(value, &mut |expression| {
            let kind = self.target(expression).map(|id| self.bound.symbol(id).kind);
            names_resource |= matches!(kind, Some(SymbolKind::Resource(_) | SymbolKind::Module(_)));
            !names_resource
        });
        if names_resource || steps > MAX_STEPS {
            return true;
        }
        match value {
            ExpressionSyntax::FunctionCall(call) => FUNCTIONS.contains(&call.name.name),
            ExpressionSyntax::Variable(_) => {
                match self.target(value).map(|id| self.bound.symbol(id).kind) {
                    Some(SymbolKind::Variable(node)) => self.is_made_well(node.value, steps + 1),
                    Some(SymbolKind::Parameter(_)) => true,
                    _ => false,
                }
            }
            ExpressionSyntax::PropertyAccess(node) => self.is_of_parameter(node.base),
            ExpressionSyntax::ArrayAccess(node) => self.is_of_parameter(node.base),
            ExpressionSyntax::Ternary(_) => true,
            ExpressionSyntax::String(node) => node.literal().is_some_and(|it| !it.contains('/')),
            ExpressionSyntax::Parenthesized(node) => self.is_made_well(node.expression, steps),
            ExpressionSyntax::NonNullAssertion(node) => self.is_made_well(node.base, steps),
            _ => false,
        }
    }

    fn is_of_parameter(&self, base: ExpressionSyntax<'a>) -> bool {
        match base {
            ExpressionSyntax::Variable(_) => {
                let kind = self.target(base).map(|id| self.bound.symbol(id).kind);
                matches!(kind, Some(SymbolKind::Parameter(_)))
            }
            ExpressionSyntax::PropertyAccess(node) => self.is_of_parameter(node.base),
            ExpressionSyntax::ArrayAccess(node) => self.is_of_parameter(node.base),
            ExpressionSyntax::Parenthesized(node) => self.is_of_parameter(node.expression),
            ExpressionSyntax::NonNullAssertion(node) => self.is_of_parameter(node.base),
            _ => false,
        }
    }
}
