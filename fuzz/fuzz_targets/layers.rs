//! Any bytes as three configs that may extend one another, and their environments.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use prebake::config::layers::{Files, layers};
use prebake::diagnostic::{Diagnostics, Sources, text};

struct Three<'a>([&'a [u8]; 3]);

impl Files for Three<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        match path.to_str() {
            Some("a.yaml") => Ok(self.0[0].to_vec()),
            Some("b.yaml") => Ok(self.0[1].to_vec()),
            Some("c.yaml") => Ok(self.0[2].to_vec()),
            _ => Err("no such file".to_owned()),
        }
    }
}

fuzz_target!(|texts: (&[u8], &[u8], &[u8])| {
    let files = Three([texts.0, texts.1, texts.2]);
    let (mut sources, mut diagnostics) = (Sources::new(), Diagnostics::new());
    let found = layers("a.yaml", texts.0, &files, &mut sources, &mut diagnostics);
    if let Some(found) = found {
        let names: Vec<String> = found.names().map(str::to_owned).collect();
        for name in names {
            if let Some(document) = found.environment(&name, &mut diagnostics) {
                let places = document.entries();
                places.for_each(|(pointer, _)| assert!(document.value.pointer(pointer).is_some()));
            }
        }
    } else {
        assert!(diagnostics.has_errors());
    }
    let _ = text::render(&diagnostics, &sources, false);
});
