use std::collections::BTreeMap;

use serde::Serialize;

use super::batch::NodeIdentity;
use super::names::identifier;
use super::pool::Pool;
use super::pool_tasks::Mount;

/// The identities that a config names for its pools, each under a key of its own.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PoolIdentities {
    /// Key in the Bicep → resource ID.
    pub ids: BTreeMap<String, String>,
    /// Resource ID → key. Azure compares IDs without regard to case, so that several spellings share a key.
    pub keys: BTreeMap<String, String>,
}

impl PoolIdentities {
    pub(super) fn new(pools: &[Pool], node_identity: Option<&NodeIdentity>) -> Self {
        let mut found = Self::default();
        let mut taken = Vec::new();
        for pool in pools {
            let of_mounts = pool.mounts.iter().filter_map(Mount::identity);
            let files = pool.start_task.iter().flat_map(|task| &task.resource_files);
            let of_files = files.filter_map(|file| file.identity.as_ref());
            for id in pool.identities.iter().chain(of_mounts).chain(of_files) {
                found.add(id, &mut taken);
            }
        }
        if let Some(id) = node_identity.and_then(|identity| identity.id.as_ref()) {
            found.add(id, &mut taken);
        }
        found
    }

    fn add(&mut self, id: &str, taken: &mut Vec<String>) {
        let same = |known: &&String| known.eq_ignore_ascii_case(id);
        let key = if let Some(known) = self.keys.keys().find(same) {
            self.keys[known].clone()
        } else {
            let name = id.rsplit('/').next().unwrap_or_default();
            let key = identifier(name, taken);
            self.ids.insert(key.clone(), id.to_owned());
            key
        };
        self.keys.insert(id.to_owned(), key);
    }
}
