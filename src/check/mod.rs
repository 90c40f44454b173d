//! Takes resources, templates and artifacts of one render, gives what Azure would refuse or break.
//!
//! Knows rules, not schemas: `validate` says whether a property is well-formed. Never stops at the first
//! finding, never guesses: what is symbolic or not in a table is not judged. Read `view` and `node`
//! for what rules see, `rules` for what they say, `finding` for where; then any group of rules:
//! `image`, `bake`, `pool`, `container`, `registry`, `network`, `cloud_init`, `api`. `policy` applies the
//! config's waivers.

mod address;
mod api;
mod autoscale;
mod bake;
mod bake_rules;
mod cloud_init;
mod container;
mod container_access;
mod container_names;
mod container_tasks;
mod duration;
mod finding;
mod formula;
mod image;
mod image_version;
mod known;
mod lifecycle;
mod network;
mod node;
mod node_egress;
mod policy;
mod pool;
mod pool_limits;
mod registry;
mod rules;
mod secrets;
mod shell;
mod start_task;
mod subscription;
mod view;

pub(crate) use cloud_init::MAX_CUSTOM_DATA;
pub use duration::seconds;
pub use finding::{Finding, Places, Target, diagnostic};
pub(crate) use formula::most_nodes;
pub use known::KnownScripts;
pub use policy::{Outcome, apply};
pub use rules::{Rule, explain, rule, rules};
pub use secrets::SECRET;
pub(crate) use secrets::{holds_secret, secrets_of_file};
pub use view::{Declared, Dockerfile, RegistrySetting, RenderView};

use rayon::prelude::*;

use crate::diagnostic::Fact;

use finding::Sink;
use view::View;

/// One check: reads what a render holds and reports through the sink, which knows the rule's code.
type Check = fn(&View<'_>, &mut Sink<'_>);

/// All rules that have code behind them, by group.
const GROUPS: [&[(&str, Check)]; 17] = [
    image::RULES,
    image_version::RULES,
    bake_rules::RULES,
    pool::RULES,
    lifecycle::RULES,
    pool_limits::RULES,
    start_task::RULES,
    container::RULES,
    container_access::RULES,
    container_tasks::RULES,
    container_names::RULES,
    registry::RULES,
    network::RULES,
    node_egress::RULES,
    cloud_init::RULES,
    api::RULES,
    subscription::RULES,
];

/// Runs every rule, in the order of the groups.
pub fn check(render: &RenderView<'_>) -> Vec<Finding> {
    let view = View::new(render);
    let of_group = |group: &&'static [(&'static str, Check)]| {
        let mut findings = Vec::new();
        for (code, check) in *group {
            check(&view, &mut Sink::new(code, &mut findings));
        }
        findings
    };
    let findings: Vec<_> = GROUPS.par_iter().map(of_group).collect();
    findings.into_iter().flatten().collect()
}

/// The rows of the user's own catalog by which a render was judged, whether or not something was found.
pub fn answers(render: &RenderView<'_>) -> Vec<Fact> {
    if render.overlay.is_none() {
        return Vec::new();
    }
    subscription::answers(&View::new(render))
}

/// The codes of the rules that run.
pub fn codes() -> impl Iterator<Item = &'static str> {
    GROUPS.into_iter().flatten().map(|(code, _)| *code)
}
