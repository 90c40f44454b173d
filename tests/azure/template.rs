//! What a deployment's template asks for: its form, its parameters, and the resources in their order.
//!
//! Templates are expanded by the project's own `expand`; what only Azure knows, `reference(...)`, is
//! finished here from the resources that are there by then.

use std::rc::Rc;

use prebake::arm::evaluate::{
    Context, Evaluated, Evaluator, Level, Locals, Lookup, Scope, UserFunction, Work,
};
use prebake::arm::expression::{self, Expression, TemplateString};
use prebake::arm::{SourceMap, Template};
use prebake::diagnostic::{Diagnostics, Severity};
use prebake::expand::{self, Resource};
use serde_json::{Map, Value, json};

use super::answer::{Answer, error_object, refuse_with};
use super::cloud::{Cloud, SUBSCRIPTION, TENANT};

/// A resource of a deployment with what is still to be asked of Azure.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub resource: Resource,
    /// Its name in a template of symbolic names.
    pub symbol: Option<String>,
}

/// A template that Azure has taken.
#[derive(Debug, Clone)]
pub struct Plan {
    pub group: String,
    /// The resources to create, each after those that it waits for, and those that are referred to.
    pub wanted: Vec<Wanted>,
    pub outputs: Value,
}

/// `InvalidTemplate`, as ARM answers at once.
///
/// Shape: <https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-invalid-template>.
fn invalid(message: &str) -> Answer {
    let mut error = error_object(
        "InvalidTemplate",
        format!("Deployment template validation failed: '{message}'."),
    );
    error["additionalInfo"] = json!([{ "type": "TemplateViolation", "info": { "lineNumber": 0, "linePosition": 0, "path": "" } }]);
    refuse_with(400, &error)
}

/// Reads the body of a deployment.
pub fn plan(group: &str, location: &str, name: &str, body: &[u8]) -> Result<Plan, Answer> {
    let body = read_body(body)?;
    let properties = &body["properties"];
    if !matches!(properties["mode"].as_str(), Some("Incremental" | "Complete")) {
        let message = "The request content was invalid: Required property 'mode' not found.";
        return Err(refuse_with(400, &error_object("InvalidRequestContent", message)));
    }
    let template = &properties["template"];
    check_form(template)?;
    let empty = json!({});
    let parameters =
        properties.get("parameters").filter(|value| !value.is_null()).unwrap_or(&empty);
    check_parameters(template, parameters)?;
    let context = context(group, location, name);
    let mut findings = Diagnostics::new();
    let template = Template { json: template.clone().into(), source_map: SourceMap::default() };
    let expansion = expand::expand(name, &template, parameters, &context, &mut findings);
    let errors: Vec<String> = findings
        .into_vec()
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.title)
        .collect();
    if !errors.is_empty() {
        return Err(invalid(&errors.join("; ")));
    }
    let mut resources = expansion.resources;
    inherit_dependencies(&mut resources);
    let wanted = resources.into_iter().map(|resource| {
        let symbol =
            resource.pointer.strip_prefix("/resources/").filter(|name| !name.contains('/'));
        Wanted { symbol: symbol.map(str::to_owned), resource }
    });
    let wanted = ordered(wanted.collect())?;
    Ok(Plan {
        group: group.to_owned(),
        wanted,
        outputs: Evaluated::Object(expansion.outputs).to_template(),
    })
}

/// What a nested template makes waits for what its deployment waits for.
fn inherit_dependencies(resources: &mut [Resource]) {
    let outer: Vec<(String, Vec<String>)> = resources
        .iter()
        .filter(|resource| resource.kind.eq_ignore_ascii_case("Microsoft.Resources/deployments"))
        .map(|resource| (format!("{}/", resource.pointer), resource.depends_on.clone()))
        .collect();
    for resource in resources {
        for (pointer, depends_on) in &outer {
            if resource.pointer.starts_with(pointer) {
                resource.depends_on.extend(depends_on.iter().cloned());
            }
        }
    }
}

/// The CLI writes `template:` without quotes around the key, and ARM takes it.
fn read_body(body: &[u8]) -> Result<Value, Answer> {
    let text = String::from_utf8_lossy(body);
    let parsed = serde_json::from_str(&text)
        .or_else(|_| serde_json::from_str(&text.replacen(", template:", ", \"template\":", 1)));
    parsed.map_err(|error| {
        let message =
            format!("The request content was invalid and could not be deserialized: '{error}'.");
        refuse_with(400, &error_object("InvalidRequestContent", message))
    })
}

