/// A file of an overlay: its name and its columns. The first column is the key; the last two are the row's source
/// and the day on which Azure was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Name of the file without `.tsv`.
    pub name: &'static str,
    /// The columns between the key's and the source's.
    pub columns: &'static [&'static str],
    /// What its rows say, for the comment on top.
    pub about: &'static str,
}

/// The file that lists the others.
pub(super) const INDEX: Layout = Layout {
    name: "catalog",
    columns: &["file", "location"],
    about: "Data of this Azure subscription, for prebake. Created by `prebake catalog import`.",
};

pub(super) const SIZES: Layout = Layout {
    name: "sizes",
    columns: &[
        "size",
        "family",
        "vcpus",
        "memory_gb",
        "gpus",
        "hyperv_generations",
        "temp_disk_gb",
        "nvme_temp_gb",
        "premium_io",
        "accelerated_networking",
        "ephemeral_os_disk",
        "cached_disk_gb",
        "rdma",
        "architecture",
        "trusted_launch",
        "encryption_at_host",
        "spot",
        "zones",
        "offered",
        "retires_on",
    ],
    about: "VM sizes of the region. offered: no if the subscription cannot use the size in the region; zones: the \
            zones that it can use. Disks and memory in GiB.",
};

pub(super) const BATCH_SIZES: Layout = Layout {
    name: "batch-sizes",
    columns: &["size", "ends_on"],
    about: "VM sizes that Batch offers in the region, with their retirement dates.",
};

pub(super) const QUOTAS: Layout = Layout {
    name: "quotas",
    columns: &["quota", "limit"],
    about: "Quotas. compute: quotas of the subscription in the region; batch: quotas of the Batch account. In vCPUs \
            unless the name says otherwise.",
};

pub(super) const QUOTA_USE: Layout = Layout {
    name: "quota-use",
    columns: &["quota", "used"],
    about: "Usage of the quotas. It changes daily, so it is in a separate file.",
};

pub(super) const NODE_AGENTS: Layout = Layout {
    name: "node-agents",
    columns: &["image", "node_agent", "verification", "ends_on"],
    about: "Marketplace images that Batch supports, as publisher:offer:sku, with their node agent and retirement date.",
};

pub(super) const IMAGES: Layout = Layout {
    name: "images",
    columns: &["image", "version"],
    about: "Marketplace images in the region, as publisher:offer:sku, with the newest version; empty if the data has \
            only the SKU.",
};

pub(super) const REGIONS: Layout = Layout {
    name: "regions",
    columns: &["region", "display_name", "paired_region", "zones"],
    about: "Regions that the subscription can use, with the number of their availability zones.",
};

pub(super) const API_VERSIONS: Layout = Layout {
    name: "api-versions",
    columns: &["type", "versions"],
    about: "API versions that the subscription can use, of the resource types that prebake knows.",
};

pub(super) const REGISTRIES: Layout = Layout {
    name: "registries",
    columns: &["registry", "sku", "host_name", "public_network_access", "role_assignment_mode"],
    about: "Existing container registries, with their settings. host_name: the first label of the login server.",
};

pub(super) const PRICES: Layout = Layout {
    name: "prices",
    columns: &["meter", "price", "currency", "unit"],
    about: "Public retail prices: vm:SIZE:payg or :spot for Linux, disk:SKU, registry:SKU, nat:SKU, address:SKU.",
};

/// Every file that an overlay may hold, besides its index.
pub const LAYOUTS: [Layout; 10] = [
    API_VERSIONS,
    BATCH_SIZES,
    IMAGES,
    NODE_AGENTS,
    PRICES,
    QUOTA_USE,
    QUOTAS,
    REGIONS,
    REGISTRIES,
    SIZES,
];

impl Layout {
    /// The name of the file.
    pub fn file(self) -> String {
        format!("{}.tsv", self.name)
    }

    /// The line of column names.
    pub(super) fn header(self) -> String {
        let mut names = self.columns.to_vec();
        names.extend(["source", "checked"]);
        names.join("\t")
    }

    /// How many cells a row has.
    pub(super) fn width(self) -> usize {
        self.columns.len() + 2
    }

    /// Where a column stands.
    pub(super) fn column(self, name: &str) -> usize {
        let at = self.columns.iter().position(|column| *column == name);
        at.expect("a column is asked for by the name in the layout")
    }
}
