//! Group B: what a pool is made of.

use super::finding::Sink;
use super::node::Node;
use super::view::{Pool, View};
use super::{Check, autoscale, seconds};
use crate::catalog::{self, BaseImage, name_rule};
use crate::diagnostic::Severity;

pub(super) const RULES: &[(&str, Check)] = &[
    ("POOL001", agent_serves_the_os),
    ("POOL005", size_fits_the_gpu_setting),
    ("POOL006", one_kind_of_scale),
    ("POOL007", fixed_scale_has_a_target),
    ("POOL009", resize_timeout_is_long_enough),
    ("POOL010", resize_timeout_fits_the_nodes),
    ("POOL011", evaluation_interval_is_in_range),
    ("POOL012", formula_evaluates),
    ("POOL016", names_are_allowed),
    ("POOL017", linux_os_disk_is_not_encrypted),
    ("POOL022", data_disks_have_their_own_numbers),
    ("POOL023", no_windows_settings),
    ("POOL031", nothing_is_empty),
];

/// The base image behind a pool, and the reference that names it: the pool's own marketplace image, or the
/// one that the builder of its gallery image starts from.
pub(super) fn base_image<'a>(view: &View<'a>, pool: &Pool<'a>) -> Option<(BaseImage, Node<'a>)> {
    let own = pool.machine("imageReference");
    if own.at("publisher").exists() {
        return marketplace(&own);
    }
    view.definition_of(pool)?;
    view.builders()
        .into_iter()
        .map(|vm| vm.at("properties/storageProfile/imageReference"))
        .chain(
            view.of_kind("Microsoft.VirtualMachineImages/imageTemplates")
                .map(|it| it.at("properties/source")),
        )
        .find_map(|reference| marketplace(&reference))
}

/// The base image that a marketplace reference names.
pub(super) fn marketplace<'a>(reference: &Node<'a>) -> Option<(BaseImage, Node<'a>)> {
    let part = |name| reference.at(name).text();
    let image = catalog::marketplace_image(part("publisher")?, part("offer")?, part("sku")?)?;
    Some((image, reference.clone()))
}

fn agent_serves_the_os(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let agent = pool.machine("nodeAgentSkuId");
        let Some((text, (image, reference))) = agent.text().zip(base_image(view, pool)) else {
            continue;
        };
        // The id of some agents is not published.
        if image.node_agent.is_empty() || text.eq_ignore_ascii_case(image.node_agent) {
            continue;
        }
        let serves = match catalog::node_agent_by_id(text) {
            Some(known) => format!("supports {}, but the image is {}", known.os, image.os),
            None => format!("is not a known node agent, and the image is {}", image.os),
        };
        sink.report(&agent, format!("`{text}` {serves}"))
            .help(format!("write `{}`", image.node_agent))
            .also(&reference.at("sku"), format!("the image is {}", image.os));
    }
}

fn size_fits_the_gpu_setting(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let node = pool.at("vmSize");
        let Some(name) = node.text() else { continue };
        let Some(size) = &pool.size else {
            let finding =
                sink.report(&node, format!("this release does not know VM size `{name}`"));
            if let Some(known) = view.overlay().nearest_size(name) {
                finding.help(format!("did you mean `{known}`?"));
            }
            continue;
        };
        match view.render.declared.gpu {
            Some(true) if !size.has_gpu() => {
                sink.report(&node, format!("`{}` has no GPU, but `gpu` is true", size.name));
            }
            Some(false) if size.has_gpu() => {
                let label = format!("`{}` has a GPU, but `gpu` is false", size.name);
                sink.report(&node, label);
            }
            _ => {}
        }
    }
}

fn one_kind_of_scale(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let scale = pool.at("scaleSettings");
        match (scale.at("fixedScale").exists(), scale.at("autoScale").exists()) {
            (true, true) => {
                sink.report(&scale, "`fixedScale` and `autoScale` exclude each other");
            }
            (false, false) => {
                sink.report(&scale, "the pool stays without nodes").severity(Severity::Warning);
            }
            _ => {}
        }
    }
}

fn fixed_scale_has_a_target(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let fixed = pool.at("scaleSettings/fixedScale");
        let targets = ["targetDedicatedNodes", "targetLowPriorityNodes"];
        if fixed.exists() && targets.iter().all(|target| !fixed.at(target).exists()) {
            sink.report(
                &fixed,
                "neither `targetDedicatedNodes` nor `targetLowPriorityNodes` is set",
            );
        }
    }
}

fn resize_timeout_is_long_enough(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let timeout = pool.at("scaleSettings/fixedScale/resizeTimeout");
        let Some(text) = timeout.text() else { continue };
        match seconds(text) {
            Some(seconds) if seconds >= 300 => {}
            Some(_) => {
                sink.report(&timeout, format!("`{text}` is shorter than five minutes"));
            }
            None => {
                sink.report(&timeout, format!("`{text}` is not an ISO 8601 duration"));
            }
        }
    }
}

