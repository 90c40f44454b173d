//! How much a compilation allocates. The counts are exact, so that a phase that starts to copy shows.
//!
//! The modules of the corpus are counted where it stands beside the repository; the generated module
//! always is.

#![expect(clippy::print_stdout, reason = "a test tells what it counted")]

use std::alloc::System;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use prebake::bicep::{FileProvider, MemoryFiles, compile};
use prebake::catalog::Date;
use prebake::check::KnownScripts;
use prebake::cli::files::Folder;
use prebake::diagnostic::{Diagnostics, Sources};
use prebake::model::KnownDigests;
use prebake::pipeline::{self, Input, KnownStages, Tools};
use prebake::render::Templates;
use prebake::schema::ResourceSchemas;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

// Allocations for each value of the template, strings, numbers and containers alike.
const MOST_FOR_A_VALUE: usize = 11;

/// Allocations and bytes of one compilation, and the values of its template.
fn count(name: &str, files: &dyn FileProvider) -> (usize, usize, usize) {
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let region = Region::new(ALLOCATOR);
    let template = compile(name, files, &mut sources, &mut diagnostics);
    let change = region.change();
    let values = values(&template.expect("it compiles").json);
    let allocations = change.allocations + change.reallocations;
    let (moved, bytes) = (change.reallocations, change.bytes_allocated);
    println!("{name}: {allocations} allocations ({moved} moved), {bytes} bytes, {values} values");
    (allocations, bytes, values)
}

fn values(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => 1 + items.iter().map(values).sum::<usize>(),
        serde_json::Value::Object(object) => 1 + object.values().map(values).sum::<usize>(),
        _ => 1,
    }
}

fn generated() -> MemoryFiles {
    let mut text = String::new();
    for at in 0..500 {
        let resource = format!(
            "param p{at} string = 'a'\nvar v{at} = '${{p{at}}}-${{toLower(p{at})}}'\n\
             resource r{at} 'Microsoft.Storage/storageAccounts@2023-01-01' = {{\n  name: v{at}\n  \
             location: p{at}\n  kind: 'StorageV2'\n  sku: {{ name: 'Standard_LRS' }}\n}}\n\
             output o{at} string = r{at}.id\n"
        );
        text.write_str(&resource).expect("a string takes all");
    }
    MemoryFiles::from_iter([("main.bicep", text)])
}

/// Allocations of a config of a fleet, after others of the same form.
const MOST_FOR_A_CONFIG: usize = 12_500;

/// Allocations and bytes of one more config of a fleet whose configs differ in their names only.
fn one_of_a_fleet() -> (usize, usize) {
    let example = include_str!("../../examples/gpu-preload.yaml");
    let input = |number: usize| Input {
        path: format!("{number}.yaml"),
        bytes: example.replace("name: vision\n", &format!("name: vision-{number}\n")).into_bytes(),
        overrides: Vec::new(),
    };
    let templates = Templates::new(BTreeMap::new(), &mut Sources::new(), &mut Diagnostics::new());
    let tools = Tools {
        templates: templates.expect("the embedded templates parse"),
        schemas: ResourceSchemas::embedded(),
        as_of: Date::parse("2026-11-23").expect("a date"),
        compiled: KnownStages::default(),
        scripts: KnownScripts::default(),
        digests: KnownDigests::default(),
        output: "out".to_owned(),
    };
    for number in 1..3 {
        assert!(pipeline::render(&input(number), &tools).render.is_some());
    }
    let last = input(3);
    let region = Region::new(ALLOCATOR);
    let outcome = pipeline::render(&last, &tools);
    let change = region.change();
    assert!(outcome.render.is_some());
    (change.allocations + change.reallocations, change.bytes_allocated)
}

#[test]
fn a_compilation_and_a_config_allocate_little() {
    // One test: another at the same time would be counted too.
    let (allocations, bytes) = one_of_a_fleet();
    println!("a config of a fleet: {allocations} allocations, {bytes} bytes");
    assert!(allocations <= MOST_FOR_A_CONFIG, "{allocations} allocations");

    let (allocations, _, values) = count("main.bicep", &generated());
    assert!(allocations <= values * MOST_FOR_A_VALUE, "{allocations} allocations, {values} values");

    let corpus = std::env::var_os("PREBAKE_CORPUS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"), Into::into);
    if !corpus.is_dir() {
        println!("NOT COUNTED: there is no corpus of Bicep files at {}", corpus.display());
        return;
    }
    let files = Folder::new(&corpus, Some(corpus.join("registry"))).expect("the corpus");
    for module in ["compute/virtual-machine-scale-set", "dev-test-lab/lab", "dev-center/project"] {
        let (allocations, _, values) = count(&format!("avm/res/{module}/main.bicep"), &files);
        let told = format!("{module}: {allocations} allocations, {values} values");
        assert!(allocations <= values * MOST_FOR_A_VALUE, "{told}");
    }
}
