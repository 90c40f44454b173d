//! Group G: API versions, and what the templates themselves get wrong.

use std::sync::LazyLock;

use memchr::memmem;
use regex_lite::Regex;
use serde_json::Value;

use super::Check;
use super::finding::{Sink, Target};
use super::lifecycle::is_before;
use super::node::Node;
use super::view::View;
use crate::arm::Template;
use crate::arm::evaluate::Evaluated;
use crate::catalog::{self, StageName};
use crate::diagnostic::{Span, pointer};

pub(super) const RULES: &[(&str, Check)] = &[
    ("API002", version_has_the_property),
    ("API003", version_still_has_the_property),
    ("API004", properties_stand_at_their_level),
    ("API006", no_secrets_in_the_history),
    ("API007", what_if_sees_everything),
    ("API008", names_are_stable),
    ("API009", previews_work),
    ("API010", role_assignments_are_named_by_guid),
    ("API011", role_of_the_deployer_is_mentioned),
    ("API013", version_has_the_value),
];

/// The values at a path of the tables, where `*` is any element.
fn matches<'a>(node: &Node<'a>, path: &str) -> Vec<Node<'a>> {
    path.split('/').filter(|part| !part.is_empty()).fold(vec![node.clone()], |nodes, part| {
        let next = nodes.into_iter().flat_map(|node| match part {
            "*" => node.items(),
            _ => vec![node.at(part)],
        });
        next.filter(Node::exists).collect()
    })
}

fn version_has_the_property(view: &View<'_>, sink: &mut Sink<'_>) {
    for node in view.deployed() {
        let resource = node.resource();
        // A preview may have what the next version brings.
        if resource.api_version.ends_with("-preview") {
            continue;
        }
        for property in catalog::api_properties(&resource.kind) {
            if !property.since.is_empty() && is_before(&resource.api_version, property.since) {
                for found in matches(&node, property.path) {
                    let label = format!(
                        "`{}` does not have it; the first version is {}",
                        resource.api_version, property.since
                    );
                    sink.report(&found, label).help(format!("use `{}` or newer", property.since));
                }
            }
        }
    }
}

fn version_still_has_the_property(view: &View<'_>, sink: &mut Sink<'_>) {
    for node in view.deployed() {
        let resource = node.resource();
        for property in catalog::api_properties(&resource.kind) {
            if property.until.is_empty() || is_before(&resource.api_version, property.until) {
                continue;
            }
            for found in matches(&node, property.path)
                .iter()
                .filter(|found| !has_a_rule_of_its_own(view, found))
            {
                let label = format!("removed in `{}`", property.until);
                sink.report(found, label);
            }
        }
    }
}

fn version_has_the_value(view: &View<'_>, sink: &mut Sink<'_>) {
    for node in view.deployed() {
        let resource = node.resource();
        for known in catalog::api_values(&resource.kind) {
            if !is_before(&resource.api_version, known.since) {
                continue;
            }
            for found in matches(&node, known.path).iter().filter(|found| found.is(known.value)) {
                let label = format!(
                    "`{}` takes `{}` only in subscriptions with the feature `{}`",
                    resource.api_version, known.value, known.needs
                );
                sink.report(found, label)
                    .help(format!("use `{}` or newer", known.since))
                    .rests_on(known.fact());
            }
        }
    }
}

/// Classic communication and resource tags are wrong for a reason that says more.
fn has_a_rule_of_its_own(view: &View<'_>, found: &Node<'_>) -> bool {
    let batch_service = |pool: &super::view::Pool<'_>| {
        pool.node.resource().id == found.resource().id
            && view.in_user_subscription(pool) == Some(false)
    };
    found.is("Classic")
        || (found.path().ends_with("/resourceTags") && view.pools.iter().any(batch_service))
}

/// Types of which no property of the envelope may stand in `properties`.
const PLAIN_TYPES: [&str; 14] = [
    "microsoft.batch/batchaccounts",
    "microsoft.batch/batchaccounts/pools",
    "microsoft.containerregistry/registries",
    "microsoft.containerregistry/registries/tasks",
    "microsoft.compute/virtualmachines",
    "microsoft.compute/galleries",
    "microsoft.compute/galleries/images",
    "microsoft.compute/galleries/images/versions",
    "microsoft.storage/storageaccounts",
    "microsoft.network/virtualnetworks",
    "microsoft.network/networkinterfaces",
    "microsoft.network/publicipaddresses",
    "microsoft.network/natgateways",
    "microsoft.virtualmachineimages/imagetemplates",
];

