use std::collections::BTreeMap;

use super::resolver::Resolver;

/// Most tags of a resource, of a resource group, and of a subscription
/// (<https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations>, 2026-11-29).
/// Deployments add one of their own to what they bake.
const MOST: usize = 49;
/// Longest name in characters that each of the resources takes: storage accounts have the lowest limit.
const LONGEST_NAME: usize = 128;
/// Longest value in characters.
const LONGEST_VALUE: usize = 256;
/// How a name must not begin, whatever its case
/// (<https://learn.microsoft.com/rest/api/resources/tags/create-or-update>, 2026-11-29).
const RESERVED_PREFIXES: [&str; 3] = ["microsoft", "azure", "windows"];

/// Reports `PB1008` for each tag that Azure refuses.
pub(super) fn check(resolver: &mut Resolver<'_>) {
    let config = resolver.config;
    if config.tags.len() > MOST {
        resolver.error(
            "PB1008",
            "/tags",
            "too many tags".to_owned(),
            format!(
                "{} tags; the limit is {MOST} in addition to the tags that prebake sets",
                config.tags.len()
            ),
            "remove some of them, or combine several values in one tag",
        );
        return;
    }
    let mut known: BTreeMap<String, &str> = BTreeMap::new();
    for (name, value) in &config.tags {
        let pointer = format!("/tags/{}", crate::diagnostic::pointer::escape(name));
        if let Some((label, help)) = form(name, value) {
            let title = format!("Azure does not allow the tag `{name}`");
            resolver.error("PB1008", &pointer, title, label, help);
        }
        if let Some(other) = known.insert(name.to_lowercase(), name) {
            let title = format!("tags `{other}` and `{name}` are the same tag");
            let help = "keep one of them";
            resolver.error("PB1008", &pointer, title, "Azure ignores the case of tag names", help);
        }
    }
}

/// What is wrong with a tag by itself, and what to do.
fn form(name: &str, value: &str) -> Option<(&'static str, &'static str)> {
    let lower = name.to_lowercase();
    let long = name.chars().count() > LONGEST_NAME || value.chars().count() > LONGEST_VALUE;
    if name.is_empty() || long || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
        return Some((
            r"a name has 1 to 128 characters and none of `<>%&\?/`; a value has at most 256 characters",
            "shorten it, or replace those characters",
        ));
    }
    RESERVED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix)).then_some((
        "names that start with `microsoft`, `azure` or `windows` are reserved",
        "start the name with another word",
    ))
}
