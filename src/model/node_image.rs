use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::names::Names;
use super::resolver::Resolver;
use crate::catalog;
use crate::config::fields;

/// What the nodes boot.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a model has one of them")]
pub enum NodeImage {
    /// An image version that exists, by its resource ID: prebake bakes nothing.
    Existing(String),
    /// The version that is baked.
    Baked(BakedImage),
}

/// Templates ask for `existing_id` and `baked`.
impl Serialize for NodeImage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("NodeImage", 2)?;
        object.serialize_field("existing_id", &self.existing_id())?;
        object.serialize_field("baked", &self.baked())?;
        object.end()
    }
}

/// A gallery image version that this deployment bakes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BakedImage {
    /// Whether this deployment creates the gallery.
    pub create_gallery: bool,
    /// Whether this deployment creates the image definition.
    pub create_definition: bool,
    /// Resource group of an existing gallery, when it is another one.
    pub resource_group: Option<String>,
    /// Subscription of an existing gallery, when it is another one.
    pub subscription: Option<String>,
    /// The gallery lies in another resource group or subscription.
    pub elsewhere: bool,
    /// Gallery name.
    pub gallery: String,
    /// Image definition name.
    pub definition: String,
    /// Version, `Major.Minor.Patch`.
    pub version: String,
    /// Publisher, offer and SKU that identify the definition in its gallery.
    pub publisher: String,
    /// Offer.
    pub offer: String,
    /// SKU.
    pub sku: String,
    /// Where it is replicated, the location of the deployment first.
    pub target_regions: Vec<TargetRegion>,
    /// Storage of the replicas.
    pub storage: String,
}

/// Replicas in one region.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TargetRegion {
    /// Short name of the region.
    pub region: String,
    /// Replicas.
    pub replicas: u32,
}

impl NodeImage {
    /// The version that is baked.
    pub fn baked(&self) -> Option<&BakedImage> {
        match self {
            Self::Existing(_) => None,
            Self::Baked(baked) => Some(baked),
        }
    }

    /// The resource ID of a version that exists.
    pub fn existing_id(&self) -> Option<&str> {
        match self {
            Self::Existing(id) => Some(id),
            Self::Baked(_) => None,
        }
    }

    /// The image definition of an existing version: its newest version is what a pool that follows it boots.
    pub fn existing_definition_id(&self) -> Option<String> {
        let id = self.existing_id()?;
        let at = id.to_ascii_lowercase().rfind("/versions/")?;
        Some(id[..at].to_owned())
    }
}

fn target_regions(
    resolver: &mut Resolver<'_>,
    written: &fields::Gallery,
    location: &str,
) -> Vec<TargetRegion> {
    let mut target_regions =
        vec![TargetRegion { region: location.to_owned(), replicas: written.replicas.unwrap_or(1) }];
    for (index, target) in written.target_regions.iter().enumerate() {
        let pointer = format!("/gallery/targetRegions/{index}/region");
        let region = super::region(resolver, &target.region, &pointer);
        if target_regions.iter().any(|known| known.region == region) {
            resolver.error(
                "PB1023",
                &pointer,
                format!("region `{region}` is listed twice"),
                "the location of the deployment always has a replica",
                "remove the region, or set `gallery.replicas` for the location",
            );
            continue;
        }
        target_regions.push(TargetRegion { region, replicas: target.replicas.unwrap_or(1) });
    }
    target_regions
}

