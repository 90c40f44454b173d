use serde::Serialize;

use super::batch::PoolContext;
use super::images::NameValue;
use super::names::short_digest;
use super::network::PoolSubnet;
use super::pool::Pool;
use super::pool_machine::Machine;
use super::pool_tasks::{FileSystem, Mount};
use super::resolver::Resolver;

/// The ID carries a digest of what needs an empty pool, so that a change of it makes a second pool.
pub(super) fn deploy_beside(
    resolver: &mut Resolver<'_>,
    pool: &mut Pool,
    pointer: &str,
    context: &PoolContext<'_>,
) -> Option<()> {
    let digested = NeedsEmptyPool::of(pool, context);
    let text = serde_json::to_string(&digested).expect("plain data serializes");
    pool.id = format!("{}-{}", pool.base_id, short_digest(&text, 8));
    pool.metadata.push(NameValue { name: "prebake-pool".to_owned(), value: pool.base_id.clone() });
    pool.metadata.sort();
    if pool.id.len() > 64 {
        resolver.error(
            "PB1008",
            &format!("{pointer}/id"),
            format!("pool ID `{}` is too long", pool.base_id),
            "`blue-green` adds 9 characters, and Batch allows 64",
            "shorten the ID to 55 characters",
        );
        return None;
    }
    Some(())
}

/// The values of a pool's body that Batch changes only while the pool has no nodes, as Batch compares them:
/// ids and sizes without regard to case, sets in one order. Whatever else changes leaves the pool where it is.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of the pool")]
struct NeedsEmptyPool<'a> {
    display_name: Option<&'a str>,
    vm_size: String,
    image: Option<String>,
    node_agent: &'a str,
    security_type: &'a str,
    containers: Option<[Vec<&'a str>; 2]>,
    identity: Option<String>,
    task_slots_per_node: u32,
    inter_node_communication: bool,
    subnet: String,
    private_nodes: bool,
    mounts: Vec<Mount>,
    // What a config does not set is left out, so that a new key changes the digest of no pool.
    #[serde(flatten)]
    machine: &'a Machine,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    encryption_at_host: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secure_boot: bool,
}

impl<'a> NeedsEmptyPool<'a> {
    fn of(pool: &'a Pool, context: &PoolContext<'a>) -> Self {
        let image = match context.node_image.baked() {
            Some(baked) if pool.follows_image => {
                Some(format!("{}/{}", baked.gallery, baked.definition))
            }
            Some(baked) => {
                let image = format!("{}/{}/{}", baked.gallery, baked.definition, baked.version);
                let place = [&baked.subscription, &baked.resource_group];
                let place =
                    place.into_iter().flatten().fold(String::new(), |all, part| all + part + "/");
                Some(format!("{place}{image}"))
            }
            None if pool.follows_image => context.node_image.existing_definition_id(),
            None => context.node_image.existing_id().map(str::to_owned),
        };
        let subnet = match &context.network.pools {
            PoolSubnet::Created(created) => &created.name,
            PoolSubnet::Existing { id, .. } => id,
        };
        let lower = |text: &String| text.to_lowercase();
        let containers = pool.containers.as_ref().map(|containers| {
            [sorted(&containers.image_names), sorted(&containers.private_registries)]
        });
        let mut mounts = pool.mounts.clone();
        mounts.sort_by(|a, b| a.path.cmp(&b.path));
        for mount in &mut mounts {
            if let FileSystem::Blob { identity: Some(id), .. } = &mut mount.file_system {
                *id = id.to_lowercase();
            }
        }
        // The body names the pull identity where it pulls and where it mounts; a set of identities alone
        // changes while nodes run.
        let pulls = containers.as_ref().is_some_and(|[_, registries]| !registries.is_empty());
        let mounted = mounts.iter().any(|mount| mount.is_blob() && mount.identity().is_none());
        let identity = context.identity.filter(|_| pulls || mounted);
        Self {
            display_name: pool.display_name.as_deref(),
            vm_size: pool.size.name.to_lowercase(),
            image: image.as_ref().map(lower),
            node_agent: context.node.os.node_agent,
            security_type: context.node.security_type,
            containers,
            identity: identity.map(str::to_lowercase),
            task_slots_per_node: pool.task_slots_per_node,
            inter_node_communication: pool.inter_node_communication,
            subnet: subnet.to_lowercase(),
            private_nodes: context.network.private_nodes,
            mounts,
            machine: &pool.machine,
            encryption_at_host: context.node.encryption_at_host,
            secure_boot: context.node.secure_boot,
        }
    }
}

fn sorted(texts: &[String]) -> Vec<&str> {
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    texts.sort_unstable();
    texts
}
