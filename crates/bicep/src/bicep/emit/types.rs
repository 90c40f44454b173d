//! Types as the JSON that parameters, outputs and definitions hold.

use serde_json::{Map, Value as Json, json};

use super::Emitter;
use super::value::template_text;
use crate::bicep::ir::{DeclaredType, Decorations, DerivedType, Literal, Type, TypeProperty};

impl Emitter {
    /// A type with all that its decorators say.
    pub fn declared_type(&mut self, declared: DeclaredType) -> Map<String, Json> {
        let mut object = self.type_object(declared.base);
        self.decorate(&mut object, declared.decorations);
        object
    }

    /// A type by itself.
    pub fn type_object(&mut self, declared: Type) -> Map<String, Json> {
        match declared {
            // Types may be deep. Each of these has a function of its own, which keeps the stack small.
            Type::Array(item) => self.array_type(*item),
            Type::Tuple(items) => self.tuple(items),
            Type::Object { properties, additional } => self.object_type(properties, additional),
            Type::Discriminated { key, branches } => self.discriminated(&key, branches),
            Type::Nullable { base, nullable } => self.nullable(*base, nullable),
            Type::Template(object) => object,
            flat => flat_type(flat),
        }
    }

    fn array_type(&mut self, item: Type) -> Map<String, Json> {
        let item = self.within("items", |emitter| emitter.type_object(item));
        fields([("type", Json::from("array")), ("items", Json::Object(item))])
    }

    fn nullable(&mut self, base: Type, nullable: bool) -> Map<String, Json> {
        let mut object = self.type_object(base);
        object.insert("nullable".to_owned(), Json::Bool(nullable));
        object
    }

    fn discriminated(&mut self, key: &str, branches: Vec<(String, Type)>) -> Map<String, Json> {
        let mapping = self.within("discriminator", |emitter| {
            emitter.within("mapping", |emitter| emitter.mapping(branches))
        });
        let discriminator = json!({ "propertyName": key, "mapping": mapping });
        fields([("type", Json::from("object")), ("discriminator", discriminator)])
    }

    fn tuple(&mut self, items: Vec<DeclaredType>) -> Map<String, Json> {
        let items = self.within("prefixItems", |emitter| {
            let items = items.into_iter().enumerate();
            let items = items.map(|(index, item)| {
                emitter.within(&index.to_string(), |emitter| emitter.declared_type(item))
            });
            items.map(Json::Object).collect()
        });
        fields([
            ("type", Json::from("array")),
            ("prefixItems", items),
            ("items", Json::Bool(false)),
        ])
    }

    fn object_type(
        &mut self,
        properties: Vec<TypeProperty>,
        additional: Option<Box<DeclaredType>>,
    ) -> Map<String, Json> {
        let properties = self.within("properties", |emitter| {
            let mut object = Map::new();
            for TypeProperty { name, kind, place } in properties {
                let kind = emitter.at(&name, place, |emitter| emitter.declared_type(kind));
                object.insert(name, Json::Object(kind));
            }
            object
        });
        let mut object =
            fields([("type", Json::from("object")), ("properties", Json::Object(properties))]);
        if let Some(rest) = additional {
            let rest = self.within("additionalProperties", |emitter| emitter.declared_type(*rest));
            object.insert("additionalProperties".to_owned(), Json::Object(rest));
        }
        object
    }

    fn mapping(&mut self, branches: Vec<(String, Type)>) -> Map<String, Json> {
        let mut mapping = Map::new();
        for (value, kind) in branches {
            let kind = self.within(&value, |emitter| emitter.type_object(kind));
            mapping.insert(template_text(value), Json::Object(kind));
        }
        mapping
    }

