//! The scripts of the bake, each a file of its own, and the custom data that carries them to the builder.

use base64_simd::STANDARD;
use memchr::memchr;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tera::Context;

use super::Templates;
use crate::diagnostic::{Diagnostics, Sources};
use crate::model::bake::{BakePlan, Step};
use crate::model::hex;

/// The custom data of the builder.
pub const CUSTOM_DATA: &str = "cloud-init.yaml";

/// Its template.
pub const CUSTOM_DATA_TEMPLATE: &str = "cloud-init/cloud-init.yaml.tera";

/// The one script that Azure Image Builder runs.
pub const SCRIPT: &str = "bake.sh";

/// Its template.
pub const SCRIPT_TEMPLATE: &str = "cloud-init/bake.sh.tera";

/// The unit that starts the bake, and its template.
const SERVICE: &str = "prebake-bake.service";

/// Line that ends a file within that script.
const END: &str = "PREBAKE_END";

/// Folder of the bake on the builder.
const HOME: &str = "/opt/prebake";

/// A file that cloud-init writes before the bake starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BootFile {
    /// Absolute path on the builder.
    pub path: String,
    /// Octal mode.
    pub permissions: &'static str,
    /// Its text.
    pub content: String,
}

impl BootFile {
    /// Its entry in `write_files`.
    fn value(&self) -> Value {
        let mut value = json!({
            "path": self.path,
            "owner": "root:root",
            "permissions": self.permissions,
        });
        if fits_block_scalar(&self.content) {
            value["content"] = Value::from(self.content.as_str());
        } else {
            value["encoding"] = Value::from("b64");
            value["content"] = Value::from(STANDARD.encode_to_string(&self.content));
        }
        value
    }
}

/// The files of the bake, each script a file of its own, and the digest that names this bake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BakeFiles {
    /// Every file, in the order of the bake.
    pub files: Vec<BootFile>,
    /// Changes whenever anything that the bake runs changes.
    pub bake_id: String,
}

/// The templates that make a bake.
pub(super) fn templates(plan: &BakePlan) -> Vec<String> {
    let carrier = if plan.image_builder { SCRIPT_TEMPLATE } else { CUSTOM_DATA_TEMPLATE };
    let scripts = ["lib.sh", "prebake-bake.sh"].map(script_template);
    let steps = plan.steps.iter().map(step_template);
    let service = (!plan.image_builder).then(|| script_template(SERVICE));
    steps.chain(scripts).chain(service).chain([carrier.to_owned()]).collect()
}

fn script_template(name: &str) -> String {
    format!("cloud-init/{name}.tera")
}

fn step_template(step: &Step) -> String {
    script_template(&format!("steps/{}.sh", step.template))
}

/// Renders every script of a plan. Reports `PB2002` for a template that fails.
pub fn bake_files(
    templates: &Templates,
    plan: &BakePlan,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<BakeFiles> {
    let mut context = Context::new();
    context.insert("plan", plan);
    let mut render = |template: String, context: &Context| {
        templates.render(&template, context, sources, diagnostics)
    };
    let library = render(script_template("lib.sh"), &context)?;
    let mut files = vec![script("lib.sh", "0644", library)];
    for step in &plan.steps {
        context.insert("step", step);
        let text = render(step_template(step), &context)?;
        files.push(script(&format!("steps/{}.sh", step.file), "0755", text));
    }
    for file in &plan.files {
        files.push(script(&file.source, "0644", with_line_end(&file.content)));
    }
    let bake_id = digest(&files);
    context.insert("bake_id", &bake_id);
    let runner = render(script_template("prebake-bake.sh"), &context)?;
    files.push(script("prebake-bake", "0755", runner));
    if !plan.image_builder {
        files.push(BootFile {
            path: format!("/etc/systemd/system/{SERVICE}"),
            permissions: "0644",
            content: render(script_template(SERVICE), &context)?,
        });
    }
    Some(BakeFiles { files, bake_id })
}

/// Renders the custom data of the builder. Reports `PB2002` for a template that fails.
pub fn custom_data(
    templates: &Templates,
    plan: &BakePlan,
    bake: &BakeFiles,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    let context = boot_context(plan, bake.files.iter().map(Entry::from));
    templates.render(CUSTOM_DATA_TEMPLATE, &context, sources, diagnostics)
}

/// What the custom data says, when it is made from the embedded template.
pub fn custom_data_value(bake: &BakeFiles) -> Value {
    json!({
        "package_update": false,
        "package_upgrade": false,
        "write_files": bake.files.iter().map(BootFile::value).collect::<Vec<_>>(),
        "runcmd": [
            ["systemctl", "daemon-reload"],
            ["systemctl", "enable", SERVICE],
            ["systemctl", "start", "--no-block", SERVICE],
        ],
    })
}

/// Renders the one script that Azure Image Builder runs. Reports `PB2002` for a template that fails.
pub fn single_script(
    templates: &Templates,
    plan: &BakePlan,
    bake: &BakeFiles,
    sources: &mut Sources,
    diagnostics: &mut Diagnostics,
) -> Option<String> {
    let context = boot_context(plan, bake.files.iter().map(Entry::in_script));
    templates.render(SCRIPT_TEMPLATE, &context, sources, diagnostics)
}

/// What both see: the plan, and every file ready for its place.
fn boot_context<'a>(plan: &BakePlan, entries: impl Iterator<Item = Entry<'a>>) -> Context {
    let entries: Vec<Entry> = entries.collect();
    let mut context = Context::new();
    context.insert("plan", plan);
    context.insert("files", &entries);
    context
}

