use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Roles and identities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Access {
    /// Whether the deployment assigns the roles that it needs. If it is false, the README of the render lists the
    /// roles that you must assign. Default: `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assign_roles: Option<bool>,
    /// Resource ID of an existing user-assigned identity that pulls images. Default: prebake creates one.
    /// Example:
    /// `/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.ManagedIdentity/userAssignedIdentities/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_identity_id: Option<String>,
    /// Users, groups and applications that can submit jobs to the Batch account. Default: none. Example:
    /// `[{ principalId: 7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11 }]`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub job_submitters: Vec<JobSubmitter>,
}

/// A user, a group or an application that can submit jobs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct JobSubmitter {
    /// Object ID in Microsoft Entra ID. Example: `7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11`.
    #[schemars(regex(pattern = super::GUID))]
    pub principal_id: String,
    /// Kind of principal: `Group`, `User` or `ServicePrincipal`. Default: `Group`.
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
