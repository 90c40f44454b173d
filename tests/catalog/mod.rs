//! The catalog as a person uses it: what it shows, what it takes from the Azure CLI, and what findings make of it.
//!
//! `answers/` holds answers in the shapes that the CLI's reference documents.

#![expect(clippy::disallowed_methods, reason = "tests read and write files")]

mod prices;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const CONFIG: &str = "
name: vision
location: swedencentral
resourceGroup: vision-batch
catalog: azure
registry: { create: false, name: sharedacr }
images: [{ name: app, tag: '1' }]
node: { os: ubuntu-24.04, vmSize: Standard_NC4as_T4_v3 }
gallery: { version: 1.0.0 }
batch: { pools: [{ id: dev, nodes: 3 }] }
";

fn answers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/catalog/answers")
}

fn prebake(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_prebake"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .expect("the binary runs")
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}{errors}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn refused(output: &Output, with: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains(with), "`{with}` is not in:\n{errors}");
}

/// A folder with the config and the catalog that was made of all answers.
fn imported() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let from = answers();
    let from = from.to_str().expect("a path is text");
    let arguments = ["catalog", "import", from, "--output", "azure", "--as-of", "2026-11-20"];
    succeeds(&prebake(folder.path(), &arguments));
    fs::write(folder.path().join("prebake.yaml"), CONFIG).expect("a config can be written");
    folder
}

/// The codes with their labels and facts, of a run in JSON.
fn findings(folder: &Path, more: &[&str]) -> BTreeMap<String, Value> {
    let mut arguments = vec!["validate", "prebake.yaml", "--format", "json"];
    arguments.extend(more);
    let output = prebake(folder, &arguments);
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| unreachable!("{}", String::from_utf8_lossy(&output.stderr)));
    let found = report["findings"].as_array().expect("findings are a list").clone();
    found.into_iter().map(|one| (one["code"].as_str().expect("a code").to_owned(), one)).collect()
}

#[test]
fn tables_are_listed_with_their_oldest_day() {
    let shown = succeeds(&prebake(Path::new("."), &["catalog"]));
    for table in ["vm-sizes", "node-agents", "regions", "roles", "retirements", "api-versions"] {
        let line = shown.lines().find(|line| line.starts_with(&format!("{table} ")));
        let line = line.unwrap_or_else(|| unreachable!("{table} is not in:\n{shown}"));
        assert!(line.contains("2026-11-"), "{line}");
    }
}

#[test]
fn facts_of_every_kind_are_shown_with_table_source_and_day() {
    for (name, table, word) in [
        ("standard_nc4as_t4_v3", "vm-sizes", "NVIDIA T4"),
        ("ubuntu-24.04", "base-images", "batch.node.ubuntu 24.04"),
        ("Canonical:ubuntu-24_04-lts:server", "base-images", "ubuntu 24.04"),
        ("batch.node.el 9", "node-agents", "el 9"),
        ("Sweden Central", "regions", "swedensouth"),
        ("7f951dda-4ed3-4680-a7ca-43fe172d538d", "roles", "AcrPull"),
        ("low-priority", "retirements", "2026-03-31"),
        ("Standard_HB120rs_v2", "retirements", "2027-05-31"),
        ("microsoft.batch/batchaccounts/pools", "api-versions", "2025-06-01"),
        ("Microsoft.Batch/batchAccounts@2024-07-01", "api-versions", "2025-06-01"),
        ("Standard_D4s_v5", "vm-sizes", "Azure Resource SKUs API"),
    ] {
        let shown = succeeds(&prebake(Path::new("."), &["catalog", "show", name]));
        for part in [table, word, "source ", "last looked at", "2026-11-"] {
            assert!(shown.contains(part), "`{part}` is not in:\n{shown}");
        }
    }
    for (name, sizes) in [
        ("Standard NCASv3_T4 Family", 4),
        ("standardncasv3_t4family", 4),
        ("T4", 4),
        ("nvidia t4 16gb", 4),
        ("MI300X", 2),
    ] {
        let shown = succeeds(&prebake(Path::new("."), &["catalog", "show", name]));
        assert_eq!(shown.matches("\nvm-sizes\n").count() + 1, sizes, "{name}:\n{shown}");
    }
    let shown = succeeds(&prebake(Path::new("."), &["catalog", "show", "A100"]));
    assert!(shown.contains("\nmig\n") && shown.contains("NVIDIA A100 80GB PCIe"), "{shown}");
    for (name, help) in [
        ("Standard_NC4as_T4_v4", "did you mean `Standard_NC4as_T4_v3`?"),
        ("standardNCASv3Family", "did you mean `Standard NCASv3_T4 Family`?"),
        ("80GB", "lists the tables"),
    ] {
        refused(&prebake(Path::new("."), &["catalog", "show", name]), help);
    }
}

