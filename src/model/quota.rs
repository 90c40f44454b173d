//! The quota that a config declares: by families that exist.

use std::collections::BTreeSet;

use super::resolver::Resolver;
use crate::catalog;
use crate::diagnostic::{Severity, nearest};

/// Reports `PB1500` for each family that no size has: nothing would be held against its quota.
pub(super) fn check(resolver: &mut Resolver<'_>) {
    let config = resolver.config;
    let Some(checks) = config.checks.as_ref().filter(|checks| !checks.quota.is_empty()) else {
        return;
    };
    let sizes = catalog::vm_sizes().filter_map(catalog::vm_size);
    let families: BTreeSet<String> =
        sizes.map(|size| size.family.into_owned()).filter(|family| !family.is_empty()).collect();
    for family in checks.quota.keys() {
        let plain = normal(family);
        let of_subscription = ["batch", "compute"]
            .iter()
            .any(|of| resolver.overlay.quota(&format!("{of}:{plain}")).is_some());
        if of_subscription || families.iter().any(|known| normal(known) == plain) {
            continue;
        }
        let help = match nearest(family, families.iter().map(String::as_str)) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "use the name that `az vm list-usage` or the quotas of the Batch account show"
                .to_owned(),
        };
        resolver.report(
            Severity::Warning,
            "PB1500",
            &format!("/checks/quota/{}", crate::diagnostic::pointer::escape(family)),
            format!("unknown VM family `{family}`"),
            "prebake compares no pool with this quota",
            help,
        );
    }
}

/// Azure spells the names of families in several ways.
fn normal(family: &str) -> String {
    family.chars().filter(|letter| !letter.is_whitespace()).flat_map(char::to_lowercase).collect()
}
