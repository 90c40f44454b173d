//! What a module path names: a file beside, a module of a registry, or a template spec.

use std::fmt::Write as _;

use super::config::Config;

/// A module path, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModuleReference {
    /// A file, relative to the one that names it.
    Local(String),
    /// A module of a registry.
    Registry(RegistryReference),
    /// The resource ID of a version of a template spec.
    TemplateSpec(String),
}

/// A module of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryReference {
    /// The host.
    pub registry: String,
    /// The repository in it.
    pub repository: String,
    /// `:tag` or `@digest`.
    pub version: String,
}

/// Why a path names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceError {
    /// Microsoft's code.
    pub code: &'static str,
    /// What is wrong.
    pub title: String,
    /// What to do.
    pub help: String,
}

fn error(code: &'static str, title: impl Into<String>, help: &str) -> ReferenceError {
    ReferenceError { code, title: title.into(), help: help.to_owned() }
}

impl ModuleReference {
    /// Understands a path.
    pub fn parse(path: &str, config: &Config) -> Result<Self, ReferenceError> {
        if let Some(rest) = path.strip_prefix("br:") {
            let (registry, repository) = rest.split_once('/').unwrap_or((rest, ""));
            return registry_reference(path, registry, "", repository);
        }
        if let Some(rest) = path.strip_prefix("br/") {
            let (alias, repository) = rest.split_once(':').unwrap_or((rest, ""));
            let Some((registry, prefix)) = config.registry(alias) else {
                let title = format!("unknown registry alias `{alias}`");
                let help = "declare it under `moduleAliases.br` in bicepconfig.json";
                return Err(error("BCP213", title, help));
            };
            return registry_reference(path, registry, prefix, repository);
        }
        if let Some(rest) = path.strip_prefix("ts:") {
            let mut parts = rest.splitn(3, '/');
            if let (Some(subscription), Some(group), Some(name)) =
                (parts.next(), parts.next(), parts.next())
            {
                return template_spec(path, subscription, group, name);
            }
            return Err(template_spec_error(path));
        }
        if let Some(rest) = path.strip_prefix("ts/") {
            let (alias, name) = rest.split_once(':').unwrap_or((rest, ""));
            let Some((subscription, group)) = config.template_specs(alias) else {
                let title = format!("unknown template spec alias `{alias}`");
                let help = "declare it under `moduleAliases.ts` in bicepconfig.json";
                return Err(error("BCP212", title, help));
            };
            return template_spec(path, subscription, group, name);
        }
        local(path)
    }
}

fn local(path: &str) -> Result<ModuleReference, ReferenceError> {
    local_path(path)?;
    Ok(ModuleReference::Local(path.to_owned()))
}

/// Judges the path of a file as it is written.
pub fn local_path(path: &str) -> Result<(), ReferenceError> {
    let relative = "write a relative path with `/`";
    if path.is_empty() {
        return Err(error("BCP050", "the file path is empty", relative));
    }
    if path.starts_with('/') {
        return Err(error("BCP051", "the file path is absolute", relative));
    }
    if path.contains('\\') {
        return Err(error("BCP098", "the file path contains `\\`", relative));
    }
    if path.contains(['"', '*', ':', '<', '>', '?', '|']) || path.contains(char::is_control) {
        return Err(error("BCP085", "the file path contains a forbidden character", relative));
    }
    if path.ends_with([' ', '.']) {
        return Err(error("BCP086", "the file path ends with a space or a dot", relative));
    }
    Ok(())
}

fn registry_reference(
    path: &str,
    registry: &str,
    prefix: &str,
    rest: &str,
) -> Result<ModuleReference, ReferenceError> {
    let at = rest.find('@').or_else(|| rest.rfind(':'));
    let (repository, version) = rest.split_at(at.unwrap_or(rest.len()));
    if registry.is_empty() || repository.is_empty() || version.len() < 2 {
        let title = format!("`{path}` is not a reference to a registry module");
        return Err(error("BCP193", title, "write `br:registry/repository:tag`"));
    }
    let slash = if prefix.is_empty() { "" } else { "/" };
    Ok(ModuleReference::Registry(RegistryReference {
        registry: registry.to_owned(),
        repository: format!("{prefix}{slash}{repository}"),
        version: version.to_owned(),
    }))
}

fn template_spec(
    path: &str,
    subscription: &str,
    group: &str,
    name: &str,
) -> Result<ModuleReference, ReferenceError> {
    match name.split_once(':') {
        Some((name, version)) if !name.is_empty() && !version.is_empty() => {
            Ok(ModuleReference::TemplateSpec(format!(
                "/subscriptions/{subscription}/resourceGroups/{group}/providers/\
                 Microsoft.Resources/templateSpecs/{name}/versions/{version}"
            )))
        }
        _ => Err(template_spec_error(path)),
    }
}

fn template_spec_error(path: &str) -> ReferenceError {
    let title = format!("`{path}` is not a reference to a template spec");
    error("BCP192", title, "write `ts:subscription/resourceGroup/name:version`")
}

impl RegistryReference {
    /// Where a restored copy stands in the module cache.
    pub fn cached_path(&self) -> String {
        let registry = self.registry.replace(':', "$");
        let repository = self.repository.replace('/', "$");
        let version = match self.version.strip_prefix('@') {
            Some(digest) => digest.replace(':', "#"),
            None => encode_tag(&self.version[1..]),
        };
        format!("br/{registry}/{repository}/{version}/main.json")
    }
}

// File systems that ignore case need the upper-case letters of a tag told apart: a bit for each.
fn encode_tag(tag: &str) -> String {
    let upper = tag.bytes().take(128).enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
    let mask = upper.fold(0_u128, |mask, (at, _)| mask | 1 << at);
    let mut encoded = format!("{tag}$");
    if mask != 0 {
        // Writing to a string cannot fail.
        let _ = write!(encoded, "{mask:x}");
    }
    encoded
}

impl std::fmt::Display for RegistryReference {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "br:{}/{}{}", self.registry, self.repository, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_public_modules_in_the_cache() {
        let path = "br/public:avm/utl/types/avm-common-types:0.6.1";
        let Ok(ModuleReference::Registry(module)) =
            ModuleReference::parse(path, &Config::default())
        else {
            panic!("a registry module");
        };
        let full = "br:mcr.microsoft.com/bicep/avm/utl/types/avm-common-types:0.6.1";
        assert_eq!(module.to_string(), full);
        assert_eq!(
            module.cached_path(),
            "br/mcr.microsoft.com/bicep$avm$utl$types$avm-common-types/0.6.1$/main.json"
        );
    }

    #[test]
    fn refuses_paths_that_name_nothing() {
        for (path, code) in
            [("", "BCP050"), ("/a", "BCP051"), ("a\\b", "BCP098"), ("br/x:y:1", "BCP213")]
        {
            assert_eq!(ModuleReference::parse(path, &Config::default()).unwrap_err().code, code);
        }
    }
}
