use super::declaration::Collected;
use super::identity::id_of;
use crate::arm::evaluate::{Context, Evaluated};
use crate::arm::expression::symbolic_item;

/// What a resource waits for, as the template says it.
pub(super) struct Waiting {
    /// Its position among the resources.
    pub(super) resource: usize,
    pub(super) symbol: Option<String>,
    pub(super) loop_name: Option<String>,
    pub(super) index: Option<i64>,
    pub(super) waits_for: Vec<Evaluated>,
}

/// Replaces symbolic names, loop names and plain names by ids.
pub(super) fn resolve(collected: &mut Collected, context: &Context) {
    let resolved: Vec<_> = collected
        .waiting
        .iter()
        .map(|waiting| {
            let mut ids: Vec<String> = Vec::new();
            for target in
                waiting.waits_for.iter().flat_map(|target| ids_of(target, collected, context))
            {
                if !ids.contains(&target) {
                    ids.push(target);
                }
            }
            (waiting.resource, ids)
        })
        .collect();
    for (resource, ids) in resolved {
        collected.resources[resource].depends_on.clone_from(&ids);
        if !collected.resources[resource].is_opened_module() {
            continue;
        }
        let inside = format!("{}/properties/template/", collected.resources[resource].pointer);
        // What a module deploys waits for what the module waits for.
        let inner = collected.resources.iter_mut().filter(|it| it.pointer.starts_with(&inside));
        for resource in inner {
            let more = ids.iter().filter(|id| !resource.depends_on.contains(id));
            let more: Vec<String> = more.cloned().collect();
            resource.depends_on.extend(more);
        }
    }
}

fn ids_of(target: &Evaluated, collected: &Collected, context: &Context) -> Vec<String> {
    let Evaluated::String(name) = target else {
        return id_of(target, context).into_iter().collect();
    };
    if name.starts_with('/') {
        return vec![name.clone()];
    }
    let (base, index) = symbolic_item(name);
    let named = |waiting: &&Waiting| {
        let symbol = waiting.symbol.as_deref().or(waiting.loop_name.as_deref());
        symbol == Some(base)
            && (index.is_none() || waiting.index.is_none() || waiting.index == index)
    };
    let mut found: Vec<String> =
        collected.waiting.iter().filter(named).map(|waiting| id(waiting, collected)).collect();
    if found.is_empty() {
        let same_name = collected.waiting.iter().filter(|waiting| {
            let full = &collected.resources[waiting.resource].name;
            full.eq_ignore_ascii_case(name)
        });
        found = same_name.map(|waiting| id(waiting, collected)).collect();
    }
    if found.is_empty() && name.contains('/') {
        found.extend(id_of(target, context));
    }
    // A resource that a condition leaves out is nothing to wait for; its name stays visible.
    if found.is_empty() { vec![name.clone()] } else { found }
}

fn id(waiting: &Waiting, collected: &Collected) -> String {
    collected.resources[waiting.resource].id.clone()
}
