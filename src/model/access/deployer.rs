//! What whoever deploys needs outside the resource group of the config.

use super::{List, Principal, Scope};

/// The role that lets the deployer put something into a subnet.
const JOINER: &str = "Network Contributor";

impl List<'_> {
    /// What whoever deploys needs outside the resource group of the config.
    pub(super) fn of_deployer(&mut self) {
        let model = self.model;
        let network = &model.network;
        let joins = [network.builder_network_id.as_deref(), network.pools.network_id()];
        for network in joins.into_iter().flatten() {
            let reason = "joins the subnet: the builder and the pools are created with the permissions of the deployer";
            self.need(JOINER, Scope::of_network(network), Principal::Deployer, reason);
        }
        self.of_closed_network();
        let gallery = model.node_image.baked().map(|baked| self.gallery_scope(baked));
        if let Some(gallery) = gallery.filter(|gallery| self.is_elsewhere(gallery)) {
            let role = "Compute Gallery Artifacts Publisher";
            self.need(role, gallery, Principal::Deployer, "publishes the image version");
        }
        if model.identity_at.is_some()
            && let Some(identity) = self.pull_scope()
        {
            let reason = "gives builder and pools the identity";
            self.need("Managed Identity Operator", identity, Principal::Deployer, reason);
        }
        self.of_source_images();
        let pools = model.batch.iter().flat_map(|batch| &batch.pools);
        for id in pools.flat_map(|pool| &pool.identities) {
            let Some(identity) = self.identity(Some(id)) else { continue };
            let reason = "gives pools the identity";
            self.need("Managed Identity Operator", identity, Principal::Deployer, reason);
        }
        let account = model.batch.as_ref().map(|batch| self.account_scope(batch));
        if let Some(account) = account.filter(|account| self.is_elsewhere(account)) {
            let role = "Azure Batch Account Contributor";
            self.need(role, account, Principal::Deployer, "creates the pools");
        }
    }

    /// The gallery images of others that the bake or the nodes start from.
    fn of_source_images(&mut self) {
        let model = self.model;
        let base = model.node.os.image_id.as_deref();
        for (id, reason) in [
            (base, "reads the image that the bake starts from"),
            (model.node_image.existing_id(), "reads the image that the nodes start from"),
        ] {
            let Some(image) = id.and_then(|id| id.split("/versions/").next()) else { continue };
            let name = image.rsplit('/').next().unwrap_or_default();
            let scope = Scope::of_id("image", name, image);
            let is_own = |group: String| group.eq_ignore_ascii_case(&model.resource_group);
            if scope.group().is_some_and(is_own) {
                continue;
            }
            if let Some(identity) = self.image_builder_identity().filter(|_| id == base) {
                let to = Principal::Identity { identity };
                self.need("Compute Gallery Image Reader", scope.clone(), to, reason);
            }
            self.need("Compute Gallery Image Reader", scope, Principal::Deployer, reason);
        }
    }

    /// What a deployment joins of a network besides the subnets of its machines.
    fn of_closed_network(&mut self) {
        let model = self.model;
        let endpoints = model.endpoints.network_id.as_deref();
        let agents = model.registry.as_ref().and_then(|registry| registry.agent_pool.as_ref());
        let agents = agents.and_then(|pool| pool.network_id.as_deref());
        for (network, reason) in [
            (endpoints, "joins the subnet of the private endpoints"),
            (agents, "joins the subnet of the agent pool"),
        ] {
            let Some(network) = network else { continue };
            self.need(JOINER, Scope::of_network(network), Principal::Deployer, reason);
        }
        if let Some(dns) = &model.endpoints.dns {
            let id = format!(
                "/subscriptions/{}/resourceGroups/{}",
                dns.subscription, dns.resource_group
            );
            let group = Scope::of_id("resource group", &dns.resource_group, &id);
            let reason = "enters the private endpoints into the DNS zones";
            self.need("Private DNS Zone Contributor", group, Principal::Deployer, reason);
        }
        let Some(created) = model.network.pools.created() else { return };
        for (kind, id) in [
            ("NAT gateway", created.nat_gateway_id.as_ref()),
            ("route table", created.route_table_id.as_ref()),
        ] {
            let Some(id) = id else { continue };
            let name = id.rsplit('/').next().unwrap_or_default();
            let scope = Scope::of_id(kind, name, id);
            self.need(JOINER, scope, Principal::Deployer, "gives it to the created subnet");
        }
    }

    /// The resource groups besides that of the config to which modules deploy.
    pub(super) fn other_groups(&self) -> Vec<String> {
        let model = self.model;
        let mut groups: Vec<String> = Vec::new();
        let mut add = |group: Option<&String>| {
            let known =
                |known: &String| group.is_some_and(|group| group.eq_ignore_ascii_case(known));
            if let Some(group) = group.filter(|_| !groups.iter().any(known)) {
                groups.push(group.clone());
            }
        };
        if let Some(baked) = model.node_image.baked() {
            add(baked.resource_group.as_ref());
        }
        if let Some(batch) = &model.batch {
            add(batch.resource_group.as_ref());
        }
        for grant in &self.assigned {
            add(grant.group().as_ref());
        }
        groups.retain(|group| !group.eq_ignore_ascii_case(&model.resource_group));
        groups
    }
}
