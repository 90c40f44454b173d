//! The command on real folders: what it writes, what it refuses, and what comes next.

use std::path::Path;
use std::process::{Command, Output};

use super::case;

fn prebake(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_prebake"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("prebake runs")
}

fn said(output: &Output) -> String {
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    format!("{out}{err}")
}

fn from(names: &[&str]) -> Vec<String> {
    let path = |name: &&str| ["--from".to_owned(), case(name).to_str().expect("text").to_owned()];
    names.iter().flat_map(path).collect()
}

fn init(folder: &Path, names: &[&str], more: &[&str]) -> Output {
    let from = from(names);
    let arguments: Vec<&str> = ["init"]
        .into_iter()
        .chain(from.iter().map(String::as_str))
        .chain(more.iter().copied())
        .collect();
    prebake(folder, &arguments)
}

#[test]
fn a_migration_writes_configs_that_render_and_its_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = init(folder.path(), &["pool-list.json"], &["--report", "--as-of", "2026-11-29"]);
    assert!(output.status.success(), "{}", said(&output));
    let text = said(&output);
    for line in
        ["wrote prebake.yaml", "wrote prebake-old-enterprise.yaml", "wrote prebake.migration.md"]
    {
        assert!(text.contains(line), "no `{line}` in\n{text}");
    }
    let report =
        std::fs::read_to_string(folder.path().join("prebake.migration.md")).expect("a report");
    assert!(report.contains("## To do") && report.contains("| small |"), "{report}");
    for config in ["prebake.yaml", "prebake-old-enterprise.yaml"] {
        let output =
            prebake(folder.path(), &["render", config, "--dry-run", "--as-of", "2026-11-29"]);
        assert!(output.status.success(), "{config}: {}", said(&output));
    }
}

#[test]
fn the_schema_that_a_config_names_stands_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = prebake(folder.path(), &["init", "below/prebake.yaml"]);
    assert!(output.status.success(), "{}", said(&output));
    let config =
        std::fs::read_to_string(folder.path().join("below/prebake.yaml")).expect("a config");
    let named = config
        .lines()
        .next()
        .and_then(|line| line.split_once("$schema=./"))
        .expect("a schema line")
        .1;
    let schema =
        std::fs::read_to_string(folder.path().join("below").join(named)).expect("the schema");
    let printed = prebake(folder.path(), &["schema", "config"]);
    assert_eq!(schema, String::from_utf8_lossy(&printed.stdout));
}

#[test]
fn the_next_line_names_a_command_that_succeeds_and_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = prebake(folder.path(), &["init"]);
    let text = said(&output);
    assert!(text.contains("Dockerfile: the image"), "{text}");
    let next =
        text.lines().skip_while(|line| !line.starts_with("Next:")).nth(1).expect("a command");
    let arguments: Vec<&str> = next.split_whitespace().skip(1).collect();
    let output = prebake(folder.path(), &arguments);
    assert!(output.status.success(), "`{next}`: {}", said(&output));

    std::fs::write(folder.path().join("Dockerfile"), "FROM scratch\n").expect("a Dockerfile");
    let output = prebake(folder.path(), &["init", "other.yaml"]);
    assert!(!said(&output).contains("Missing"), "{}", said(&output));
}

