//! Group A, the image: definition, builder and what a pool starts from.

use super::Check;
use super::finding::Sink;
use super::lifecycle::ended;
use super::node::{Node, name_of, same_id};
use super::pool::marketplace;
use super::view::{Pool, View};
use crate::arm::evaluate::Properties;
use crate::catalog::{BaseImage, Generation};
use std::borrow::Cow;

pub(super) const RULES: &[(&str, Check)] = &[
    ("IMG001", definition_has_the_source_generation),
    ("IMG002", size_boots_the_image),
    ("IMG003", generation_is_written),
    ("IMG004", pool_image_is_generalized),
    ("IMG007", builder_has_no_extension),
    ("IMG008", no_managed_image_of_trusted_launch),
    ("IMG009", security_types_agree),
    ("IMG010", definition_takes_a_vm),
    ("IMG015", builder_has_the_gpu),
    ("IMG019", os_disk_is_large_enough),
    ("IMG021", builder_disk_is_not_encrypted),
    ("IMG028", purchase_plan_is_carried_over),
    ("IMG029", no_managed_image_in_a_pool),
    ("IMG030", image_is_given_once),
    ("IMG034", template_has_an_identity),
    ("IMG036", distribution_fits_the_source),
];

const DEFINITIONS: &str = "Microsoft.Compute/galleries/images";

/// The base images that builders and image templates of a render start from.
fn sources<'a>(view: &View<'a>) -> Vec<(BaseImage, Node<'a>)> {
    let builders = view.builders().into_iter();
    let builders = builders.map(|vm| vm.at("properties/storageProfile/imageReference"));
    let templates = view.of_kind("Microsoft.VirtualMachineImages/imageTemplates");
    let templates = templates.map(|template| template.at("properties/source"));
    builders.chain(templates).filter_map(|reference| marketplace(&reference)).collect()
}

fn generation(definition: &Node<'_>) -> Option<Generation> {
    let node = definition.at("properties/hyperVGeneration");
    if node.exists() { Generation::parse(node.text()?) } else { Some(Generation::V1) }
}

fn definition_has_the_source_generation(view: &View<'_>, sink: &mut Sink<'_>) {
    let sources = sources(view);
    for definition in view.of_kind(DEFINITIONS) {
        let node = definition.at("properties/hyperVGeneration");
        let Some(wanted) = generation(&definition).filter(|_| node.exists()) else { continue };
        for (image, reference) in &sources {
            if image.generation != wanted {
                let source = format!("{}:{}:{}", image.publisher, image.offer, image.sku);
                let label = format!("`{source}` is {}", image.generation.as_str());
                sink.report(&node, label)
                    .help(format!("write `{}`", image.generation.as_str()))
                    .also(&reference.at("sku"), "the source");
            }
        }
    }
}

fn size_boots_the_image(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let node = pool.at("vmSize");
        let Some(size) = &pool.size else { continue };
        let image = view.definition_of(pool);
        let found = match &image {
            Some(definition) => generation(definition),
            None => marketplace(&pool.machine("imageReference")).map(|(image, _)| image.generation),
        };
        let Some(generation) = found else { continue };
        if size.boots(generation) == Some(false) {
            let other = image.unwrap_or_else(|| pool.machine("imageReference"));
            sink.report(
                &node,
                format!("`{}` does not support {} images", size.name, generation.as_str()),
            )
            .also(&other.at("properties/hyperVGeneration"), "the image");
        }
    }
}

fn generation_is_written(view: &View<'_>, sink: &mut Sink<'_>) {
    for definition in view.of_kind(DEFINITIONS) {
        if !definition.at("properties/hyperVGeneration").exists() {
            sink.report(&definition.at("properties"), "without `hyperVGeneration` it is V1");
        }
    }
}

fn pool_image_is_generalized(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let Some(definition) = view.definition_of(pool) else { continue };
        let state = definition.at("properties/osState");
        if state.is("Specialized") {
            sink.report(&state, format!("pool `{}` starts from it", pool.id()));
        }
    }
}

fn builder_has_no_extension(view: &View<'_>, sink: &mut Sink<'_>) {
    for vm in view.builders() {
        let prefix = format!("{}/", vm.resource().name.to_lowercase());
        for extension in view.of_kind("Microsoft.Compute/virtualMachines/extensions") {
            if extension.resource().name.to_lowercase().starts_with(&prefix) {
                let kind = extension.at("properties/type");
                let name = kind.text().map_or_else(|| name_of(extension.resource()), Cow::Borrowed);
                sink.report(&kind, format!("`{name}` stays in the image"));
            }
        }
    }
}