fn check_form(template: &Value) -> Result<(), Answer> {
    const SECTIONS: [&str; 11] = [
        "$schema",
        "contentVersion",
        "metadata",
        "parameters",
        "variables",
        "resources",
        "outputs",
        "languageVersion",
        "definitions",
        "functions",
        "extensions",
    ];
    let Some(sections) = template.as_object() else {
        return Err(invalid("The template is not an object"));
    };
    if let Some(section) = sections.keys().find(|key| !SECTIONS.contains(&key.as_str())) {
        return Err(invalid(&format!(
            "Could not find member '{section}' on object of type 'Template'"
        )));
    }
    let schema = template["$schema"].as_str().unwrap_or("");
    if !schema.starts_with("https://schema.management.azure.com/schemas/2019-04-01/") {
        return Err(invalid("The template schema is not supported"));
    }
    if template["contentVersion"].as_str().is_none() {
        return Err(invalid("Required property 'contentVersion' not found"));
    }
    if template["resources"].is_object() != (template["languageVersion"] == "2.0") {
        return Err(invalid("Symbolic resources need languageVersion 2.0"));
    }
    Ok(())
}

fn check_parameters(template: &Value, given: &Value) -> Result<(), Answer> {
    let empty = Map::new();
    let declared = template["parameters"].as_object().unwrap_or(&empty);
    for (name, declaration) in declared {
        let Some(value) = given.get(name) else {
            if declaration.get("defaultValue").is_none() && declaration["nullable"] != true {
                return Err(invalid(&format!(
                    "The value for the template parameter '{name}' is not provided"
                )));
            }
            continue;
        };
        let value = &value["value"];
        let fits = match declaration["type"].as_str().unwrap_or("").to_lowercase().as_str() {
            "string" | "securestring" => value.is_string(),
            "int" => value.is_i64() || value.is_u64(),
            "bool" => value.is_boolean(),
            "array" => value.is_array(),
            "object" | "secureobject" => value.is_object(),
            _ => true,
        };
        if !fits {
            return Err(invalid(&format!(
                "The provided value for the template parameter '{name}' is not valid"
            )));
        }
        let allowed = declaration["allowedValues"].as_array();
        if allowed.is_some_and(|allowed| !allowed.contains(value)) {
            return Err(invalid(&format!(
                "The provided value for the template parameter '{name}' is not part of the allowed value(s)"
            )));
        }
    }
    let given = given.as_object().unwrap_or(&empty);
    match given.keys().find(|name| !declared.contains_key(*name)) {
        Some(name) => Err(invalid(&format!(
            "The template parameters '{name}' in the parameters file are not valid; they are not present in the original template"
        ))),
        None => Ok(()),
    }
}

fn context(group: &str, location: &str, name: &str) -> Context {
    Context {
        level: Level::ResourceGroup,
        tenant_id: Some(TENANT.to_owned()),
        subscription_id: Some(SUBSCRIPTION.to_owned()),
        resource_group: Some(group.to_owned()),
        location: Some(location.to_owned()),
        management_group: None,
        deployment: Some(name.to_owned()),
        public_cloud: true,
    }
}

/// Each resource after those that it waits for.
fn ordered(mut waiting: Vec<Wanted>) -> Result<Vec<Wanted>, Answer> {
    let mut done: Vec<Wanted> = Vec::new();
    while !waiting.is_empty() {
        let open: Vec<String> = waiting.iter().flat_map(names_of).collect();
        let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|wanted| {
            wanted.resource.existing
                || !wanted
                    .resource
                    .depends_on
                    .iter()
                    .any(|name| open.contains(&name.to_lowercase()))
        });
        if ready.is_empty() {
            return Err(invalid("Circular dependency detected on resource"));
        }
        done.extend(ready);
        waiting = rest;
    }
    Ok(done)
}

fn names_of(wanted: &Wanted) -> Vec<String> {
    if wanted.resource.existing {
        return Vec::new();
    }
    let id = wanted.resource.id.to_lowercase();
    wanted.symbol.iter().map(|symbol| symbol.to_lowercase()).chain([id]).collect()
}