fn resize_timeout_fits_the_nodes(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let nodes = pool.fixed_nodes();
        if nodes <= 300 || !pool.uses_own_image() {
            continue;
        }
        let timeout = pool.at("scaleSettings/fixedScale/resizeTimeout");
        let given = match timeout.text() {
            Some(text) => seconds(text).unwrap_or(u64::MAX),
            None if timeout.exists() => continue,
            None => 900,
        };
        let minutes = (nodes.div_ceil(1000) * 15).max(30);
        if given < minutes * 60 {
            sink.report(
                &timeout,
                format!("{nodes} nodes take more than {} minutes to start", given / 60),
            )
            .help(format!("set `batch.pools[].resizeTimeout` to `PT{minutes}M`"));
        }
    }
}

fn evaluation_interval_is_in_range(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let interval = pool.at("scaleSettings/autoScale/evaluationInterval");
        let Some(text) = interval.text() else { continue };
        match seconds(text) {
            Some(300..=604_800) => {}
            Some(_) => {
                sink.report(
                    &interval,
                    format!("`{text}` is not between five minutes and 168 hours"),
                );
            }
            None => {
                sink.report(&interval, format!("`{text}` is not an ISO 8601 duration"));
            }
        }
    }
}

fn formula_evaluates(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let formula = pool.at("scaleSettings/autoScale/formula");
        let Some(text) = formula.text() else { continue };
        for problem in autoscale::problems(text) {
            let finding = sink.report(
                &formula,
                format!("line {} of the formula: {}", problem.line, problem.what),
            );
            finding.help = problem.help;
        }
    }
}

fn names_are_allowed(view: &View<'_>, sink: &mut Sink<'_>) {
    let kinds = view
        .of_kind("Microsoft.Batch/batchAccounts")
        .chain(view.pools.iter().map(|pool| pool.node.clone()));
    for node in kinds {
        let resource = node.resource();
        let Some((rule, name)) = name_rule(&resource.kind).zip(resource.own_name()) else {
            continue;
        };
        if rule.check(name).is_err() {
            let label = format!(
                "`{name}` must have {} to {} characters of {}",
                rule.min, rule.max, rule.allowed
            );
            sink.report(&node, label);
        }
    }
}

fn linux_os_disk_is_not_encrypted(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let linux =
            !pool.machine("nodeAgentSkuId").text().is_some_and(|agent| agent.contains("windows"));
        for target in pool.machine("diskEncryptionConfiguration/targets").items() {
            if linux && target.is("OsDisk") {
                sink.report(&target, "the nodes run Linux");
            }
        }
    }
}

fn data_disks_have_their_own_numbers(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let disks = pool.machine("dataDisks").items();
        let mut seen = Vec::new();
        for lun in disks.iter().map(|disk| disk.at("lun")) {
            let Some(number) = lun.number() else { continue };
            if !(0..=63).contains(&number) {
                sink.report(&lun, format!("{number} is not between 0 and 63"));
            } else if seen.contains(&number) {
                sink.report(&lun, format!("another disk already has number {number}"));
            }
            seen.push(number);
        }
        let command = pool.at("startTask/commandLine");
        let mounts = command.is_symbolic()
            || command.text().is_some_and(|text| text.contains("mount") || text.contains("mkfs"))
            || pool.at("startTask/resourceFiles").exists();
        if let Some(first) = disks.first().filter(|_| !mounts) {
            sink.report(first, "no start task formats and mounts the disk")
                .severity(Severity::Warning)
                .help("format and mount the disk in `startTask.command`");
        }
    }
}

fn no_windows_settings(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        if pool.machine("nodeAgentSkuId").text().is_none_or(|agent| agent.contains("windows")) {
            continue;
        }
        for setting in ["windowsConfiguration", "licenseType"] {
            let node = pool.machine(setting);
            if node.exists() {
                sink.report(
                    &node,
                    format!("`{setting}` is a Windows setting, but the nodes run Linux"),
                );
            }
        }
    }
}

fn nothing_is_empty(view: &View<'_>, sink: &mut Sink<'_>) {
    let paths = [
        "userAccounts",
        "mountConfiguration",
        "networkConfiguration/publicIPAddressConfiguration/ipAddressIds",
        "displayName",
        "applicationLicenses",
    ];
    for pool in &view.pools {
        for node in paths.iter().map(|path| pool.at(path)) {
            let empty_list =
                node.value().and_then(|value| value.as_array()).is_some_and(Vec::is_empty);
            if empty_list || node.text() == Some("") {
                sink.report(&node, "is empty");
            }
        }
    }
}
