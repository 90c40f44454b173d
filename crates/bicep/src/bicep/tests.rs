//! Input that nobody means: it ends in errors or a template, in time.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::{Entry, FileError, FileProvider, MemoryFiles, compile};
use crate::diagnostic::{Diagnostics, Sources};

/// Unoptimized builds get five times what a user waits for.
const MOST: Duration = Duration::from_secs(10);

fn codes(files: &dyn FileProvider) -> Vec<String> {
    let start = Instant::now();
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    compile("main.bicep", files, &mut sources, &mut findings);
    assert!(start.elapsed() < MOST, "it took {:?}", start.elapsed());
    findings.iter().map(|finding| finding.code.to_string()).collect()
}

fn of_text(text: &str) -> Vec<String> {
    codes(&MemoryFiles::from_iter([("main.bicep", text)]))
}

#[test]
fn deep_types_end() {
    for (open, close) in [("{ a: ", " }"), ("[ ", " ]"), ("(", ")")] {
        for depth in [40, 400] {
            let text =
                format!("type t = {}string{}\nparam p t", open.repeat(depth), close.repeat(depth));
            of_text(&text);
        }
    }
    of_text(&format!("type t = string{}\nparam p t", "[]".repeat(2_000)));
}

#[test]
fn paths_that_double_end() {
    let mut text = String::from("var p0 = 'a'\n");
    for step in 1..60 {
        let _ = writeln!(text, "var p{step} = '${{p{0}}}${{p{0}}}'", step - 1);
    }
    text.push_str("output o string = loadTextContent(p59)\n");
    assert_eq!(of_text(&text), ["BCP032"]);
}

#[test]
fn types_that_double_end() {
    let mut text = String::from("type t0 = { a: 'x', b: 'y' }\n");
    for at in 1..60 {
        let _ = writeln!(text, "type t{at} = {{ a: t{}, b: t{}? }}", at - 1, at - 1);
    }
    text.push_str("param p t59\nvar q = [p.a.a.a, p.b.?a]\noutput o array = q");
    of_text(&text);
    let mut text = String::from("type u0 = 'a' | 'b'\n");
    for at in 1..60 {
        let _ = writeln!(text, "type u{at} = u{} | u{} | '{at}'", at - 1, at - 1);
    }
    text.push_str("param p u59 = 'a'\nparam q u59[] = [p, p]");
    of_text(&text);
}

#[test]
fn unknown_versions_are_told() {
    let text =
        "resource a 'Microsoft.Storage/storageAccounts@9999-01-01' = { name: 'a', location: 'x' }";
    assert_eq!(of_text(text), ["BCP081"]);
    let text = "resource a 'Microsoft.Storage/storageAccounts@2023-99-99-beta' = { name: 'a', location: 'x' }";
    assert_eq!(of_text(text), ["BCP081"]);
}

#[test]
fn malformed_configs_are_told() {
    let with = |config: &str| {
        codes(&MemoryFiles::from_iter([("main.bicep", ""), ("bicepconfig.json", config)]))
    };
    for broken in ["", "{", "[]", "{\"a\":", "\u{0}", "{ \"a\": \"\\ud800\" }"] {
        assert_eq!(with(broken), ["BCP271"], "{broken}");
    }
    assert_eq!(with(&"[".repeat(100_000)), ["BCP271"]);
    assert_eq!(with(r#"{ "experimentalFeaturesEnabled": { "assertions": "yes" } }"#), ["BCP273"]);
    let rules = |rules: &str| {
        with(&format!(r#"{{ "analyzers": {{ "core": {{ "rules": {{ {rules} }} }} }} }}"#))
    };
    assert_eq!(rules(r#""no-unused-parms": { "level": "off" }"#), ["PB2903"]);
    assert_eq!(rules(r#""no-unused-params": { "level": "loud" }"#), ["PB2903"]);
    assert_eq!(rules(r#""no-unused-params": 7"#), ["PB2903"]);
    assert_eq!(rules(r#""no-hardcoded-env-urls": { "disallowedhosts": "a" }"#), ["PB2903"]);
    assert_eq!(rules(r#""use-recent-api-versions": { "maxAgeInDays": -1 }"#), ["PB2903"]);
    assert_eq!(rules(r#""no-unused-params": { "level": "Off" }"#), [""; 0]);
}

/// Counts how often a file is read.
struct Counting {
    files: MemoryFiles,
    reads: Cell<usize>,
}

impl FileProvider for Counting {
    fn read(&self, path: &str) -> Result<Cow<'_, [u8]>, FileError> {
        if path == "data.json" {
            self.reads.set(self.reads.get() + 1);
        }
        self.files.read(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, FileError> {
        self.files.list(folder)
    }
}

#[test]
fn a_file_that_is_loaded_often_is_read_once() {
    let mut text = String::new();
    for at in 0..2_000 {
        let _ = writeln!(text, "var v{at} = loadJsonContent('data.json').a");
    }
    let data = |count: usize| format!(r#"{{ "a": "{}" }}"#, "x".repeat(count));
    let counting = |count| Counting {
        files: MemoryFiles::from_iter([("main.bicep", text.clone()), ("data.json", data(count))]),
        reads: Cell::new(0),
    };
    let small = counting(100);
    assert!(codes(&small).iter().all(|code| code == "no-unused-vars"));
    assert_eq!(small.reads.get(), 1);
    // Each call has a variable of its own: what would not fit a template is refused.
    let large = counting(500_000);
    assert!(codes(&large).contains(&"PB2902".to_owned()));
    assert_eq!(large.reads.get(), 1);
}
