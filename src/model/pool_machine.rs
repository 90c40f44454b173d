//! What the machines of a pool are made of, in the words of the pool's resource: disks, security, upgrades,
//! accounts and extensions.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::resolver::Resolver;
use super::secret::{Secret, Secrets};
use crate::config::fields::{
    self, Caching, Deallocation, DiskStorage, Elevation, JobOrder, NodeFill, Placement, UpgradeMode,
};

/// The part of a pool that says what its machines are. Whatever is not set is left to Batch.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The disk that nodes boot from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_disk: Option<OsDisk>,
    /// Attached disks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data_disks: Vec<DataDisk>,
    /// Spread over the zones of the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_placement_configuration: Option<NodePlacement>,
    /// VM extensions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// Accelerated networking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerated_networking: Option<bool>,
    /// Upgrades of running nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upgrade_policy: Option<UpgradePolicy>,
    /// How tasks are handed to nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_scheduling_policy: Option<TaskSchedulingPolicy>,
    /// User accounts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<User>,
}

/// The disk that nodes boot from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OsDisk {
    #[serde(rename = "diskSizeGB", skip_serializing_if = "Option::is_none")]
    disk_size_gb: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caching: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    managed_disk: Option<ManagedDisk>,
    #[serde(rename = "ephemeralOSDiskSettings", skip_serializing_if = "Option::is_none")]
    ephemeral: Option<Ephemeral>,
}

/// An attached disk.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DataDisk {
    lun: u32,
    #[serde(rename = "diskSizeGB")]
    disk_size_gb: u32,
    caching: &'static str,
    managed_disk: ManagedDisk,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ManagedDisk {
    storage_account_type: &'static str,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct Ephemeral {
    placement: &'static str,
}

/// Where nodes are placed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NodePlacement {
    policy: &'static str,
}

/// A VM extension.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    name: String,
    publisher: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    type_handler_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_upgrade_minor_version: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_automatic_upgrade: Option<bool>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    settings: BTreeMap<String, Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    provision_after_extensions: Vec<String>,
}

/// Upgrades of running nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradePolicy {
    mode: &'static str,
    #[serde(rename = "automaticOSUpgradePolicy", skip_serializing_if = "Option::is_none")]
    automatic: Option<AutomaticUpgrade>,
    #[serde(rename = "rollingUpgradePolicy", skip_serializing_if = "Option::is_none")]
    rolling: Option<RollingUpgrade>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of the policy")]
struct AutomaticUpgrade {
    #[serde(rename = "enableAutomaticOSUpgrade")]
    enable: bool,
    disable_automatic_rollback: bool,
    os_rolling_upgrade_deferral: bool,
    use_rolling_upgrade_policy: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct RollingUpgrade {
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_cross_zone_upgrade: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_batch_instance_percent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_unhealthy_instance_percent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_unhealthy_upgraded_instance_percent: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pause_time_between_batches: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prioritize_unhealthy_instances: Option<bool>,
    rollback_failed_instances_on_policy_breach: bool,
}

/// How tasks are handed to nodes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskSchedulingPolicy {
    node_fill_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    job_default_order: Option<&'static str>,
}

/// A user account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct User {
    /// Its name.
    pub name: String,
    /// `Admin` or `NonAdmin`.
    pub elevation: &'static str,
    /// Its password.
    pub password: Secret,
    /// Number of the user.
    pub uid: Option<u32>,
    /// Number of its group.
    pub gid: Option<u32>,
}

impl Machine {
    /// Whether a newer version of the image replaces the disks of running nodes.
    pub fn follows_image(&self) -> bool {
        let automatic = self.upgrade_policy.as_ref().and_then(|policy| policy.automatic.as_ref());
        automatic.is_some_and(|automatic| automatic.enable)
    }
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    written: &fields::Pool,
    pointer: &str,
    secrets: &mut Secrets,
) -> Machine {
    Machine {
        os_disk: written.os_disk.as_ref().map(os_disk),
        data_disks: data_disks(&written.data_disks),
        node_placement_configuration: written.placement.map(|placement| NodePlacement {
            policy: match placement {
                Placement::Regional => "Regional",
                Placement::Zonal => "Zonal",
            },
        }),
        extensions: extensions(resolver, &written.extensions, pointer),
        accelerated_networking: written.accelerated_networking,
        upgrade_policy: written.upgrade.as_ref().map(upgrade),
        task_scheduling_policy: written.scheduling.as_ref().map(scheduling),
        users: users(resolver, &written.users, pointer, secrets),
    }
}

fn os_disk(written: &fields::OsDisk) -> OsDisk {
    OsDisk {
        disk_size_gb: written.size_gb,
        caching: written.caching.map(caching),
        managed_disk: written.storage.map(managed),
        ephemeral: written
            .ephemeral
            .unwrap_or(false)
            .then_some(Ephemeral { placement: "CacheDisk" }),
    }
}

fn data_disks(written: &[fields::DataDisk]) -> Vec<DataDisk> {
    let disks = (0_u32..).zip(written).map(|(index, disk)| DataDisk {
        lun: disk.lun.unwrap_or(index),
        disk_size_gb: disk.size_gb,
        caching: disk.caching.map_or("None", caching),
        managed_disk: managed(disk.storage.unwrap_or(DiskStorage::Standard)),
    });
    disks.collect()
}

