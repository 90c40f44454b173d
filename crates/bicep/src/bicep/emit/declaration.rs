//! Metadata, types, functions, parameters, variables and outputs.

use serde_json::{Map, Value as Json, json};

use super::Emitter;
use crate::bicep::ir::{
    Assert, ExportedVariable, Function, FunctionKind, ImportedFrom, Initializer, LoadedFile,
    Metadata, Output, Parameter, TypeDeclaration, Variable,
};

// What Microsoft's compiler writes into templates that need experiments of Azure's engine.
const EXPERIMENTAL_WARNING: &str = "This template uses ARM features that are experimental. \
    Experimental features should be enabled for testing purposes only, as there are no guarantees about \
    the quality or stability of these features. Do not enable these settings for any production usage, \
    or your production environment may be subject to breaking.";

impl Emitter {
    /// `metadata` of the template.
    pub fn metadata(&mut self, metadata: Metadata) -> Map<String, Json> {
        let mut object = Map::new();
        if !metadata.experiments.is_empty() {
            object.insert("_EXPERIMENTAL_WARNING".to_owned(), Json::from(EXPERIMENTAL_WARNING));
            let experiments = json!(metadata.experiments);
            object.insert("_EXPERIMENTAL_FEATURES_ENABLED".to_owned(), experiments);
        }
        let version = env!("CARGO_PKG_VERSION");
        let generator = json!({ "name": "prebake", "version": version });
        object.insert("_generator".to_owned(), generator);
        for item in metadata.items {
            let value = self.at(&item.name, item.place, |emitter| emitter.value(item.value));
            object.insert(item.name, value);
        }
        if !metadata.exported_variables.is_empty() {
            let name = "__bicep_exported_variables!";
            let exported = self.within(name, |emitter| {
                let exported = metadata.exported_variables.into_iter().enumerate();
                let exported = exported.map(|(at, variable)| {
                    emitter.within(&at.to_string(), |emitter| emitter.exported_variable(variable))
                });
                exported.collect()
            });
            object.insert(name.to_owned(), exported);
        }
        object
    }

    fn exported_variable(&mut self, variable: ExportedVariable) -> Json {
        let mut object = Map::new();
        object.insert("name".to_owned(), Json::String(variable.name));
        if let Some(description) = variable.description {
            object.insert("description".to_owned(), self.value(description));
        }
        if let Some(kind) = variable.kind {
            let kind = self.within("type", |emitter| emitter.type_object(kind));
            object.insert("type".to_owned(), Json::Object(kind));
        }
        Json::Object(object)
    }

    /// `definitions`
    pub fn definitions(&mut self, types: Vec<TypeDeclaration>) -> Map<String, Json> {
        let mut definitions = Map::new();
        for declared in types {
            let kind = declared.kind;
            let mut object =
                self.at(&declared.name, declared.place, |emitter| emitter.declared_type(kind));
            mark(&mut object, declared.imported);
            definitions.insert(declared.name, Json::Object(object));
        }
        definitions
    }

    /// `functions`, by namespace in the order in which these come.
    pub fn functions(&mut self, functions: Vec<Function>) -> Json {
        let mut namespaces: Vec<(String, Map<String, Json>)> = Vec::new();
        for function in functions {
            let Function { namespace, name, kind, imported } = function;
            let known = namespaces.iter().position(|known| known.0 == namespace);
            let at = known.unwrap_or_else(|| {
                namespaces.push((namespace, Map::new()));
                namespaces.len() - 1
            });
            let object = self.within(&at.to_string(), |emitter| {
                emitter.within("members", |emitter| {
                    emitter.within(&name, |emitter| emitter.function(kind, imported))
                })
            });
            namespaces[at].1.insert(name, Json::Object(object));
        }
        let namespaces = namespaces.into_iter();
        namespaces.map(|(name, members)| json!({ "namespace": name, "members": members })).collect()
    }

