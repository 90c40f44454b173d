//! ARM templates as plain data: what the Bicep compiler makes and what `expand` reads.
//!
//! Reads no Bicep and calls no Azure. Start with `source_map`; `expression` is the language inside
//! `[...]`, and `evaluate` computes what can be computed of it without Azure.

pub mod evaluate;
pub mod expression;
pub mod hosts;
mod source_map;

pub use source_map::SourceMap;

use std::sync::Arc;

use serde_json::Value;

/// A compiled deployment template with the way back to its source.
#[derive(Debug, Clone, Default)]
pub struct Template {
    /// The template as `az deployment` takes it; key order is the order of emission.
    pub json: Arc<Value>,
    /// From places in `json` to places in the Bicep.
    pub source_map: SourceMap,
}