#[test]
fn a_catalog_holds_nothing_that_names_the_subscription() {
    let folder = imported();
    let mut whole = String::new();
    for entry in fs::read_dir(folder.path().join("azure")).expect("it was written") {
        whole += &fs::read_to_string(entry.expect("an entry").path()).expect("it is text");
    }
    for secret in
        ["11111111", "99999999", "88888888", "secret", "azurecr.io", "azure.com", "/subscriptions"]
    {
        assert!(!whole.to_lowercase().contains(secret), "{secret} is in:\n{whole}");
    }
    let sizes = fs::read_to_string(folder.path().join("azure/sizes.tsv")).expect("sizes are there");
    assert!(
        sizes.contains("Standard_NC4as_T4_v3\tStandard NCASv3_T4 Family\t4\t28\t1\tV1,V2\t176\t")
    );
    assert!(!sizes.contains("Premium_LRS"), "{sizes}");
    let used = fs::read_to_string(folder.path().join("azure/quota-use.tsv")).expect("use is there");
    assert!(used.contains("compute:cores\t12\t"), "{used}");
    let quotas =
        fs::read_to_string(folder.path().join("azure/quotas.tsv")).expect("quotas are there");
    assert!(quotas.contains("batch:StandardNCASv3_T4Family\t8\t") && !quotas.contains("\t12\t"));
}

#[test]
fn the_same_answers_give_the_same_bytes() {
    let (one, other) = (imported(), imported());
    for entry in fs::read_dir(one.path().join("azure")).expect("it was written") {
        let name = entry.expect("an entry").file_name();
        let read = |folder: &Path| fs::read(folder.join("azure").join(&name)).expect("a file");
        assert_eq!(read(one.path()), read(other.path()), "{}", name.display());
    }
}

#[test]
fn findings_change_with_the_answers() {
    let folder = imported();
    let found = findings(folder.path(), &["--as-of", "2026-11-25"]);
    // Three nodes of four vCPUs want 12 of the 8 that the account is granted.
    let quota = &found["SUB003"];
    assert!(
        quota["label"].as_str().expect("a label").starts_with("the deployment needs 12 vCPUs of"),
        "{quota}"
    );
    let facts = quota["facts"].as_array().expect("facts").clone();
    assert!(facts.iter().any(|fact| fact["table"] == "azure/quotas.tsv"), "{quota}");
    assert!(found["SUB005"]["label"].as_str().expect("a label").contains("2025-06-01"));
    assert!(
        found["SUB008"]["label"].as_str().expect("a label").contains("AbacRepositoryPermissions")
    );
    // Batch says when it ends the size and the image; the built-in tables know of no end.
    assert!(found["POOL004"]["label"].as_str().expect("a label").contains("2027-01-31"));
    assert!(found["POOL003"]["label"].as_str().expect("a label").contains("2027-03-31"));
    assert_eq!(found["POOL003"]["severity"], "warning");

    fs::write(folder.path().join("prebake.yaml"), CONFIG.replace("catalog: azure\n", ""))
        .expect("written");
    let found = findings(folder.path(), &["--as-of", "2026-11-25"]);
    assert!(found.keys().all(|code| !code.starts_with("SUB") && code != "POOL003"), "{found:?}");
}

#[test]
fn a_size_that_only_the_subscription_knows_is_known_and_closed() {
    let folder = imported();
    let config =
        CONFIG.replace("Standard_NC4as_T4_v3", "Standard_D4ds_v9").replace("nodes: 3", "nodes: 1");
    fs::write(folder.path().join("prebake.yaml"), config).expect("written");
    let found = findings(folder.path(), &[]);
    assert!(!found.contains_key("PB1001"), "{found:?}");
    assert!(found["SUB001"]["label"].as_str().expect("a label").contains("Standard_D4ds_v9"));
    assert!(found["POOL004"]["label"].as_str().expect("a label").contains("2031-05-31"));
    assert!(!found.contains_key("POOL021"), "its NVMe disk is a temporary disk: {found:?}");
}

