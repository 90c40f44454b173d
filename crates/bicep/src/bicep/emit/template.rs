//! The frame of a template.

use serde_json::{Map, Value as Json};

use super::Emitter;
use crate::arm::SourceMap;
use crate::bicep::ir::{Module, Program, Resource, TemplateScope};

/// The JSON of a template, and from its parts to their source.
pub fn template(program: Program) -> (Json, SourceMap) {
    let mut emitter = Emitter::default();
    let json = emitter.template(program);
    (json, emitter.into_map())
}

impl Emitter {
    fn template(&mut self, program: Program) -> Json {
        let mut template = Map::new();
        let mut put = |name: &str, value: Json| {
            template.insert(name.to_owned(), value);
        };
        let Program { scope, symbolic, place, .. } = program;
        put("$schema", Json::from(schema(scope)));
        if let Some(version) = program.language_version {
            put("languageVersion", Json::from(version));
        }
        put("contentVersion", Json::from("1.0.0.0"));
        let metadata = self.at("metadata", place, |emitter| emitter.metadata(program.metadata));
        put("metadata", Json::Object(metadata));
        let definitions =
            self.at("definitions", place, |emitter| emitter.definitions(program.types));
        if !definitions.is_empty() {
            put("definitions", Json::Object(definitions));
        }
        if !program.functions.is_empty() {
            let functions =
                self.within("functions", |emitter| emitter.functions(program.functions));
            put("functions", functions);
        }
        let parameters =
            self.at("parameters", place, |emitter| emitter.parameters(program.parameters));
        if !parameters.is_empty() {
            put("parameters", Json::Object(parameters));
        }
        let variables = self
            .at("variables", place, |emitter| emitter.variables(program.loaded, program.variables));
        if !variables.is_empty() {
            put("variables", Json::Object(variables));
        }
        let resources = self.at("resources", place, |emitter| {
            let resources = (program.resources, program.modules);
            if symbolic {
                emitter.symbolic_resources(resources, scope)
            } else {
                emitter.listed_resources(resources, scope)
            }
        });
        put("resources", resources);
        let outputs = self.at("outputs", place, |emitter| emitter.outputs(program.outputs));
        if !outputs.is_empty() {
            put("outputs", Json::Object(outputs));
        }
        let asserts = self.at("asserts", place, |emitter| emitter.asserts(program.asserts));
        if !asserts.is_empty() {
            put("asserts", Json::Object(asserts));
        }
        Json::Object(template)
    }

    // Resources by their symbolic names.
    fn symbolic_resources(
        &mut self,
        (resources, modules): (Vec<Resource>, Vec<Module>),
        scope: TemplateScope,
    ) -> Json {
        let mut object = Map::new();
        for resource in resources {
            let (name, place) = (resource.deployed.symbol.clone(), resource.deployed.place);
            let json = self.at(&name, place, |emitter| emitter.resource(resource, scope));
            object.insert(name, json);
        }
        for module in modules {
            let (name, place) = (module.deployed.symbol.clone(), module.deployed.place);
            let json = self.at(&name, place, |emitter| emitter.module(module, scope));
            object.insert(name, json);
        }
        Json::Object(object)
    }

    // Resources by their position.
    fn listed_resources(
        &mut self,
        (resources, modules): (Vec<Resource>, Vec<Module>),
        scope: TemplateScope,
    ) -> Json {
        let mut array = Vec::with_capacity(resources.len() + modules.len());
        for resource in resources {
            let (at, place) = (array.len().to_string(), resource.deployed.place);
            array.push(self.at(&at, place, |emitter| emitter.resource(resource, scope)));
        }
        for module in modules {
            let (at, place) = (array.len().to_string(), module.deployed.place);
            array.push(self.at(&at, place, |emitter| emitter.module(module, scope)));
        }
        Json::Array(array)
    }
}

fn schema(scope: TemplateScope) -> &'static str {
    match scope {
        TemplateScope::Tenant => {
            "https://schema.management.azure.com/schemas/2019-08-01/tenantDeploymentTemplate.json#"
        }
        TemplateScope::ManagementGroup => {
            "https://schema.management.azure.com/schemas/2019-08-01/managementGroupDeploymentTemplate.json#"
        }
        TemplateScope::Subscription => {
            "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"
        }
        TemplateScope::ResourceGroup => {
            "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
        }
    }
}
