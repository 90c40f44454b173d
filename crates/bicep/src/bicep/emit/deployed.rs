//! Resources and modules.

use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::Emitter;
use super::value::{plain, string};
use crate::arm::expression::Expression;
use crate::bicep::ir::{
    Argument, DEPLOYMENT_TYPE, DEPLOYMENT_VERSION, Dependency, Module, ModuleParameter, Nested,
    Repeat, Resource, Scope, SecretReference, TemplateScope, Value,
};
use crate::diagnostic::Place;

// The fields of most resources and modules.
const USUAL_FIELDS: usize = 8;

impl Emitter {
    /// The JSON of a resource in a template of this scope.
    pub fn resource(&mut self, resource: Resource, template: TemplateScope) -> Json {
        let deployed = resource.deployed;
        let mut fields = Map::with_capacity(USUAL_FIELDS);
        self.repeat(&mut fields, &deployed.symbol, deployed.repeat);
        self.condition(&mut fields, deployed.condition);
        if resource.existing {
            fields.insert("existing".to_owned(), Json::Bool(true));
        }
        fields.insert("type".to_owned(), Json::String(resource.kind));
        fields.insert("apiVersion".to_owned(), Json::String(resource.api_version));
        if !resource.options.is_empty() {
            let options = resource.options.into_iter().map(|(name, arguments)| {
                let arguments = arguments.into_iter().map(|argument| self.value(argument));
                (name.to_owned(), arguments.collect())
            });
            fields.insert("@options".to_owned(), Json::Object(options.collect()));
        }
        scope(&mut fields, deployed.scope.as_ref(), template);
        self.name(&mut fields, &deployed.name, deployed.name_place);
        fields.extend(self.object(deployed.body));
        self.end(&mut fields, deployed.depends_on, deployed.description);
        Json::Object(fields)
    }

    /// The JSON of a module in a template of this scope.
    pub fn module(&mut self, module: Module, template: TemplateScope) -> Json {
        let deployed = module.deployed;
        let mut fields = Map::with_capacity(USUAL_FIELDS);
        self.repeat(&mut fields, &deployed.symbol, deployed.repeat);
        self.condition(&mut fields, deployed.condition);
        fields.insert("type".to_owned(), Json::from(DEPLOYMENT_TYPE));
        fields.insert("apiVersion".to_owned(), Json::from(DEPLOYMENT_VERSION));
        self.name(&mut fields, &deployed.name, deployed.name_place);
        scope(&mut fields, deployed.scope.as_ref(), template);
        if let Some(location) = &module.location {
            fields.insert("location".to_owned(), plain(location));
        }
        fields.extend(self.object(deployed.body));
        let properties = self.at("properties", module.path, |emitter| {
            emitter.properties(module.parameters, module.template)
        });
        fields.insert("properties".to_owned(), properties);
        self.end(&mut fields, deployed.depends_on, deployed.description);
        Json::Object(fields)
    }

    fn repeat(&mut self, fields: &mut Map<String, Json>, symbol: &str, repeat: Option<Repeat>) {
        let Some(repeat) = repeat else { return };
        let mut copy = Map::new();
        copy.insert("name".to_owned(), Json::from(symbol));
        copy.insert("count".to_owned(), string(&repeat.count));
        if let Some(size) = repeat.batch_size {
            copy.insert("mode".to_owned(), Json::from("serial"));
            copy.insert("batchSize".to_owned(), self.value(size));
        }
        self.note("copy", repeat.place);
        fields.insert("copy".to_owned(), Json::Object(copy));
    }

    fn condition(
        &mut self,
        fields: &mut Map<String, Json>,
        condition: Option<(Expression, Place)>,
    ) {
        let Some((condition, place)) = condition else { return };
        self.note("condition", place);
        fields.insert("condition".to_owned(), plain(&condition));
    }

    fn name(&mut self, fields: &mut Map<String, Json>, name: &Expression, place: Option<Place>) {
        self.note("name", place);
        fields.insert("name".to_owned(), plain(name));
    }

    fn end(
        &mut self,
        fields: &mut Map<String, Json>,
        depends_on: Vec<Dependency>,
        description: Option<Value>,
    ) {
        if !depends_on.is_empty() {
            let names = depends_on.into_iter().map(dependency);
            fields.insert("dependsOn".to_owned(), names.collect());
        }
        if let Some(description) = description {
            let description = self.value(description);
            fields.insert("metadata".to_owned(), json!({ "description": description }));
        }
    }

