//! Any text as an ARM expression: what parses prints to what parses the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prebake::arm::expression::{self, TemplateString, read_template_string};

fuzz_target!(|text: &str| {
    if let Ok(parsed) = expression::parse(text) {
        let printed = parsed.to_template_string();
        let again = match read_template_string(&printed) {
            TemplateString::Expression(inside) => expression::parse(inside).ok(),
            TemplateString::Literal(_) => None,
        };
        assert_eq!(again, Some(parsed), "{printed}");
    }
});
