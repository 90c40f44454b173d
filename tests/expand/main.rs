//! Expressions and templates: what can be computed is, and what only Azure knows stays visible.

mod corpus;
mod expressions;
mod templates;
