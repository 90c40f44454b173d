//! Every test that the standard harness runs, in one binary: linking two dozen of them took most of a run.
//! `cargo test --test suite diff::` runs one area.

mod architecture;
mod azure;
mod azure_types;
mod bake;
mod bicep_build;
mod bicep_corpus;
mod bicep_diagnostics;
mod bicep_format;
mod bicep_hostile;
mod bicep_lower;
mod bicep_parser;
mod boot;
mod catalog;
mod cli;
mod deploy;
mod deployment;
mod diff;
mod docs;
mod expand;
mod explain;
mod extend;
mod fleet;
mod import;
mod integrations;
mod layers;
mod offline;
mod output;
mod overlays;
mod places;
mod processor;
mod properties;
mod rendered;
mod report_findings;
mod schema;
mod tools;
