//! Reads the published tables: one `index.json`, and a `types.json` for each provider and version.

use std::collections::HashMap;
use std::error::Error;
use std::path::Path;

use indexmap::IndexMap;
use serde::Deserialize;

/// All that is published.
pub struct Published {
    /// The types of all tables, one table after the other.
    pub types: Vec<Type>,
    /// `Microsoft.Batch/batchAccounts@2024-07-01` with the number of its type.
    pub resources: Vec<(String, usize)>,
    /// Name and version in lower case, with the numbers of the functions.
    pub functions: HashMap<(String, String), Vec<usize>>,
}

/// A reference inside of a table.
#[derive(Deserialize)]
pub struct Reference {
    #[serde(rename = "$ref")]
    target: String,
    #[serde(skip)]
    pub number: usize,
}

#[derive(Deserialize)]
pub struct Property {
    #[serde(rename = "type")]
    pub kind: Reference,
    pub flags: u8,
}

/// A type as it is published.
#[derive(Deserialize)]
#[serde(tag = "$type", rename_all_fields = "camelCase")]
pub enum Type {
    #[serde(rename = "AnyType")]
    Any,
    #[serde(rename = "NullType")]
    Null,
    #[serde(rename = "BooleanType")]
    Boolean,
    #[serde(rename = "IntegerType")]
    Integer { min_value: Option<i64>, max_value: Option<i64> },
    #[serde(rename = "StringType")]
    String {
        min_length: Option<i64>,
        max_length: Option<i64>,
        pattern: Option<String>,
        #[serde(default)]
        sensitive: bool,
    },
    #[serde(rename = "StringLiteralType")]
    Literal { value: String },
    #[serde(rename = "UnionType")]
    Union { elements: Vec<Reference> },
    #[serde(rename = "ArrayType")]
    Array { item_type: Reference, min_length: Option<i64>, max_length: Option<i64> },
    #[serde(rename = "ObjectType")]
    Object {
        name: String,
        properties: IndexMap<String, Property>,
        additional_properties: Option<Reference>,
        #[serde(default)]
        sensitive: bool,
    },
    #[serde(rename = "DiscriminatedObjectType")]
    Discriminated {
        name: String,
        discriminator: String,
        base_properties: IndexMap<String, Property>,
        elements: IndexMap<String, Reference>,
    },
    #[serde(rename = "ResourceType")]
    Resource { body: Reference, readable_scopes: u8, writable_scopes: u8 },
    #[serde(rename = "ResourceFunctionType")]
    Function { name: String, output: Reference, input: Option<Reference> },
}

impl Type {
    /// All that it refers to, in order.
    pub fn references(&self) -> Vec<&Reference> {
        match self {
            Self::Union { elements } => elements.iter().collect(),
            Self::Array { item_type, .. } => vec![item_type],
            Self::Object { properties, additional_properties, .. } => {
                let kinds = properties.values().map(|property| &property.kind);
                kinds.chain(additional_properties).collect()
            }
            Self::Discriminated { base_properties, elements, .. } => {
                let kinds = base_properties.values().map(|property| &property.kind);
                kinds.chain(elements.values()).collect()
            }
            Self::Resource { body, .. } => vec![body],
            Self::Function { output, input, .. } => std::iter::once(output).chain(input).collect(),
            _ => Vec::new(),
        }
    }

    fn references_mut(&mut self) -> Vec<&mut Reference> {
        match self {
            Self::Union { elements } => elements.iter_mut().collect(),
            Self::Array { item_type, .. } => vec![item_type],
            Self::Object { properties, additional_properties, .. } => {
                let kinds = properties.values_mut().map(|property| &mut property.kind);
                kinds.chain(additional_properties).collect()
            }
            Self::Discriminated { base_properties, elements, .. } => {
                let kinds = base_properties.values_mut().map(|property| &mut property.kind);
                kinds.chain(elements.values_mut()).collect()
            }
            Self::Resource { body, .. } => vec![body],
            Self::Function { output, input, .. } => std::iter::once(output).chain(input).collect(),
            _ => Vec::new(),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    resources: IndexMap<String, Reference>,
    #[serde(default)]
    resource_functions: IndexMap<String, IndexMap<String, Vec<Reference>>>,
}

/// Reads a folder of tables.
pub fn read(folder: &Path) -> Result<Published, Box<dyn Error>> {
    let path = folder.join("index.json");
    let index: Index = parsed(&path)?;
    let mut tables = Tables { folder, starts: HashMap::new(), types: Vec::new() };
    let mut resources = Vec::with_capacity(index.resources.len());
    for (name, reference) in index.resources {
        resources.push((name, tables.number(&reference)?));
    }
    let mut functions = HashMap::new();
    for (name, versions) in index.resource_functions {
        for (version, references) in versions {
            let numbers = references.iter().map(|reference| tables.number(reference));
            let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
            functions.insert((name.to_lowercase(), version.to_lowercase()), numbers);
        }
    }
    Ok(Published { types: tables.types, resources, functions })
}

struct Tables<'f> {
    folder: &'f Path,
    /// Where the types of a table start, and how many there are.
    starts: HashMap<String, (usize, usize)>,
    types: Vec<Type>,
}

impl Tables<'_> {
    /// The number of a type that the index names as `path/types.json#/12`.
    fn number(&mut self, reference: &Reference) -> Result<usize, Box<dyn Error>> {
        let (path, digits) = reference.target.split_once("#/").ok_or("a reference has no `#/`")?;
        let (start, count) = match self.starts.get(path) {
            Some(found) => *found,
            None => self.load(path)?,
        };
        within(digits, start, count).ok_or_else(|| format!("{path} has no type {digits}").into())
    }

    fn load(&mut self, path: &str) -> Result<(usize, usize), Box<dyn Error>> {
        let start = self.types.len();
        let mut types: Vec<Type> = parsed(&self.folder.join(path))?;
        let count = types.len();
        for reference in types.iter_mut().flat_map(Type::references_mut) {
            let number = reference.target.strip_prefix("#/");
            let number = number.and_then(|digits| within(digits, start, count));
            reference.number =
                number.ok_or_else(|| format!("{path} has no type {}", reference.target))?;
            reference.target = String::new();
        }
        self.types.extend(types);
        self.starts.insert(path.to_owned(), (start, count));
        Ok((start, count))
    }
}

fn within(digits: &str, start: usize, count: usize) -> Option<usize> {
    digits.parse().ok().filter(|number| *number < count).map(|number: usize| start + number)
}

fn parsed<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Box<dyn Error>> {
    let text = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}
