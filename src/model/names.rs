//! Names that a config leaves out: the same config gives the same names, everywhere and always.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::resolver::Resolver;

/// The first hexadecimal digits of a SHA-256 digest.
pub(super) fn short_digest(text: &str, digits: usize) -> String {
    let mut hex = hex_digest(text.as_bytes());
    hex.truncate(digits);
    hex
}

/// A SHA-256 digest as lowercase hexadecimal digits.
pub fn hex_digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Bytes as lowercase hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// Names that must be unique in the world or in a region carry a digest of what tells two deployments
/// of the same name apart.
pub(super) struct Names<'a> {
    name: &'a str,
    digest: String,
}

impl<'a> Names<'a> {
    pub(super) fn new(name: &'a str, resource_group: &str, subscription: Option<&str>) -> Self {
        let identity = format!("{}/{resource_group}/{name}", subscription.unwrap_or_default());
        Self { name, digest: short_digest(&identity.to_lowercase(), 8) }
    }

    /// Lowercase letters and digits only, with a role and the digest, at most `longest` characters.
    pub(super) fn global(&self, role: &str, longest: usize) -> String {
        let mut plain: String = self.name.chars().filter(char::is_ascii_alphanumeric).collect();
        plain.truncate(longest - role.len() - self.digest.len());
        format!("{plain}{role}{}", self.digest)
    }

    /// The deployment's name with a role.
    pub(super) fn local(&self, role: &str) -> String {
        format!("{}-{role}", self.name)
    }

    /// The deployment's name with underscores, for names that take no hyphen.
    pub(super) fn underscored(&self, role: &str) -> String {
        format!("{}_{role}", self.name.replace('-', "_"))
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
            "" => "a variable has no name".to_owned(),
            name => format!("`{}` is not the name of a variable", name.escape_debug()),
        };
        resolver.error(
            "PB1008",
            &format!("{pointer}/{}", crate::diagnostic::pointer::escape(name)),
            title,
            "a name is not empty, and has no `=`, blanks or control characters",
            "take letters, digits and `_`",
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
