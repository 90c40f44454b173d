//! Takes a compiled template with its parameters, gives the concrete resources that Azure is asked for.
//!
//! Calls no Azure: what only Azure can know stays a symbolic value.

use serde_json::{Map, Value};

/// One resource as a stage asks Azure for it.
///
/// Strings in it follow ARM's own rule for expressions: a string that starts with `[` and ends with
/// `]` and does not start with `[[` is *symbolic*, an expression that only Azure can finish
/// (`[reference('vault').properties.uri]`); a literal text of that shape starts with `[[`.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// The stage that deploys it: `registry`, `builder`, `image`, `batch`.
    pub stage: String,
    /// Full resource ID; symbolic parts (a subscription only Azure knows) as `{subscriptionId}`-like
    /// placeholders never collide with real ids.
    pub id: String,
    /// Resource type with its namespace, as the template spells it.
    pub kind: String,
    /// API version.
    pub api_version: String,
    /// Full name with its parents' names, `account/pool`.
    pub name: String,
    /// Everything else of the resource object with all expressions evaluated: `location`, `sku`,
    /// `identity`, `tags`, `properties`... but no `dependsOn`, `copy`, `condition`.
    pub body: Map<String, Value>,
    /// Ids (or symbolic names where no id is known) of the resources it waits for.
    pub depends_on: Vec<String>,
    /// The template only refers to it.
    pub existing: bool,
    /// JSON pointer of the resource in its template (`/resources/pools`), through nested templates.
    pub pointer: String,
}
