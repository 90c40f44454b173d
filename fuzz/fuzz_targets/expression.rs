//! Any text as an ARM expression: what parses prints to what parses the same, and a template of it expands.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::arm::expression;

fuzz_target!(|text: &str| {
    if let Ok(parsed) = expression::parse(text) {
        let printed = parsed.to_template_string();
        let again = expression::parse(printed.trim_start_matches('[').trim_end_matches(']'));
        assert_eq!(again.ok(), Some(parsed), "{printed}");
    }
});
