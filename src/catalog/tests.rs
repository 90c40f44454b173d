use std::fs;
use std::path::Path;

use super::tables::VM_SIZES;
use super::*;

#[test]
fn every_table_says_what_it_holds_and_every_row_its_source_and_day() {
    for table in tables() {
        let name = table.name();
        assert!(!table.about().is_empty(), "{name}");
        let columns: Vec<_> = table.columns().collect();
        assert_eq!(columns[columns.len() - 2..], ["source", "checked"], "{name}");
        for (line, row) in table.lines().zip(table.rows()) {
            assert_eq!(line.split('\t').count(), columns.len(), "{name}: {line}");
            assert!(!row.source().is_empty(), "{name}: no source: {line}");
            assert!(row.checked().is_some(), "{name}: no day: {line}");
        }
    }
}

#[test]
fn every_file_is_a_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalog/tables");
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let known: Vec<_> = tables().map(|table| format!("{}.tsv", table.name())).collect();
    assert_eq!(files, known);
}

#[test]
fn every_table_is_sorted_by_unique_keys_and_finds_each() {
    for table in tables().filter(|table| table.has_keys()) {
        let name = table.name();
        let keys: Vec<_> = table.rows().map(|row| row.key().to_ascii_lowercase()).collect();
        for pair in keys.windows(2) {
            assert!(pair[0] < pair[1], "{name}: {} before {}", pair[0], pair[1]);
        }
        for row in table.rows() {
            let found = table.find(&row.key().to_ascii_uppercase()).map(Row::key);
            assert_eq!(found, Some(row.key()), "{name}");
        }
        assert!(table.find("no such key").is_none() && table.find("").is_none(), "{name}");
    }
}

#[test]
fn every_size_parses() {
    for name in vm_sizes() {
        let size = vm_size(name).unwrap();
        // Sizes that are seen before they are published have no memory yet.
        let published = size.status != Status::Unknown;
        assert!(size.vcpus > 0 && (size.memory_gb > 0.0 || !published), "{name}");
        assert!(matches!(&*size.architecture, "x64" | "arm64"), "{name}");
        let whole = size.gpus.is_none_or(|count| count.denominator > 0);
        assert!(
            whole
                && (size.has_gpu() || size.gpu_vendor == GpuVendor::Fpga)
                    != size.gpu_model.is_empty(),
            "{name}"
        );
    }
    let size = vm_size("standard_nc4as_t4_V3").unwrap();
    assert_eq!((&*size.name, size.vcpus), ("Standard_NC4as_T4_v3", 4));
    assert_eq!(size.driver_class, DriverClass::Cuda);
    assert_eq!(size.boots(Generation::V1), Some(true));
    let a10 = vm_size("Standard_NV6ads_A10_v5").unwrap();
    assert_eq!(a10.gpus.unwrap().to_string(), "1/6");
    assert_eq!(a10.driver_class, DriverClass::Grid);
    assert_eq!(vm_size("Standard_NC24ads_A100_v4").unwrap().boots(Generation::V1), Some(false));
    assert!(vm_size("Standard_D4s_v99").is_none());
}

#[test]
fn sizes_of_the_first_generation_or_without_a_vtpm_have_no_trusted_launch() {
    for size in vm_sizes().filter_map(vm_size) {
        if size.boots(Generation::V2) == Some(false) || size.gpu_model.contains("RTX PRO 6000") {
            assert_eq!(size.trusted_launch, Some(false), "{}", size.name);
        }
    }
}

#[test]
fn every_base_image_has_an_agent_for_its_os() {
    for image in base_images() {
        // The id of Azure Linux's agent is not published.
        if !image.node_agent.is_empty() {
            let agent = node_agent_by_id(image.node_agent).unwrap();
            assert_eq!(agent.os, image.os, "{}", image.os_key);
        }
        assert!(matches!(image.packages, "apt" | "dnf"), "{}", image.os_key);
        let found = marketplace_image(image.publisher, image.offer, image.sku);
        assert_eq!(found.as_ref(), Some(&image));
    }
    let keys: Vec<_> = os_keys().collect();
    for wanted in ["ubuntu-22.04", "ubuntu-24.04", "almalinux-8", "almalinux-9"] {
        assert_eq!(keys.iter().filter(|key| **key == wanted).count(), 1);
        assert_ne!(node_agent(wanted).unwrap().status, Status::Retired);
    }
    assert_eq!(node_agent("almalinux-9").unwrap().id, "batch.node.el 9");
}

