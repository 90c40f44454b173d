//! The quota that a config declares: by families that exist.

use super::resolver::Resolver;
use crate::catalog;

/// Reports `PB1500` for each family that no size has: nothing would be held against its quota.
pub(super) fn check(resolver: &mut Resolver<'_>) {
    let config = resolver.config;
    let Some(checks) = config.checks.as_ref().filter(|checks| !checks.quota.is_empty()) else {
        return;
    };
    let families = catalog::families();
    for family in checks.quota.keys() {
        let plain = catalog::plain_family(family);
        let of_subscription = ["batch", "compute"]
            .iter()
            .any(|of| resolver.overlay.quota(&format!("{of}:{plain}")).is_some());
        if of_subscription || families.iter().any(|known| catalog::plain_family(known) == plain) {
            continue;
        }
        let help = match catalog::nearest_family(family) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "use the name that `az vm list-usage` or the quotas of the Batch account show"
                .to_owned(),
        };
        resolver.warn_of_key(
            "PB1500",
            &format!("/checks/quota/{}", crate::diagnostic::pointer::escape(family)),
            format!("unknown VM family `{family}`"),
            "prebake compares no pool with this quota",
            help,
        );
    }
}
