//! Before and after, with what Azure does.

use std::sync::Arc;

use prebake::arm::evaluate::Evaluated;
use prebake::catalog::mutability::Verdict;
use prebake::catalog::{Stage, StageName};
use prebake::diff::{Access, Action, Diff, Pairing, RenderState, ResourceChange, diff, path_text};
use prebake::expand::body_of;
use serde_json::json;

use crate::diff::state::{at, base, named, rename, set, typed, unset};

pub(super) fn compare(change: impl FnOnce(&mut RenderState)) -> Diff {
    let before = base();
    let mut after = base();
    change(&mut after);
    diff(Some(&before), Some(&after))
}

fn resource<'a>(diff: &'a Diff, name: &str) -> &'a ResourceChange {
    diff.resources.iter().find(|change| change.name.ends_with(name)).unwrap()
}

/// Only this resource changes, and this is what happens.
fn only(diff: &Diff, name: &str, action: Action, verdict: Verdict) {
    let change = resource(diff, name);
    assert_eq!((change.action, change.verdict), (action, verdict), "{change:#?}");
    let others: Vec<_> = diff
        .resources
        .iter()
        .filter(|other| other.action != Action::NoChange && other.name != change.name)
        .map(|other| &other.name)
        .collect();
    assert!(others.is_empty(), "{others:?} change too");
}

fn path(change: &ResourceChange, path: &str) -> Verdict {
    let found = change.properties.iter().find(|property| path_text(&property.path) == path);
    found.unwrap_or_else(|| panic!("no {path} in {:#?}", change.properties)).verdict
}

/// The table: what is changed, in which resource, and the verdict.
macro_rules! pairs {
    ($($name:ident: $resource:literal, $action:ident, $verdict:ident, $exit:literal,
       |$state:ident| $change:expr;)*) => {
        $(#[test]
        fn $name() {
            let diff = compare(|$state| { $change; });
            only(&diff, $resource, Action::$action, Verdict::$verdict);
            assert_eq!(diff.detailed_exit().code(), $exit);
        })*
    };
}

const MACHINE: &str = "/properties/deploymentConfiguration/virtualMachineConfiguration";

