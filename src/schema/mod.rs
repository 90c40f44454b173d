//! Takes a JSON value and a JSON Schema, gives findings that say where, what and what instead.
//!
//! Wraps the `jsonschema` crate: an engine is built when a value first needs it, once, and shared over
//! threads. Most never do: what plainly fits its schema is read without one. Does not know which document a
//! value came from, nor where it stands in its text: a finding carries a JSON pointer, and its caller knows
//! the places.
//!
//! Read `finding` for what comes out, `schema` for the entry point, `translate` and `branch` for how the
//! engine's errors become findings, `layout`, `node`, `judged` and `reading` for how most values are found
//! right without the engine, `store` for the schemas that prebake carries, and `import` for how
//! Azure's published type tables become schemas.

mod branch;
mod budget;
mod finding;
pub mod import;
mod judged;
mod keyword;
mod layout;
mod node;
mod open;
mod pattern;
mod reading;
#[expect(clippy::module_inception, reason = "the module's one central type")]
mod schema;
mod store;
mod symbolic;
mod translate;

pub use budget::too_much_work;
pub use finding::{Finding, FindingKind};
pub(crate) use schema::BrokenSchema;
pub use schema::{Schema, Values};
pub(crate) use store::embedded;
pub use store::{Document, ResourceSchemas};
