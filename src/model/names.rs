//! Names that a config leaves out: the same config gives the same names, everywhere and always.

use std::collections::BTreeMap;

use super::digest::hex_digest;
use super::resolver::Resolver;
use crate::catalog;
use crate::config::Config;
use crate::config::fields;

/// The first hexadecimal digits of a SHA-256 digest.
pub(super) fn short_digest(text: &str, digits: usize) -> String {
    let mut hex = hex_digest(text.as_bytes());
    hex.truncate(digits);
    hex
}

/// Names of what is created: those that the config gives, those of its pattern, or the deployment's name with a part.
///
/// Names that must be unique in the world or in a region carry the config's suffix, or a digest of what tells two
/// deployments of the same name apart.
pub(super) struct Names<'a> {
    name: &'a str,
    location: &'a str,
    suffix: String,
    given: fields::Names,
}

/// The types of what has a name of its own, by the part in the name.
const TYPES: [(&str, &str); 17] = [
    ("", "Microsoft.Batch/batchAccounts"),
    ("accountEndpoint", "Microsoft.Network/privateEndpoints"),
    ("acr", "Microsoft.ContainerRegistry/registries"),
    ("build", "Microsoft.ManagedIdentity/userAssignedIdentities"),
    ("builder", "Microsoft.Compute/virtualMachines"),
    ("builder-vnet", "Microsoft.Network/virtualNetworks"),
    ("gallery", "Microsoft.Compute/galleries"),
    ("image-builder", "Microsoft.ManagedIdentity/userAssignedIdentities"),
    ("nat", "Microsoft.Network/natGateways"),
    ("nat-ip", "Microsoft.Network/publicIPAddresses"),
    ("nodeEndpoint", "Microsoft.Network/privateEndpoints"),
    ("nsg", "Microsoft.Network/networkSecurityGroups"),
    ("pull", "Microsoft.ManagedIdentity/userAssignedIdentities"),
    ("registryEndpoint", "Microsoft.Network/privateEndpoints"),
    ("st", "Microsoft.Storage/storageAccounts"),
    ("storageEndpoint", "Microsoft.Network/privateEndpoints"),
    ("vnet", "Microsoft.Network/virtualNetworks"),
];

/// The parts that the pattern's type does not say already.
const TOLD_APART: [(&str, &str); 10] = [
    ("accountEndpoint", "account"),
    ("build", "build"),
    ("builder", "builder"),
    ("builder-vnet", "builder"),
    ("image-builder", "image-builder"),
    ("nat-ip", "nat"),
    ("nodeEndpoint", "nodes"),
    ("pull", "pull"),
    ("registryEndpoint", "registry"),
    ("storageEndpoint", "storage"),
];

impl<'a> Names<'a> {
    pub(super) fn new(config: &'a Config) -> Self {
        let subscription = config.subscription.as_deref().unwrap_or_default();
        let identity = format!("{subscription}/{}/{}", config.resource_group, config.name);
        let given = config.names.clone().unwrap_or_default();
        let suffix =
            given.suffix.clone().unwrap_or_else(|| short_digest(&identity.to_lowercase(), 8));
        Self { name: &config.name, location: &config.location, suffix, given }
    }

    /// Lowercase letters and digits only, with a role and the suffix, at most `longest` characters.
    pub(super) fn global(&self, role: &str, longest: usize) -> String {
        let plain = |text: &str| -> String {
            text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
        };
        if let Some(whole) = self.of_pattern(role, self.name) {
            let pattern = self.given.pattern.as_deref().unwrap_or_default();
            let suffix = if pattern.contains("{suffix}") { "" } else { &self.suffix };
            // The deployment's name gives way: the suffix tells one from another.
            let kept = plain(self.name);
            let surplus = (plain(&whole).len() + suffix.len()).saturating_sub(longest);
            let kept = &kept[..kept.len().saturating_sub(surplus)];
            let mut name = plain(&self.of_pattern(role, kept).unwrap_or(whole));
            name.truncate(longest - suffix.len());
            name.push_str(suffix);
            return name;
        }
        let mut name = plain(self.name);
        name.truncate(longest - role.len() - self.suffix.len());
        format!("{name}{role}{}", self.suffix)
    }

    /// The deployment's name with a role.
    pub(super) fn local(&self, role: &str) -> String {
        let given = match role {
            "vnet" => &self.given.network,
            "nsg" => &self.given.security_group,
            "nat" => &self.given.nat_gateway,
            "nat-ip" => &self.given.nat_address,
            "pull" => &self.given.pull_identity,
            "build" => &self.given.build_identity,
            "image-builder" => &self.given.image_builder_identity,
            "builder" => &self.given.builder,
            "builder-vnet" => &self.given.builder_network,
            _ => &None,
        };
        let given = given.clone().or_else(|| self.of_pattern(role, self.name));
        given.unwrap_or_else(|| format!("{}-{role}", self.name))
    }

    /// The deployment's name with underscores, for names that take no hyphen.
    pub(super) fn underscored(&self, role: &str) -> String {
        if let Some(name) = self.of_pattern(role, self.name) {
            return name.replace('-', "_");
        }
        format!("{}_{role}", self.name.replace('-', "_"))
    }

