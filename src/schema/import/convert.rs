use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::pattern;
use super::table::{ImportError, Index, Property, Table, Type};

/// Properties of every resource that its declaration gives, and not its body.
const OUTSIDE: [&str; 3] = ["id", "type", "apiVersion"];
/// Lists of values that are shorter are repeated where they are used.
const SHORT_LIST: usize = 4;
/// How deep types may nest without a name in between; Azure's deepest are far below.
const DEEPEST: usize = 64;

/// The schema of a body.
pub(super) fn schema(table: &Table, body: Index, title: &str) -> Result<Value, ImportError> {
    let mut uses = BTreeMap::new();
    count_uses(table, body, &mut uses)?;
    let mut converter =
        Converter { table, uses, names: BTreeMap::new(), definitions: Map::new(), depth: 0 };
    let Value::Object(body) = converter.body(body)? else {
        return Err(ImportError::BadTable("the body is not an object".to_owned()));
    };
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!(title));
    schema.extend(body);
    if !converter.definitions.is_empty() {
        converter.definitions.sort_keys();
        schema.insert("$defs".to_owned(), Value::Object(converter.definitions));
    }
    Ok(Value::Object(schema))
}

/// The types that a type refers to, leaving out read-only properties: nobody writes them.
fn children(table: &Table, index: Index) -> Result<Vec<Index>, ImportError> {
    let writable = |properties: &IndexMap<String, Property>| {
        let kept = properties.values().filter(|property| !property.is_read_only());
        kept.map(|property| property.kind.index()).collect::<Result<Vec<_>, _>>()
    };
    Ok(match table.get(index)? {
        Type::Union { elements } => {
            elements.iter().map(super::table::Reference::index).collect::<Result<_, _>>()?
        }
        Type::Array { item_type, .. } => vec![item_type.index()?],
        Type::Object { properties, additional_properties, .. } => {
            let mut all = writable(properties)?;
            all.extend(
                additional_properties.as_ref().map(super::table::Reference::index).transpose()?,
            );
            all
        }
        Type::Discriminated { base_properties, elements, .. } => {
            let mut all = writable(base_properties)?;
            for element in elements.values() {
                all.push(element.index()?);
            }
            all
        }
        _ => Vec::new(),
    })
}

fn count_uses(
    table: &Table,
    root: Index,
    uses: &mut BTreeMap<Index, usize>,
) -> Result<(), ImportError> {
    let mut seen = BTreeSet::new();
    let mut open = vec![root];
    while let Some(index) = open.pop() {
        if !seen.insert(index) {
            continue;
        }
        for child in children(table, index)? {
            *uses.entry(child).or_default() += 1;
            open.push(child);
        }
    }
    Ok(())
}

struct Converter<'t> {
    table: &'t Table,
    uses: BTreeMap<Index, usize>,
    /// Names of definitions, by type.
    names: BTreeMap<Index, String>,
    definitions: Map<String, Value>,
    depth: usize,
}

