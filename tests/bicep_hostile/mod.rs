//! Inputs that no one should write: the compiler must end, in bounded time and memory, and say why.

#![expect(clippy::disallowed_methods, reason = "tests read files")]

use std::fmt::Write as _;

use prebake::bicep::{MemoryFiles, compile, compile_params};
use prebake::diagnostic::{Diagnostics, Sources, text};
use proptest::prelude::*;
use serde_json::Value;

fn run(files: &[(&str, &str)]) -> (Option<Value>, Vec<String>) {
    let files = files.iter().copied().collect::<MemoryFiles>();
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let template = compile("main.bicep", &files, &mut sources, &mut diagnostics);
    let codes = diagnostics.iter().map(|finding| finding.code.to_string()).collect();
    (template.map(|template| std::sync::Arc::unwrap_or_clone(template.json)), codes)
}

fn codes(source: &str) -> Vec<String> {
    run(&[("main.bicep", source)]).1
}

#[test]
fn deep_nesting_is_refused_or_compiled() {
    for depth in [50, 200, 255, 300, 5_000] {
        for (open, close) in [("[", "]"), ("(", ")"), ("{a:", "}"), ("!", ""), ("concat(", ")")] {
            let value = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            run(&[("main.bicep", &format!("output x object = {value}"))]);
            run(&[("main.bicep", &format!("type x = {value}"))]);
        }
        let sum = vec!["1"; depth].join(" + ");
        run(&[("main.bicep", &format!("output x int = {sum}"))]);
        let accesses = format!("param p object\noutput x string = p{}", ".a".repeat(depth));
        run(&[("main.bicep", &accesses)]);
    }
}

const ACCOUNT: &str =
    "resource a 'Microsoft.Storage/storageAccounts@2023-01-01' existing = { name: 'a' }\n";

#[test]
fn inlined_variables_cannot_grow_without_bound() {
    let mut source = format!("{ACCOUNT}var v0 = a.properties.x\n");
    for at in 1..64 {
        let _ = writeln!(source, "var v{at} = '${{v{}}}${{v{}}}'", at - 1, at - 1);
    }
    source.push_str("output x string = v63\n");
    assert!(codes(&source).contains(&"BCP102".to_owned()));
}

#[test]
fn names_made_of_names_cannot_grow_without_bound() {
    for existing in ["", "existing "] {
        let mut source = "param p string\n".to_owned();
        for at in 0..64 {
            let name = match at {
                0 => "p".to_owned(),
                at => format!("'${{r{}.name}}${{r{}.name}}'", at - 1, at - 1),
            };
            let kind = "Microsoft.Network/networkSecurityGroups@2024-05-01";
            let _ = writeln!(source, "resource r{at} '{kind}' {existing}= {{\n  name: {name}\n}}");
        }
        source.push_str("output x string = r63.id\n");
        assert!(codes(&source).contains(&"BCP102".to_owned()), "{existing}");
    }
}

#[test]
fn long_texts_that_are_written_out_often_are_counted() {
    let mut source = format!("{ACCOUNT}var v0 = '${{a.properties.x}}{}'\n", "x".repeat(100_000));
    for at in 1..12 {
        let _ = writeln!(source, "var v{at} = '${{v{}}}${{v{}}}'", at - 1, at - 1);
    }
    source.push_str("output x string = v11\n");
    assert!(codes(&source).contains(&"BCP102".to_owned()));
}

#[test]
fn long_chains_of_inlined_variables_end() {
    let mut source = format!("{ACCOUNT}var v0 = a.properties.x\n");
    for at in 1..20_000 {
        let _ = writeln!(source, "var v{at} = v{}", at - 1);
    }
    source.push_str("output x string = v19999\n");
    assert!(codes(&source).contains(&"BCP102".to_owned()));
}

#[test]
fn long_chains_of_parents_end() {
    let kind = "Microsoft.Storage/storageAccounts";
    let mut source = format!("resource r0 '{kind}@2023-01-01' existing = {{ name: 'a' }}\n");
    for at in 1..3_000 {
        let _ = writeln!(
            source,
            "resource r{at} '{kind}/b@2023-01-01' existing = {{ name: 'b'\n  parent: r{} }}",
            at - 1
        );
    }
    source.push_str("output x string = r2999.id\n");
    run(&[("main.bicep", &source)]);
}

