use super::tables::{ABBREVIATIONS, AGENT_POOL_REGIONS};

/// The Cloud Adoption Framework's abbreviation of a resource type.
pub(crate) fn abbreviation(kind: &str) -> Option<&'static str> {
    let [_, abbreviation, _] = ABBREVIATIONS.find(kind)?.cells();
    Some(abbreviation)
}

/// Whether a registry in this region can have an agent pool.
pub(crate) fn has_agent_pools(region: &str) -> bool {
    AGENT_POOL_REGIONS.find(region).is_some()
}
