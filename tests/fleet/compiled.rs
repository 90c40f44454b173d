//! Bicep that was compiled before: it is answered as if it were compiled anew, and for no other input.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prebake::diagnostic::{Diagnostics, Sources, text};
use prebake::pipeline::KnownStages;

type Files = BTreeMap<String, String>;

/// What compiling a stage gives: template, its text, parameters, and the findings as a user reads them.
fn compiled(stages: &KnownStages, name: &str, files: &Files) -> String {
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let made = stages.compile(name, "out/x", files, &mut sources, &mut findings);
    let places = made.iter().flat_map(|made| {
        let entries = made.template.source_map.entries();
        let at = |place| sources.position(place);
        entries
            .map(move |(pointer, place)| format!("{pointer} {:?}", at(place)))
            .collect::<Vec<_>>()
    });
    let places: Vec<_> = places.collect();
    let names: Vec<_> = sources.iter().map(|(_, file)| (&file.name, &file.text)).collect();
    let made = made.map(|made| (made.template.json, made.text, made.parameters));
    format!("{made:?} {places:?} {names:?} {}", text::render(&findings, &sources, false))
}

/// Compiles with what has compiled much before, and with nothing.
#[track_caller]
fn agrees(used: &KnownStages, name: &str, files: &Files) {
    assert_eq!(compiled(used, name, files), compiled(&KnownStages::default(), name, files));
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() { below(&path, files) } else { files.push(path) }
    }
}

/// The committed renders.
fn renders() -> Vec<Files> {
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("out");
    let folders = fs::read_dir(out).expect("they are committed");
    let mut folders: Vec<_> = folders.map(|entry| entry.expect("it can be read").path()).collect();
    folders.sort();
    let read = |folder: &PathBuf| {
        let mut paths = Vec::new();
        below(folder, &mut paths);
        let file = |path: &PathBuf| {
            let name = path.strip_prefix(folder).expect("it is below").to_string_lossy();
            (name.replace('\\', "/"), fs::read_to_string(path).expect("it is text"))
        };
        paths.iter().map(file).collect()
    };
    folders.iter().map(read).collect()
}

fn stages(files: &Files) -> Vec<String> {
    let names = files.keys().filter_map(|path| path.strip_suffix(".bicepparam"));
    names.filter(|name| files.contains_key(&format!("{name}.bicep"))).map(str::to_owned).collect()
}

fn with(files: &Files, path: &str, text: String) -> Files {
    let mut files = files.clone();
    files.insert(path.to_owned(), text);
    files
}

#[test]
fn every_stage_is_the_same_when_it_was_compiled_before() {
    let used = KnownStages::default();
    for files in renders().iter().chain(&renders()) {
        for name in stages(files) {
            agrees(&used, &name, files);
        }
    }
}

/// Parameters of every wrong sort: what the compiler says of them is said, too, when the template is known.
#[test]
fn parameters_are_checked_against_a_known_template() {
    let wrong = [
        |line: &str| line.replacen("param ", "param un", 1),
        |line: &str| line.split_once('=').map_or(String::new(), |(name, _)| format!("{name}= 12")),
        |line: &str| line.split_once('=').map_or(String::new(), |(name, _)| format!("{name}= ''")),
        |line: &str| line.split_once(": ").map_or(String::new(), |(key, _)| format!("{key}: true")),
        |line: &str| line.split_once(": ").map_or(String::new(), |(key, _)| format!("{key}x: ''")),
        |line: &str| line.replace('\'', ""),
        |_: &str| String::new(),
    ];
    for files in renders() {
        for name in stages(&files) {
            let used = KnownStages::default();
            compiled(&used, &name, &files);
            assert_eq!(used.size().0, 1, "{name} has no findings");
            let path = format!("{name}.bicepparam");
            let lines: Vec<&str> = files[&path].lines().collect();
            for (at, line) in lines.iter().enumerate() {
                let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
                lines[at] = wrong[at % wrong.len()](line);
                agrees(&used, &name, &with(&files, &path, lines.join("\n")));
            }
        }
    }
}