    /// The name of the config's pattern for this name of the deployment, for what has an abbreviation.
    fn of_pattern(&self, role: &str, name: &str) -> Option<String> {
        let pattern = self.given.pattern.as_ref()?;
        let (_, kind) = TYPES.iter().find(|(known, _)| *known == role)?;
        let part = TOLD_APART.iter().find(|(known, _)| *known == role);
        let name = part.map_or_else(|| name.to_owned(), |(_, part)| format!("{name}-{part}"));
        let name = pattern
            .replace("{type}", catalog::abbreviation(kind)?)
            .replace("{name}", &name)
            .replace("{location}", &super::short_region(self.location))
            .replace("{suffix}", &self.suffix);
        Some(name)
    }
}

/// Reports `PB1504` for a pattern that does not make a name for each resource.
pub(super) fn check_pattern(resolver: &mut Resolver<'_>) {
    let config = resolver.config;
    let Some(pattern) = config.names.as_ref().and_then(|names| names.pattern.as_ref()) else {
        return;
    };
    let mut rest = pattern.clone();
    for word in ["{type}", "{name}", "{location}", "{suffix}"] {
        rest = rest.replace(word, "");
    }
    let lacks = ["{type}", "{name}"].into_iter().find(|word| !pattern.contains(word));
    if rest.contains(['{', '}']) || lacks.is_some() {
        resolver.error(
            "PB1504",
            "/names/pattern",
            format!("`{pattern}` does not create a name for each resource"),
            match lacks {
                Some(word) => format!("`{word}` is missing"),
                None => "it contains an unknown word in braces".to_owned(),
            },
            "use `{type}` and `{name}`, and optionally `{location}` or `{suffix}`",
        );
    }
}

/// Names of environment variables and build arguments, as a process can have them.
pub(super) fn variables(
    resolver: &mut Resolver<'_>,
    named: &BTreeMap<String, String>,
    pointer: &str,
) {
    let bad = |c: char| c == '=' || c.is_whitespace() || c.is_control();
    for name in named.keys().filter(|name| name.is_empty() || name.contains(bad)) {
        let title = match name.as_str() {
            "" => "a variable has an empty name".to_owned(),
            name => format!("`{}` is not a valid variable name", name.escape_debug()),
        };
        resolver.error(
            "PB1008",
            &format!("{pointer}/{}", crate::diagnostic::pointer::escape(name)),
            title,
            "a name cannot be empty or contain `=`, spaces or control characters",
            "use letters, digits and `_`",
        );
    }
}

/// An identifier for Bicep made of a text, unique among those already given.
pub(super) fn identifier(text: &str, taken: &mut Vec<String>) -> String {
    let mut name: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let reserved = matches!(name.as_str(), "true" | "false" | "null");
    if reserved || name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, '_');
    }
    let base = name.clone();
    let mut number = 2;
    while taken.contains(&name) {
        name = format!("{base}_{number}");
        number += 1;
    }
    taken.push(name.clone());
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;

    fn config(name: &str, names: &Value) -> Config {
        let config = json!({
            "name": name, "location": "northeurope", "resourceGroup": "g", "names": names,
        });
        serde_json::from_value(config).expect("a config")
    }

    #[test]
    fn a_pattern_names_each_resource_apart() {
        for pattern in ["{type}-{name}", "{name}{type}", "x-{type}-{name}-{location}-{suffix}"] {
            let config = config("vision", &json!({ "pattern": pattern }));
            let names = Names::new(&config);
            let all: BTreeSet<String> = TYPES.iter().map(|(role, _)| names.local(role)).collect();
            assert_eq!(all.len(), TYPES.len(), "{pattern}: {all:?}");
        }
    }

    #[test]
    fn a_pattern_follows_the_abbreviations_of_the_cloud_adoption_framework() {
        let config = config("vision", &json!({ "pattern": "{type}-{name}-{location}" }));
        let names = Names::new(&config);
        assert_eq!(names.local("vnet"), "vnet-vision-northeurope");
        assert_eq!(names.local("nsg"), "nsg-vision-northeurope");
        assert_eq!(names.local("pull"), "id-vision-pull-northeurope");
        assert_eq!(names.local("nat-ip"), "pip-vision-nat-northeurope");
        assert_eq!(names.local("builder"), "vm-vision-builder-northeurope");
        assert!(names.global("acr", 50).starts_with("crvisionnortheurope"));
        assert_eq!(names.underscored("gallery"), "gal_vision_northeurope");
    }

    #[test]
    fn a_given_name_stands_before_the_pattern() {
        let names = json!({ "pattern": "{type}-{name}", "natGateway": "egress" });
        let config = config("vision", &names);
        assert_eq!(Names::new(&config).local("nat"), "egress");
        assert_eq!(Names::new(&config).local("nat-ip"), "pip-vision-nat");
    }

    /// However long the name is, what tells two deployments apart stays in a name that is unique in the world.
    #[test]
    fn a_name_that_is_unique_in_the_world_keeps_its_suffix() {
        let long = "recommendation-models-of-the-search-team";
        for pattern in
            ["{type}-{name}", "{type}{name}{suffix}", "{suffix}-{type}-{name}-{location}"]
        {
            for (role, longest) in [("st", 24), ("", 24), ("acr", 50)] {
                let of = |suffix: &str| {
                    let config = config(long, &json!({ "pattern": pattern, "suffix": suffix }));
                    Names::new(&config).global(role, longest)
                };
                let name = of("k3f9a");
                assert!(name.len() <= longest, "{pattern}: {name}");
                assert!(name.contains("k3f9a"), "{pattern}: {name}");
                assert_ne!(name, of("zzzzz"), "{pattern}");
            }
        }
    }
}
