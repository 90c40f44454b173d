//! What the types of resources are called in a sentence.

/// What types are called; others by the last part of their name.
const KINDS: [(&str, &str); 22] = [
    ("microsoft.authorization/roleassignments", "role assignment"),
    ("microsoft.batch/batchaccounts", "Batch account"),
    ("microsoft.batch/batchaccounts/applications", "application package"),
    ("microsoft.batch/batchaccounts/pools", "pool"),
    ("microsoft.compute/galleries", "gallery"),
    ("microsoft.compute/galleries/images", "image definition"),
    ("microsoft.compute/galleries/images/versions", "image version"),
    ("microsoft.compute/virtualmachines", "virtual machine"),
    ("microsoft.compute/virtualmachines/extensions", "VM extension"),
    ("microsoft.containerregistry/registries", "registry"),
    ("microsoft.containerregistry/registries/taskruns", "ACR task run"),
    ("microsoft.containerregistry/registries/tasks", "ACR task"),
    ("microsoft.managedidentity/userassignedidentities", "identity"),
    ("microsoft.network/natgateways", "NAT gateway"),
    ("microsoft.network/networkinterfaces", "network interface"),
    ("microsoft.network/networksecuritygroups", "security group"),
    ("microsoft.network/privateendpoints", "private endpoint"),
    ("microsoft.network/publicipaddresses", "public address"),
    ("microsoft.network/virtualnetworks", "virtual network"),
    ("microsoft.network/virtualnetworks/subnets", "subnet"),
    ("microsoft.storage/storageaccounts", "storage account"),
    ("microsoft.virtualmachineimages/imagetemplates", "image template"),
];

/// What a type is called.
pub(super) fn kind_words(kind: &str) -> String {
    let lower = kind.to_lowercase();
    let known = KINDS.iter().find(|(name, _)| *name == lower);
    known.map_or_else(
        || kind.rsplit('/').next().unwrap_or(kind).to_owned(),
        |(_, words)| (*words).to_owned(),
    )
}
