use std::fmt::{Display, Formatter};

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// Why a schema cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportError {
    /// The name is not `Namespace/type@version`.
    BadName(String),
    /// The table is not in the format of Azure's published types.
    BadTable(String),
    /// The table has no such resource type; the names it has.
    UnknownType {
        /// What was asked for.
        wanted: String,
        /// The names of the table.
        known: Vec<String>,
    },
}

impl Display for ImportError {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadName(name) => {
                write!(
                    formatter,
                    "`{name}` is not a resource type with its version, such as `Microsoft.Batch/batchAccounts@2025-06-01`"
                )
            }
            Self::BadTable(reason) => write!(formatter, "the type table cannot be read: {reason}"),
            Self::UnknownType { wanted, known } => {
                write!(formatter, "the type table has no `{wanted}`")?;
                match crate::diagnostic::nearest(wanted, known.iter().map(String::as_str)) {
                    Some(near) => write!(formatter, "; did you mean `{near}`?"),
                    None => Ok(()),
                }
            }
        }
    }
}

impl std::error::Error for ImportError {}

/// A resource type with its API version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceName {
    /// `Microsoft.Batch/batchAccounts/pools`
    pub kind: String,
    /// `2025-06-01`
    pub api_version: String,
}

impl ResourceName {
    /// Reads `Namespace/type@version`.
    pub fn parse(name: &str) -> Result<Self, ImportError> {
        let bad = || ImportError::BadName(name.to_owned());
        let (kind, api_version) = name.split_once('@').ok_or_else(bad)?;
        let good = |text: &str, other: &[u8]| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || other.contains(&byte))
        };
        let segments = kind.split('/').count();
        if segments < 2
            || kind.split('/').any(str::is_empty)
            || !kind.starts_with(|first: char| first.is_ascii_alphabetic())
            || !good(kind, b"./_-")
            || api_version.is_empty()
            || !good(api_version, b"-")
        {
            return Err(bad());
        }
        Ok(Self { kind: kind.to_owned(), api_version: api_version.to_owned() })
    }

    /// The table's path inside of the folder of types: `microsoft.batch/2025-06-01/types.json`.
    pub fn table_path(&self) -> String {
        let namespace = self.kind.split('/').next().unwrap_or_default();
        format!("{}/{}/types.json", namespace.to_lowercase(), self.api_version)
    }

    /// The schema's path inside of a folder of schemas: `Microsoft.Batch/batchAccounts/pools@2025-06-01.json`.
    pub fn schema_path(&self) -> String {
        format!("{self}.json")
    }
}

impl Display for ResourceName {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}@{}", self.kind, self.api_version)
    }
}

/// The number of a type in its table.
pub(super) type Index = usize;

/// A reference to a type: `{"$ref": "#/12"}`.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Reference {
    #[serde(rename = "$ref")]
    target: String,
}

impl Reference {
    pub(super) fn to(index: Index) -> Self {
        Self { target: format!("#/{index}") }
    }

    pub(super) fn index(&self) -> Result<Index, ImportError> {
        let digits = self.target.strip_prefix("#/").and_then(|digits| digits.parse().ok());
        digits.ok_or_else(|| {
            ImportError::BadTable(format!("`{}` does not refer to a type", self.target))
        })
    }
}

/// A property of an object type.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Property {
    #[serde(rename = "type")]
    pub(super) kind: Reference,
    #[serde(default)]
    pub(super) flags: u32,
}

impl Property {
    pub(super) fn is_required(&self) -> bool {
        self.flags & 1 != 0
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.flags & 2 != 0
    }

    pub(super) fn is_write_only(&self) -> bool {
        self.flags & 4 != 0
    }
}

/// A type of the table, without what no schema needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "$type", rename_all_fields = "camelCase")]
pub(super) enum Type {
    #[serde(rename = "AnyType")]
    Any,
    #[serde(rename = "NullType")]
    Null,
    #[serde(rename = "BooleanType")]
    Boolean,
    #[serde(rename = "IntegerType")]
    Integer { min_value: Option<i64>, max_value: Option<i64> },
    #[serde(rename = "StringType")]
    String { min_length: Option<u64>, max_length: Option<u64>, pattern: Option<String> },
    #[serde(rename = "StringLiteralType")]
    Literal { value: String },
    #[serde(rename = "UnionType")]
    Union { elements: Vec<Reference> },
    #[serde(rename = "ArrayType")]
    Array { item_type: Reference, min_length: Option<u64>, max_length: Option<u64> },
    #[serde(rename = "ObjectType")]
    Object {
        name: String,
        properties: IndexMap<String, Property>,
        additional_properties: Option<Reference>,
    },
    #[serde(rename = "DiscriminatedObjectType")]
    Discriminated {
        name: String,
        discriminator: String,
        base_properties: IndexMap<String, Property>,
        elements: IndexMap<String, Reference>,
    },
    #[serde(rename = "ResourceType")]
    Resource { name: String, body: Reference },
    /// Functions of resources and other entries that no body refers to.
    #[serde(other)]
    Other,
}

/// All types of one namespace and version.
pub(super) struct Table {
    types: Vec<Type>,
}

impl Table {
    pub(super) fn new(types: Vec<Type>) -> Self {
        Self { types }
    }

    pub(super) fn parse(text: &str) -> Result<Self, ImportError> {
        let bad = |error: serde_json::Error| ImportError::BadTable(error.to_string());
        let entries: Vec<Value> = serde_json::from_str(text).map_err(bad)?;
        let types = entries.into_iter().map(serde_json::from_value);
        Ok(Self { types: types.collect::<Result<_, _>>().map_err(bad)? })
    }

    pub(super) fn get(&self, index: Index) -> Result<&Type, ImportError> {
        let missing = || ImportError::BadTable(format!("there is no type {index}"));
        self.types.get(index).ok_or_else(missing)
    }

    /// The body of a resource type.
    pub(super) fn resource(&self, wanted: &ResourceName) -> Result<Index, ImportError> {
        let wanted = wanted.to_string();
        let mut known = Vec::new();
        for entry in &self.types {
            if let Type::Resource { name, body } = entry {
                if name.eq_ignore_ascii_case(&wanted) {
                    return body.index();
                }
                known.push(name.clone());
            }
        }
        Err(ImportError::UnknownType { wanted, known })
    }
}