#[test]
fn cycles_are_told() {
    assert!(codes("var a = b\nvar b = a").contains(&"BCP080".to_owned()));
    assert!(codes("var a = a").contains(&"BCP079".to_owned()));
    assert!(codes("module m 'main.bicep' = {}").contains(&"BCP094".to_owned()));
    let files = [
        ("main.bicep", "import { x } from 'b.bicep'\n@export()\nvar y = x"),
        ("b.bicep", "import { y } from 'main.bicep'\n@export()\nvar x = y"),
    ];
    assert!(run(&files).1.contains(&"BCP095".to_owned()));
    codes("type a = a\ntype b = c[]\ntype c = b[*]\nparam p b.x.y");
    codes("@discriminator('k')\ntype a = b | a\ntype b = { k: 'b' }");
    codes("func f(x int) int => f(x)");
}

#[test]
fn names_of_types_that_name_one_another_are_followed_once() {
    let names = 60;
    let mut source = String::new();
    for level in 0..5 {
        for at in 0..names {
            let next: Vec<String> =
                (0..names).map(|next| format!("a{}_{next}", level + 1)).collect();
            let _ = writeln!(source, "type a{level}_{at} = {}", next.join(" | "));
        }
    }
    for at in 0..names {
        let _ = writeln!(source, "type a5_{at} = '{at}'");
    }
    source.push_str("output x a0_0 = '7'\n");
    run(&[("main.bicep", &source)]);
    source.push_str("type b = b | 'x'\n");
    assert!(codes(&source).contains(&"BCP298".to_owned()));
}

#[test]
fn spreads_cannot_grow_without_bound() {
    let mut arrays = String::from("var a0 = [1, 2]\n");
    let mut objects = String::from("var a0 = { b: 1 }\n");
    for level in 1..40 {
        let before = level - 1;
        let _ = writeln!(arrays, "var a{level} = [...a{before}, ...a{before}]");
        let _ = writeln!(objects, "var a{level} = {{ ...a{before}, c{level}: a{before} }}");
    }
    assert_eq!(codes(&format!("{arrays}output o array = a39\n")), [""; 0]);
    assert_eq!(codes(&format!("{objects}output o object = a39\n")), [""; 0]);
}

#[test]
fn existing_resources_of_existing_resources_are_followed_once() {
    let mut source =
        String::from("param p string\nresource r0 'A.B/c@2023-01-01' existing = { name: p }\n");
    for level in 1..60 {
        let name = format!("r{}.name", level - 1);
        let _ = writeln!(
            source,
            "resource r{level} 'A.B/c@2023-01-01' existing = {{ name: '${{{name}}}${{{name}}}' }}\n\
             output o{level} string = r{level}.name"
        );
    }
    assert!(!codes(&source).contains(&"BCP307".to_owned()));
}

#[test]
fn files_that_cannot_be_read_are_told() {
    assert!(codes("module m 'none.bicep' = { name: 'm' }").contains(&"BCP091".to_owned()));
    assert!(codes("module m '../../x.bicep' = { name: 'm' }").contains(&"BCP091".to_owned()));
    assert!(codes("module m 'br/public:a/b:1.0.0' = { name: 'm' }").contains(&"BCP190".to_owned()));
    assert!(codes("var x = loadTextContent('none.txt')").contains(&"BCP091".to_owned()));
}

