//! Versions and actions that the integrations name are those that exist.

use super::{VERSION, read, root, yaml};
use regex::Regex;

/// Every file that runs actions.
fn workflows() -> Vec<(String, String)> {
    let mut files = vec!["action.yml".to_owned(), "examples/github-actions.yml".to_owned()];
    for entry in std::fs::read_dir(root().join(".github/workflows")).expect("there are workflows") {
        let name = entry.expect("it can be read").file_name();
        files.push(format!(".github/workflows/{}", name.to_string_lossy()));
    }
    files.into_iter().map(|file| (read(&file), file)).map(|(text, file)| (file, text)).collect()
}

#[test]
fn every_action_of_others_is_pinned_by_its_commit() {
    let uses = Regex::new(r"(?m)^\s*(?:- )?uses: (.+)$").expect("it is valid");
    let pinned = Regex::new(r"^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v[\d.]+$").expect("it is valid");
    let ours = format!("prebake/prebake@v{VERSION}");
    let mut seen = 0;
    for (file, text) in workflows() {
        for action in uses.captures_iter(&text) {
            let action = action.get(1).expect("it is captured").as_str();
            assert!(
                action == ours || action == "./" || pinned.is_match(action),
                "{file}: {action}"
            );
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn no_workflow_trusts_the_code_of_a_fork() {
    let block = Regex::new(r"(?m)^(\s*)(?:- )?run: (?:\||(.*)$)").expect("it is valid");
    for (file, text) in workflows() {
        let on = &yaml(&text)["on"];
        assert!(on.get("pull_request_target").is_none(), "{file}");
        // An expression inside a script would let a branch name or a title run as code.
        for found in block.captures_iter(&text) {
            let indent = found.get(1).map_or(0, |indent| indent.as_str().len());
            let start = found.get(0).expect("it matched").start();
            let rest = text.get(start..).expect("it is inside").lines();
            let mut script = rest.clone().take(1).collect::<Vec<_>>();
            script.extend(rest.skip(1).take_while(|line| {
                line.trim().is_empty() || line.len() - line.trim_start().len() > indent
            }));
            let script: Vec<_> = script
                .into_iter()
                .take_while(|line| !line.trim_start().starts_with("env:"))
                .collect();
            assert!(!script.concat().contains("${{ github.event"), "{file}: {script:?}");
        }
    }
}

#[test]
fn every_file_that_names_the_version_names_this_one() {
    let action = yaml(&read("action.yml"));
    assert_eq!(action["inputs"]["version"]["default"], VERSION);
    for (file, named) in [
        (
            "integrations/azure-pipelines.yml",
            format!("name: version, type: string, default: {VERSION}"),
        ),
        ("integrations/azure-pipelines.yml", format!("ref: refs/tags/v{VERSION}")),
        ("examples/azure-pipelines.yml", format!("ref: refs/tags/v{VERSION}")),
        ("examples/github-actions.yml", format!("uses: prebake/prebake@v{VERSION}")),
        ("pyproject.toml", format!("version = \"{VERSION}\"")),
        ("pyproject.toml", format!("dependencies = [\"prebake=={VERSION}\"]")),
    ] {
        assert!(read(file).contains(&named), "{file} does not contain `{named}`");
    }
}

#[test]
fn binstall_finds_the_archives_that_the_release_makes() {
    let manifest = read("Cargo.toml");
    let release = read(".ci/release");
    assert!(release.contains("name=prebake-$version-$target\n"));
    for line in [
        "pkg-url = \"{ repo }/releases/download/v{ version }/prebake-{ version }-{ target }.tar.gz\"",
        "bin-dir = \"prebake-{ version }-{ target }/{ bin }{ binary-ext }\"",
    ] {
        assert!(manifest.contains(line), "{line}");
    }
}
