//! Any file as what Bicep loads: text, JSON, YAML, Base64, a folder, an ARM template, the settings.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::bicep::{MemoryFiles, compile};
use prebake::diagnostic::{Diagnostics, Sources, text};

const MAIN: &str = "
var text = loadTextContent('any')
var json = loadJsonContent('any')
var some = loadJsonContent('any', '$..a[0,1:-1:2][?(@.b == 1)]')
var yaml = loadYamlContent('any', 'a.b')
var bytes = loadFileAsBase64('any')
var files = loadDirectoryFileInfo('folder', '*n*')
output all object = { a: text, b: json, c: some, d: yaml, e: bytes, f: files }
";

fuzz_target!(|input: (&str, &[u8])| {
    let (path, bytes) = input;
    let asked = format!("output one object = loadJsonContent('any', '{}')\n", path.escape_default());
    for main in [MAIN, asked.as_str(), "module m 'any.json' = {}\n"] {
        let files = MemoryFiles::from_iter([
            ("main.bicep", main.as_bytes()),
            ("any", bytes),
            ("any.json", bytes),
            ("folder/any", bytes),
            ("bicepconfig.json", path.as_bytes()),
        ]);
        let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
        let template = compile("main.bicep", &files, &mut sources, &mut findings);
        assert_eq!(template.is_none(), findings.has_errors());
        let _ = text::render(&findings, &sources, false);
    }
});
