use super::value::{Evaluated, Properties};
use crate::arm::expression::Expression;

/// Stands for an unknown subscription in ids, which are texts that people and checks compare.
pub const SUBSCRIPTION_PLACEHOLDER: &str = "{subscriptionId}";

/// At which level a template is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// Into a resource group.
    #[default]
    ResourceGroup,
    /// Into a subscription.
    Subscription,
    /// Into a management group.
    ManagementGroup,
    /// Into the tenant.
    Tenant,
}

/// Where a template is deployed, as far as it is known offline. What is not stays symbolic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    /// The level.
    pub level: Level,
    /// The tenant's id.
    pub tenant_id: Option<String>,
    /// The subscription's id.
    pub subscription_id: Option<String>,
    /// The resource group's name.
    pub resource_group: Option<String>,
    /// The resource group's location, or the deployment's at other levels.
    pub location: Option<String>,
    /// The management group's name.
    pub management_group: Option<String>,
    /// The deployment's name.
    pub deployment: Option<String>,
    /// Whether the cloud is the public one, whose host names are known.
    pub public_cloud: bool,
}

/// `{name}`: stands for what is unknown in an id.
pub fn placeholder(name: &str) -> String {
    format!("{{{name}}}")
}

impl Context {
    /// `subscription().subscriptionId` and its like, if known.
    pub(super) fn property(&self, function: &str, name: &str) -> Option<Evaluated> {
        let text = |value: &Option<String>| value.clone().map(Evaluated::String);
        let constant = |value: &str| Some(Evaluated::String(value.to_owned()));
        let function = function.to_ascii_lowercase();
        let name = name.to_ascii_lowercase();
        match (function.as_str(), name.as_str()) {
            ("subscription", "subscriptionid") => text(&self.subscription_id),
            ("subscription", "id") => self
                .subscription_id
                .as_ref()
                .map(|id| format!("/subscriptions/{id}"))
                .map(Evaluated::String),
            ("subscription" | "tenant", "tenantid") => text(&self.tenant_id),
            ("resourcegroup", "name") => text(&self.resource_group),
            ("resourcegroup", "location") if self.level == Level::ResourceGroup => {
                text(&self.location)
            }
            ("resourcegroup", "type") => constant("Microsoft.Resources/resourceGroups"),
            ("resourcegroup", "id") => {
                let subscription = self.subscription_id.as_ref()?;
                let group = self.resource_group.as_ref()?;
                Some(Evaluated::String(format!(
                    "/subscriptions/{subscription}/resourceGroups/{group}"
                )))
            }
            ("managementgroup", "name") => text(&self.management_group),
            ("managementgroup", "id") => self.management_group.as_ref().map(|name| {
                Evaluated::String(format!(
                    "/providers/Microsoft.Management/managementGroups/{name}"
                ))
            }),
            ("deployment", "name") => text(&self.deployment),
            ("deployment", "location") if self.level != Level::ResourceGroup => {
                text(&self.location)
            }
            ("environment", _) if self.public_cloud => match public_cloud() {
                Evaluated::Object(properties) => {
                    super::value::property(&properties, &name).cloned()
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether this function asks for the context.
    pub(super) fn is_function(name: &str) -> bool {
        ["subscription", "resourceGroup", "tenant", "managementGroup", "deployment", "environment"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    }

    /// The function's whole value, where all of it is known.
    pub(super) fn whole(&self, function: &str) -> Option<Evaluated> {
        (self.public_cloud && function.eq_ignore_ascii_case("environment")).then(public_cloud)
    }

    /// The subscription for an id: known, or an expression.
    pub(super) fn subscription(&self) -> Evaluated {
        self.property("subscription", "subscriptionId").unwrap_or_else(|| {
            Evaluated::Symbolic(
                Expression::call("subscription", Vec::new()).property("subscriptionId"),
            )
        })
    }

    /// The resource group for an id: known, or an expression.
    pub(super) fn group(&self) -> Evaluated {
        self.property("resourceGroup", "name").unwrap_or_else(|| {
            Evaluated::Symbolic(Expression::call("resourceGroup", Vec::new()).property("name"))
        })
    }
}

/// What `environment()` gives in the public cloud
/// (<https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-deployment#environment>).
fn public_cloud() -> Evaluated {
    let text = |value: &str| Evaluated::String(value.to_owned());
    let object = |pairs: &[(&str, Evaluated)]| {
        Evaluated::Object(
            pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect::<Properties>(),
        )
    };
    let authentication = object(&[
        ("loginEndpoint", text("https://login.microsoftonline.com/")),
        (
            "audiences",
            Evaluated::Array(vec![
                text("https://management.core.windows.net/"),
                text("https://management.azure.com/"),
            ]),
        ),
        ("tenant", text("common")),
        ("identityProvider", text("AAD")),
    ]);
    let suffixes = object(&[
        ("acrLoginServer", text(".azurecr.io")),
        ("azureDatalakeAnalyticsCatalogAndJob", text("azuredatalakeanalytics.net")),
        ("azureDatalakeStoreFileSystem", text("azuredatalakestore.net")),
        ("keyvaultDns", text(".vault.azure.net")),
        ("sqlServerHostname", text(".database.windows.net")),
        ("storage", text("core.windows.net")),
    ]);
    object(&[
        ("name", text("AzureCloud")),
        ("gallery", text("https://gallery.azure.com/")),
        ("graph", text("https://graph.windows.net/")),
        ("portal", text("https://portal.azure.com")),
        ("graphAudience", text("https://graph.windows.net/")),
        ("activeDirectoryDataLake", text("https://datalake.azure.net/")),
        ("batch", text("https://batch.core.windows.net/")),
        ("media", text("https://rest.media.azure.net")),
        ("sqlManagement", text("https://management.core.windows.net:8443/")),
        (
            "vmImageAliasDoc",
            text(
                "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
            ),
        ),
        ("resourceManager", text("https://management.azure.com/")),
        ("authentication", authentication),
        ("suffixes", suffixes),
    ])
}
