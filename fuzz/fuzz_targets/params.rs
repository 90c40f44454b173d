//! Any text as a parameters file, and any as the template that it uses.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::bicep::{MemoryFiles, compile_params};
use prebake::diagnostic::{Diagnostics, Sources, text};

fuzz_target!(|texts: (&str, &str)| {
    let files = MemoryFiles::from_iter([
        ("main.bicepparam", texts.0),
        ("main.bicep", texts.1),
        ("base.bicepparam", texts.1),
    ]);
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let environment = |name: &str| (name == "HOME").then(|| "/root".to_owned());
    let parameters =
        compile_params("main.bicepparam", &files, &environment, &mut sources, &mut findings);
    assert_eq!(parameters.is_none(), findings.has_errors());
    let _ = text::render(&findings, &sources, false);
});