#[test]
fn sources_that_cannot_be_migrated_end_in_an_error_and_write_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let windows = r#"{"id":"w","vmSize":"Standard_D2s_v5","virtualMachineConfiguration":{"imageReference":{"publisher":"MicrosoftWindowsServer","offer":"WindowsServer","sku":"2022"},"nodeAgentSKUId":"batch.node.windows amd64"}}"#;
    let shipyard = "pool_specification:\n  id: w\n  vm_configuration:\n    platform_image:\n      publisher: MicrosoftWindowsServer\n      offer: WindowsServer\n      sku: 2022-datacenter-core\n  vm_size: STANDARD_D2_V3\n";
    let cloud = r#"{"id":"c","vmSize":"small","cloudServiceConfiguration":{"osFamily":"5"}}"#;
    let deep = "[".repeat(100_000);
    let many: Vec<String> = (0..60_000).map(|at| format!("\"k{at}\":1")).collect();
    let many = format!("{{\"id\":\"p\",\"vmSize\":\"x\",{}}}", many.join(","));
    let bomb = format!("pool_specification: &a [{}]\nb: [*a,*a,*a]\n", "x,".repeat(300_000));
    let cases: &[(&str, &str, &str)] = &[
        ("windows.json", windows, "it is a Windows pool"),
        ("windows.yaml", shipyard, "it is a Windows pool"),
        ("cloud.json", cloud, "Cloud Services"),
        ("a.json", "{\"id\": 1}", "is unknown"),
        ("b.yaml", "a: 1\n", "is unknown"),
        ("c.txt", "\u{1}", "is unknown"),
        ("d", "", "is unknown"),
        ("hello.sh", "#!/bin/bash\necho hello\n", "is unknown"),
        ("broken.json", "{\"id\": \"p\", ", "it is not JSON"),
        ("broken.yaml", "pool_specification:\n  id: [1\n", "it is not YAML"),
        ("deep.json", &deep, "it is not JSON"),
        ("bomb.yaml", &bomb, "values"),
        ("many.json", &many, "too large for one run"),
        ("main.bicep", "param x string\n", "prebake bicep build"),
        ("main.tf", "resource \"azurerm_batch_pool\" \"p\" {}\n", "terraform show -json"),
        ("jobs.json", r#"[{"id":"j","poolInfo":{"poolId":"p"}}]"#, "no pool in"),
        ("config.yaml", "global_resources:\n  docker_images: [busybox]\n", "no pool in"),
    ];
    for (name, text, expected) in cases {
        std::fs::write(folder.path().join(name), text).expect("a new file");
        let output = prebake(folder.path(), &["init", "new.yaml", "--report", "--from", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
        assert!(said(&output).contains(expected), "{name}: {}", said(&output));
        assert!(said(&output).contains("help: "), "{name}");
        assert!(!folder.path().join("new.yaml").exists(), "{name}");
        assert!(!folder.path().join("prebake.schema.json").exists(), "{name}");
    }
    let huge = std::fs::File::create(folder.path().join("huge.json")).expect("a new file");
    huge.set_len(1 << 34).expect("a sparse file");
    for name in ["huge.json", "absent", "/dev/zero"] {
        let output = prebake(folder.path(), &["init", "new.yaml", "--from", name]);
        assert_eq!(output.status.code(), Some(2), "{name}: {}", said(&output));
    }
    assert!(!folder.path().join("new.yaml").exists());
}

#[test]
fn foreign_text_reaches_neither_terminal_nor_table_raw() {
    let folder = tempfile::tempdir().expect("a folder");
    let pool = "{\"id\":\"p\",\"vmSize\":\"Standard_D2s_v5\",\"displayName\":\"a\\u001b[31m|b\\n::warning::x\",\"od|d\":\"\\u202e\",\
        \"virtualMachineConfiguration\":{\"imageReference\":{\"publisher\":\"canonical\",\"offer\":\"ubuntu-24_04-lts\",\"sku\":\"server\"},\"nodeAgentSKUId\":\"batch.node.ubuntu 24.04\"}}";
    std::fs::write(folder.path().join("pool.json"), pool).expect("a new file");
    let output = prebake(folder.path(), &["init", "--report", "--from", "pool.json"]);
    let text = said(&output);
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}') && !text.contains("\n::warning"),
        "{text}"
    );
    let report =
        std::fs::read_to_string(folder.path().join("prebake.migration.md")).expect("a report");
    assert!(report.contains("od\\|d") && !report.contains('\u{1b}'), "{report}");
}

#[test]
fn nothing_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("prebake.migration.md"), "mine").expect("a file");
    let output = init(folder.path(), &["pool.json"], &["--report"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("exists") && !folder.path().join("prebake.yaml").exists());
}