#[test]
fn regions_are_found_by_every_spelling() {
    for known in regions() {
        assert_eq!(region(known.display_name).unwrap(), known);
        assert!(known.paired_region.is_empty() || region(known.paired_region).is_some());
    }
    assert_eq!(region("Sweden Central").unwrap().name, "swedencentral");
    assert!(region("atlantis").is_none());
}

#[test]
fn roles_that_pull_differ_by_registry_mode() {
    assert_eq!(pull_role(false).id, "7f951dda-4ed3-4680-a7ca-43fe172d538d");
    assert_eq!(pull_role(true).registry_mode, RegistryMode::Abac);
    let reader = role_by_id("B93AA761-3E63-49ED-AC28-BEFFA264F7AC").unwrap();
    assert_eq!(reader.name, "Container Registry Repository Reader");
    assert!(role("AcrPull").is_some() && role("acrpush").is_some() && role("Pull").is_none());
}

#[test]
fn every_name_rule_compiles_and_judges() {
    for row in tables::NAME_RULES.rows() {
        let rule = name_rule(row.key()).unwrap();
        assert!(regex::Regex::new(row.cells::<4>()[3]).is_ok(), "{}", rule.kind);
        assert!(rule.min <= rule.max, "{}", rule.kind);
    }
    let check = |kind: &str, name: &str| name_rule(kind).unwrap().check(name);
    assert_eq!(check("microsoft.batch/batchaccounts", "visionbatch1"), Ok(()));
    assert_eq!(check("Microsoft.Batch/batchAccounts", "Vision"), Err(NameProblem::Characters));
    assert_eq!(check("Microsoft.Batch/batchAccounts", "ab"), Err(NameProblem::TooShort));
    assert_eq!(
        check("Microsoft.Batch/batchAccounts/pools", &"p".repeat(65)),
        Err(NameProblem::TooLong)
    );
    assert_eq!(
        check("Microsoft.Resources/resourceGroups", "vision."),
        Err(NameProblem::Characters)
    );
    assert_eq!(
        check("Microsoft.Compute/galleries/images/versions", "1.0.x"),
        Err(NameProblem::Characters)
    );
    assert_eq!(check("registry/repository", "team/vision-gpu"), Ok(()));
}

#[test]
fn api_versions_and_properties_are_dates() {
    let dated = |text: &str| Date::parse(text.get(..10).unwrap_or("")).is_some();
    for (kind, version) in api_versions() {
        assert!(dated(version), "{kind}");
        for property in api_properties(kind) {
            assert!(property.since.is_empty() || dated(property.since), "{}", property.path);
            assert!(property.until.is_empty() || dated(property.until), "{}", property.path);
            assert!(!(property.since.is_empty() && property.until.is_empty()), "{}", property.path);
        }
    }
    assert_eq!(api_version("Microsoft.Batch/batchAccounts/pools"), Some("2025-06-01"));
    assert!(api_properties("microsoft.batch/batchaccounts/pools").len() > 10);
}

#[test]
fn retirements_have_dates_or_an_announcement() {
    for row in tables::RETIREMENTS.rows() {
        let end = retirement(row.key()).unwrap();
        assert!(end.announced_on.is_some() || end.retired_on.is_some(), "{}", end.subject);
        assert!(!end.replacement.is_empty(), "{}", end.subject);
        let announced_first = end.announced_on.zip(end.retired_on).is_none_or(|(a, b)| a <= b);
        assert!(announced_first, "{}", end.subject);
    }
    let low_priority = retirement("batch:low-priority").unwrap();
    assert_eq!(low_priority.retired_on, Date::parse("2026-03-31"));
}

#[test]
fn days_of_the_clock_are_days_of_the_calendar() {
    for (seconds, day) in [
        (0, "1970-01-01"),
        (951_782_399, "2000-02-28"),
        (951_782_400, "2000-02-29"),
        (951_868_800, "2000-03-01"),
        (1_795_392_000, "2026-11-23"),
        (253_402_300_799, "9999-12-31"),
    ] {
        assert_eq!(Date::of_unix_seconds(seconds), Date::parse(day), "{day}");
    }
    assert_eq!(Date::of_unix_seconds(253_402_300_800), None);
}

