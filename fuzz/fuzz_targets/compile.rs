//! Any text compiles or has errors; a file that refers to itself under other names included.

#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::bicep::{MemoryFiles, compile};
use prebake::diagnostic::{Diagnostics, Sources};

fuzz_target!(|text: &str| {
    let files = MemoryFiles::from_iter([("main.bicep", text), ("other.bicep", text)]);
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let template = compile("main.bicep", &files, &mut sources, &mut findings);
    assert_eq!(template.is_none(), findings.has_errors());
});
