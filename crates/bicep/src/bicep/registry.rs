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
    /// Understands a path. What stands before the first colon is a scheme, with or without an alias.
    pub fn parse(path: &str, config: &Config) -> Result<Self, ReferenceError> {
        let Some((start, rest)) = path.split_once(':') else { return local(path) };
        let (scheme, alias) = match start.split_once('/') {
            Some((scheme, alias)) => (scheme, Some(alias)),
            None => (start, None),
        };
        match (scheme, alias) {
            ("br", None) => registry_reference(path, rest),
            ("br", Some(alias)) => {
                known_alias(alias)?;
                let Some((registry, prefix)) = config.registry(alias) else {
                    let title = format!("unknown registry alias `{alias}`");
                    let help = "declare it under `moduleAliases.br` in bicepconfig.json";
                    return Err(error("BCP213", title, help));
                };
                if registry.is_empty() {
                    return Err(incomplete_alias("BCP216", alias, "registry"));
                }
                let slash = if prefix.is_empty() { "" } else { "/" };
                registry_reference(path, &format!("{registry}/{prefix}{slash}{rest}"))
            }
            ("ts", None) => template_spec(path, rest),
            ("ts", Some(alias)) => {
                known_alias(alias)?;
                let Some((subscription, group)) = config.template_specs(alias) else {
                    let title = format!("unknown template spec alias `{alias}`");
                    let help = "declare it under `moduleAliases.ts` in bicepconfig.json";
                    return Err(error("BCP212", title, help));
                };
                if subscription.is_empty() {
                    return Err(incomplete_alias("BCP214", alias, "subscription"));
                }
                if group.is_empty() {
                    return Err(incomplete_alias("BCP215", alias, "resourceGroup"));
                }
                template_spec(path, &format!("{subscription}/{group}/{rest}"))
            }
            _ => {
                let title = format!("unknown kind of module reference `{scheme}:`");
                Err(error(
                    "BCP189",
                    title,
                    "write the path of a file, or start with `br:` or `ts:`",
                ))
            }
        }
    }
}

fn known_alias(alias: &str) -> Result<(), ReferenceError> {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    if !alias.is_empty() && alias.bytes().all(letter) {
        return Ok(());
    }
    let title = format!("`{alias}` cannot be an alias");
    Err(error("BCP211", title, "use only letters, digits, `-` and `_`"))
}

fn incomplete_alias(code: &'static str, alias: &str, key: &str) -> ReferenceError {
    let title = format!("the module alias `{alias}` has no `{key}`");
    error(code, title, &format!("add `{key}` to the alias in bicepconfig.json"))
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
    if path.starts_with('/') || has_drive_letter(path) {
        return Err(error("BCP051", "the file path is absolute", relative));
    }
    for letter in path.chars() {
        let (code, title) = match letter {
            '\\' => ("BCP098", "the file path contains `\\`"),
            '"' | '*' | ':' | '<' | '>' | '?' | '|' => {
                ("BCP085", "the file path contains a forbidden character")
            }
            '\0'..='\u{1f}' => ("BCP111", "the file path contains a control character"),
            _ => continue,
        };
        return Err(error(code, title, relative));
    }
    if path.ends_with([' ', '.']) {
        return Err(error("BCP086", "the file path ends with a space or a dot", relative));
    }
    Ok(())
}

/// Whether this starts as absolute paths of Windows do.
fn has_drive_letter(path: &str) -> bool {
    matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic())
}

/// The longest name of a registry, and the longest name of a repository.
const LONGEST_NAME: usize = 255;
/// The longest tag.
const LONGEST_TAG: usize = 128;
/// The longest name of a resource group, a template spec or a version of one.
const LONGEST_RESOURCE_NAME: usize = 90;

/// `registry/repository:tag` or `registry/repository@digest`.
fn registry_reference(path: &str, rest: &str) -> Result<ModuleReference, ReferenceError> {
    let (registry, name) = rest.split_once('/').unwrap_or((rest, ""));
    if registry.is_empty() || registry.contains(char::is_whitespace) || name.is_empty() {
        let title = format!("`{path}` is not a reference to a registry module");
        return Err(error("BCP193", title, "write `br:registry/repository:tag`"));
    }
    if registry.len() > LONGEST_NAME {
        let help = "use at most 255 characters";
        return Err(error("BCP200", "the name of the registry is too long", help));
    }
    let last = name.rfind('/').map_or(0, |slash| slash + 1);
    let end = name[last..].find([':', '@']).map_or(name.len(), |found| last + found);
    let (repository, version) = name.split_at(end);
    if let Some(bad) = repository.split('/').find(|segment| !is_repository_segment(segment)) {
        let title = format!("`{bad}` is not valid in the name of a repository");
        let help = "use lowercase letters and digits, separated by `.`, `_` or `-`";
        return Err(error("BCP195", title, help));
    }
    if repository.len() > LONGEST_NAME {
        let help = "use at most 255 characters";
        return Err(error("BCP199", "the name of the repository is too long", help));
    }
    if version.len() < 2 {
        let title = format!("`{path}` has no version");
        return Err(error("BCP196", title, "add a tag, such as `:1.0.0`, or a digest"));
    }
    match version.strip_prefix(':') {
        Some(tag) => known_tag(tag)?,
        None => known_digest(&version[1..])?,
    }
    Ok(ModuleReference::Registry(RegistryReference {
        registry: registry.to_owned(),
        repository: repository.to_owned(),
        version: version.to_owned(),
    }))
}