fn no_managed_image_of_trusted_launch(view: &View<'_>, sink: &mut Sink<'_>) {
    for image in view.of_kind("Microsoft.Compute/images") {
        let source = image.at("properties/sourceVirtualMachine/id");
        let vm = source.id().and_then(|id| view.by_id(&id));
        let security = vm.map(|vm| vm.at("properties/securityProfile/securityType"));
        if let Some(security) = security.filter(|security| security.is("TrustedLaunch")) {
            sink.report(&source, "this VM has trusted launch").also(&security, "the setting");
        }
    }
}

/// The value of the feature `SecurityType` of an image definition.
fn security_feature<'a>(definition: &Node<'a>) -> Option<Node<'a>> {
    let features = definition.at("properties/features").items();
    features
        .into_iter()
        .find(|feature| feature.at("name").is("SecurityType"))
        .map(|it| it.at("value"))
}

fn security_types_agree(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let Some(definition) = view.definition_of(pool) else { continue };
        let setting = pool.machine("securityProfile/securityType");
        let trusted_pool = setting.is("trustedLaunch");
        let feature = security_feature(&definition);
        let requires = feature.as_ref().is_some_and(|value| value.is("TrustedLaunch"));
        let supports = feature.as_ref().is_some_and(|value| {
            value.text().is_some_and(|text| text.to_lowercase().contains("trustedlaunch"))
        });
        let other = feature.unwrap_or(definition);
        if requires && !trusted_pool && !setting.is_symbolic() {
            sink.report(&setting, "the image requires trusted launch").also(&other, "the image");
        } else if trusted_pool && !supports && !other.is_symbolic() {
            sink.report(&setting, "the image does not support trusted launch")
                .also(&other, "the image");
        }
    }
}

fn definition_takes_a_vm(view: &View<'_>, sink: &mut Sink<'_>) {
    for version in view.of_kind("Microsoft.Compute/galleries/images/versions") {
        let source = version.at("properties/storageProfile/source/virtualMachineId");
        let id = version.resource().id.to_lowercase();
        let definition_id = id.split("/versions/").next().unwrap_or("");
        let definition =
            view.of_kind(DEFINITIONS).find(|it| same_id(&it.resource().id, definition_id));
        let feature = definition.as_ref().and_then(security_feature);
        if let Some(feature) =
            feature.filter(|it| source.exists() && it.is("TrustedLaunchSupported"))
        {
            sink.report(&feature, "the version is captured from a VM").also(&source, "the source");
        }
    }
}

fn builder_has_the_gpu(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(pool) = view.pools.iter().find(|pool| pool.uses_own_image() && pool.has_gpu()) else {
        return;
    };
    let Some(wanted) = &pool.size else { return };
    let builders = view.builders().into_iter().map(|vm| vm.at("properties/hardwareProfile/vmSize"));
    let templates = view.of_kind("Microsoft.VirtualMachineImages/imageTemplates");
    for node in builders.chain(templates.map(|it| it.at("properties/vmProfile/vmSize"))) {
        let Some(size) = node.text().and_then(|name| view.overlay().vm_size(name)) else {
            continue;
        };
        if size.gpu_model != wanted.gpu_model {
            let has = if size.has_gpu() {
                format!("has {}", size.gpu_model)
            } else {
                "has no GPU".to_owned()
            };
            sink.report(
                &node,
                format!("`{}` {has}, but the pool has {}", size.name, wanted.gpu_model),
            )
            .also(&pool.at("vmSize"), "the pool's size");
        }
    }
}

/// GiB of the disk that images of the marketplace come with.
const OF_MARKETPLACE: i64 = 30;

fn os_disk_is_large_enough(view: &View<'_>, sink: &mut Sink<'_>) {
    let preloads = view.bakes.iter().any(super::bake::Bake::pulls);
    let of_vm = "properties/storageProfile/osDisk/diskSizeGB";
    let of_templates = view
        .of_kind("Microsoft.VirtualMachineImages/imageTemplates")
        .map(|template| template.at("properties/vmProfile/osDiskSizeGB"));
    let disks = view.builders().into_iter().map(|vm| vm.at(of_vm)).chain(of_templates);
    let mut largest: Option<Node<'_>> = None;
    for disk in disks {
        match disk.number() {
            Some(gib) if gib <= OF_MARKETPLACE && preloads && view.wants_nvidia() => {
                sink.report(&disk, format!("{gib} GiB for the driver, Docker and images"));
            }
            Some(gib)
                if largest.as_ref().and_then(Node::number).is_none_or(|known| gib > known) =>
            {
                largest = Some(disk);
            }
            None if !disk.exists() && preloads && view.wants_nvidia() => {
                sink.report(
                    &disk,
                    "the 30 GiB of the marketplace image for the driver, Docker and images",
                );
            }
            _ => {}
        }
    }
    let Some(baked) = largest else { return };
    let smallest = baked.number().unwrap_or(0);
    for pool in view.pools.iter().filter(|pool| view.definition_of(pool).is_some()) {
        let disk = pool.machine("osDisk/diskSizeGB");
        if let Some(gib) = disk.number().filter(|gib| *gib < smallest) {
            sink.report(&disk, format!("{gib} GiB, but the image was baked on {smallest}"))
                .also(&baked, "the builder's disk");
        }
    }
}