    /// Adds what decorators say to the JSON of a type or function.
    pub fn decorate(
        &mut self,
        object: &mut Map<String, Json>,
        decorations: Option<Box<Decorations>>,
    ) {
        let Some(decorations) = decorations else { return };
        let Decorations {
            secure,
            sealed,
            exported,
            allowed,
            limits,
            validate,
            metadata,
            description,
        } = *decorations;
        if secure {
            let secure = match object.get("type").and_then(Json::as_str) {
                Some("string") => "securestring",
                _ => "secureObject",
            };
            object.insert("type".to_owned(), Json::from(secure));
        }
        if let Some(allowed) = allowed {
            let allowed = self.within("allowedValues", |emitter| emitter.value(allowed));
            object.insert("allowedValues".to_owned(), allowed);
        }
        for (name, limit) in limits {
            object.insert(name.to_owned(), self.value(limit));
        }
        if let Some(parts) = validate {
            let parts = parts.into_iter().map(|part| self.value(part));
            object.insert("validate".to_owned(), parts.collect());
        }
        if sealed {
            object.insert("additionalProperties".to_owned(), Json::Bool(false));
        }
        let mut metadata =
            metadata.map(|found| self.within("metadata", |emitter| emitter.object(found)));
        if let Some(description) = description {
            let description = self.value(description);
            metadata.get_or_insert_default().insert("description".to_owned(), description);
        }
        if exported {
            let metadata = metadata.get_or_insert_default();
            metadata.insert("__bicep_export!".to_owned(), Json::Bool(true));
        }
        let Some(metadata) = metadata else { return };
        // What a resource type contributes stays.
        match object.get_mut("metadata") {
            Some(Json::Object(existing)) => existing.extend(metadata),
            _ => {
                object.insert("metadata".to_owned(), Json::Object(metadata));
            }
        }
    }
}

// A type that holds no others.
fn flat_type(declared: Type) -> Map<String, Json> {
    match declared {
        Type::BuiltIn(name) => fields([("type", Json::String(name))]),
        Type::Reference(pointer) => fields([("$ref", Json::String(pointer))]),
        Type::ResourceId(kind) => {
            let metadata = json!({ "resourceType": kind });
            fields([("type", Json::from("string")), ("metadata", metadata)])
        }
        Type::Derived(derived) => derived_object(&derived),
        Type::Literals(literals) => literals_object(literals),
        Type::ArrayOfLiterals(literals) => {
            let allowed = allowed_values(literals);
            fields([("type", Json::from("array")), ("allowedValues", allowed)])
        }
        _ => Map::new(),
    }
}

fn fields<const N: usize>(fields: [(&str, Json); N]) -> Map<String, Json> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn derived_object(derived: &DerivedType) -> Map<String, Json> {
    let mut object = Map::new();
    if let Some(kind) = derived.kind {
        object.insert("type".to_owned(), Json::from(kind));
    }
    let mut source = json!({ "source": derived.source });
    if derived.output {
        source["output"] = Json::Bool(true);
    }
    object.insert("metadata".to_owned(), json!({ "__bicep_resource_derived_type!": source }));
    object
}

// The type that allows no other value.
fn literals_object(literals: Vec<Literal>) -> Map<String, Json> {
    let count = literals.len();
    let members: Vec<Literal> =
        literals.into_iter().filter(|literal| *literal != Literal::Null).collect();
    let nullable = members.len() < count;
    let mut object = Map::new();
    let mut kinds = members.iter().map(Literal::kind);
    if let Some(first) = kinds.next()
        && kinds.all(|kind| kind == first)
    {
        object.insert("type".to_owned(), Json::from(first));
    }
    if !members.is_empty() {
        object.insert("allowedValues".to_owned(), allowed_values(members));
    }
    if nullable {
        object.insert("nullable".to_owned(), Json::Bool(true));
    }
    object
}

fn allowed_values(literals: Vec<Literal>) -> Json {
    literals.into_iter().map(literal_json).collect()
}

fn literal_json(value: Literal) -> Json {
    match value {
        Literal::Null => Json::Null,
        Literal::Bool(value) => Json::Bool(value),
        Literal::Number(value) => Json::Number(value),
        Literal::Text(text) => Json::String(template_text(text)),
        Literal::Array(items) => items.into_iter().map(literal_json).collect(),
        Literal::Object(properties) => {
            let properties = properties.into_iter();
            let properties =
                properties.map(|(name, value)| (template_text(name), literal_json(value)));
            Json::Object(properties.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{FileId, Place, Span};

    #[test]
    fn a_property_has_a_place_where_the_template_holds_it() {
        let place = Place { file: FileId(0), span: Span::new(3, 4) };
        let declared = |base| DeclaredType { base, decorations: None };
        let kind = declared(Type::BuiltIn("string".to_owned()));
        let property = TypeProperty { name: "a".to_owned(), kind, place };
        let object = Type::Object { properties: vec![property], additional: None };
        let mut emitter = Emitter::default();
        let json = emitter.within("definitions", |emitter| {
            emitter.within("t", |emitter| emitter.declared_type(declared(object)))
        });
        let expected = json!({ "type": "object", "properties": { "a": { "type": "string" } } });
        assert_eq!(Json::Object(json), expected);
        let map = emitter.into_map();
        assert_eq!(map.place("/definitions/t/properties/a/type"), Some(place));
        assert_eq!(map.place("/definitions/t/type"), None);
    }
}
