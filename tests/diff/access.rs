//! Which way access goes, there and back.

use prebake::diff::Access::{self, Changes, Narrows, Widens};
use prebake::diff::{RenderState, diff};
use serde_json::{Value, json};

use crate::diff::state::{at, base, rename, set, typed, unset};

fn flipped(access: Access) -> Access {
    match access {
        Widens => Narrows,
        Changes => Changes,
        Narrows => Widens,
    }
}

/// Both ways between two renders.
fn ways(before: &RenderState, after: &RenderState) -> [Vec<Access>; 2] {
    [(before, after), (after, before)].map(|(before, after)| {
        let mut found: Vec<Access> =
            diff(Some(before), Some(after)).security.iter().map(|change| change.access).collect();
        found.dedup();
        found
    })
}

/// The table: what is before, what is after, and which way access goes. The way back is its mirror.
macro_rules! ways {
    ($($name:ident: [$($access:expr),*], |$before:ident| $first:expr, |$after:ident| $second:expr;)*) => {
        $(#[test]
        fn $name() {
            let (mut before, mut after) = (base(), base());
            { let $before = &mut before; $first; }
            { let $after = &mut after; $second; }
            let [there, back] = ways(&before, &after);
            let expected: Vec<Access> = vec![$($access),*];
            assert_eq!(there, expected);
            let mut mirrored: Vec<Access> = expected.into_iter().map(flipped).collect();
            mirrored.sort();
            assert_eq!(back, mirrored);
        })*
    };
}

const ROLE: &str = "000000000001";
const CONDITION: &str =
    "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'app'";
const DENY: &str = "properties.networkRuleSet.defaultAction";

fn rule(state: &mut RenderState, key: &str, value: impl Into<Value>) {
    let rule = at(state, "vision-nsg", "/properties/securityRules/0/properties");
    rule.as_object_mut().unwrap().insert(key.to_owned(), typed(value));
}

fn without_source(state: &mut RenderState) {
    unset(state, "vision-nsg", "/properties/securityRules/0/properties/sourceAddressPrefix");
}

