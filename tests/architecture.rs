//! The direction of the modules, read from their `use crate::` lines and paths: a module uses only those
//! that come before it.

#![expect(clippy::disallowed_methods, reason = "tests read the sources")]

use std::path::{Path, PathBuf};

/// From first to last. `docs/internals/architecture.md` gives each one's contract.
const ORDER: &[&str] = &[
    "diagnostic",
    "disk",
    "yaml",
    "azure_types",
    "arm",
    "catalog",
    "schema",
    "config",
    "model",
    "render",
    "bicep",
    "extend",
    "expand",
    "validate",
    "check",
    "diff",
    "report",
    "output",
    "pipeline",
    "migrate",
    "deploy",
    "cli",
];

/// Phases that do not know one another although they stand in one line: the compiler is a library of its
/// own, and what reads the config knows nothing of what compiles.
const APART: &[(&str, &[&str])] = &[
    ("bicep", &["schema", "config", "model", "render", "catalog"]),
    ("expand", &["bicep", "schema", "config", "model", "render"]),
];

/// The roots of the sources: the product's own, and the compiler's crate.
const ROOTS: [&str; 2] = ["src", "crates/bicep/src"];

/// Every source with its path below its root.
fn all_sources() -> Vec<(PathBuf, PathBuf)> {
    let mut all = Vec::new();
    for root in ROOTS {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        let mut files = Vec::new();
        sources(&root, &mut files);
        for path in files {
            let relative = path.strip_prefix(&root).expect("it is below the root").to_path_buf();
            all.push((path, relative));
        }
    }
    all
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the sources can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn modules_use_only_what_comes_before_them() {
    let files = all_sources();
    let mut wrong = Vec::new();
    for (path, relative) in &files {
        let Some(module) = relative.components().next().map(|part| part.as_os_str().to_owned())
        else {
            continue;
        };
        let module = module.to_string_lossy().trim_end_matches(".rs").to_owned();
        let Some(own) = ORDER.iter().position(|name| *name == module) else { continue };
        let text = std::fs::read_to_string(path).expect("a source can be read");
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for used in line.split("crate::").skip(1) {
                let used: String =
                    used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                let Some(other) = ORDER.iter().position(|name| *name == used) else { continue };
                let apart = APART
                    .iter()
                    .any(|(name, others)| *name == module && others.contains(&used.as_str()));
                if other > own || apart {
                    wrong.push(format!("{}:{} uses {used}", relative.display(), number + 1));
                }
            }
        }
    }
    assert!(files.len() > 50, "the sources were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_stands_in_the_order() {
    for root in ROOTS {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        for entry in std::fs::read_dir(root).expect("the sources can be read") {
            let path = entry.expect("an entry can be read").path();
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            if !matches!(name.as_str(), "lib" | "main") {
                assert!(ORDER.contains(&name.as_str()), "`{name}` is not in the order");
            }
        }
    }
}

/// What the phases in the middle of the compiler may use of the others: only lowering knows syntax, and only
/// the emitter writes templates.
const COMPILER: &[(&str, &[&str])] = &[
    ("ir", &[]),
    ("emit", &["ir"]),
    (
        "lower",
        &[
            "binder",
            "compiled",
            "content",
            "files",
            "functions",
            "ir",
            "load",
            "registry",
            "syntax",
        ],
    ),
];

#[test]
fn the_middle_of_the_compiler_keeps_syntax_and_templates_apart() {
    let (mut wrong, mut read) = (Vec::new(), 0);
    for (path, relative) in &all_sources() {
        let phase = COMPILER.iter().find(|(name, _)| relative.starts_with(format!("bicep/{name}")));
        let Some((own, allowed)) = phase else { continue };
        let text = std::fs::read_to_string(path).expect("a source can be read");
        read += 1;
        for (number, line) in text.lines().enumerate() {
            let sibling = if relative.ends_with("mod.rs") { "super::" } else { "super::super::" };
            let siblings = line.split(sibling).skip(1);
            for used in line.split("crate::bicep::").skip(1).chain(siblings) {
                let used: String =
                    used.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                if used != *own && !allowed.contains(&used.as_str()) {
                    wrong.push(format!("{}:{} uses `{used}`", relative.display(), number + 1));
                }
            }
        }
    }
    assert!(read > 20, "the sources were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Ways to ask whether a text starts, ends or continues with the bracket of a template expression.
const BRACKET_READS: [&str; 7] = [
    "starts_with('[')",
    "starts_with(\"[",
    "ends_with(']')",
    "ends_with(\"]",
    "strip_prefix('[')",
    "strip_prefix(\"[",
    "\"[[\"",
];

#[test]
fn only_the_expression_module_reads_the_bracket_of_an_expression() {
    let (mut wrong, mut own) = (Vec::new(), 0);
    for (path, relative) in &all_sources() {
        let text = std::fs::read_to_string(path).expect("a source can be read");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let reads = |line: &&str| BRACKET_READS.iter().any(|read| line.contains(read));
        let found = code.lines().filter(|line| !line.trim_start().starts_with("//")).filter(reads);
        // A JSONPath has brackets of its own.
        if relative.starts_with("bicep/json_path") {
            continue;
        }
        if relative.starts_with("arm/expression") {
            own += found.count();
        } else {
            wrong.extend(found.map(|line| format!("{}: {}", relative.display(), line.trim())));
        }
    }
    assert!(own > 0, "the reads of the module itself are found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The modules that take resources, whose values are typed.
const TYPED: [&str; 5] = ["validate", "check", "diff", "report", "deploy"];

/// What takes the text of a template for an expression, or for the text of one.
const STRING_READS: [&str; 3] = ["read_template_string", "is_expression", "expression::parse"];

#[test]
fn who_takes_resources_reads_no_expression_from_text() {
    let (mut wrong, mut others) = (Vec::new(), 0);
    for (path, relative) in &all_sources() {
        let text = std::fs::read_to_string(path).expect("a source can be read");
        let reads = text.lines().filter(|line| STRING_READS.iter().any(|read| line.contains(read)));
        if TYPED.iter().any(|module| relative.starts_with(module)) {
            wrong.extend(reads.map(|line| format!("{}: {}", relative.display(), line.trim())));
        } else {
            others += reads.count();
        }
    }
    assert!(others > 0, "the reads of other modules are found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The one file that may open a socket; the others of `deploy` go through it.
const NETWORK: &str = "deploy/http.rs";

#[test]
fn one_file_uses_the_network() {
    // Addresses are plain data; only these connect.
    let words = ["ureq", "TcpStream", "TcpListener", "UdpSocket", "UnixStream", "UnixListener"];
    let mut users = Vec::new();
    for (path, relative) in &all_sources() {
        let text = std::fs::read_to_string(path).expect("a source can be read");
        if words.iter().any(|word| text.contains(word)) {
            users.push(relative.to_string_lossy().into_owned());
        }
    }
    assert_eq!(users, [NETWORK]);
}
