//! Expressions and templates: what can be computed is, and what only Azure knows stays visible.

#![expect(clippy::disallowed_methods, reason = "tests read their cases")]

mod corpus;
mod expressions;
mod ids;
mod templates;