impl Plan {
    /// A value with all that only Azure knows, as far as it is there.
    pub fn finish(&self, cloud: &Cloud, value: &Value) -> Result<Value, Value> {
        Ok(match value {
            Value::String(text) => match expression::read_template_string(text) {
                TemplateString::Literal(literal) => Value::String(literal.into_owned()),
                TemplateString::Expression(inner) => self.finish_expression(cloud, inner)?,
            },
            Value::Array(items) => Value::Array(
                items.iter().map(|item| self.finish(cloud, item)).collect::<Result<_, _>>()?,
            ),
            Value::Object(map) => Value::Object(
                map.iter()
                    .map(|(key, value)| {
                        let key = self.finish(cloud, &json!(key))?;
                        Ok((key.as_str().unwrap_or("").to_owned(), self.finish(cloud, value)?))
                    })
                    .collect::<Result<_, Value>>()?,
            ),
            plain => plain.clone(),
        })
    }

    /// A text that must come out as a text: an id or a name.
    pub fn finish_text(&self, cloud: &Cloud, text: &str) -> Result<String, Value> {
        let value = self.finish(cloud, &json!(text))?;
        Ok(value.as_str().unwrap_or("").to_owned())
    }

    fn finish_expression(&self, cloud: &Cloud, text: &str) -> Result<Value, Value> {
        let unable = |what: &str| {
            error_object(
                "InvalidTemplate",
                format!("Unable to process template language expressions: {what} in '{text}'"),
            )
        };
        let parsed = expression::parse(text).map_err(|_| unable("syntax"))?;
        let parsed = self.with_references(cloud, parsed)?;
        let scope =
            Outside(context(&self.group, &cloud.location_of(&self.group), ""), Work::default());
        let evaluator = Evaluator::new(&scope);
        let value = evaluator.expression(&parsed, &Locals::NONE);
        if let Some(problem) = evaluator.take_problems().first() {
            return Err(unable(&problem.title));
        }
        value.to_plain().ok_or_else(|| unable("an open value"))
    }

    /// The expression with what each `reference(...)` gives in its place.
    fn with_references(&self, cloud: &Cloud, expression: Expression) -> Result<Expression, Value> {
        Ok(match expression {
            Expression::Call { name, arguments } if name.eq_ignore_ascii_case("reference") => {
                self.reference(cloud, &arguments)?
            }
            Expression::Call { name, arguments } => {
                let arguments: Result<_, _> =
                    arguments.into_iter().map(|part| self.with_references(cloud, part)).collect();
                Expression::Call { name, arguments: arguments? }
            }
            Expression::Property { base, name } => {
                self.with_references(cloud, *base)?.property(name)
            }
            Expression::Index { base, index } => {
                let index = self.with_references(cloud, *index)?;
                self.with_references(cloud, *base)?.index(index)
            }
            plain => plain,
        })
    }

    fn reference(&self, cloud: &Cloud, arguments: &[Expression]) -> Result<Expression, Value> {
        let scope =
            Outside(context(&self.group, &cloud.location_of(&self.group), ""), Work::default());
        let evaluator = Evaluator::new(&scope);
        let target = arguments.first().map(|first| evaluator.expression(first, &Locals::NONE));
        let Some(Evaluated::String(target)) = target else {
            return Err(error_object(
                "InvalidTemplate",
                "The target of reference() is not a text.",
            ));
        };
        let named = |wanted: &&Wanted| wanted.symbol.as_deref() == Some(&target);
        let id = self
            .wanted
            .iter()
            .find(named)
            .map_or(target.clone(), |wanted| wanted.resource.id.clone());
        let found = cloud.resource(&id).ok_or_else(|| {
            let (group, kind, name) = super::cloud::parts_of(&id);
            error_object("ResourceNotFound", format!("The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"))
        })?;
        let full = matches!(arguments.get(2), Some(Expression::String(text)) if text.eq_ignore_ascii_case("full"));
        let value = if full { &found.shown } else { &found.shown["properties"] };
        Ok(Expression::call("json", vec![Expression::string(value.to_string())]))
    }
}

/// A scope without parameters and variables: only the place of the deployment.
struct Outside(Context, Work);

impl Scope for Outside {
    fn parameter(&self, _: &str, _: &Evaluator<'_>) -> Lookup {
        Lookup::Missing
    }
    fn variable(&self, _: &str, _: &Evaluator<'_>) -> Lookup {
        Lookup::Missing
    }
    fn function(&self, _: &str) -> Option<Rc<UserFunction>> {
        None
    }
    fn context(&self) -> &Context {
        &self.0
    }

    fn work(&self) -> &Work {
        &self.1
    }
}