#[test]
fn the_base_image_is_pinned_and_the_manifest_names_the_catalog() {
    let folder = imported();
    let config = CONFIG
        .replace("nodes: 3", "nodes: 1")
        .replace("name: sharedacr", "name: sharedacr, roleAssignmentMode: abac");
    fs::write(folder.path().join("prebake.yaml"), &config).expect("written");
    fs::remove_file(folder.path().join("azure/api-versions.tsv")).expect("removed");
    let index = fs::read_to_string(folder.path().join("azure/catalog.tsv")).expect("an index");
    let index: Vec<&str> = index.lines().filter(|line| !line.starts_with("api-versions")).collect();
    fs::write(folder.path().join("azure/catalog.tsv"), index.join("\n") + "\n").expect("written");
    succeeds(&prebake(folder.path(), &["render", "prebake.yaml", "--as-of", "2026-11-25"]));
    let parameters =
        fs::read_to_string(folder.path().join("out/vision/builder.bicepparam")).expect("rendered");
    assert!(parameters.contains("version: '24.04.202611120'"), "{parameters}");
    let manifest = || {
        let text = fs::read(folder.path().join("out/vision/manifest.json")).expect("rendered");
        serde_json::from_slice::<Value>(&text).expect("JSON")["catalogDigest"].clone()
    };
    let before = manifest();
    assert_eq!(before.as_str().expect("a digest").len(), 64);
    // A changed answer is no unchanged config.
    let path = folder.path().join("azure/quota-use.tsv");
    let text = fs::read_to_string(&path).expect("use is there").replace("\t12\t", "\t13\t");
    fs::write(&path, text).expect("written");
    fs::write(folder.path().join("other.yaml"), config.replace("name: vision", "name: other"))
        .expect("written");
    succeeds(&prebake(
        folder.path(),
        &["render", "prebake.yaml", "other.yaml", "--as-of", "2026-11-25"],
    ));
    assert_ne!(manifest(), before);
}

#[test]
fn validation_says_which_answers_it_used() {
    let folder = imported();
    let output = prebake(folder.path(), &["validate", "prebake.yaml", "--as-of", "2026-11-25"]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(
        shown.contains("suppressed by azure/sizes.tsv (2026-11-20): Standard_NC4as_T4_v3"),
        "{shown}"
    );
    assert!(shown.contains("suppressed by azure/quotas.tsv (2026-11-20)"), "{shown}");
}

/// The answer for the registry is compared with all that the config relies on.
#[test]
fn a_registry_is_compared_with_what_the_config_relies_on() {
    let folder = imported();
    let path = folder.path().join("azure/registries.tsv");
    let text = fs::read_to_string(&path).expect("registries are there");
    let text = text.replace("\tsharedacr\tEnabled", "\tsharedacr-f00d\tDisabled");
    fs::write(&path, text).expect("written");
    let labels = |config: &str| {
        fs::write(folder.path().join("prebake.yaml"), config).expect("written");
        let arguments = ["validate", "prebake.yaml", "--format", "json", "--as-of", "2026-11-25"];
        let output = prebake(folder.path(), &arguments);
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let found = report["findings"].as_array().expect("a list").clone();
        let ours = found.into_iter().filter(|one| one["code"] == "SUB008");
        ours.map(|one| one["label"].as_str().expect("a label").to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    };
    let told = labels(CONFIG);
    assert!(told.contains("is `sharedacr-f00d`, but the config needs `sharedacr`"), "{told}");
    assert!(!told.contains("public network access"), "{told}");
    let context = "{ context: 'https://github.com/contoso/app.git#v1' }";
    let built = CONFIG.replace("tag: '1' }", &format!("tag: '1', build: {context} }}"));
    let told = labels(&built);
    assert!(told.contains("`public network access` of `sharedacr` is `Disabled`"), "{told}");
    let pooled =
        built.replace("name: sharedacr }", "name: sharedacr, agentPool: { name: builds } }");
    let told = labels(&pooled);
    assert!(
        told.contains("`sku` of `sharedacr` is `Standard`, but the config needs `Premium`"),
        "{told}"
    );
    assert!(!told.contains("public network access"), "{told}");
}

#[test]
fn old_facts_are_told_as_such() {
    let folder = imported();
    let found = findings(folder.path(), &["--as-of", "2026-11-25"]);
    let told = |one: &Value| one["note"].as_str().expect("a note").contains("last verified on");
    assert!(!found.values().any(told), "{found:?}");
    let found = findings(folder.path(), &["--as-of", "2027-11-30"]);
    let note = found["SUB003"]["note"].as_str().expect("a note");
    assert!(
        note.contains("last verified on 2026-11-20, more than a year before 2027-11-30"),
        "{note}"
    );
    for format in ["text", "sarif", "junit", "github"] {
        let arguments = ["validate", "prebake.yaml", "--as-of", "2027-11-30", "--format", format];
        let output = prebake(folder.path(), &arguments);
        let shown = [output.stdout, output.stderr].concat();
        let shown = String::from_utf8_lossy(&shown).replace("%0A", " ");
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("last verified on 2026-11-20"), "{format}:\n{shown}");
    }
}

/// A case of `prebake test` with a catalog is judged and compared by that catalog.
#[test]
fn test_cases_have_their_catalogs() {
    let folder = imported();
    let run = |arguments: &[&str]| {
        let all = [&["test", ".", "--as-of", "2026-11-25"], arguments].concat();
        prebake(folder.path(), &all)
    };
    succeeds(&run(&["--accept"]));
    succeeds(&run(&[]));
    let path = folder.path().join("azure/sizes.tsv");
    let text = fs::read_to_string(&path).expect("sizes are there");
    let others = text.split_inclusive('\n').filter(|line| !line.contains("NC4as"));
    let without: String = others.collect();
    fs::write(&path, without).expect("written");
    let output = run(&[]);
    let shown = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("-error[SUB001]") || shown.contains("+error[SUB001]"), "{shown}");
}