fn builder_disk_is_not_encrypted(view: &View<'_>, sink: &mut Sink<'_>) {
    for vm in view.builders() {
        let disk = vm.at("properties/storageProfile/osDisk");
        let ade = disk.at("encryptionSettings/enabled");
        let set = disk.at("managedDisk/diskEncryptionSet/id");
        if ade.boolean() == Some(true) {
            sink.report(&ade, "Azure Disk Encryption is on");
        }
        if set.exists() {
            sink.report(&set, "the disk uses a customer-managed key");
        }
    }
}

fn purchase_plan_is_carried_over(view: &View<'_>, sink: &mut Sink<'_>) {
    let sources = sources(view);
    for definition in view.of_kind(DEFINITIONS) {
        let plan = definition.at("properties/purchasePlan");
        let empty =
            plan.value().and_then(|value| value.as_object()).is_some_and(Properties::is_empty);
        if empty {
            sink.report(&plan, "is empty").help("remove the property");
            continue;
        }
        let source = sources.iter().find(|(image, _)| !image.plan.is_empty());
        if let Some((image, reference)) = source.filter(|_| !plan.exists()) {
            sink.report(&plan, format!("the source has the plan `{}`", image.plan))
                .also(&reference.at("sku"), "the source");
        }
    }
}

fn no_managed_image_in_a_pool(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let id = pool.machine("imageReference/id");
        if id.id().is_some_and(|text| {
            text.to_lowercase().contains("/providers/microsoft.compute/images/")
        }) {
            ended(sink, &id, "the source image", "batch:managed-image-pools", view.render.as_of);
        }
    }
}

fn image_is_given_once(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in view.pools.iter().filter(|pool| Pool::uses_own_image(pool)) {
        let reference = pool.machine("imageReference");
        let marketplace =
            ["publisher", "offer", "sku"].iter().map(|key| reference.at(key)).find(Node::exists);
        if let Some(part) = marketplace {
            sink.report(&part, "the reference also has an `id`")
                .also(&reference.at("id"), "the other image");
        }
    }
}

/// Where an image template distributes to, and the definitions of this render among them.
fn distribution_fits_the_source(view: &View<'_>, sink: &mut Sink<'_>) {
    for template in view.of_kind("Microsoft.VirtualMachineImages/imageTemplates") {
        for target in template.at("properties/distribute").items() {
            let id = target.at("galleryImageId").id().unwrap_or_default().to_lowercase();
            let definition = id.split("/versions/").next().unwrap_or_default();
            let mut known = view.of_kind(DEFINITIONS);
            let Some(definition) = known.find(|known| same_id(&known.resource().id, definition))
            else {
                continue;
            };
            let features = definition.at("properties/features");
            let mut features = features.items().into_iter();
            let security = features.find(|feature| feature.at("name").is("SecurityType"));
            let value = security.as_ref().map(|feature| feature.at("value"));
            let second = definition.at("properties/hyperVGeneration").is("V2");
            match value {
                Some(value) if value.is("TrustedLaunchSupported") || value.is_symbolic() => {}
                Some(value) => {
                    let text = value.text().unwrap_or_default().to_owned();
                    sink.report(
                        &value,
                        format!("Image Builder cannot distribute to a `{text}` definition"),
                    )
                    .also(&target.at("galleryImageId"), "the distribution");
                }
                None if second && marketplace(&template.at("properties/source")).is_some() => {
                    sink.report(
                        &definition,
                        "it has no `SecurityType`, but the source supports trusted launch",
                    )
                    .also(&target.at("galleryImageId"), "the distribution");
                }
                None => {}
            }
        }
    }
}

fn template_has_an_identity(view: &View<'_>, sink: &mut Sink<'_>) {
    for template in view.of_kind("Microsoft.VirtualMachineImages/imageTemplates") {
        let kind = template.at("identity/type");
        if !kind.is("UserAssigned") && !kind.is_symbolic() {
            sink.report(&kind, "Image Builder has no identity");
        }
    }
}
