//! How Azure spells the resource types that are often used: a template names a type as Azure does, in
//! whatever case the Bicep has it. The names are those of Azure's published type tables
//! (<https://github.com/Azure/bicep-types-az>).

use std::cmp::Ordering;
use std::sync::LazyLock;

// One name a line, sorted without case.
static NAMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("resource_types.txt").lines().collect());

// API versions whose tables spell a type in another way.
const OTHERWISE: [(&str, &str); 1] =
    [("microsoft.insights/diagnosticSettings", "2017-05-01-preview")];

/// Azure's spelling of a type, if it is known.
pub fn spelling(kind: &str, version: &str) -> Option<&'static str> {
    let special =
        OTHERWISE.iter().find(|(name, of)| *of == version && name.eq_ignore_ascii_case(kind));
    if let Some((name, _)) = special {
        return Some(name);
    }
    NAMES.binary_search_by(|name| compare(name, kind)).ok().map(|at| NAMES[at])
}

fn compare(left: &str, right: &str) -> Ordering {
    let same = left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
    let lower = |byte: u8| byte.to_ascii_lowercase();
    left.bytes().skip(same).map(lower).cmp(right.bytes().skip(same).map(lower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_as_azure_does() {
        assert!(NAMES.is_sorted_by(|left, right| compare(left, right) == Ordering::Less));
        assert_eq!(
            spelling("microsoft.web/serverFarms", "2022-09-01"),
            Some("Microsoft.Web/serverfarms")
        );
        let settings = "Microsoft.Insights/DiagnosticSettings";
        assert_eq!(
            spelling(settings, "2021-05-01-preview"),
            Some("Microsoft.Insights/diagnosticSettings")
        );
        assert_eq!(
            spelling(settings, "2017-05-01-preview"),
            Some("microsoft.insights/diagnosticSettings")
        );
        assert_eq!(spelling("My.Rp/thing", "1"), None);
    }
}