#[test]
fn sizes_with_nvme_disks_alone_have_temporary_space() {
    // Batch formats and mounts these disks (azure-docs batch-nvme-temp, 2026-05-19).
    for (name, gib) in [
        ("Standard_L8s_v4", 1788),
        ("Standard_L16as_v4", 3576),
        ("Standard_L2aos_v4", 1341),
        ("Standard_FX48-12mds_v2", 2640),
        ("Standard_L160ias_v5", 28_608),
        ("Standard_E96bds_v6", 5280),
        ("Standard_D96nds_v6", 5280),
        ("Standard_EC8eds_v6", 440),
        ("Standard_D372ds_v7", 21_120),
    ] {
        let size = vm_size(name).unwrap();
        assert_eq!((size.temp_disk_gb, size.nvme_temp_gb), (Some(0), Some(gib)), "{name}");
    }
    for none in [
        "Standard_FX48-12ms_v2",
        "Standard_E96bs_v6",
        "Standard_D4s_v6",
        "Standard_E4ns_v6",
        "Standard_D8ls_v7",
    ] {
        let size = vm_size(none).unwrap();
        assert_eq!((size.temp_disk_gb, size.nvme_temp_gb), (Some(0), None), "{none}");
    }
}

#[test]
fn letters_of_sources_are_spelled_out() {
    for row in VM_SIZES.rows() {
        let source = VM_SIZES.source(row);
        assert!(source.split("; ").all(|one| one.len() > 3 && !one.contains('+')), "{source}");
    }
    let row = VM_SIZES.find("Standard_D4s_v5").unwrap();
    assert!(VM_SIZES.source(row).starts_with("Azure Resource SKUs API over 45 regions"));
}

#[test]
fn a_size_with_fewer_active_vcpus_counts_and_boots_as_its_base() {
    // azure-compute-docs constrained-vcpu: memory, storage and I/O are those of the base, and quotas count its vCPUs.
    let constrained = vm_sizes().filter_map(|name| {
        let (start, rest) = name.split_once('-')?;
        let active = rest.find(|letter: char| !letter.is_ascii_digit())?;
        Some((vm_size(name)?, vm_size(&format!("{start}{}", &rest[active..]))))
    });
    let mut seen = 0;
    for (size, base) in constrained {
        let base = base.unwrap_or_else(|| panic!("{} has no base", size.name));
        let shared = |of: &VmSize| {
            let disks = (of.temp_disk_gb, of.nvme_temp_gb, of.premium_io);
            (of.family.clone(), of.vcpus, of.memory_gb.to_string(), of.generations.clone(), disks)
        };
        assert_eq!(shared(&size), shared(&base), "{}", size.name);
        seen += 1;
    }
    assert!(seen > 200, "{seen}");
}

#[test]
fn sizes_with_arm_processors_boot_generation_2_alone() {
    let arm = vm_sizes().filter_map(vm_size).filter(|size| size.architecture == "arm64");
    for size in arm {
        assert_ne!(size.boots(Generation::V1), Some(true), "{}", size.name);
    }
}

#[test]
fn names_hold_the_characters_that_azure_takes() {
    for (kind, taken, refused) in [
        ("Microsoft.Compute/disks", "vision-os_disk", "vision.disk"),
        ("Microsoft.Compute/galleries/images", "vision_node-1.x", "_vision"),
        ("Microsoft.Compute/galleries", "vision.gallery_1", "vision-gallery"),
        ("Microsoft.Compute/virtualMachines", "vision_builder.1", "vision(builder)"),
    ] {
        let check = |name: &str| name_rule(kind).unwrap().check(name);
        assert_eq!(check(taken), Ok(()), "{taken}");
        assert_eq!(check(refused), Err(NameProblem::Characters), "{refused}");
    }
}

#[test]
fn retirements_name_regions_and_families_that_exist() {
    let families: Vec<_> = vm_sizes()
        .filter_map(vm_size)
        .map(|size| size.family.to_lowercase().replace(' ', ""))
        .collect();
    for row in tables::RETIREMENTS.rows() {
        match row.key().split_once(':') {
            Some(("region", name)) => {
                let replacement = retirement(row.key()).unwrap().replacement;
                assert!(region(name).is_some() && region(replacement).is_some(), "{name}");
            }
            Some(("batch-family" | "growth" | "public-family", family)) => {
                assert!(families.iter().any(|known| known == family), "{family}");
            }
            _ => {}
        }
    }
}
