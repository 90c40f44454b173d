//! The quotas of the account and of the subscription, for everything that the plan asks for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Place;
use super::run::CONFIG;
use crate::azure::Resource;

/// Quota family of `Standard_NC4as_T4_v3`, with four vCPUs a node.
const FAMILY: &str = "StandardNCASv3_T4Family";

fn with_quota(config: &str, cores: u64) -> Place {
    let place = Place::new(config);
    let quota = BTreeMap::from([(FAMILY.to_owned(), cores)]);
    place.standin.cloud().knobs.batch_quota = Some(quota);
    place
}

/// The table says so, and nothing is written.
#[track_caller]
fn refuses(place: &Place, words: &str) {
    place.standin.take_requests();
    let outcome = place.deploy(&["--full"]).fails(1, "nothing was changed");
    assert!(outcome.out.contains(words), "`{words}` is not in:\n{}", outcome.out);
    assert!(place.standin.take_requests().iter().all(|one| !one.is_write()));
}

#[test]
fn the_account_has_too_few_cores_of_a_family() {
    let place = with_quota(CONFIG, 8);
    place.deploy(&["--full"]).succeeds();
    place.render(&CONFIG.replace("nodes: 1", "nodes: 3"), &[]);
    refuses(&place, "need 12 vCPUs of Standard NCASv3_T4 Family, and its quota is 8");
    place.render(&CONFIG.replace("nodes: 1", "nodes: 2"), &[]);
    place.deploy(&["--full"]).succeeds();
}

/// A pool that the render does not name keeps its nodes.
#[test]
fn the_other_pools_of_the_account_take_their_part() {
    let place = with_quota(CONFIG, 8);
    place.deploy(&["--full"]).succeeds();
    place.render(&CONFIG.replace("{ id: dev, nodes: 1 }", "{ id: prod, nodes: 2 }"), &[]);
    refuses(&place, "need 12 vCPUs of Standard NCASv3_T4 Family, and its quota is 8");
    place.render(&CONFIG.replace("{ id: dev, nodes: 1 }", "{ id: prod, nodes: 1 }"), &[]);
    place.deploy(&["--full"]).succeeds();
}

/// Spot nodes have a quota of their own, which no family divides: 100 vCPUs here.
#[test]
fn spot_nodes_have_their_own_quota() {
    let place = with_quota(&CONFIG.replace("nodes: 1", "spotNodes: 25"), 0);
    place.deploy(&["--full"]).succeeds();
    place.render(&CONFIG.replace("nodes: 1", "spotNodes: 26"), &[]);
    refuses(&place, "need 104 vCPUs of Spot nodes, and its quota is 100");
}

/// Azure takes a pool whose formula can ask for more than the quota, and resizes it as far as the quota allows.
#[test]
fn a_formula_may_ask_for_more_than_the_quota() {
    let formula =
        "autoScale: { formula: \"$TargetDedicatedNodes = min(100, $PendingTasks.GetSample(1));\" }";
    let config = CONFIG.replace("nodes: 1", formula);
    let place = with_quota(&config, 8);
    place.deploy(&["--full"]).succeeds();
    place.render(&config.replace("min(100,", "min(90,"), &[]);
    let outcome = place.deploy(&["--full"]).succeeds();
    let words = "its quota is 8; only the formulas of pools ask for so many";
    assert!(outcome.out.contains(words), "{}", outcome.out);
}

/// The subscription counts the nodes of such an account, and they are part of what it uses.
#[test]
fn the_nodes_of_a_user_subscription_count_once() {
    let vault = format!(
        "/subscriptions/{}/resourceGroups/ids/providers/Microsoft.KeyVault/vaults/batchvault",
        crate::azure::SUBSCRIPTION
    );
    let account =
        format!("account: {{ allocationMode: UserSubscription, keyVaultId: {vault} }}, pools:");
    let config = CONFIG.replace("pools:", &account);
    let place = Place::new(&config);
    let shown = json!({ "id": vault, "name": "batchvault", "type": "Microsoft.KeyVault/vaults" });
    let there = Resource { shown, asked: Value::Null, vm: None };
    place.standin.cloud().resources.insert(vault.to_lowercase(), there);
    place.deploy(&["--full"]).succeeds();
    place.standin.cloud().knobs.usages.insert(FAMILY.to_owned(), (4, 8));
    place.render(&config.replace("nodes: 1", "nodes: 2"), &[]);
    place.deploy(&["--full"]).succeeds();
    place.standin.cloud().knobs.usages.insert(FAMILY.to_owned(), (8, 8));
    place.deploy(&["--full"]).succeeds();
    place.render(&config.replace("nodes: 1", "nodes: 3"), &[]);
    refuses(&place, "Standard NCASv3_T4 Family in swedencentral: 4 vCPUs needed, 0 of 8 available");
    place.render(&config.replace("nodes: 1", "nodes: 2, spotNodes: 2"), &[]);
    place.standin.cloud().knobs.usages.insert("lowPriorityCores".to_owned(), (0, 4));
    refuses(&place, "total regional Spot vCPUs in swedencentral: 8 vCPUs needed, 4 of 4 available");
}
