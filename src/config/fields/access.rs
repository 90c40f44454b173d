use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who may do what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Access {
    /// Assign the roles that the deployment needs (the default). With `false` the render assigns none, and its
    /// README lists those that somebody else grants.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign_roles: Option<bool>,
    /// Resource ID of an existing user-assigned identity that pulls images; one is created without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_identity_id: Option<String>,
    /// Who may submit jobs to the Batch account.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub job_submitters: Vec<JobSubmitter>,
}

/// A user, a group or an application that may submit jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct JobSubmitter {
    /// Object ID in Entra ID.
    #[schemars(regex(
        pattern = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
    ))]
    pub principal_id: String,
    /// What it is: `Group` (the default), `User` or `ServicePrincipal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub principal_type: Option<PrincipalType>,
}

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PrincipalType {
    /// A group of Entra ID.
    Group,
    /// A person.
    User,
    /// An application or a managed identity.
    ServicePrincipal,
}