impl<'t> Converter<'t> {
    fn body(&mut self, index: Index) -> Result<Value, ImportError> {
        let mut schema = self.inline(index)?;
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.retain(|name, _| !OUTSIDE.contains(&name.as_str()));
        }
        Ok(schema)
    }

    /// A type where it is used: by name if it is used often, else spelled out.
    fn used(&mut self, index: Index) -> Result<Value, ImportError> {
        let often = self.uses.get(&index).is_some_and(|uses| *uses > 1);
        if !often || !self.deserves_name(index)? {
            return self.inline(index);
        }
        if let Some(name) = self.names.get(&index) {
            return Ok(json!({ "$ref": format!("#/$defs/{name}") }));
        }
        let name = self.free_name(index)?;
        self.names.insert(index, name.clone());
        self.definitions.insert(name.clone(), Value::Null);
        let definition = self.inline(index)?;
        self.definitions.insert(name.clone(), definition);
        Ok(json!({ "$ref": format!("#/$defs/{name}") }))
    }

    fn deserves_name(&self, index: Index) -> Result<bool, ImportError> {
        Ok(match self.table.get(index)? {
            Type::Object { .. } | Type::Discriminated { .. } | Type::Array { .. } => true,
            Type::Union { elements } => elements.len() > SHORT_LIST,
            _ => false,
        })
    }

    fn free_name(&self, index: Index) -> Result<String, ImportError> {
        let base = match self.table.get(index)? {
            Type::Object { name, .. } | Type::Discriminated { name, .. } => {
                name.chars().filter(char::is_ascii_alphanumeric).collect()
            }
            Type::Array { .. } => format!("List{index}"),
            _ => format!("Values{index}"),
        };
        if self.definitions.contains_key(&base) {
            return Ok(format!("{base}{index}"));
        }
        Ok(base)
    }

    fn inline(&mut self, index: Index) -> Result<Value, ImportError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(ImportError::BadTable("types are nested too deeply".to_owned()));
        }
        let table = self.table;
        let schema = match table.get(index)? {
            Type::Any | Type::Resource { .. } | Type::Other => json!({}),
            Type::Null => json!({ "type": "null" }),
            Type::Boolean => json!({ "type": "boolean" }),
            Type::Integer { min_value, max_value } => {
                bounded("integer", [("minimum", json!(min_value)), ("maximum", json!(max_value))])
            }
            Type::String { min_length, max_length, pattern: form } => bounded(
                "string",
                [
                    ("minLength", json!(min_length)),
                    ("maxLength", json!(max_length)),
                    ("pattern", json!(form.as_deref().and_then(pattern::pattern))),
                ],
            ),
            Type::Literal { value } => json!({ "const": value }),
            Type::Union { elements } => self.union(elements)?,
            Type::Array { item_type, min_length, max_length } => bounded(
                "array",
                [
                    ("items", self.used(item_type.index()?)?),
                    ("minItems", json!(min_length)),
                    ("maxItems", json!(max_length)),
                ],
            ),
            Type::Object { properties, additional_properties, .. } => {
                let additional = additional_properties.as_ref().map(super::table::Reference::index);
                self.object(properties.iter(), additional.transpose()?)?
            }
            Type::Discriminated { discriminator, base_properties, elements, .. } => {
                self.discriminated(discriminator, base_properties, elements.values())?
            }
        };
        self.depth -= 1;
        Ok(schema)
    }

    fn union(&mut self, elements: &[super::table::Reference]) -> Result<Value, ImportError> {
        let table = self.table;
        let mut values = Vec::new();
        let mut others = Vec::new();
        for element in elements {
            let index = element.index()?;
            match table.get(index)? {
                Type::Literal { value } => values.push(json!(value)),
                _ => others.push(index),
            }
        }
        if others.is_empty() {
            return Ok(json!({ "enum": values }));
        }
        // A list of texts that also takes any text is a list of examples.
        if let [only] = others.as_slice()
            && matches!(table.get(*only)?, Type::String { .. })
        {
            let mut schema = self.inline(*only)?;
            schema["examples"] = Value::Array(values);
            return Ok(schema);
        }
        let mut branches = Vec::new();
        if !values.is_empty() {
            branches.push(json!({ "enum": values }));
        }
        for other in others {
            branches.push(self.used(other)?);
        }
        Ok(json!({ "anyOf": branches }))
    }

    fn object<'p>(
        &mut self,
        declared: impl Iterator<Item = (&'p String, &'p Property)>,
        additional: Option<Index>,
    ) -> Result<Value, ImportError> {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for (name, property) in declared {
            if property.is_read_only() {
                properties.insert(name.clone(), json!({ "readOnly": true }));
                continue;
            }
            let mut schema = self.used(property.kind.index()?)?;
            if property.is_write_only() {
                schema["writeOnly"] = json!(true);
            }
            if property.is_required() {
                required.push(json!(name));
            }
            properties.insert(name.clone(), schema);
        }
        let additional = match additional {
            Some(index) => self.used(index)?,
            None => json!(false),
        };
        let mut schema = Map::new();
        schema.insert("type".to_owned(), json!("object"));
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), Value::Object(properties));
        }
        if !required.is_empty() {
            schema.insert("required".to_owned(), Value::Array(required));
        }
        schema.insert("additionalProperties".to_owned(), additional);
        Ok(Value::Object(schema))
    }

    /// One branch for each value of the discriminator, with the common properties in each.
    fn discriminated<'e>(
        &mut self,
        discriminator: &str,
        base: &'t IndexMap<String, Property>,
        elements: impl Iterator<Item = &'e super::table::Reference>,
    ) -> Result<Value, ImportError> {
        let table = self.table;
        let mut branches = Vec::new();
        for element in elements {
            let Type::Object { properties, additional_properties, .. } =
                table.get(element.index()?)?
            else {
                return Err(ImportError::BadTable(
                    "a branch of a union is not an object".to_owned(),
                ));
            };
            // The discriminator first: it says which branch one reads.
            let first = properties.iter().filter(|(name, _)| *name == discriminator);
            let common = base.iter().filter(|(name, _)| !properties.contains_key(*name));
            let own = properties.iter().filter(|(name, _)| *name != discriminator);
            let additional = additional_properties.as_ref().map(super::table::Reference::index);
            branches.push(self.object(first.chain(common).chain(own), additional.transpose()?)?);
        }
        Ok(json!({ "oneOf": branches }))
    }
}

/// `{"type": ...}` with the bounds that are there.
fn bounded<const N: usize>(kind: &str, bounds: [(&str, Value); N]) -> Value {
    let mut schema = Map::from_iter([("type".to_owned(), json!(kind))]);
    let given = bounds.into_iter().filter(|(_, value)| !value.is_null());
    schema.extend(given.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(schema)
}
