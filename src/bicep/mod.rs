//! The Bicep compiler inside: Bicep text and the files it refers to become ARM JSON.
//!
//! Touches no disk. Read the phases in their order: [`syntax`] is the tree that all share, [`lexer`]
//! makes tokens, [`parser`] makes the tree.

pub mod lexer;
pub mod parser;
pub mod problem;
pub mod syntax;