fn properties_stand_at_their_level(view: &View<'_>, sink: &mut Sink<'_>) {
    let pool_properties =
        ["vmSize", "scaleSettings", "deploymentConfiguration", "networkConfiguration", "startTask"];
    for node in view.deployed() {
        let kind = node.resource().kind.to_lowercase();
        if !PLAIN_TYPES.contains(&kind.as_str()) {
            continue;
        }
        for key in ["identity", "sku", "location", "tags", "zones"] {
            let inner = node.at("properties").at(key);
            if inner.exists() && inner.path().matches('/').count() == 2 {
                sink.report(&inner, format!("`{key}` belongs next to `properties`, not inside it"));
            }
        }
        for key in pool_properties {
            let outer = node.at(key);
            if kind.ends_with("/pools") && outer.exists() {
                sink.report(&outer, format!("`{key}` belongs in `properties`"));
            }
        }
    }
}

/// A value of a compiled stage.
fn in_template(stage: &StageName, pointer: String) -> Target {
    Target::Resource { stage: stage.clone(), pointer }
}

fn is_secure(definition: &Value) -> bool {
    let kind = definition.get("type").and_then(Value::as_str).unwrap_or("");
    kind.to_lowercase().starts_with("secure")
}

fn members<'a>(template: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    template.get(key).and_then(Value::as_object).into_iter().flatten()
}

fn no_secrets_in_the_history(view: &View<'_>, sink: &mut Sink<'_>) {
    for (stage, template) in view.render.templates {
        let secure: Vec<_> = members(&template.json, "parameters")
            .filter(|(_, it)| is_secure(it))
            .map(|(name, _)| name)
            .collect();
        for (name, output) in
            members(&template.json, "outputs").filter(|(_, output)| !is_secure(output))
        {
            let value = output.get("value").map(Value::to_string).unwrap_or_default();
            let lists = [
                "listKeys(",
                "listCredentials(",
                "listAccountSas(",
                "listServiceSas(",
                "listSecrets(",
            ];
            let leak = lists.into_iter().find(|function| value.contains(function));
            let parameter =
                secure.iter().find(|name| value.contains(&format!("parameters('{name}')")));
            if leak.is_some() || parameter.is_some() {
                let what =
                    leak.map_or("a secure parameter", |function| function.trim_end_matches('('));
                sink.report(
                    in_template(stage, format!("/outputs/{}", pointer::escape(name))),
                    format!("it exposes {what}"),
                );
            }
        }
        for (name, parameter) in members(&template.json, "parameters") {
            let plain = parameter.get("type").and_then(Value::as_str) == Some("string");
            if plain && sounds_secret(name) {
                let label = format!("`{name}` is stored in plain text");
                sink.report(
                    in_template(stage, format!("/parameters/{}", pointer::escape(name))),
                    label,
                );
            }
        }
    }
}

fn sounds_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    let secret = [
        "password",
        "secret",
        "accountkey",
        "accesskey",
        "apikey",
        "sastoken",
        "privatekey",
        "connectionstring",
    ];
    let harmless = ["name", "id", "uri", "url", "version", "type", "path"];
    secret.iter().any(|word| lower.contains(word))
        && !harmless.iter().any(|end| lower.ends_with(end))
}

/// What-if stops expanding after so many nested deployments.
const MAX_NESTED: usize = 500;

fn what_if_sees_everything(view: &View<'_>, sink: &mut Sink<'_>) {
    for (stage, template) in view.render.templates {
        let written = nested(&template.json);
        let kind = "microsoft.resources/deployments";
        let expanded = view
            .deployed()
            .map(|node| node.resource())
            .filter(|resource| resource.stage == *stage && resource.kind.to_lowercase() == kind);
        let count = written.max(expanded.count());
        if count > MAX_NESTED {
            let label = format!("{count} nested deployments; what-if expands only {MAX_NESTED}");
            sink.report(in_template(stage, "/resources".to_owned()), label);
        }
    }
}

/// Nested deployments of a template, those in them included. The compiler bounds the depth.
fn nested(template: &Value) -> usize {
    let resources: Vec<&Value> = match template.get("resources") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(Value::Object(named)) => named.values().collect(),
        _ => Vec::new(),
    };
    let templates =
        resources.iter().filter_map(|resource| resource.pointer("/properties/template"));
    templates.map(|template| 1 + nested(template)).sum()
}

