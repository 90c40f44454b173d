//! `cargo run --release --example azure-types -- FOLDER VERSION DATE [OUTPUT]`
//!
//! Packs the type tables of a checkout of <https://github.com/Azure/bicep-types-az> (its folder
//! `generated`) into `crates/bicep/src/azure_types/azure-types.bin`, which the next build embeds.

#![expect(clippy::disallowed_methods, reason = "a tool reads and writes")]
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a tool tells what it did")]

mod merge;
mod pack;
mod read;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use prebake::azure_types::Tables;

const OUTPUT: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/crates/bicep/src/azure_types/azure-types.bin");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (folder, version, date, output) = match arguments.as_slice() {
        [folder, version, date] => (folder, version, date, OUTPUT),
        [folder, version, date, output] => (folder, version, date, *output),
        _ => {
            eprintln!("usage: azure-types FOLDER VERSION DATE [OUTPUT]");
            return ExitCode::from(2);
        }
    };
    match run(Path::new(folder), version, date, Path::new(output)) {
        Ok(told) => {
            println!("{told}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(folder: &Path, version: &str, date: &str, output: &Path) -> Result<String, Box<dyn Error>> {
    let read = read::read(folder)?;
    let count = read.resources.len();
    let merged = merge::merge(&read.types)?;
    let bytes = pack::pack(&read, &merged, version, date)?;
    let tables = Tables::open(&bytes)?;
    let resources: usize = tables.names().map(|name| tables.versions(name).len()).sum();
    if resources != count {
        return Err(format!("{resources} of {count} resource types can be read back").into());
    }
    std::fs::write(output, &bytes)?;
    let types = merged.representatives.len();
    Ok(format!("{count} resource types and versions, {types} types, {} bytes", bytes.len()))
}