fn managed(storage: DiskStorage) -> ManagedDisk {
    let storage_account_type = match storage {
        DiskStorage::Standard => "Standard_LRS",
        DiskStorage::StandardSsd => "StandardSSD_LRS",
        DiskStorage::Premium => "Premium_LRS",
    };
    ManagedDisk { storage_account_type }
}

fn caching(caching: Caching) -> &'static str {
    match caching {
        Caching::None => "None",
        Caching::ReadOnly => "ReadOnly",
        Caching::ReadWrite => "ReadWrite",
    }
}

/// The word of Azure for what happens to the tasks of nodes that a resize removes.
pub(super) fn deallocation(written: Deallocation) -> &'static str {
    match written {
        Deallocation::Requeue => "Requeue",
        Deallocation::Terminate => "Terminate",
        Deallocation::TaskCompletion => "TaskCompletion",
        Deallocation::RetainedData => "RetainedData",
    }
}

fn upgrade(written: &fields::Upgrade) -> UpgradePolicy {
    let roll_back = written.roll_back.unwrap_or(true);
    let automatic = written.automatic_os.unwrap_or(false).then(|| AutomaticUpgrade {
        enable: true,
        disable_automatic_rollback: !roll_back,
        os_rolling_upgrade_deferral: written.wait_for_tasks.unwrap_or(false),
        use_rolling_upgrade_policy: written.rolling.is_some(),
    });
    let rolling = written.rolling.as_ref().map(|rolling| RollingUpgrade {
        enable_cross_zone_upgrade: rolling.cross_zone,
        max_batch_instance_percent: rolling.max_batch_percent,
        max_unhealthy_instance_percent: rolling.max_unhealthy_percent,
        max_unhealthy_upgraded_instance_percent: rolling.max_unhealthy_upgraded_percent,
        pause_time_between_batches: rolling.pause.clone(),
        prioritize_unhealthy_instances: rolling.unhealthy_first,
        rollback_failed_instances_on_policy_breach: roll_back,
    });
    let mode = match written.mode {
        UpgradeMode::Automatic => "automatic",
        UpgradeMode::Manual => "manual",
        UpgradeMode::Rolling => "rolling",
    };
    UpgradePolicy { mode, automatic, rolling }
}

fn scheduling(written: &fields::Scheduling) -> TaskSchedulingPolicy {
    TaskSchedulingPolicy {
        node_fill_type: match written.fill {
            Some(NodeFill::Pack) => "Pack",
            Some(NodeFill::Spread) | None => "Spread",
        },
        job_default_order: written.job_order.map(|order| match order {
            JobOrder::None => "None",
            JobOrder::CreationTime => "CreationTime",
        }),
    }
}

fn extensions(
    resolver: &mut Resolver<'_>,
    written: &[fields::Extension],
    pointer: &str,
) -> Vec<Extension> {
    let pointer = format!("{pointer}/extensions");
    let names: Vec<&str> = written.iter().map(|extension| extension.name.as_str()).collect();
    named_once(resolver, &names, &pointer, "extension");
    for (index, extension) in written.iter().enumerate() {
        for (at, after) in extension.after.iter().enumerate() {
            if *after == extension.name || !names.contains(&after.as_str()) {
                resolver.error(
                    "PB1607",
                    &format!("{pointer}/{index}/after/{at}"),
                    format!("no other extension is named `{after}`"),
                    "not the name of another extension",
                    "use the `name` of an extension of this pool",
                );
            }
        }
    }
    let one = |extension: &fields::Extension| Extension {
        name: extension.name.clone(),
        publisher: extension.publisher.clone(),
        kind: extension.kind.clone(),
        type_handler_version: extension.version.clone(),
        auto_upgrade_minor_version: extension.auto_upgrade_minor_version,
        enable_automatic_upgrade: extension.automatic_upgrade,
        settings: extension.settings.clone(),
        provision_after_extensions: extension.after.clone(),
    };
    written.iter().map(one).collect()
}

fn users(
    resolver: &mut Resolver<'_>,
    written: &[fields::User],
    pointer: &str,
    secrets: &mut Secrets,
) -> Vec<User> {
    let pointer = format!("{pointer}/users");
    let names: Vec<&str> = written.iter().map(|user| user.name.as_str()).collect();
    named_once(resolver, &names, &pointer, "user");
    let mut users = Vec::new();
    for (index, user) in written.iter().enumerate() {
        let pointer = format!("{pointer}/{index}");
        if user.uid.is_some() != user.gid.is_some() {
            resolver.error(
                "PB1602",
                &pointer,
                format!("user `{}` has only one of `uid` and `gid`", user.name),
                "Batch needs both numbers or neither",
                "add the other one, or remove both",
            );
        }
        let password = secrets.add(resolver, &user.password, &format!("{pointer}/password"));
        users.push(User {
            name: user.name.clone(),
            elevation: elevation(user.elevation),
            password,
            uid: user.uid,
            gid: user.gid,
        });
    }
    users
}

/// Azure's word for the elevation of a user.
pub(super) fn elevation(written: Option<Elevation>) -> &'static str {
    if written == Some(Elevation::Admin) { "Admin" } else { "NonAdmin" }
}

/// Reports each name that stands in a list a second time.
pub(super) fn named_once(resolver: &mut Resolver<'_>, names: &[&str], pointer: &str, kind: &str) {
    for (index, name) in names.iter().enumerate() {
        if names[..index].contains(name) {
            resolver.error(
                "PB1608",
                &format!("{pointer}/{index}/name"),
                format!("{kind} `{name}` is listed twice"),
                "duplicate",
                "keep one of them",
            );
        }
    }
}
