//! Azure's types in their packed form: all of them are there, and a table that is not whole is refused.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use prebake::azure_types::container::TableError;
use prebake::azure_types::{Resource, Scopes, Tables, Type, TypeId, resource, tables};

static BYTES: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/crates/bicep/src/azure_types/azure-types.bin"
));

fn property<'t>(tables: &Tables<'t>, object: TypeId, name: &str) -> (TypeId, Type<'t>) {
    let Type::Object(object) = tables.get(object) else { unreachable!("no object") };
    let found = object.properties.iter().find(|property| property.name == name);
    let kind = found.expect(name).kind;
    (kind, tables.get(kind))
}

#[test]
fn every_type_and_version_is_there() {
    let tables = tables();
    let versions: Vec<_> = tables.names().flat_map(|name| tables.versions(name)).collect();
    assert_eq!(versions.len(), 36_835);
    assert_eq!((tables.version(), tables.date()), ("0.2.972", "2026-11-28"));
    for found in versions {
        let again = tables.resource(&found.name.to_uppercase(), found.version).expect(found.name);
        assert_eq!(again.body, found.body);
        assert!(matches!(tables.get(found.body), Type::Object(_) | Type::Discriminated(_)));
    }
}

#[test]
fn a_type_says_what_azure_says_of_it() {
    let tables = tables();
    let pool = tables.resource("Microsoft.batch/BATCHACCOUNTS/pools", "2024-07-01").expect("pool");
    assert_eq!(pool.name, "Microsoft.Batch/batchAccounts/pools");
    assert_eq!(pool.writable, Scopes::RESOURCE_GROUP);
    let (properties, _) = property(&tables, pool.body, "properties");
    let (_, size) = property(&tables, properties, "vmSize");
    assert!(matches!(size, Type::String { .. }), "{size:?}");
    let Type::Object(object) = tables.get(properties) else { unreachable!("an object") };
    let state = object.properties.iter().find(|one| one.name == "provisioningState");
    assert!(state.expect("a state").is_read_only());

    let account = tables.resource("Microsoft.Storage/storageAccounts", "2023-01-01").expect("it");
    let functions = tables.functions(&account);
    let keys = functions.iter().find(|one| one.name == "listKeys").expect("listKeys");
    assert!(matches!(property(&tables, keys.output, "keys").1, Type::Array { .. }));
    assert_eq!(keys.input, None);
    assert!(tables.resource("Microsoft.Storage/storageAccounts", "2023-01-02").is_none());
    assert!(tables.resource("Microsoft.Storage/none", "2023-01-01").is_none());
}

#[test]
fn names_are_spelled_as_their_version_spells_them() {
    let spelled = |name, version| tables().resource(name, version).map(|found| found.name);
    let settings = "Microsoft.Insights/DiagnosticSettings";
    assert_eq!(
        spelled(settings, "2021-05-01-preview"),
        Some("Microsoft.Insights/diagnosticSettings")
    );
    assert_eq!(
        spelled(settings, "2017-05-01-preview"),
        Some("microsoft.insights/diagnosticSettings")
    );
}

#[test]
fn a_resource_type_that_was_found_before_is_the_same() {
    let long = "x".repeat(1000);
    let names = tables().names().take(100).collect::<Vec<_>>();
    for _ in 0..3 {
        for name in names.iter().chain([&"Microsoft.Storage/none", &&*long]) {
            let versions = tables().versions(name);
            let asked = versions.iter().map(|found| found.version).chain(["2023-01-02", ""]);
            for version in asked {
                for name in [(*name).to_owned(), name.to_uppercase()] {
                    let found = |it: Resource<'static>| (it.name, it.version, it.body, it.writable);
                    let [kept, read] =
                        [resource(&name, version), tables().resource(&name, version)];
                    assert_eq!(kept.map(found), read.map(found), "{name}@{version}");
                    assert_eq!(resource(&name, version).map(found), read.map(found));
                }
            }
        }
    }
}

#[test]
fn a_type_is_read_in_less_than_a_millisecond() {
    let tables = tables();
    let machine =
        tables.resource("Microsoft.Compute/virtualMachines", "2024-07-01").expect("a type");
    let (mut open, mut seen) = (vec![machine.body], HashSet::new());
    let started = Instant::now();
    while let Some(next) = open.pop() {
        if !seen.insert(next) {
            continue;
        }
        match tables.get(next) {
            Type::Union(elements) => open.extend(elements),
            Type::Array { item, .. } => open.push(item),
            Type::Object(object) => {
                open.extend(object.properties.iter().map(|property| property.kind));
                open.extend(object.additional);
            }
            _ => {}
        }
    }
    let each = started.elapsed() / u32::try_from(seen.len()).expect("few");
    assert!(seen.len() > 300 && each < Duration::from_millis(1), "{} types, {each:?}", seen.len());
}

#[test]
fn a_table_that_is_not_whole_is_refused() {
    assert!(Tables::open(BYTES).is_ok());
    assert_eq!(Tables::open(b"[]").err(), Some(TableError::NotATable));
    for length in [8, 20, 40, 1000, BYTES.len() / 2, BYTES.len() - 1] {
        let error = Tables::open(&BYTES[..length]).expect_err("cut off");
        assert!(matches!(error, TableError::CutOff(found, _) if found == length), "{error}");
    }
    let mut damaged = BYTES.to_vec();
    damaged[1_000_000] ^= 1;
    assert_eq!(Tables::open(&damaged).err(), Some(TableError::Damaged));
    damaged[1_000_000] ^= 1;
    damaged.push(0);
    assert_eq!(Tables::open(&damaged).err(), Some(TableError::Damaged));
}
