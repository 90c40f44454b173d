use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Expansion, Resource};
use crate::arm::expression::{
    Expression, TemplateString, is_expression, parse, read_template_string,
};

/// What Azure would be asked for, in the form of Microsoft's `bicep snapshot`: every resource with all that is known
/// of it, modules opened. What only Azure can know stays an expression, in which resources are named by their ids.
pub fn snapshot(expansion: &Expansion) -> Value {
    let named = Named::new(&expansion.resources);
    let resources = expansion
        .resources
        .iter()
        .filter(|resource| !resource.existing && !resource.is_opened_module());
    let outputs = named.object(&expansion.outputs, "");
    json!({
        "predictedResources": resources.map(|resource| named.predicted(resource)).collect::<Vec<_>>(),
        "diagnostics": [],
        "outputs": outputs,
    })
}

/// The resources by the pointer of their template and their symbolic name there.
struct Named<'r> {
    resources: HashMap<(&'r str, &'r str), Vec<&'r Resource>>,
}

impl<'r> Named<'r> {
    fn new(all: &'r [Resource]) -> Self {
        let mut resources: HashMap<_, Vec<&Resource>> = HashMap::new();
        for resource in all {
            if let Some(place) = resource.pointer.rsplit_once("/resources/") {
                resources.entry(place).or_default().push(resource);
            }
        }
        Self { resources }
    }

    fn predicted(&self, resource: &Resource) -> Value {
        let template =
            resource.pointer.rsplit_once("/resources/").map_or("", |(template, _)| template);
        let mut all = Map::new();
        let texts = [
            ("id", id_of(resource)),
            ("type", resource.kind.clone()),
            ("name", resource.name.clone()),
            ("apiVersion", resource.api_version.clone()),
        ];
        for (key, text) in texts {
            all.insert(key.to_owned(), self.text(&text, template));
        }
        all.extend(self.object(&resource.body, template));
        Value::Object(all)
    }

    fn object(&self, object: &Map<String, Value>, template: &str) -> Map<String, Value> {
        object.iter().map(|(key, value)| (key.clone(), self.value(value, template))).collect()
    }

    fn value(&self, value: &Value, template: &str) -> Value {
        match value {
            Value::String(text) => self.text(text, template),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item, template)).collect())
            }
            Value::Object(object) => Value::Object(self.object(object, template)),
            other => other.clone(),
        }
    }

    /// A literal without its escape, or an expression with ids in place of symbolic names.
    fn text(&self, text: &str, template: &str) -> Value {
        let shown = match read_template_string(text) {
            TemplateString::Literal(literal) => literal.into_owned(),
            TemplateString::Expression(inner) => match parse(inner) {
                Ok(expression) => self.expression(expression, template).to_template_string(),
                Err(_) => text.to_owned(),
            },
        };
        Value::String(shown)
    }

    fn expression(&self, expression: Expression, template: &str) -> Expression {
        match expression {
            Expression::Call { name, arguments } => {
                let arguments = arguments.into_iter().map(|it| self.expression(it, template));
                let arguments = arguments.collect();
                let arguments = self.by_id(&name, arguments, template);
                Expression::Call { name, arguments }
            }
            Expression::Property { base, name } => {
                Expression::Property { base: Box::new(self.expression(*base, template)), name }
            }
            Expression::Index { base, index } => Expression::Index {
                base: Box::new(self.expression(*base, template)),
                index: Box::new(self.expression(*index, template)),
            },
            literal => literal,
        }
    }

    /// The arguments of a function that may name a resource of the template, which then is named by its id.
    fn by_id(&self, name: &str, mut arguments: Vec<Expression>, template: &str) -> Vec<Expression> {
        let name = name.to_ascii_lowercase();
        let is_reference = name == "reference";
        if !is_reference && !name.starts_with("list") {
            return arguments;
        }
        let Some(Expression::String(symbol)) = arguments.first() else { return arguments };
        let Some(resource) = self.find(symbol, template) else { return arguments };
        let id = id_of(resource);
        arguments[0] = match read_template_string(&id) {
            TemplateString::Expression(inner) => match parse(inner) {
                Ok(id) => self.expression(id, template),
                Err(_) => Expression::string(inner),
            },
            TemplateString::Literal(literal) => Expression::string(literal),
        };
        if is_reference && arguments.len() == 1 {
            arguments.push(Expression::string(resource.api_version.as_str()));
        }
        arguments
    }

    /// The resource of a symbolic name, in a template or in one around it.
    fn find(&self, symbol: &str, template: &str) -> Option<&'r Resource> {
        let (base, item) = crate::arm::expression::symbolic_item(symbol);
        let mut template = template;
        loop {
            if let Some(found) = self.resources.get(&(template, base)) {
                let index = item.and_then(|item| usize::try_from(item).ok()).unwrap_or(0);
                return found.get(index).copied();
            }
            template = template.rsplit_once("/resources/")?.0;
        }
    }
}

/// The id of a resource: as it stands, or an expression where its name is one.
fn id_of(resource: &Resource) -> String {
    let namespace = resource.kind.split('/').next().unwrap_or_default();
    let place = resource.id.rfind(&format!("/providers/{namespace}/")).map(|at| &resource.id[..at]);
    match (read_template_string(&resource.name), place) {
        (TemplateString::Expression(name), Some(place)) if is_expression(&resource.name) => {
            format!("[extensionResourceId('{place}', '{}', {name})]", resource.kind)
        }
        _ => resource.id.clone(),
    }
}
