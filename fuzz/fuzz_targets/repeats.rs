//! Configs that repeat themselves: aliases, layers, environments and lists that multiply one another.
//!
//! The input chooses how often each part is repeated; `-timeout` and `-rss_limit_mb` decide whether it costs too much.

#![no_main]

use std::fmt::Write as _;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use prebake::catalog::Date;
use prebake::diagnostic::text;
use prebake::pipeline::{self, Input, Tools};

static TOOLS: LazyLock<Tools> =
    LazyLock::new(|| Tools::new(Date::parse("2026-11-23").expect("a date")));

/// A list of so many aliases of the list before, `depth` times.
fn aliases(depth: u8, width: u8, out: &mut String) -> std::fmt::Result {
    writeln!(out, "x-a0: &a0 [{}]", "word, ".repeat(usize::from(width)))?;
    for level in 1..=depth % 40 {
        let all = format!("*a{}, ", level - 1).repeat(usize::from(width % 16) + 1);
        writeln!(out, "x-a{level}: &a{level} [{all}]")?;
    }
    Ok(())
}

/// The same with maps that merge the map before.
fn merges(depth: u8, width: u8, out: &mut String) -> std::fmt::Result {
    writeln!(out, "x-m0: &m0 {{ key: value }}")?;
    for level in 1..=depth % 40 {
        write!(out, "x-m{level}: &m{level} {{ ")?;
        for key in 0..=width % 16 {
            write!(out, "k{key}: *m{}, ", level - 1)?;
        }
        writeln!(out, "<<: *m{} }}", level - 1)?;
    }
    Ok(())
}

fn lists(pools: u8, tags: u8, out: &mut String) -> std::fmt::Result {
    writeln!(out, "tags: {{ {} }}", (0..tags).fold(String::new(), |all, at| all + &format!("t{at}: v, ")))?;
    writeln!(out, "batch:\n  pools:")?;
    for pool in 0..=pools {
        writeln!(out, "  - {{ id: pool{pool}, nodes: {pool}, displayName: {} }}", "p".repeat(64))?;
    }
    writeln!(out, "environments:")?;
    for name in 0..=tags {
        writeln!(out, "  e{name}: {{ tags: {{ environment: e{name} }} }}")?;
    }
    Ok(())
}

fuzz_target!(|input: [u8; 6]| {
    let [depth, width, deeper, wider, pools, tags] = input;
    let mut config = "name: any\nlocation: northeurope\nresourceGroup: any\n\
        images: [{ name: docker.io/library/python, tag: '3.12' }]\nnode: { gpu: false }\n\
        gallery: { version: 1.0.0 }\n"
        .to_owned();
    let written = aliases(depth, width, &mut config)
        .and_then(|()| merges(deeper, wider, &mut config))
        .and_then(|()| lists(pools, tags, &mut config));
    assert!(written.is_ok());
    let input = Input {
        path: "any.yaml".to_owned(),
        bytes: config.into_bytes(),
        ..Input::default()
    };
    let outcome = pipeline::render(&input, &TOOLS);
    assert!(outcome.render.is_some() || outcome.diagnostics.has_errors());
    let _ = text::render(&outcome.diagnostics, &outcome.sources, false);
});