/// Whether this is a part of the name of a repository: words of lowercase letters and digits with one separator between two.
fn is_repository_segment(segment: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    segment.split(['.', '_', '-']).all(word)
}

fn known_tag(tag: &str) -> Result<(), ReferenceError> {
    if tag.len() > LONGEST_TAG {
        return Err(error("BCP197", "the tag is too long", "use at most 128 characters"));
    }
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if tag.bytes().all(letter) && !tag.starts_with(['.', '-']) {
        return Ok(());
    }
    let title = format!("`{tag}` is not a tag");
    Err(error(
        "BCP198",
        title,
        "use letters, digits, `.`, `_` and `-`, and start with a letter, a digit or `_`",
    ))
}

fn known_digest(digest: &str) -> Result<(), ReferenceError> {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let digits = digest.strip_prefix("sha256:");
    if digits.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(hexadecimal)) {
        return Ok(());
    }
    let title = format!("`{digest}` is not a digest");
    Err(error("BCP224", title, "write `sha256:` and 64 lowercase hexadecimal digits"))
}

/// `subscription/resourceGroup/name:version`.
fn template_spec(path: &str, rest: &str) -> Result<ModuleReference, ReferenceError> {
    let parts: Vec<&str> = rest.split('/').collect();
    let named = parts.last().and_then(|last| last.split_once(':'));
    let (&[subscription, group, _], Some((name, version))) = (parts.as_slice(), named) else {
        let title = format!("`{path}` is not a reference to a template spec");
        return Err(error("BCP194", title, "write `ts:subscription/resourceGroup/name:version`"));
    };
    if !is_uuid(subscription) {
        let title = format!("`{subscription}` is not the ID of a subscription");
        return Err(error("BCP217", title, "write the UUID of the subscription"));
    }
    for (what, name, codes) in [
        ("a resource group", group, ("BCP218", "BCP219")),
        ("a template spec", name, ("BCP220", "BCP221")),
        ("a version of a template spec", version, ("BCP222", "BCP223")),
    ] {
        if name.chars().count() > LONGEST_RESOURCE_NAME {
            let title = format!("the name of {what} is too long");
            return Err(error(codes.0, title, "use at most 90 characters"));
        }
        let letter = |letter: char| letter.is_alphanumeric() || "-_.()".contains(letter);
        if name.is_empty() || name.ends_with('.') || !name.chars().all(letter) {
            let title = format!("`{name}` cannot be the name of {what}");
            let help = "use letters, digits, `-`, `_`, `.`, `(` and `)`, and do not end with `.`";
            return Err(error(codes.1, title, help));
        }
    }
    Ok(ModuleReference::TemplateSpec(format!(
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/\
         Microsoft.Resources/templateSpecs/{name}/versions/{version}"
    )))
}

/// Whether this is a UUID as .NET reads one: with or without hyphens, in braces, in parentheses, or plain.
fn is_uuid(text: &str) -> bool {
    let text = text.trim();
    let bracketed = |open, close| text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
    let inner = bracketed('{', '}').or_else(|| bracketed('(', ')'));
    let digits = |part: &str, count| {
        part.len() == count && part.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    let parts: Vec<&str> = inner.unwrap_or(text).split('-').collect();
    match parts.as_slice() {
        [plain] => inner.is_none() && digits(plain, 32),
        parts => {
            let counts = [8, 4, 4, 4, 12];
            parts.len() == counts.len()
                && parts.iter().zip(counts).all(|(part, count)| digits(part, count))
        }
    }
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
        for (path, code) in [
            ("", "BCP050"),
            ("/a", "BCP051"),
            ("a\\b", "BCP098"),
            ("a\tb", "BCP111"),
            ("C:/a.bicep", "BCP189"),
            ("br:x", "BCP193"),
            ("br:x/Y:1", "BCP195"),
            ("br:x/y", "BCP196"),
            ("br:x/y:", "BCP196"),
            ("br:x/y:-1", "BCP198"),
            ("br:x/y@sha256:1", "BCP224"),
            ("br/x!:y:1", "BCP211"),
            ("br/x:y:1", "BCP213"),
            ("ts/x:y:1", "BCP212"),
            ("ts:a/b:1", "BCP194"),
            ("ts:a/b/c:1", "BCP217"),
            ("ts:11111111-1111-1111-1111-111111111111/b./c:1", "BCP219"),
        ] {
            assert_eq!(ModuleReference::parse(path, &Config::default()).unwrap_err().code, code);
        }
    }
}