/// One entry of `write_files`, its text ready for the place it goes to.
#[derive(Serialize)]
struct Entry<'a> {
    path: &'a str,
    permissions: &'a str,
    encoding: Option<&'static str>,
    content: String,
}

impl<'a> From<&'a BootFile> for Entry<'a> {
    fn from(file: &'a BootFile) -> Self {
        let plain = fits_block_scalar(&file.content);
        Self {
            path: &file.path,
            permissions: file.permissions,
            encoding: (!plain).then_some("b64"),
            content: if plain {
                indented(&file.content)
            } else {
                STANDARD.encode_to_string(&file.content)
            },
        }
    }
}

impl<'a> Entry<'a> {
    fn in_script(file: &'a BootFile) -> Self {
        let ends = file.content.lines().any(|line| line == END);
        let plain = !ends && fits_block_scalar(&file.content);
        Self {
            path: &file.path,
            permissions: file.permissions,
            encoding: (!plain).then_some("b64"),
            content: if plain {
                file.content.trim_end_matches('\n').to_owned()
            } else {
                STANDARD.encode_to_string(&file.content)
            },
        }
    }
}

fn script(path: &str, permissions: &'static str, content: String) -> BootFile {
    BootFile { path: format!("{HOME}/{path}"), permissions, content }
}

fn with_line_end(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// Whether every YAML reader gives back exactly this text from a literal block with one line end.
fn fits_block_scalar(text: &str) -> bool {
    let first_is_text = !text.starts_with([' ', '\t', '\n']);
    let one_line_end = text.ends_with('\n') && !text.ends_with("\n\n");
    let printable = |byte: u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    // Nearly every script is ASCII, whose bytes are looked at many at once when none of them ends the look.
    let all_printable = || text.bytes().fold(true, |all, byte| all & printable(byte));
    first_is_text
        && one_line_end
        && (all_printable()
            || text
                .chars()
                .all(|c| if c.is_ascii() { printable(c as u8) } else { c.is_alphanumeric() }))
}

/// Indents for a block scalar, without the last line end, which the template writes.
fn indented(text: &str) -> String {
    let mut indented = String::with_capacity(text.len() + text.len() / 4);
    let mut rest = text.trim_end_matches('\n');
    loop {
        let end = memchr(b'\n', rest.as_bytes());
        let line = &rest[..end.unwrap_or(rest.len())];
        if !line.is_empty() {
            indented.push_str("      ");
            indented.push_str(line);
        }
        let Some(end) = end else { return indented };
        indented.push('\n');
        rest = &rest[end + 1..];
    }
}

fn digest(files: &[BootFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(format!("{} {}\n", file.path, file.content.len()));
        hash.update(&file.content);
    }
    hex(&hash.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_that_survives_is_a_block_scalar() {
        assert!(fits_block_scalar("#!/bin/bash\n\n  indented\n"));
        for text in ["", "no line end", " leading space\n", "\nleading line\n", "two ends\n\n"] {
            assert!(!fits_block_scalar(text), "{text:?}");
        }
        for text in ["a\rb\n", "a\u{85}b\n", "a\u{2028}b\n", "a\0b\n", "a\u{1b}b\n"] {
            assert!(!fits_block_scalar(text), "{text:?}");
        }
    }

    #[test]
    fn a_block_scalar_gives_its_text_back() {
        let text = "a\n\n  b: 'c' # d\n--- \n%e\n";
        let yaml = format!("content: |\n{}\n", indented(text));
        let read: std::collections::BTreeMap<String, String> =
            serde_yaml::from_str(&yaml).expect("it is YAML");
        assert_eq!(read["content"], text);
    }
}