#[test]
fn an_end_in_the_public_cloud_is_told_there_alone() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for (location, ends) in [("swedencentral", true), ("usgovvirginia", false)] {
        let config = CONFIG
            .replace("catalog: azure\n", "")
            .replace("swedencentral", location)
            .replace("Standard_NC4as_T4_v3", "Standard_D4s_v3");
        fs::write(folder.path().join("prebake.yaml"), config).expect("written");
        let found = findings(folder.path(), &["--as-of", "2026-11-29"]);
        let label = found["POOL004"]["label"].as_str().expect("a label");
        assert_eq!(label.contains("2029-11-15"), ends, "{location}: {label}");
        assert!(label.contains("2026-07-01"), "{location}: {label}");
    }
}

#[test]
fn a_catalog_of_another_region_is_told_and_not_used() {
    let folder = imported();
    let config = CONFIG.replace("location: swedencentral", "location: westeurope");
    fs::write(folder.path().join("prebake.yaml"), config).expect("written");
    let found = findings(folder.path(), &[]);
    assert!(found.contains_key("PB1050"), "{found:?}");
    assert!(found.keys().all(|code| !code.starts_with("SUB")), "{found:?}");
}

#[test]
fn broken_catalogs_are_refused_at_their_line() {
    let folder = imported();
    let path = folder.path().join("azure/sizes.tsv");
    let text = fs::read_to_string(&path).expect("sizes are there");
    fs::write(&path, text.replace("\t2026-11-20\n", "\tsoon\n")).expect("written");
    let output = prebake(folder.path(), &["render", "prebake.yaml"]);
    refused(&output, "azure/sizes.tsv:3:1");
    assert!(!folder.path().join("out").exists());
    fs::write(&path, "x".repeat(2 * 1024 * 1024)).expect("written");
    refused(&prebake(folder.path(), &["validate", "prebake.yaml"]), "PB0308");
    fs::remove_file(&path).expect("removed");
    refused(&prebake(folder.path(), &["validate", "prebake.yaml"]), "PB0308");
    let config = CONFIG.replace("catalog: azure", "catalog: /etc");
    fs::write(folder.path().join("prebake.yaml"), config).expect("written");
    refused(&prebake(folder.path(), &["validate", "prebake.yaml"]), "PB0308");
}

