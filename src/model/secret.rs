//! Secrets that a deployment needs: each is a parameter that Azure Resource Manager fills from a key vault, and
//! its value is in no file of a render.

use serde::Serialize;

use super::is_resource_id;
use super::names::identifier;
use super::resolver::Resolver;
use crate::config::fields::VaultSecret;

/// A parameter that a key vault fills.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Secret {
    /// Name of the parameter.
    pub parameter: String,
    /// Subscription of the vault.
    pub subscription: String,
    /// Resource group of the vault.
    pub resource_group: String,
    /// Name of the vault.
    pub vault: String,
    /// Name of the secret.
    pub name: String,
    /// Version of the secret; the newest one without it.
    pub version: Option<String>,
}

/// The secrets of the pools, each once.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    names: Vec<String>,
    found: Vec<Secret>,
}

impl Secrets {
    /// The secret, with the parameter that holds it.
    pub(super) fn add(
        &mut self,
        resolver: &mut Resolver<'_>,
        written: &VaultSecret,
        pointer: &str,
    ) -> Secret {
        if !is_resource_id(&written.vault, "Microsoft.KeyVault/vaults") {
            resolver.error(
                "PB1026",
                &format!("{pointer}/vault"),
                "not the ID of a key vault",
                "expected `/subscriptions/.../providers/Microsoft.KeyVault/vaults/<vault>`",
                "copy it from `az keyvault show --query id`",
            );
        }
        let part = |at: usize| written.vault.split('/').nth(at).unwrap_or_default().to_owned();
        let mut secret = Secret {
            parameter: String::new(),
            subscription: part(2),
            resource_group: part(4),
            vault: part(8),
            name: written.name.clone(),
            version: written.version.clone(),
        };
        let same =
            |known: &&Secret| Secret { parameter: String::new(), ..(*known).clone() } == secret;
        if let Some(known) = self.found.iter().find(same) {
            return known.clone();
        }
        secret.parameter = identifier(&format!("secret_{}", written.name), &mut self.names);
        self.found.push(secret.clone());
        secret
    }

    pub(super) fn into_list(self) -> Vec<Secret> {
        self.found
    }
}