/// The expression that names a resource, as the template writes it.
fn name_expression<'a>(view: &View<'a>, node: &Node<'_>) -> Option<&'a str> {
    let resource = node.resource();
    let template = view.render.templates.get(&resource.stage)?;
    template.json.pointer(&format!("{}/name", resource.pointer))?.as_str()
}

/// The variables or parameters of a template that an expression refers to, as in `variables('name')`.
fn named<'t>(
    template: &'t Template,
    function: &'static str,
    expression: &'t str,
) -> impl Iterator<Item = &'t Value> {
    let called = memmem::find_iter(expression.as_bytes(), function);
    let names = called.filter_map(move |at| {
        let name = expression[at + function.len()..].strip_prefix("('")?;
        Some(&name[..name.find("')")?])
    });
    let all = template.json.get(function).and_then(Value::as_object);
    names.filter_map(move |name| all?.get(name))
}

/// An expression with the variables and parameter defaults that it names in their place, one level deep.
fn with_definitions(view: &View<'_>, stage: &StageName, expression: &str) -> String {
    let mut text = expression.to_owned();
    let Some(template) = view.render.templates.get(stage) else { return text };
    for value in named(template, "variables", expression) {
        text.push_str(&value.to_string());
    }
    for parameter in named(template, "parameters", expression) {
        text.push_str(&parameter.get("defaultValue").map(Value::to_string).unwrap_or_default());
    }
    text
}

fn names_are_stable(view: &View<'_>, sink: &mut Sink<'_>) {
    for node in view.deployed() {
        let resource = node.resource();
        let kind = resource.kind.to_lowercase();
        // A deployment's own name, and a role assignment's, have rules of their own.
        if kind == "microsoft.resources/deployments"
            || kind == "microsoft.authorization/roleassignments"
        {
            continue;
        }
        let Some(expression) = name_expression(view, &node) else { continue };
        let text = with_definitions(view, &resource.stage, expression);
        if let Some(function) =
            ["newGuid(", "utcNow("].into_iter().find(|function| text.contains(function))
        {
            let target = in_template(&resource.stage, format!("{}/name", resource.pointer));
            sink.report(target, format!("the name comes from `{function})`"));
        }
    }
}

/// Bicep that has no value before the deployment.
static NO_PREVIEW: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\bfail\(|\bresourceGroup\(\)\.tags\b|\.outputs\.\w+!").ok());

fn previews_work(view: &View<'_>, sink: &mut Sink<'_>) {
    let marks = ["fail(", "resourceGroup().tags", ".outputs."];
    let files = view.render.artifacts.iter().filter(|(path, text)| {
        path.rsplit('.').next() == Some("bicep") && marks.iter().any(|mark| text.contains(mark))
    });
    for (path, text) in files {
        let Some(pattern) = &*NO_PREVIEW else { return };
        for found in pattern.find_iter(text) {
            let line_start = text[..found.start()].rfind('\n').map_or(0, |at| at + 1);
            if text[line_start..found.start()].contains("//") {
                continue;
            }
            let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let span = Span::new(offset(found.start()), offset(found.end()));
            sink.report(
                Target::Artifact { path: path.clone(), span },
                "has no value before the deployment",
            );
        }
    }
}

fn role_assignments_are_named_by_guid(view: &View<'_>, sink: &mut Sink<'_>) {
    for node in view.of_kind("Microsoft.Authorization/roleAssignments") {
        let resource = node.resource();
        let Some(expression) = name_expression(view, &node) else { continue };
        let text = with_definitions(view, &resource.stage, expression);
        let given = text.contains("parameters(") && !text.contains("newGuid(");
        if !text.contains("guid(") && !given || text.contains("newGuid(") {
            let how = if Evaluated::from_template_string(expression).is_symbolic() {
                "not created with `guid()`"
            } else {
                "a literal"
            };
            let target = in_template(&resource.stage, format!("{}/name", resource.pointer));
            sink.report(target, format!("the name is {how}"));
        }
    }
}

fn role_of_the_deployer_is_mentioned(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(readme) = view.render.artifacts.get("README.md") else { return };
    let roles = ["User Access Administrator", "Role Based Access Control Administrator", "Owner"];
    if roles.iter().any(|role| readme.contains(role)) {
        return;
    }
    if let Some(node) = view.of_kind("Microsoft.Authorization/roleAssignments").next() {
        sink.report(&node, "the README does not say which role is needed to deploy");
    }
}