#[test]
fn foreign_malformed_and_huge_answers_are_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let deep = "[".repeat(100_000);
    let huge = "[".to_owned() + &"0,".repeat(17 * 1024 * 1024) + "0]";
    for (text, why) in [
        ("", "it is not JSON"),
        ("not JSON", "it is not JSON"),
        (deep.as_str(), "it is not JSON"),
        (huge.as_str(), "it is larger than"),
        ("[]", "it is empty"),
        ("{\"name\": \"mine\"}", "not the output of a command"),
        ("[{\"name\": \"vm\", \"hardwareProfile\": {}}]", "not the output of a command"),
        (
            "[{\"name\": 7, \"resourceType\": \"virtualMachines\", \"capabilities\": []}]",
            "az vm list-skus",
        ),
        ("[{\"currentValue\": 1, \"limit\": -3, \"name\": {}}]", "az vm list-usage"),
    ] {
        fs::write(folder.path().join("answer.json"), text).expect("written");
        let output = prebake(folder.path(), &["catalog", "import", "answer.json"]);
        refused(&output, why);
        assert!(!folder.path().join("catalog").exists(), "{why}: it wrote a catalog");
    }
    refused(&prebake(folder.path(), &["catalog", "import", "absent.json"]), "cannot be read");
    let usage = answers().join("vm-usage.json");
    let usage = usage.to_str().expect("a path is text");
    refused(&prebake(folder.path(), &["catalog", "import", usage]), "--location");
}

#[test]
fn cells_of_an_answer_cannot_break_the_file() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let evil =
        "[{\"name\": \"Standard_D2\\tx\\n# y\", \"familyName\": \"f\", \"capabilities\": []}]";
    fs::write(folder.path().join("answer.json"), evil).expect("written");
    let arguments = [
        "catalog",
        "import",
        "answer.json",
        "--location",
        "swedencentral",
        "--as-of",
        "2026-11-20",
    ];
    succeeds(&prebake(folder.path(), &arguments));
    let text = fs::read_to_string(folder.path().join("catalog/batch-sizes.tsv")).expect("written");
    assert_eq!(text.lines().count(), 3, "{text}");
    // What was imported before stays, and is read back.
    let usage = answers().join("vm-usage.json");
    let usage = usage.to_str().expect("a path is text");
    succeeds(&prebake(folder.path(), &["catalog", "import", usage]));
    assert!(folder.path().join("catalog/batch-sizes.tsv").exists());
}

/// Answers that fill one file, imported one after the other, as with one import; a new answer replaces its rows.
#[test]
fn later_answers_extend_a_file_and_replace_their_own_rows() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let import = |name: &str| {
        let path = answers().join(name);
        let path = if path.exists() { path } else { folder.path().join(name) };
        let path = path.to_str().expect("a path is text");
        let day = ["--location", "swedencentral", "--as-of", "2026-11-20"];
        let arguments = [&["catalog", "import", path, "--output", "azure"], &day[..]].concat();
        succeeds(&prebake(folder.path(), &arguments));
    };
    let read = |name: &str| {
        fs::read_to_string(folder.path().join("azure").join(name)).expect("it was written")
    };
    import("vm-usage.json");
    import("batch-quota.json");
    let account = fs::read_to_string(answers().join("batch-account.json")).expect("an answer");
    let whole = account.replace("Enforced\": true", "Enforced\": false");
    fs::write(folder.path().join("whole.json"), whole).expect("written");
    import("whole.json");
    let quotas = read("quotas.tsv");
    for quota in ["compute:cores\t100\t", "batch:accounts\t", "batch:dedicatedCores\t700\t"] {
        assert!(quotas.contains(quota), "{quota} is not in:\n{quotas}");
    }
    // The account counts by family from now on, in the words of the API.
    let families = account.replace("PerVmFamily", "PerVMFamily");
    fs::write(folder.path().join("families.json"), families).expect("written");
    import("families.json");
    let quotas = read("quotas.tsv");
    assert!(!quotas.contains("batch:dedicatedCores"), "{quotas}");
    for quota in ["compute:cores\t", "batch:accounts\t", "batch:StandardNCASv3_T4Family\t8\t"] {
        assert!(quotas.contains(quota), "{quota} is not in:\n{quotas}");
    }

    import("images.json");
    let versions = read("images.tsv");
    import("image-skus.json");
    let images = read("images.tsv");
    let known: Vec<&str> = versions.lines().filter(|line| line.contains(":server\t")).collect();
    assert!(!known.is_empty() && known.iter().all(|line| images.contains(line)), "{images}");
}