ways! {
    condition_of_a_role_removed: [Widens],
        |s| set(s, ROLE, "properties.condition", CONDITION), |_s| {};
    condition_of_a_role_changed: [Changes],
        |s| set(s, ROLE, "properties.condition", CONDITION),
        |s| set(s, ROLE, "properties.condition", "@Resource[x] StringEquals 'other'");
    authentication_modes_left_out: [Widens],
        |_s| {}, |s| unset(s, "visionbatch", "/properties/allowedAuthenticationModes");
    authentication_modes_all: [],
        |s| set(s, "visionbatch", "properties.allowedAuthenticationModes",
            json!(["AAD", "SharedKey", "TaskAuthenticationToken"])),
        |s| unset(s, "visionbatch", "/properties/allowedAuthenticationModes");
    service_tag_to_the_internet: [Widens],
        |s| rule(s, "sourceAddressPrefix", "VirtualNetwork"),
        |s| rule(s, "sourceAddressPrefix", "Internet");
    service_tag_to_everybody: [Widens],
        |s| rule(s, "sourceAddressPrefix", "AzureCloud"), |s| rule(s, "sourceAddressPrefix", "*");
    service_tag_to_another: [Changes],
        |s| rule(s, "sourceAddressPrefix", "AzureCloud"),
        |s| rule(s, "sourceAddressPrefix", "VirtualNetwork");
    denied_service_tag_to_everybody: [Narrows],
        |s| { rule(s, "access", "Deny"); rule(s, "sourceAddressPrefix", "AzureCloud") },
        |s| { rule(s, "access", "Deny"); rule(s, "sourceAddressPrefix", "*") };
    storage_rules_left_out: [Widens],
        |_s| {}, |s| unset(s, "visionstorage", "/properties/networkAcls");
    storage_default_action_left_out: [Widens],
        |_s| {}, |s| unset(s, "visionstorage", "/properties/networkAcls/defaultAction");
    storage_resource_rule: [Widens],
        |_s| {}, |s| set(s, "visionstorage", "properties.networkAcls.resourceAccessRules",
            json!([{"tenantId": "1", "resourceId": "/subscriptions/1/workspaces/w"}]));
    registry_firewall_built: [Narrows],
        |_s| {}, |s| set(s, "visionacr", "properties.networkRuleSet",
            json!({"defaultAction": "Deny", "ipRules": [{"action": "Allow", "value": "20.0.0.1"}]}));
    registry_rule_without_a_firewall: [],
        |_s| {}, |s| set(s, "visionacr", "properties.networkRuleSet",
            json!({"defaultAction": "Allow", "ipRules": [{"action": "Allow", "value": "20.0.0.1"}]}));
    registry_rule_in_a_firewall: [Widens],
        |s| set(s, "visionacr", DENY, "Deny"),
        |s| set(s, "visionacr", "properties.networkRuleSet",
            json!({"defaultAction": "Deny", "ipRules": [{"action": "Allow", "value": "20.0.0.1"}]}));
    account_firewall_built: [Narrows],
        |_s| {}, |s| set(s, "visionbatch", "properties.networkProfile.accountAccess",
            json!({"defaultAction": "Deny", "ipRules": [{"action": "Allow", "value": "20.0.0.1"}]}));
    auto_storage_removed: [],
        |_s| {}, |s| unset(s, "visionbatch", "/properties/autoStorage");
    auto_storage_with_keys_added: [Widens],
        |s| unset(s, "visionbatch", "/properties/autoStorage"),
        |s| set(s, "visionbatch", "properties.autoStorage.authenticationMode", "StorageKeys");
    source_written_as_a_list: [],
        |s| rule(s, "sourceAddressPrefix", "10.0.0.0/8"),
        |s| { without_source(s); rule(s, "sourceAddressPrefixes", json!(["10.0.0.0/8"])) };
    source_among_more_in_a_list: [Widens],
        |s| rule(s, "sourceAddressPrefix", "10.0.0.0/8"),
        |s| { without_source(s); rule(s, "sourceAddressPrefixes", json!(["10.0.0.0/8", "*"])) };
    ports_written_as_a_list: [],
        |s| rule(s, "destinationPortRange", "22"),
        |s| {
            let rule_at = "/properties/securityRules/0/properties/destinationPortRange";
            unset(s, "vision-nsg", rule_at);
            rule(s, "destinationPortRanges", json!(["22"]));
        };
    rule_renamed: [Changes],
        |_s| {}, |s| *at(s, "vision-nsg", "/properties/securityRules/0/name") = typed("other");
    subnet_added: [],
        |_s| {}, |s| {
            let subnets = at(s, "vision-vnet", "/properties/subnets").as_array_mut().unwrap();
            let mut subnet = subnets[0].to_template();
            subnet["name"] = json!("more");
            subnet["properties"]["defaultOutboundAccess"] = json!(false);
            subnets.push(typed(subnet));
        };
}

#[test]
fn a_condition_is_told_with_its_role() {
    let (before, mut after) = (base(), base());
    set(&mut after, ROLE, "properties.condition", CONDITION);
    let diff = diff(Some(&before), Some(&after));
    assert_eq!(diff.security[0].before, Some(typed("AcrPull for vision-id on visionacr")));
    let told = format!("AcrPull for vision-id on visionacr if {CONDITION}");
    assert_eq!(diff.security[0].after, Some(typed(told)));
}

#[test]
fn what_a_deployment_leaves_is_not_taken_away() {
    let deleted = |name: &str| {
        let (before, mut after) = (base(), base());
        after.resources.retain(|resource| !resource.name.ends_with(name));
        diff(Some(&before), Some(&after))
    };
    let role = deleted(ROLE);
    assert!(role.security.iter().all(|change| change.access == Narrows && change.once_deleted));
    let change = role.resources.iter().find(|change| change.name.ends_with(ROLE)).unwrap();
    assert!(
        change.consequence.ends_with("so the access that it grants remains"),
        "{}",
        change.consequence
    );
    let storage = deleted("visionstorage");
    assert!(storage.security.iter().all(|change| change.access == Narrows && change.once_deleted));
}

#[test]
fn a_role_assignment_of_another_name_takes_nothing_away() {
    let with = |name: &str, role: &str| {
        let mut state = base();
        rename(&mut state, ROLE, name);
        let id = at(&mut state, name, "/properties/roleDefinitionId");
        *id = id.as_str().unwrap().replace("7f951dda-4ed3-4680-a7ca-43fe172d538d", role).into();
        state
    };
    let pull = with("a-pull", "7f951dda-4ed3-4680-a7ca-43fe172d538d");
    let owner = with("an-owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635");
    let delete = with("a-delete", "c2f4ef07-c644-48eb-af81-4b1b4947fb11");
    assert_eq!(ways(&pull, &owner), [[Widens], [Changes]]);
    assert_eq!(ways(&pull, &delete), [[Widens], [Widens]]);
}
