//! Any text as a template of a team, for two of the files of a valid config: a render, or findings.

#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use prebake::catalog::Date;
use prebake::diagnostic::{Diagnostics, Sources, text};
use prebake::pipeline::{self, Input, Tools};
use prebake::render::Templates;

const CONFIG: &str = "
name: any
location: northeurope
resourceGroup: any
images: [{ name: docker.io/library/python, tag: '3.12' }]
node: { gpu: false }
gallery: { version: 1.0.0 }
batch: { pools: [{ id: one, nodes: 1 }] }
";

fuzz_target!(|texts: (&str, &str)| {
    let overlay = BTreeMap::from([
        ("bicep/registry.bicep.tera".to_owned(), texts.0.to_owned()),
        ("cloud-init/steps/docker.sh.tera".to_owned(), texts.0.to_owned()),
        ("mine.tera".to_owned(), texts.1.to_owned()),
    ]);
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let Some(templates) = Templates::new(overlay, &mut sources, &mut findings) else {
        assert!(findings.has_errors());
        let _ = text::render(&findings, &sources, false);
        return;
    };
    let tools = Tools { templates, ..Tools::new(Date::parse("2026-11-23").expect("a date")) };
    let input = Input {
        path: "any.yaml".to_owned(),
        bytes: CONFIG.as_bytes().to_vec(),
        ..Input::default()
    };
    let outcome = pipeline::render(&input, &tools);
    assert!(outcome.render.is_some() || outcome.diagnostics.has_errors());
    let _ = text::render(&outcome.diagnostics, &outcome.sources, false);
});