const ODD_SIZE: &str = r#"[{
  "name": "Standard_X9_v9", "resourceType": "virtualMachines", "family": "f", "restrictions": [],
  "locations": ["swedencentral"],
  "capabilities": [
    { "name": "vCPUs", "value": "-1" }, { "name": "MemoryGB", "value": "NaN" }, { "name": "GPUs", "value": "x" }
  ]
}]"#;

#[test]
fn amounts_that_are_no_numbers_are_unknown() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("sizes.json"), ODD_SIZE).expect("written");
    let usage = "[{\"currentValue\": 4, \"limit\": -1, \"name\": {\"value\": \"cores\"}}]";
    fs::write(folder.path().join("usage.json"), usage).expect("written");
    let arguments = ["catalog", "import", "sizes.json", "usage.json"];
    succeeds(&prebake(folder.path(), &arguments));
    let read = |name: &str| {
        let text = fs::read_to_string(folder.path().join("catalog").join(name)).ok();
        text.unwrap_or_default()
    };
    assert!(read("sizes.tsv").contains("\nStandard_X9_v9\tf\t\t\t\t"), "{}", read("sizes.tsv"));
    let sizes = read("sizes.tsv");
    let trusted = sizes.lines().last().and_then(|row| row.split('\t').nth(14));
    assert_eq!(trusted, Some(""), "no generation is told: {sizes}");
    assert!(read("quota-use.tsv").contains("\ncompute:cores\t4\t"), "{}", read("quota-use.tsv"));
    assert!(!read("quotas.tsv").contains("compute:cores"), "{}", read("quotas.tsv"));
}

#[test]
fn files_that_powershell_wrote_are_read_or_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let answer = folder.path().join("answer.json");
    let import = || prebake(folder.path(), &["catalog", "import", "answer.json"]);
    fs::write(&answer, format!("\u{feff}{ODD_SIZE}")).expect("written");
    succeeds(&import());
    let wide: Vec<u8> =
        format!("\u{feff}{ODD_SIZE}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&answer, wide).expect("written");
    refused(&import(), "it is UTF-16; save it as UTF-8");
}

#[test]
fn an_answer_about_another_region_is_refused_with_both_names() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("sizes.json"), ODD_SIZE).expect("written");
    let arguments = ["catalog", "import", "sizes.json", "--location", "West Europe"];
    let output = prebake(folder.path(), &arguments);
    refused(&output, "it is for region `swedencentral`, and this catalog is for `westeurope`");
    refused(&output, "use a separate folder for each region");
}

#[test]
fn the_script_quotes_what_the_user_wrote() {
    let arguments = [
        "catalog",
        "script",
        "--location",
        "swedencentral",
        "--batch-account",
        "$(touch pwned)'`",
        "--resource-group",
        "a b",
    ];
    let script = succeeds(&prebake(Path::new("."), &arguments));
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("collect.sh"), script).expect("written");
    // An `az` that prints its arguments as a JSON text, so that the script runs to its end.
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).expect("made");
    fs::write(bin.join("az"), "#!/bin/sh\nprintf '%s\\n' \"$@\" >> \"$LOG\"\nprintf '{}\\n'\n")
        .expect("written");
    let ran = Command::new("chmod").args(["+x"]).arg(bin.join("az")).status().expect("chmod runs");
    assert!(ran.success());
    let path = format!("{}:/usr/bin:/bin", bin.display());
    let output = Command::new("bash")
        .arg("collect.sh")
        .current_dir(folder.path())
        .env("PATH", path)
        .env("LOG", folder.path().join("log"))
        .output()
        .expect("bash runs");
    succeeds(&output);
    assert!(!folder.path().join("pwned").exists());
    let log = fs::read_to_string(folder.path().join("log")).expect("az was called");
    assert!(log.contains("$(touch pwned)'`") && log.contains("\na b\n"), "{log}");
    for word in ["list-skus", "list-usage", "supported-images", "list-locations", "Microsoft.Batch"]
    {
        assert!(log.contains(word), "{word} was not asked:\n{log}");
    }
}
