use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Expansion, Resource};
use crate::arm::evaluate::{Evaluated, Properties};
use crate::arm::expression::{Expression, symbolic_item};

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
        let identity = [
            ("id", id_of(resource)),
            ("type", Evaluated::from(resource.kind.as_str())),
            ("name", resource.typed_name()),
            ("apiVersion", Evaluated::from_template_string(&resource.api_version)),
        ];
        for (key, value) in identity {
            all.insert(key.to_owned(), self.value(&value, template));
        }
        all.extend(self.object(&resource.body, template));
        Value::Object(all)
    }

    fn object(&self, object: &Properties, template: &str) -> Map<String, Value> {
        object.iter().map(|(key, value)| (key.clone(), self.value(value, template))).collect()
    }

    /// A literal without the escape of templates, or an expression with ids in place of symbolic names.
    fn value(&self, value: &Evaluated, template: &str) -> Value {
        match value {
            Evaluated::String(text) => Value::String(text.clone()),
            Evaluated::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item, template)).collect())
            }
            Evaluated::Object(object) => Value::Object(self.object(object, template)),
            Evaluated::Symbolic(expression) => {
                let expression = self.expression(expression.clone(), template);
                Value::String(expression.to_template_string())
            }
            scalar => scalar.to_template(),
        }
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
        arguments[0] = self.expression(id_of(resource).to_expression(), template);
        if is_reference && arguments.len() == 1 {
            arguments.push(Expression::string(resource.api_version.as_str()));
        }
        arguments
    }

    /// The resource of a symbolic name, in a template or in one around it.
    fn find(&self, symbol: &str, template: &str) -> Option<&'r Resource> {
        let (base, item) = symbolic_item(symbol);
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
fn id_of(resource: &Resource) -> Evaluated {
    let namespace = resource.kind.split('/').next().unwrap_or_default();
    let place = resource.id.rfind(&format!("/providers/{namespace}/")).map(|at| &resource.id[..at]);
    match (resource.typed_name(), place) {
        (Evaluated::Symbolic(name), Some(place)) => {
            let arguments =
                vec![Expression::string(place), Expression::string(resource.kind.as_str()), name];
            Evaluated::Symbolic(Expression::call("extensionResourceId", arguments))
        }
        _ => Evaluated::from(resource.id.as_str()),
    }
}
