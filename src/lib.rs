//! prebake renders reviewable infrastructure for GPU containers on Azure Batch.
//!
//! The phases run in one direction, and each knows only those above it:
//!
//! ```text
//! prebake.yaml ─► Config ─► Model ─► Artifacts ─► Template(s) ─► Resources ─► Diagnostics
//!     config        model  render, extend   bicep       expand        validate + check
//!                                            previous render ─► Resources ─► Diff ─► report ─► output
//! ```
//!
//! Everything is pure but `cli` and `output`, which read through `disk`; `output` writes.
//! `docs/internals/architecture.md` holds the contract of every phase.

pub use prebake_bicep::{arm, azure_types, bicep, diagnostic, yaml};

pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod deploy;
pub mod diff;
pub mod disk;
pub mod expand;
pub mod extend;
pub mod migrate;
pub mod model;
pub mod output;
pub mod pipeline;
pub mod render;
pub mod report;
pub mod schema;
pub mod validate;