    fn properties(
        &mut self,
        parameters: Option<(Vec<ModuleParameter>, Place)>,
        template: Nested,
    ) -> Json {
        let mut properties = Map::new();
        let evaluation = json!({ "scope": "inner" });
        properties.insert("expressionEvaluationOptions".to_owned(), evaluation);
        properties.insert("mode".to_owned(), Json::from("Incremental"));
        if let Some((parameters, place)) = parameters {
            let parameters = self.at("parameters", place, |emitter| emitter.arguments(parameters));
            properties.insert("parameters".to_owned(), parameters);
        }
        match template {
            Nested::Template(template, map) => {
                self.mount("template", map);
                properties.insert("template".to_owned(), Arc::unwrap_or_clone(template));
            }
            Nested::Spec(id) => {
                properties.insert("templateLink".to_owned(), json!({ "id": id }));
            }
            Nested::Missing => {}
        }
        Json::Object(properties)
    }

    fn arguments(&mut self, parameters: Vec<ModuleParameter>) -> Json {
        let mut object = Map::new();
        for parameter in parameters {
            let argument = parameter.argument;
            let argument =
                self.at(&parameter.name, parameter.place, |emitter| emitter.argument(argument));
            object.insert(parameter.name, argument);
        }
        Json::Object(object)
    }

    fn argument(&mut self, argument: Argument) -> Json {
        match argument {
            Argument::Value(value, place) => {
                let value = self.at("value", place, |emitter| emitter.value(value));
                json!({ "value": value })
            }
            Argument::Loop(looped) => json!({ "copy": self.loops(vec![looped]) }),
            Argument::Secret(secret) => json!({ "reference": reference(&secret) }),
            Argument::Choice(choice) => plain(&choice),
        }
    }
}

fn reference(secret: &SecretReference) -> Json {
    let mut reference = json!({ "keyVault": { "id": plain(&secret.vault) } });
    if let Some(name) = &secret.name {
        reference["secretName"] = plain(name);
    }
    if let Some(version) = &secret.version {
        reference["secretVersion"] = plain(version);
    }
    reference
}

fn dependency(dependency: Dependency) -> Json {
    match dependency {
        Dependency::Symbol { symbol, index: None } => Json::String(symbol),
        Dependency::Symbol { symbol, index: Some(index) } => {
            plain(&Expression::format(format!("{symbol}[{{0}}]"), vec![index]))
        }
        Dependency::Id(id) => plain(&id),
    }
}

// Tells Azure the scope, as far as it is another than that of the template.
fn scope(fields: &mut Map<String, Json>, scope: Option<&Scope>, template: TemplateScope) {
    let mut put = |name: &str, value: Json| {
        fields.insert(name.to_owned(), value);
    };
    match scope {
        Some(Scope::Resource(id)) => put("scope", plain(id)),
        Some(Scope::Tenant) if template != TemplateScope::Tenant => put("scope", Json::from("/")),
        Some(Scope::ManagementGroup(Some(name))) => {
            let near = template <= TemplateScope::ManagementGroup;
            let id = if near {
                let pattern = "Microsoft.Management/managementGroups/{0}";
                Expression::format(pattern, vec![name.clone()])
            } else {
                let kind = Expression::string("Microsoft.Management/managementGroups");
                Expression::call("tenantResourceId", vec![kind, name.clone()])
            };
            put("scope", plain(&id));
        }
        Some(Scope::Subscription(Some(id))) => put("subscriptionId", plain(id)),
        Some(Scope::Subscription(None)) if template == TemplateScope::ResourceGroup => {
            let current = Expression::call("subscription", Vec::new());
            put("subscriptionId", plain(&current.property("subscriptionId")));
        }
        Some(Scope::ResourceGroup(subscription, name)) => {
            if let Some(subscription) = subscription {
                put("subscriptionId", plain(subscription));
            }
            if let Some(name) = name {
                put("resourceGroup", plain(name));
            }
        }
        None | Some(Scope::Tenant | Scope::ManagementGroup(None) | Scope::Subscription(None)) => {}
    }
}