    /// The declaration of a function.
    pub fn function(
        &mut self,
        function: FunctionKind,
        imported: Option<ImportedFrom>,
    ) -> Map<String, Json> {
        let mut object = match function {
            FunctionKind::Template(object) => object,
            FunctionKind::Bicep { parameters, output, value, decorations } => {
                let parameters = parameters.into_iter().map(|(name, kind)| {
                    let mut object = self.type_object(kind);
                    object.insert("name".to_owned(), Json::String(name));
                    Json::Object(object)
                });
                let parameters = parameters.collect();
                let output = self.within("output", |emitter| {
                    let mut output = emitter.type_object(output);
                    let value = emitter.within("value", |emitter| emitter.value(value));
                    output.insert("value".to_owned(), value);
                    output
                });
                let mut object = Map::new();
                object.insert("parameters".to_owned(), parameters);
                object.insert("output".to_owned(), Json::Object(output));
                self.decorate(&mut object, decorations);
                object
            }
        };
        mark(&mut object, imported);
        object
    }

    /// `parameters`
    pub fn parameters(&mut self, parameters: Vec<Parameter>) -> Map<String, Json> {
        let mut object = Map::new();
        for parameter in parameters {
            let (kind, default) = (parameter.kind, parameter.default);
            let value = self.at(&parameter.name, parameter.place, |emitter| {
                let mut object = emitter.declared_type(kind);
                if let Some((value, place)) = default {
                    let value = emitter.at("defaultValue", place, |emitter| emitter.value(value));
                    object.insert("defaultValue".to_owned(), value);
                }
                object
            });
            object.insert(parameter.name, Json::Object(value));
        }
        object
    }

    /// `variables`: what is loaded, then the loops, then all others.
    pub fn variables(
        &mut self,
        loaded: Vec<LoadedFile>,
        variables: Vec<Variable>,
    ) -> Map<String, Json> {
        let mut object = Map::new();
        for file in loaded {
            let content = self.at(&file.name, file.place, |_| super::value::data(&file.content));
            object.insert(file.name, content);
        }
        let mut loops = Vec::new();
        let mut plain = Map::new();
        for variable in variables {
            match variable.value {
                Initializer::Loop(looped) => loops.push(looped),
                Initializer::Value(value, place) => {
                    let value = self.at(&variable.name, place, |emitter| emitter.value(value));
                    plain.insert(variable.name, value);
                }
            }
        }
        if !loops.is_empty() {
            object.insert("copy".to_owned(), self.loops(loops));
        }
        object.extend(plain);
        object
    }

    /// `outputs`
    pub fn outputs(&mut self, outputs: Vec<Output>) -> Map<String, Json> {
        let mut object = Map::new();
        for output in outputs {
            let (kind, value) = (output.kind, output.value);
            let value = self.at(&output.name, output.place, |emitter| {
                let mut object = emitter.declared_type(kind);
                let (name, value) = match value {
                    Initializer::Loop(looped) => {
                        let copy =
                            emitter.at("copy", looped.place, |emitter| emitter.looped(looped));
                        ("copy", copy)
                    }
                    Initializer::Value(value, place) => {
                        ("value", emitter.at("value", place, |emitter| emitter.value(value)))
                    }
                };
                object.insert(name.to_owned(), value);
                object
            });
            object.insert(output.name, Json::Object(value));
        }
        object
    }

    /// `asserts`
    pub fn asserts(&mut self, asserts: Vec<Assert>) -> Map<String, Json> {
        let mut object = Map::new();
        for assert in asserts {
            let value = self.within(&assert.name, |emitter| emitter.value(assert.value));
            object.insert(assert.name, value);
        }
        object
    }
}

// Says where a declaration comes from. What is imported is not exported again.
fn mark(object: &mut Map<String, Json>, imported: Option<ImportedFrom>) {
    let Some(imported) = imported else { return };
    let mut from = Map::new();
    from.insert("sourceTemplate".to_owned(), Json::String(imported.file));
    if let Some(name) = imported.original_name {
        from.insert("originalIdentifier".to_owned(), Json::String(name));
    }
    let metadata = object.entry("metadata").or_insert_with(|| json!({}));
    if let Json::Object(metadata) = metadata {
        metadata.remove("__bicep_export!");
        metadata.insert("__bicep_imported_from!".to_owned(), Json::Object(from));
    }
}
