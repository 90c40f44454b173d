//! Takes the types of Azure that this build carries, or one of the tables that Microsoft publishes, gives the JSON
//! Schema of one resource type and version.
//!
//! Names, types, flags, enumerations and bounds carry over; prose does not. Values that the table leaves
//! open stay open: a list of texts that also allows any text is no closed list. Reads no files.
//!
//! Read `table` for the format of the tables, `built_in` for the types of this build in that format, `convert` for
//! the schema, `print` for its layout on disk.

mod built_in;
mod convert;
mod pattern;
mod print;
mod table;

pub use print::print;
pub use table::{ImportError, ResourceName};

use serde_json::Value;

/// The schema of a resource type, from the types that this build carries.
///
/// # Errors
/// It has no such type or version.
pub fn import_built_in(resource: &ResourceName) -> Result<Value, ImportError> {
    let (table, body) = built_in::table(resource)?;
    convert::schema(&table, body, &resource.to_string())
}

/// The schema of a resource type, from the table of its namespace and version.
pub fn import(table: &str, resource: &ResourceName) -> Result<Value, ImportError> {
    let table = table::Table::parse(table)?;
    let body = table.resource(resource)?;
    convert::schema(&table, body, &resource.to_string())
}