const SEED: &str = r"
targetScope = 'resourceGroup'
@description('a')
param names string[] = ['a', 'b']
param place { region: string, zones: int[]? } = { region: 'x' }
var text = '${names[0]}-${place.?zones ?? 1}'
@export()
type sku = 'a' | 'b' | null
func twice(x int) int => x * 2
resource account 'Microsoft.Storage/storageAccounts@2023-01-01' = [for (name, i) in names: if (i > 0) {
  name: name
  location: place.region
  tags: { ...{ a: text }, b: nameof(text) }
  properties: { list: [for x in range(0, 2): { at: x, of: i }] }
}]
resource group 'Microsoft.Batch/batchAccounts@2024-07-01' existing = {
  name: 'batch'
  resource pool 'pools' = {
    name: 'pool'
    properties: { id: account[0].id, keys: account[1].listKeys().keys[0].value }
  }
}
module inner 'inner.bicep' = {
  name: 'inner'
  scope: resourceGroup('other')
  params: { a: map(names, n => toUpper(n)), b: group.properties.x }
}
output out object = { a: inner.outputs.o!, b: group::pool.properties, c: [for n in names: n] }
output all array = [for (n, i) in names: account[i].properties]
";

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(cuts in prop::collection::vec((0_usize..2_000, 0_usize..40), 1..4), text in ".{0,12}") {
        let mut source: Vec<char> = SEED.chars().collect();
        for (at, length) in cuts {
            let at = at.min(source.len());
            let end = (at + length).min(source.len());
            source.splice(at..end, text.chars());
        }
        let source: String = source.into_iter().collect();
        run(&[("main.bicep", &source), ("inner.bicep", "param a array\nparam b string\noutput o string = b")]);
        let files: MemoryFiles = [("main.bicepparam", source.as_str())].into_iter().collect();
        let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
        compile_params("main.bicepparam", &files, &|_| None, &mut sources, &mut diagnostics);
    }

    #[test]
    fn texts_mean_themselves(text in "\\PC{0,30}") {
        let letters = text.chars().map(|letter| format!("\\u{{{:x}}}", u32::from(letter)));
        let written = letters.collect::<Vec<_>>().concat();
        let (template, codes) = run(&[("main.bicep", &format!("output x string = '{written}'"))]);
        prop_assert!(codes.is_empty());
        let template = template.expect("it compiles");
        let value = template["outputs"]["x"]["value"].as_str().expect("a text");
        let expected = prebake::arm::expression::read_template_string(value);
        prop_assert_eq!(expected, prebake::arm::expression::TemplateString::Literal(text.into()));
    }
}

#[test]
fn modules_of_modules_cannot_double_without_bound() {
    let files = (0..30).map(|at| {
        let next = |name| format!("module {name} 'm{}.bicep' = {{ name: '{name}' }}\n", at + 1);
        let text = if at < 29 { next("a") + &next("b") } else { "output x int = 1\n".to_owned() };
        (if at == 0 { "main.bicep".to_owned() } else { format!("m{at}.bicep") }, text)
    });
    let files: Vec<(String, String)> = files.collect();
    let named = |count: usize| files[30 - count..].iter();
    let all: Vec<(&str, &str)> =
        named(30).map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert!(run(&all).1.contains(&"PB2902".to_owned()));
    let few: Vec<(&str, &str)> = named(8)
        .enumerate()
        .map(|(at, (path, text))| (if at == 0 { "main.bicep" } else { path }, text.as_str()))
        .collect();
    assert_eq!(run(&few).1, Vec::<String>::new());
}

#[test]
fn many_findings_are_shown_in_time() {
    let source: String = (0..16_000).fold(String::new(), |mut source, at| {
        let _ = writeln!(source, "param p{at} string");
        source
    });
    let files = MemoryFiles::from_iter([("main.bicep", source.as_str())]);
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let start = std::time::Instant::now();
    assert!(compile("main.bicep", &files, &mut sources, &mut diagnostics).is_some());
    let shown = text::render(&diagnostics, &sources, false);
    assert_eq!(shown.matches("no-unused-params").count(), 16_000);
    // Each once looked at the whole file: 11 s in a release build.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn many_unknown_names_are_told_in_time() {
    let source: String = (0..4_000).fold(String::new(), |mut source, at| {
        let _ = writeln!(source, "output o{at} string = q{at}x\nvar qq{at} = 1");
        source
    });
    let start = std::time::Instant::now();
    let unknown = codes(&source).into_iter().filter(|code| code.starts_with("BCP"));
    assert_eq!(unknown.count(), 4_000);
    // When each was compared with all others it took a minute.
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

/// What fuzzing found, minimised: each ended the program once.
#[test]
fn texts_that_were_crashes_have_errors() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bicep_hostile/crashes");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the texts are there") {
        let path = entry.expect("can be listed").path();
        let text = std::fs::read_to_string(&path).expect("can be read");
        assert!(!codes(&text).is_empty(), "{}", path.display());
        seen += 1;
    }
    assert!(seen > 0);
}
