use std::collections::BTreeSet;

use serde_json::Value;

use super::{broken, diagnostic, placed};
use crate::arm::Template;
use crate::arm::evaluate::Evaluated;
use crate::azure_types::tables;
use crate::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::expand::{Resource, template_pointer};
use crate::schema::{ResourceSchemas, Values};

/// Checks the resources of one stage. Findings lead with the line of the user's own file that `cause` tells of
/// the JSON pointer of a value, then point at the Bicep that they came from.
pub fn resources(
    resources: &[Resource],
    template: &Template,
    schemas: &ResourceSchemas,
    cause: &dyn Fn(&str) -> Option<Place>,
    diagnostics: &mut Diagnostics,
) {
    let mut unknown = BTreeSet::new();
    let mut unusable = BTreeSet::new();
    for resource in resources {
        let Some(schema) = schemas.get(&resource.kind, &resource.api_version) else {
            // The compiler has judged it with the same tables that the schemas are made from.
            if tables().resource(&resource.kind, &resource.api_version).is_some() {
                continue;
            }
            if unknown.insert((resource.kind.to_lowercase(), resource.api_version.clone())) {
                let rendered = template.source_map.place(&resource.pointer);
                let place = cause(&resource.pointer).or(rendered);
                diagnostics.push(placed(without_schema(resource, schemas), place, "not checked"));
            }
            continue;
        };
        let found = if resource.existing {
            // A resource that the template only refers to has a name and nothing else.
            schema.property_findings("name", &Value::from(own_name(resource)), Values::Symbolic)
        } else {
            if schema.plainly_takes(&resource.body, &own_name_value(resource), is_size) {
                continue;
            }
            let whole = whole(resource);
            let found = schema.findings(&whole, Values::Symbolic);
            found.map(|mut found| {
                found.extend(schema.unlisted(&whole, Values::Symbolic, is_size));
                found
            })
        };
        match found {
            Ok(findings) => {
                for finding in &findings {
                    let pointer = format!("{}{}", resource.pointer, finding.pointer);
                    let origin = template_pointer(&template.json, &pointer);
                    let place = template.source_map.place(&origin);
                    let name = format!("`{}`", schema.name());
                    let found = diagnostic(finding, &name);
                    diagnostics.push(match (cause(&pointer), place) {
                        (Some(cause), Some(place)) => {
                            found.at(cause, &finding.label).related(place, "the rendered line")
                        }
                        (cause, place) => placed(found, cause.or(place), &finding.label),
                    });
                }
            }
            Err(error) => {
                if unusable.insert(error.name.clone()) {
                    diagnostics.push(broken(&error));
                }
            }
        }
    }
}

/// Azure's types name the sizes of years ago; the catalog knows those of today, and its rules judge them.
fn is_size(property: &str) -> bool {
    property.eq_ignore_ascii_case("vmSize")
}

/// The body with the resource's own name, whose form the schema knows too.
fn whole(resource: &Resource) -> Value {
    let mut body = resource.body_json();
    body.insert("name".to_owned(), Value::from(own_name(resource)));
    Value::Object(body)
}

/// The same name as a value.
fn own_name_value(resource: &Resource) -> Evaluated {
    match resource.typed_name() {
        Evaluated::String(_) => Evaluated::String(own_name(resource).to_owned()),
        other => other,
    }
}

/// The name without the names of its parents; one that only Azure knows as a whole.
fn own_name(resource: &Resource) -> &str {
    resource.own_name().unwrap_or(&resource.name)
}

fn without_schema(resource: &Resource, schemas: &ResourceSchemas) -> Diagnostic {
    let name = format!("{}@{}", resource.kind, resource.api_version);
    let versions = schemas.versions(&resource.kind);
    let command = format!("`prebake schema import {name}`");
    let help = match versions.last() {
        Some(newest) => {
            format!(
                "use version `{newest}`, or create the schema with {command} and pass it with `--schemas`"
            )
        }
        None => format!("create the schema with {command} and pass it with `--schemas`"),
    };
    Diagnostic::warning("PB3110", format!("no schema for `{name}`"))
        .reason("prebake cannot check its properties")
        .help(help)
}
