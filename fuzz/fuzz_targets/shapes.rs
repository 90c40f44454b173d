//! Programs whose cost doubles with each line: every declaration uses the one before it several times.
//!
//! Mutated bytes almost never form such a chain, so this target builds them. The input chooses what each line is;
//! `-timeout` and `-rss_limit_mb` decide whether a chain costs too much.

#![no_main]

use std::fmt::Write as _;

use libfuzzer_sys::fuzz_target;
use prebake::bicep::{MemoryFiles, compile, compile_params};
use prebake::diagnostic::{Diagnostics, Sources};

/// How many lines a chain has at most.
const LONGEST: usize = 64;

/// Values made from the value before, `@`.
const VALUES: &[&str] = &[
    "'${@}${@}'",
    "concat(@, @)",
    "union(@, @)",
    "intersection(@, @)",
    "[@, @]",
    "{ a: @, b: @ }",
    "flatten([@, @])",
    "split(@, ',')",
    "join(@, '${@}')",
    "format('{0}{0}{1}', @, @)",
    "replace(string(@), 'a', string(@))",
    "true ? @ : @",
    "@ ?? @",
    "map(range(0, 100), i => @)",
    "[for i in range(0, 100): @]",
    "reduce(range(0, 100), @, (a, b) => '${a}${a}')",
    "toObject(range(0, 100), i => string(i), i => @)",
    "shallowMerge([@, @])",
    "padLeft(string(@), 1000)",
    "uri(string(@), string(@))",
    "base64(string(@))",
    "twice(@)",
    "any(@)",
    "@[?0]",
    "@.?a",
];

/// Types made from the type before.
const TYPES: &[&str] = &[
    "@ | @",
    "@[]",
    "[@, @]",
    "{ a: @, b: @ }",
    "{ *: @ }",
    "(@ | null)?",
    "{ a: @, ...@ }",
    "@?",
    "@ | 'other'",
];

const FIRST_VALUES: &[&str] = &["'a'", "['a']", "{ a: 'a' }", "1", "param0"];
const FIRST_TYPES: &[&str] = &["'a'", "string", "{ a: 'a' }", "'a' | 'b'", "object"];

fn chosen<'w>(words: &[&'w str], byte: u8) -> &'w str {
    words[usize::from(byte) % words.len()]
}

fn values(first: u8, steps: &[u8], out: &mut String) -> std::fmt::Result {
    writeln!(out, "func twice(x string) string => '${{x}}${{x}}'")?;
    writeln!(out, "param param0 string = 'a'\nvar v0 = {}", chosen(FIRST_VALUES, first))?;
    for (index, step) in steps.iter().enumerate() {
        let value = chosen(VALUES, *step).replace('@', &format!("v{index}"));
        writeln!(out, "var v{} = {value}", index + 1)?;
    }
    writeln!(out, "output last object = {{ is: v{} }}", steps.len())
}

fn types(first: u8, steps: &[u8], out: &mut String) -> std::fmt::Result {
    writeln!(out, "type t0 = {}", chosen(FIRST_TYPES, first))?;
    for (index, step) in steps.iter().enumerate() {
        let made = chosen(TYPES, *step).replace('@', &format!("t{index}"));
        writeln!(out, "type t{} = {made}", index + 1)?;
    }
    writeln!(out, "param last t{0}\nparam other t{0} = last\noutput out t{0} = other", steps.len())
}

/// Resources named from the resource before, each the parent or a dependency of the next.
fn resources(first: u8, steps: &[u8], out: &mut String) -> std::fmt::Result {
    const NAMES: &[&str] = &["'${@.name}${@.name}'", "'${@.id}'", "uniqueString(@.id, @.id)", "'n'"];
    let kind = "'Microsoft.Storage/storageAccounts@2023-05-01'";
    writeln!(out, "resource r0 {kind} existing = {{ name: {} }}", chosen(FIRST_VALUES, first))?;
    for (index, step) in steps.iter().enumerate() {
        let name = chosen(NAMES, *step).replace('@', &format!("r{index}"));
        let existing = if step & 0x80 == 0 { " existing" } else { "" };
        writeln!(out, "resource r{} {kind}{existing} = {{ name: {name} }}", index + 1)?;
    }
    writeln!(out, "output last string = r{}.id", steps.len())
}

fuzz_target!(|input: &[u8]| {
    let [kind, first, steps @ ..] = input else { return };
    let steps = &steps[..steps.len().min(LONGEST)];
    let mut text = String::new();
    let written = match kind % 3 {
        0 => values(*first, steps, &mut text),
        1 => types(*first, steps, &mut text),
        _ => resources(*first, steps, &mut text),
    };
    assert!(written.is_ok());
    let parameters = text.lines().filter(|line| line.starts_with("var ")).fold(
        "using none\n".to_owned(),
        |all, line| all + line + "\n",
    ) + "param last = v0\n";
    let files = MemoryFiles::from_iter([
        ("main.bicep", text.as_str()),
        ("main.bicepparam", parameters.as_str()),
    ]);
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let template = compile("main.bicep", &files, &mut sources, &mut findings);
    assert_eq!(template.is_none(), findings.has_errors());
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let made = compile_params("main.bicepparam", &files, &|_| None, &mut sources, &mut findings);
    assert_eq!(made.is_none(), findings.has_errors());
});