pairs! {
    node_count: "/dev", Modify, InPlace, 2,
        |s| set(s, "/dev", "properties.scaleSettings.fixedScale.targetDedicatedNodes", 4);
    start_task_command: "/dev", Modify, Later, 2,
        |s| set(s, "/dev", "properties.startTask.commandLine", "/bin/true");
    start_task_environment: "/dev", Modify, Later, 2,
        |s| *at(s, "/dev", "/properties/startTask/environmentSettings") =
            typed(json!([{"name": "MODE", "value": "prod"}, {"name": "MORE", "value": "1"}]));
    start_task_removed: "/dev", Modify, Later, 2, |s| unset(s, "/dev", "/properties/startTask");
    metadata: "/dev", Modify, InPlace, 2,
        |s| *at(s, "/dev", "/properties/metadata") = typed(json!([{"name": "team", "value": "speech"}]));
    vm_size: "/dev", EmptyPool, EmptyPool, 3,
        |s| set(s, "/dev", "properties.vmSize", "Standard_NC8as_T4_v3");
    display_name: "/dev", EmptyPool, EmptyPool, 3,
        |s| set(s, "/dev", "properties.displayName", "Development");
    pool_tags: "/dev", EmptyPool, EmptyPool, 3, |s| set(s, "/dev", "tags.team", "vision");
    pool_identity: "/dev", Modify, Later, 2,
        |s| set(s, "/dev", "identity.userAssignedIdentities", json!({"/subscriptions/1/other": {}}));
    container_image: "/dev", EmptyPool, EmptyPool, 3,
        |s| *at(s, "/dev", &format!("{MACHINE}/containerConfiguration/containerImageNames")) =
            typed(json!(["visionacr.azurecr.io/batch-gpu-pytorch:2.5.0", "visionacr.azurecr.io/tools:1"]));
    subnet_of_a_pool: "/dev", EmptyPool, EmptyPool, 3,
        |s| set(s, "/dev", "properties.networkConfiguration.subnetId", "/subscriptions/1/other");
    mounts: "/dev", EmptyPool, EmptyPool, 3,
        |s| set(s, "/dev", "properties.mountConfiguration",
            json!([{"nfsMountConfiguration": {"source": "nas:/data", "relativeMountPath": "data"}}]));
    fixed_to_auto_scale: "/dev", Modify, InPlace, 2,
        |s| *at(s, "/dev", "/properties/scaleSettings") =
            typed(json!({"autoScale": {"formula": "$TargetDedicatedNodes = 3;"}}));
    without_deployment_configuration: "/dev", Refused, Refused, 3,
        |s| unset(s, "/dev", "/properties/deploymentConfiguration");
    allocation_mode: "visionbatch", Refused, Refused, 3,
        |s| set(s, "visionbatch", "properties.poolAllocationMode", "UserSubscription");
    account_network: "visionbatch", Modify, InPlace, 2,
        |s| set(s, "visionbatch", "properties.publicNetworkAccess", "Disabled");
    account_authentication: "visionbatch", Modify, InPlace, 2,
        |s| *at(s, "visionbatch", "/properties/allowedAuthenticationModes") =
            typed(json!(["AAD", "SharedKey", "TaskAuthenticationToken"]));
    registry_sku: "visionacr", Modify, InPlace, 2,
        |s| set(s, "visionacr", "sku.name", "Premium");
    abac_mode: "visionacr", Modify, InPlace, 2,
        |s| set(s, "visionacr", "properties.roleAssignmentMode", "AbacRepositoryPermissions");
    registry_location: "visionacr", Replace, Replace, 3,
        |s| set(s, "visionacr", "location", "westeurope");
    registry_zone_redundancy: "visionacr", Modify, NoEffect, 2,
        |s| set(s, "visionacr", "properties.zoneRedundancy", "Enabled");
    task_step: "/build", Modify, Later, 2,
        |s| set(s, "/build", "properties.step.encodedTaskContent", "dmVyc2lvbjogdjEuMi4wCg==");
    definition_generation: "/vision", Refused, Refused, 3,
        |s| set(s, "/vision", "properties.hyperVGeneration", "V1");
    version_regions: "/1.0.0", Modify, InPlace, 2,
        |s| *at(s, "/1.0.0", "/properties/publishingProfile/targetRegions") = typed(json!([
            {"name": "swedencentral", "regionalReplicaCount": 1},
            {"name": "westeurope", "regionalReplicaCount": 1}]));
    version_region_removed: "/1.0.0", Modify, InPlace, 2, |s| {
        let regions = at(s, "/1.0.0", "/properties/publishingProfile/targetRegions");
        *regions = typed(json!([{"name": "westeurope", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"}]));
    };
    version_region_with_storage_added: "/1.0.0", Modify, InPlace, 2, |s| {
        let regions = at(s, "/1.0.0", "/properties/publishingProfile/targetRegions");
        regions.as_array_mut().unwrap().push(
            typed(json!({"name": "northeurope", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS"})));
    };
    version_storage_type: "/1.0.0", Refused, Refused, 3,
        |s| set(s, "/1.0.0", "properties.publishingProfile.storageAccountType", "Premium_LRS");
    builder_size: "vision-builder", Rebake, InPlace, 2,
        |s| set(s, "vision-builder", "properties.hardwareProfile.vmSize", "Standard_NC8as_T4_v3");
    builder_custom_data: "vision-builder", Rebake, InPlace, 2,
        |s| set(s, "vision-builder", "properties.osProfile.customData", "I2Nsb3VkLWNvbmZpZwo=");
    storage_within_redundancy: "visionstorage", Modify, InPlace, 2,
        |s| set(s, "visionstorage", "sku.name", "Standard_GRS");
    storage_to_zones: "visionstorage", Replace, Replace, 3,
        |s| set(s, "visionstorage", "sku.name", "Standard_ZRS");
    address_zones: "vision-nat-ip", Refused, Refused, 3,
        |s| set(s, "vision-nat-ip", "zones", json!(["1"]));
    principal_of_a_role: "000000000001", Refused, Refused, 3,
        |s| set(s, "000000000001", "properties.principalId", "11111111-1111-1111-1111-111111111111");
    unused_subnet_removed: "vision-vnet", Modify, InPlace, 2,
        |s| { at(s, "vision-vnet", "/properties/subnets").as_array_mut().unwrap().remove(1); };
    used_subnet_prefix: "vision-vnet", Refused, Refused, 3,
        |s| *at(s, "vision-vnet", "/properties/subnets/0/properties/addressPrefix") =
            typed(json!("10.0.8.0/24"));
    nothing: "/dev", NoChange, NoEffect, 0, |_unchanged| {};
    enum_case: "/dev", NoChange, NoEffect, 0,
        |s| set(s, "/dev", "properties.vmSize", "STANDARD_nc4as_t4_v3");
    id_case: "/dev", NoChange, NoEffect, 0, |s| {
        let id = at(s, "/dev", &format!("{MACHINE}/imageReference/id"));
        *id = id.as_str().unwrap().to_uppercase().into();
    };
    set_order: "/dev", NoChange, NoEffect, 0, |s| {
        let pointer = format!("{MACHINE}/containerConfiguration/containerImageNames");
        at(s, "/dev", &pointer).as_array_mut().unwrap().reverse();
    };
    duration: "/dev", NoChange, NoEffect, 0,
        |s| set(s, "/dev", "properties.scaleSettings.fixedScale.resizeTimeout", "PT900S");
    default_left_out: "/dev", NoChange, NoEffect, 0,
        |s| unset(s, "/dev", "/properties/taskSlotsPerNode");
    default_object_left_out: "visionacr", NoChange, NoEffect, 0,
        |s| set(s, "visionacr", "properties.policies.exportPolicy.status", "enabled");
    empty_list: "/dev", NoChange, NoEffect, 0,
        |s| set(s, "/dev", "properties.applicationPackages", json!([]));
    null: "/dev", NoChange, NoEffect, 0,
        |s| set(s, "/dev", "properties.displayName", json!(null));
    region_spelling: "/1.0.0", NoChange, NoEffect, 0,
        |s| *at(s, "/1.0.0", "/properties/publishingProfile/targetRegions/0/name") =
            typed(json!("Sweden Central"));
    expression_spacing: "000000000001", NoChange, NoEffect, 0, |s| {
        let id = at(s, "000000000001", "/properties/principalId");
        let text = id.written().unwrap().replace(", ", ",  ");
        *id = typed(text);
    };
    read_only: "/dev", NoChange, NoEffect, 0,
        |s| set(s, "/dev", "properties.provisioningState", "Succeeded");
    readme: "/dev", NoChange, NoEffect, 0,
        |s| { Arc::make_mut(&mut s.files).insert("README.md".to_owned(), "# more\n".to_owned()); };
}

#[test]
fn noise_is_counted_and_not_shown() {
    let diff = compare(|state| {
        let pool = named(state, "/dev");
        let properties = pool.body.shift_remove("properties").unwrap();
        let reversed = properties.as_object().unwrap().clone().into_iter().rev().collect();
        pool.body.insert("properties".to_owned(), Evaluated::Object(reversed));
        set(state, "/dev", "properties.vmSize", "STANDARD_NC4AS_T4_V3");
        set(state, "/dev", "properties.taskSchedulingPolicy.nodeFillType", "Spread");
        set(state, "/dev", "properties.mountConfiguration", json!([]));
    });
    assert!(diff.is_empty());
    let noise = diff.noise;
    assert_eq!((noise.key_order, noise.letter_case, noise.defaults, noise.empty), (1, 1, 1, 1));
}

#[test]
fn an_empty_bind_mount_list_is_not_an_absent_one() {
    let diff = compare(|state| {
        set(state, "/dev", "properties.startTask.containerSettings.imageName", "a:1");
        set(
            state,
            "/dev",
            "properties.startTask.containerSettings.containerHostBatchBindMounts",
            json!([]),
        );
    });
    let mut before = base();
    set(&mut before, "/dev", "properties.startTask.containerSettings.imageName", "a:1");
    let mut after = before.clone();
    set(
        &mut after,
        "/dev",
        "properties.startTask.containerSettings.containerHostBatchBindMounts",
        json!([]),
    );
    assert!(!diff.is_empty());
    let diff = super::pairs::diff(Some(&before), Some(&after));
    assert_eq!(resource(&diff, "/dev").action, Action::Modify);
}

#[test]
fn a_new_image_version_is_captured_and_the_pool_needs_to_be_empty() {
    let diff = compare(|state| {
        rename(state, "/1.0.0", "1.1.0");
        let id = named(state, "/1.1.0").id.clone();
        *at(state, "/dev", &format!("{MACHINE}/imageReference/id")) = typed(id);
        Arc::make_mut(&mut state.files)
            .insert("cloud-init.yaml".to_owned(), "#cloud-config\nruncmd: []\n".to_owned());
    });
    let version = resource(&diff, "/1.1.0");
    assert_eq!((version.action, &version.pairing), (Action::Beside, &Pairing::NextVersion));
    let pool = resource(&diff, "/dev");
    assert_eq!(pool.action, Action::EmptyPool);
    let id = "properties.deploymentConfiguration.virtualMachineConfiguration.imageReference.id";
    assert_eq!(path(pool, id), Verdict::EmptyPool);
    assert!(diff.findings.is_empty(), "{:?}", diff.findings);
    assert!(pool.advice.contains("blue-green"), "{}", pool.advice);
}

#[test]
fn tags_of_an_image_template_are_refused() {
    let with = |team: &str| {
        let mut state = base();
        named(&mut state, "visionacr").kind =
            "Microsoft.VirtualMachineImages/imageTemplates".to_owned();
        set(&mut state, "visionacr", "tags.team", team);
        state
    };
    let diff = diff(Some(&with("vision")), Some(&with("speech")));
    only(&diff, "visionacr", Action::Refused, Verdict::Refused);
    assert_eq!(resource(&diff, "visionacr").properties[0].code.as_deref(), Some("Conflict"));
}

#[test]
fn a_disk_grows_and_does_not_shrink() {
    let with = |size: u32| {
        let mut state = base();
        // A machine that lasts; one that is made for a bake starts from a new disk.
        named(&mut state, "vision-builder").stage = Stage::Batch.into();
        set(&mut state, "vision-builder", "properties.storageProfile.osDisk.diskSizeGB", size);
        state
    };
    let [grown, shrunk] =
        [(64, 128), (128, 64)].map(|(from, to)| diff(Some(&with(from)), Some(&with(to))));
    only(&grown, "vision-builder", Action::Modify, Verdict::InPlace);
    only(&shrunk, "vision-builder", Action::Refused, Verdict::Refused);
}

#[test]
fn a_deployment_that_moves_to_a_subscription_takes_its_role_assignments_along() {
    let (before, mut after) = (base(), base());
    for resource in after.resources.iter_mut().map(Arc::make_mut) {
        let mut body = serde_json::to_string(&resource.body).unwrap();
        for text in [&mut resource.id, &mut body] {
            *text = text.replace(
                "/subscriptions/00000000-0000-0000-0000-000000000001/",
                "/subscriptions/00000000-0000-0000-0000-000000000002/",
            );
        }
        resource.body = body_of(&serde_json::from_str(&body).unwrap());
    }
    rename(&mut after, "000000000001", "another-guid");
    let principal = "[reference('other', '2024-11-30').principalId]";
    set(&mut after, "another-guid", "properties.principalId", principal);
    let diff = diff(Some(&before), Some(&after));
    assert_eq!(resource(&diff, "another-guid").pairing, Pairing::Renamed);
    let expected = |change: &ResourceChange| match change.stage {
        StageName::Known(Stage::Builder) => Action::Rebake,
        _ => Action::Replace,
    };
    assert!(diff.resources.iter().all(|change| change.action == expected(change)));
}

#[test]
fn an_added_pool_is_created() {
    let diff = compare(|state| {
        let mut pool = named(state, "/dev").clone();
        let properties = pool.body.get_mut("properties").and_then(Evaluated::as_object_mut);
        properties.unwrap().insert("vmSize".to_owned(), typed("Standard_D4s_v5"));
        state.resources.push(Arc::new(pool));
        let last = state.resources.len() - 1;
        let last = Arc::make_mut(&mut state.resources[last]);
        last.name = "visionbatch/cpu".to_owned();
        last.id = last.id.replace("/dev", "/cpu");
    });
    only(&diff, "/cpu", Action::Create, Verdict::InPlace);
    assert_eq!(diff.detailed_exit().code(), 2);
    assert_eq!((diff.capacity.before.nodes, diff.capacity.after.nodes), (2, 4));
    assert_eq!((diff.capacity.before.vcpus, diff.capacity.after.vcpus), (8, 16));
    assert!(diff.capacity.rises());
}

#[test]
fn a_renamed_pool_is_replaced() {
    let diff = compare(|state| rename(state, "/dev", "train"));
    only(&diff, "/train", Action::Replace, Verdict::Replace);
    let pool = resource(&diff, "/train");
    assert_eq!(pool.before.as_ref().unwrap().name, "visionbatch/dev");
    assert_eq!(path(pool, "name"), Verdict::Replace);
    assert_eq!(diff.detailed_exit().code(), 3);
}

#[test]
fn a_deleted_pool_keeps_running() {
    let diff =
        compare(|state| state.resources.retain(|resource| resource.name != "visionbatch/dev"));
    only(&diff, "/dev", Action::Delete, Verdict::InPlace);
    let pool = resource(&diff, "/dev");
    assert!(pool.consequence.contains("a deployment does not delete it"), "{}", pool.consequence);
    assert_eq!(diff.detailed_exit().code(), 3);
    assert_eq!((diff.capacity.before.gpus, diff.capacity.after.gpus), (2.0, 0.0));
}

#[test]
fn a_blue_green_pool_names_the_one_to_drain() {
    let marked = |state: &mut RenderState, digest: &str, size: &str| {
        rename(state, "/dev", &format!("dev-{digest}"));
        let pool = format!("/dev-{digest}");
        set(state, &pool, "properties.vmSize", size);
        *at(state, &pool, "/properties/metadata") =
            typed(json!([{"name": "prebake-pool", "value": "dev"}]));
    };
    let (mut before, mut after) = (base(), base());
    marked(&mut before, "0a1b2c3d", "Standard_NC4as_T4_v3");
    marked(&mut after, "4e5f6a7b", "Standard_NC24ads_A100_v4");
    let diff = diff(Some(&before), Some(&after));
    only(&diff, "/dev-4e5f6a7b", Action::Beside, Verdict::InPlace);
    assert_eq!(diff.detailed_exit().code(), 2);
    let pool = resource(&diff, "/dev-4e5f6a7b");
    assert_eq!(pool.pairing, Pairing::BlueGreen { base: "dev".to_owned() });
    assert!(pool.advice.contains("drains and deletes `dev-0a1b2c3d`"), "{}", pool.advice);
}

#[test]
fn a_wholly_new_render_creates_everything() {
    let diff = diff(None, Some(&base()));
    assert!(diff.resources.iter().all(|change| change.action == Action::Create));
    assert_eq!(diff.resources.len(), base().resources.len());
    assert_eq!(diff.detailed_exit().code(), 2);
    let role = diff.security.iter().find(|change| change.label == "role assignment").unwrap();
    assert_eq!(role.access, Access::Widens);
    assert_eq!(role.after, Some(typed("AcrPull for vision-id on visionacr")));
}

#[test]
fn a_render_that_is_gone_deletes_everything() {
    let diff = diff(Some(&base()), None);
    let expected = |change: &ResourceChange| match change.stage {
        StageName::Known(Stage::Builder) => Action::Retire,
        _ => Action::Delete,
    };
    assert!(diff.resources.iter().all(|change| change.action == expected(change)));
    assert_eq!(diff.detailed_exit().code(), 3);
    assert!(!diff.capacity.rises());
}

#[test]
fn a_vanished_property_is_reset() {
    let diff = compare(|state| unset(state, "visionacr", "/properties/publicNetworkAccess"));
    assert!(diff.is_empty(), "the default is the same");
    let mut before = base();
    set(&mut before, "visionacr", "properties.publicNetworkAccess", "Disabled");
    let mut after = base();
    unset(&mut after, "visionacr", "/properties/publicNetworkAccess");
    let diff = prebake::diff::diff(Some(&before), Some(&after));
    let property = &resource(&diff, "visionacr").properties[0];
    assert_eq!(property.after, None);
    assert_eq!(property.reset_to, Some(typed("Enabled")));
    assert_eq!(diff.security[0].access, Access::Widens, "{:?}", diff.security);
}

#[test]
fn network_rules_tell_wide_from_narrow() {
    let rule = "/properties/securityRules/0/properties";
    let widened = |prefix: &str| {
        let diff = compare(|state| {
            *at(state, "vision-nsg", &format!("{rule}/sourceAddressPrefix")) = typed(json!(prefix));
        });
        only(&diff, "vision-nsg", Action::Modify, Verdict::InPlace);
        diff.security.iter().map(|change| change.access).collect::<Vec<_>>()
    };
    assert_eq!(widened("10.1.0.0/16"), [Access::Widens]);
    assert_eq!(widened("*"), [Access::Widens]);
    assert_eq!(widened("10.1.0.128/25"), [Access::Narrows]);
    assert_eq!(widened("10.2.0.0/24"), [Access::Changes]);
}

#[test]
fn a_wider_firewall_range_of_storage_widens_access() {
    let with = |value: &str| {
        compare(|state| {
            *at(state, "visionstorage", "/properties/networkAcls/ipRules") =
                typed(json!([{"value": value, "action": "Allow"}]));
        })
    };
    let wider = with("203.0.0.0/16");
    assert!(
        wider.security.iter().all(|change| change.access == Access::Widens),
        "{:?}",
        wider.security
    );
    let narrower = with("203.0.113.0/25");
    assert!(narrower.security.iter().all(|change| change.access == Access::Narrows));
}

#[test]
fn a_broader_role_is_a_change_of_access() {
    let owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
    let diff = compare(|state| {
        let id = at(state, "000000000001", "/properties/roleDefinitionId");
        *id = id.as_str().unwrap().replace("7f951dda-4ed3-4680-a7ca-43fe172d538d", owner).into();
    });
    assert_eq!(diff.security[0].before, Some(typed("AcrPull for vision-id on visionacr")));
    assert_eq!(diff.security[0].after, Some(typed("Owner for vision-id on visionacr")));
    assert_eq!(diff.security[0].access, Access::Widens);
    let delete = "c2f4ef07-c644-48eb-af81-4b1b4947fb11";
    let diff = compare(|state| {
        let id = at(state, "000000000001", "/properties/roleDefinitionId");
        *id = id.as_str().unwrap().replace("7f951dda-4ed3-4680-a7ca-43fe172d538d", delete).into();
    });
    assert_eq!(diff.security[0].access, Access::Changes, "neither includes the other");
}

#[test]
fn a_role_assignment_is_called_by_what_it_allows() {
    let title = |principal: &str| {
        let diff = compare(|state| {
            named(state, "000000000001").depends_on =
                [named(state, "visionacr").id.clone(), named(state, "visionbatch").id.clone()]
                    .into();
            set(state, "000000000001", "properties.principalId", principal);
        });
        resource(&diff, "000000000001").title.clone()
    };
    let account = "[reference('account', '2025-06-01', 'full').identity.principalId]";
    assert_eq!(title(account), "AcrPull for visionbatch on visionacr");
    let other = "[reference(resourceId('a', 'Microsoft.ManagedIdentity/userAssignedIdentities', 'x'), '2024-11-30').principalId]";
    assert_eq!(title(other), "AcrPull for x on visionacr");
}

#[test]
fn an_identity_of_the_same_name_in_another_place_is_another_one() {
    let with = |group: &str| {
        let id = format!(
            "/subscriptions/1/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/x"
        );
        let mut state = base();
        set(&mut state, "/dev", "identity.userAssignedIdentities", json!({id: {}}));
        state
    };
    let diff = diff(Some(&with("a")), Some(&with("b")));
    assert!(
        diff.security.iter().all(|change| change.access == Access::Changes),
        "{:?}",
        diff.security
    );
}

#[test]
fn a_version_that_pools_still_use_is_not_for_deletion() {
    let diff =
        compare(|state| state.resources.retain(|resource| !resource.name.ends_with("/1.0.0")));
    let version = resource(&diff, "/1.0.0");
    assert_eq!(
        (version.action, &version.advice[..]),
        (Action::Delete, "keep it, because the new render still needs it")
    );
}

#[test]
fn what_a_render_takes_over_as_existing_is_not_for_deletion() {
    for name in ["visionbatch", "visionacr", "visiongallery", "/vision"] {
        let taken_over = compare(|state| named(state, name).existing = true);
        let only_needed = compare(|state| {
            state.resources.retain(|resource| !resource.name.ends_with(name));
        });
        for diff in [taken_over, only_needed] {
            let advice = &resource(&diff, name).advice;
            assert_eq!(advice, "keep it, because the new render still needs it", "{name}");
        }
    }
    let task = compare(|state| state.resources.retain(|it| !it.name.ends_with("/build")));
    let advice = &resource(&task, "/build").advice;
    let start =
        "delete it manually when nothing uses it: `az resource delete --ids '/subscriptions/";
    assert!(advice.starts_with(start), "{advice}");
}

#[test]
fn admin_user_and_public_nodes_widen_access() {
    let diff = compare(|state| set(state, "visionacr", "properties.adminUserEnabled", true));
    assert_eq!(
        (diff.security[0].label.as_str(), diff.security[0].access),
        ("admin user", Access::Widens)
    );
    let diff = compare(|state| {
        set(
            state,
            "/dev",
            "properties.networkConfiguration.publicIPAddressConfiguration.provision",
            "BatchManaged",
        );
    });
    assert_eq!(diff.security[0].access, Access::Widens);
}

#[test]
fn capacity_is_a_lower_bound_where_a_formula_tells_no_number() {
    let diff = compare(|state| {
        *at(state, "/dev", "/properties/scaleSettings") = typed(
            json!({"autoScale": {"formula": "$TargetDedicatedNodes = $PendingTasks.GetSample(1);"}}),
        );
    });
    assert!(!diff.capacity.before.at_least && diff.capacity.after.at_least);
    assert_eq!(diff.capacity.unknown, ["visionbatch/dev"]);
    let same = compare(|state| rename(state, "/dev", "DEV"));
    assert!(same.capacity.is_empty(), "Batch compares pool ids without regard to case");
}

#[test]
fn another_formula_without_a_bound_is_a_change_of_capacity() {
    let with = |formula: &str| {
        let mut state = base();
        *at(&mut state, "/dev", "/properties/scaleSettings") =
            typed(json!({ "autoScale": { "formula": formula } }));
        state
    };
    let once = with("$TargetDedicatedNodes = $PendingTasks.GetSample(1);");
    let twice = with("$TargetDedicatedNodes = $PendingTasks.GetSample(1) * 2;");
    assert!(!diff(Some(&once), Some(&twice)).capacity.is_empty());
    assert!(diff(Some(&once), Some(&once)).capacity.is_empty());
    let both = with("$TargetDedicatedNodes = 2; $TargetLowPriorityNodes = 5;");
    assert_eq!(diff(None, Some(&both)).capacity.after.nodes, 7);
}

#[test]
fn capacity_adds_up_by_family() {
    let diff = compare(|state| {
        set(state, "/dev", "properties.scaleSettings.fixedScale.targetDedicatedNodes", 6);
    });
    let family = &diff.capacity.families[0];
    assert_eq!((family.before.gpus, family.after.gpus), (2.0, 6.0));
    assert_eq!((family.before.vcpus, family.after.vcpus), (8, 24));
}

#[test]
fn secrets_are_compared_and_never_shown() {
    let mount = |key: &str| {
        json!([{"azureBlobFileSystemConfiguration": {"accountName": "a", "containerName": "c",
            "relativeMountPath": "data", "accountKey": key}}])
    };
    let (mut before, mut after) = (base(), base());
    set(&mut before, "/dev", "properties.mountConfiguration", mount("first-key"));
    set(&mut after, "/dev", "properties.mountConfiguration", mount("second-key"));
    let diff = diff(Some(&before), Some(&after));
    let text = format!("{diff:?}");
    assert_eq!(resource(&diff, "/dev").action, Action::EmptyPool);
    assert!(!text.contains("first-key") && !text.contains("second-key"), "{text}");
    let path = "properties.mountConfiguration[data].azureBlobFileSystemConfiguration.accountKey";
    assert_eq!(self::path(resource(&diff, "/dev"), path), Verdict::EmptyPool);
}

#[test]
fn no_part_of_a_secret_object_is_shown() {
    let with = |value: serde_json::Value| {
        let mut state = base();
        let extension = json!([{ "name": "e", "type": "t", "protectedSettings": value }]);
        set(
            &mut state,
            "/dev",
            &format!("{}.extensions", &MACHINE[1..].replace('/', ".")),
            extension,
        );
        state
    };
    let secrets = [
        json!({ "key": "hunter2hunter2" }),
        json!({ "key": "hunter3hunter3", "other": { "more": ["hunter4hunter4"] } }),
        json!(["hunter5hunter5"]),
        json!("hunter6hunter6"),
    ];
    for before in &secrets {
        for after in secrets.iter().filter(|after| *after != before) {
            let diff = diff(Some(&with(before.clone())), Some(&with(after.clone())));
            let change = resource(&diff, "/dev");
            assert_eq!(change.action, Action::EmptyPool, "{change:#?}");
            assert!(!format!("{change:?}").contains("hunter"), "{change:#?}");
            assert_eq!(change.properties.len(), 1, "{change:#?}");
        }
    }
}
