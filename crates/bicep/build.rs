//! Refuses a table of Azure's types that is not whole, so that a run need not look at all of it.

#![expect(clippy::disallowed_methods, reason = "a build script reads")]

#[path = "src/azure_types/container.rs"]
mod container;

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=src/azure_types");
    whole_types(Path::new("src/azure_types/azure-types.bin"))
}

fn whole_types(path: &Path) -> Result<(), Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    container::check(&bytes).map_err(|error| {
        let help = "restore the file, or make it with `cargo run --example azure-types`";
        format!("{} cannot be used: {error}; {help}", path.display()).into()
    })
}