/// A stage that refers to a module, loads a file and would take settings, if there were any.
fn stage() -> Files {
    let files = [
        (
            "a.bicep",
            "param n string\nmodule m 'modules/m.bicep' = {\n  name: 'm'\n  params: { n: n }\n}\noutput t string = loadTextContent('t.txt')\n",
        ),
        ("a.bicepparam", "using './a.bicep'\nparam n = 'one'\n"),
        ("modules/m.bicep", "param n string\noutput n string = n\n"),
        ("t.txt", "text"),
    ];
    files.map(|(path, text)| (path.to_owned(), text.to_owned())).into()
}

#[test]
fn nothing_is_answered_for_another_input() {
    let (used, files) = (KnownStages::default(), stage());
    let before = compiled(&used, "a", &files);
    assert_eq!(used.size().0, 1);
    let other = with(&files, "a.bicepparam", "using './a.bicep'\nparam n = 'two'\n".to_owned());
    agrees(&used, "a", &other);
    assert_eq!(used.size().0, 1, "it was known");
    for (path, text) in [
        ("a.bicep", files["a.bicep"].replace("string", "int")),
        ("modules/m.bicep", "param n string\noutput n string = toUpper(n)\n".to_owned()),
        ("t.txt", "another text".to_owned()),
        ("bicepconfig.json", r#"{ "analyzers": { "core": { "rules": { "outputs-should-not-contain-secrets": { "level": "error" } } } }, "x": 1 }"#.to_owned()),
        ("a.bicepparam", "using './b.bicep'\n".to_owned()),
    ] {
        agrees(&used, "a", &with(&files, path, text));
    }
    let mut without = files.clone();
    without.remove("t.txt");
    agrees(&used, "a", &without);
    let renamed = [("b.bicep", "a.bicep"), ("b.bicepparam", "a.bicepparam")];
    let mut renamed: Files =
        renamed.map(|(new, old)| (new.to_owned(), files[old].replace("a.bicep", "b.bicep"))).into();
    renamed.extend(files.clone());
    agrees(&used, "b", &renamed);
    assert_eq!(compiled(&used, "a", &files), before);
}

/// The bake of a config is loaded by its parameters, and each config has its own.
#[test]
fn what_parameters_load_is_not_part_of_the_bicep() {
    let loading = "using './a.bicep'\nparam n = loadTextContent('t.txt')\n".to_owned();
    let plain = "param n string\noutput n string = n\n".to_owned();
    let files = with(&with(&stage(), "a.bicepparam", loading.clone()), "a.bicep", plain);
    let used = KnownStages::default();
    for text in ["one", "two", "one", "three"] {
        agrees(&used, "a", &with(&files, "t.txt", text.to_owned()));
        assert_eq!(used.size().0, 1, "it was known");
    }
    let mut without = files.clone();
    without.remove("t.txt");
    agrees(&used, "a", &without);
    // A file that the Bicep loads too is part of it.
    let both = with(&stage(), "a.bicepparam", loading);
    let used = KnownStages::default();
    for (at, text) in ["one", "two", "one"].into_iter().enumerate() {
        agrees(&used, "a", &with(&both, "t.txt", text.to_owned()));
        assert_eq!(used.size().0, (at + 1).min(2));
    }
    // So is one that a module of it loads.
    let module =
        "param n string\noutput n string = '${n}${loadTextContent('../t.txt')}'\n".to_owned();
    let used = KnownStages::default();
    for text in ["one", "two", "one"] {
        let files = with(&both, "modules/m.bicep", module.clone());
        agrees(&used, "a", &with(&files, "t.txt", text.to_owned()));
    }
    assert_eq!(used.size().0, 2);
}

#[test]
fn no_more_is_kept_than_allowed() {
    let used = KnownStages::default();
    for number in 0..2 * KnownStages::MOST_STAGES {
        let files = with(&stage(), "t.txt", number.to_string());
        compiled(&used, "a", &files);
        assert!(used.size().0 <= KnownStages::MOST_STAGES);
    }
    assert_eq!(used.size().0, KnownStages::MOST_STAGES);
    for number in 0..8 {
        let large = format!("{number}{}", "x".repeat(100_000));
        compiled(&used, "a", &with(&stage(), "t.txt", large));
        assert!(used.size().1 <= KnownStages::MOST_BYTES);
    }
    let huge = "x".repeat(KnownStages::MOST_BYTES);
    compiled(&used, "a", &with(&stage(), "t.txt", huge));
    assert!(used.size().1 <= KnownStages::MOST_BYTES);
}