pub(super) fn resolve(
    resolver: &mut Resolver<'_>,
    names: &Names<'_>,
    location: &str,
    os_key: &str,
) -> Option<NodeImage> {
    let written = resolver.config.gallery.clone().unwrap_or_default();
    if let Some(id) = &written.image_version_id {
        return existing(resolver, &written, id);
    }
    let version = written.version.clone().unwrap_or_else(|| {
        let pointer = if resolver.config.gallery.is_some() { "/gallery" } else { "" };
        resolver.error(
            "PB1012",
            pointer,
            "the image has no version",
            "a baked image needs `gallery.version`",
            "add `gallery: { version: 1.0.0 }`, and increase the version whenever the bake changes",
        );
        // Stands in for it, so that what follows is checked too.
        "0.0.0".to_owned()
    });
    if version.split('.').any(|part| part.parse::<i32>().is_err()) {
        resolver.error(
            "PB1008",
            "/gallery/version",
            format!("`{version}` is not a valid image version"),
            "each part is at most 2147483647",
            "use three smaller numbers, such as `1.0.0`",
        );
        return None;
    }
    existing_gallery(resolver, &written);
    let definition = written.image_definition.clone().unwrap_or_else(|| names.local(os_key));
    let target_regions = target_regions(resolver, &written, location);
    Some(NodeImage::Baked(BakedImage {
        create_gallery: written.create.unwrap_or(true),
        create_definition: written.create_definition.unwrap_or(true),
        elsewhere: written.resource_group.is_some() || written.subscription.is_some(),
        resource_group: written.resource_group.clone(),
        subscription: written.subscription.clone(),
        gallery: written.name.clone().unwrap_or_else(|| names.underscored("gallery")),
        publisher: "prebake".to_owned(),
        offer: resolver.config.name.clone(),
        sku: definition.clone(),
        definition,
        version,
        target_regions,
        storage: written.storage.clone().unwrap_or_else(|| "Standard_LRS".to_owned()),
    }))
}

/// What can be said of a gallery that exists only.
fn existing_gallery(resolver: &mut Resolver<'_>, written: &fields::Gallery) {
    if written.create == Some(false) {
        let names = [
            ("name", written.name.is_none()),
            (
                "imageDefinition",
                written.create_definition == Some(false) && written.image_definition.is_none(),
            ),
        ];
        for (key, _) in names.into_iter().filter(|(_, missing)| *missing) {
            resolver.error(
                "PB1011",
                "/gallery",
                format!("existing gallery needs `{key}`"),
                "prebake derives names only for a gallery that it creates",
                format!(
                    "add `{key}`, as `az sig list` and `az sig image-definition list` print it"
                ),
            );
        }
        return;
    }
    for (key, given) in [
        ("resourceGroup", written.resource_group.is_some()),
        ("subscription", written.subscription.is_some()),
        ("createDefinition", written.create_definition == Some(false)),
    ] {
        if given {
            resolver.error(
                "PB1022",
                &format!("/gallery/{key}"),
                format!("`{key}` is only for an existing gallery"),
                "prebake creates a gallery in the resource group of the config",
                format!("remove `{key}`, or set `create: false`"),
            );
        }
    }
}

fn existing(resolver: &mut Resolver<'_>, written: &fields::Gallery, id: &str) -> Option<NodeImage> {
    let pointer = "/gallery/imageVersionId";
    if !super::is_resource_id(id, "Microsoft.Compute/galleries/images/versions") {
        resolver.error(
            "PB1026",
            pointer,
            "not the resource ID of a gallery image version",
            "expected `/subscriptions/.../galleries/<gallery>/images/<image>/versions/<version>`",
            "copy it from `az sig image-version show --query id`",
        );
        return None;
    }
    let bakes = [
        ("version", written.version.is_some()),
        ("name", written.name.is_some()),
        ("imageDefinition", written.image_definition.is_some()),
        ("targetRegions", !written.target_regions.is_empty()),
    ];
    for (key, _) in bakes.into_iter().filter(|(_, given)| *given) {
        resolver.error(
            "PB1022",
            &format!("/gallery/{key}"),
            format!("`{key}` has no effect with `imageVersionId`"),
            "prebake does not change an existing image version",
            format!("remove `{key}`, or remove `imageVersionId` to bake an image"),
        );
    }
    Some(NodeImage::Existing(id.to_owned()))
}

/// Default size of the OS disk in GiB.
pub(super) fn default_os_disk(gpu: bool) -> u32 {
    let key = if gpu { "gpu-os-disk-gb" } else { "cpu-os-disk-gb" };
    catalog::config_default(key).parse().expect("the table holds a number: a test reads it")
}
