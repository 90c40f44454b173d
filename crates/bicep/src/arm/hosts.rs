//! Host names of the public cloud that differ from cloud to cloud.

use std::ops::Range;

use memchr::memmem;

/// The hosts of the public cloud that have another name in the other clouds.
/// Source: <https://github.com/Azure/bicep/blob/main/src/Bicep.Core/Configuration/bicepconfig.json>, 2026-11-29.
pub const PUBLIC: [&str; 16] = [
    "api.loganalytics.io",
    "asazure.windows.net",
    "azuredatalakeanalytics.net",
    "azuredatalakestore.net",
    "batch.core.windows.net",
    "core.windows.net",
    "database.windows.net",
    "datalake.azure.net",
    "gallery.azure.com",
    "graph.windows.net",
    "login.microsoftonline.com",
    "management.azure.com",
    "management.core.windows.net",
    "region.asazure.windows.net",
    "trafficmanager.net",
    "vault.azure.net",
];

/// Where a host appears in a text as a whole word. Both are in lowercase.
pub fn places<'t>(text: &'t str, host: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    let free = |letter: Option<char>| !letter.is_some_and(char::is_alphanumeric);
    // Few texts have a host, and the searcher of the standard library takes long to make.
    let first = memmem::find(text.as_bytes(), host.as_bytes()).into_iter();
    let starts = first.flat_map(move |first| {
        text[first..].match_indices(host).map(move |(start, _)| first + start)
    });
    let found = starts.map(|start| start..start + host.len());
    found.filter(move |place| {
        free(text[..place.start].chars().next_back()) && free(text[place.end..].chars().next())
    })
}
