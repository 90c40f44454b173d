//! A compiler for Bicep, and what it is made of.
//!
//! ```text
//! text ─► bicep::syntax ─► bicep::checker (azure_types) ─► bicep::lower ─► template ─► arm::evaluate
//! ```
//!
//! Nothing here knows what prebake renders: the crate takes Bicep text and gives ARM templates, diagnostics,
//! formatted text and evaluated expressions. It opens no file; a caller hands the files over
//! ([`bicep::FileProvider`]).

pub mod arm;
pub mod azure_types;
pub mod bicep;
pub mod diagnostic;
pub mod yaml;
