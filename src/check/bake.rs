use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use base64_simd::STANDARD;
use memchr::{memchr, memchr_iter, memmem, memrchr};
use serde_json::Value;

use super::finding::Target;
use super::known::{KnownScripts, ScriptText};
use super::node::Node;
use super::shell::Command;
use super::view::View;
use crate::diagnostic::Span;
use crate::model::same_text;
use crate::yaml;

/// Larger texts are not searched, so that the time is bounded: Azure takes 64 KiB of custom data, and a
/// rule of its own refuses more.
const MAX_BYTES: usize = 1 << 18;

/// What makes a machine an image: the custom data of a VM, the file that is loaded as such, or the script
/// that Azure Image Builder runs.
pub(super) struct Bake<'a> {
    /// Whether cloud-init reads it.
    pub(super) is_custom_data: bool,
    pub(super) text: Cow<'a, str>,
    /// The rendered file with exactly this text.
    path: Option<&'a str>,
    /// The custom data, when no file has its text.
    node: Option<Node<'a>>,
    /// The parsed cloud-config; nothing when it is no YAML mapping.
    pub(super) config: Option<Cow<'a, Value>>,
    pub(super) scripts: Vec<Script>,
    /// The lines of all scripts that are no comments.
    code: String,
    /// Found when a rule first asks.
    purpose: OnceLock<Purpose>,
}

/// What many rules ask of a bake.
struct Purpose {
    /// It deprovisions, or installs Docker or a driver.
    prepares_image: bool,
    /// The lines of the code that install drivers.
    grid_driver: Option<Range<usize>>,
    data_centre_driver: Option<Range<usize>>,
}

/// A script of a bake.
pub(super) struct Script {
    /// Path of the file, or `runcmd`.
    pub(super) name: String,
    known: Arc<ScriptText>,
    /// Whether a shell runs it.
    is_shell: bool,
    /// The text of the bake holds it encoded.
    pub(super) encoded: bool,
    /// The shell that is given it ends at the first command that fails.
    pub(super) stops: bool,
}

impl Purpose {
    fn installs_driver(&self) -> bool {
        self.grid_driver.is_some() || self.data_centre_driver.is_some()
    }
}

/// What else only the bake of an image has.
const IMAGE_SOFTWARE: [&str; 5] =
    ["waagent", "docker-ce", "moby-engine", "docker.io", "nvidia-container-toolkit"];
/// What the line has that installs the GRID driver.
const GRID_DRIVER: [&str; 4] =
    ["-grid-azure.run", "nvidia-grid", "gridd.conf", "fwlink/?linkid=874272"];
/// What the line has that installs the data center driver.
const DATA_CENTRE_DRIVER: [&str; 7] = [
    "cuda-drivers",
    "nvidia-open",
    "nvidia-driver",
    "nvidia-headless",
    "ubuntu-drivers install",
    "ubuntu-drivers autoinstall",
    "linux-modules-nvidia",
];

impl Script {
    fn new(name: String, text: &str, known: &KnownScripts) -> Self {
        let is_shell = looks_like_shell(&name, text);
        Self { name, known: known.script(text), is_shell, encoded: false, stops: false }
    }

    pub(super) fn text(&self) -> &str {
        &self.known.text
    }

    /// Its commands; none if no shell runs it.
    pub(super) fn commands(&self) -> impl Iterator<Item = Command<'_>> {
        self.is_shell.then(|| self.known.commands().iter()).into_iter().flatten()
    }

    /// Files that a runner executes in the order of their numbers: `/opt/x/steps/20-docker.sh`.
    pub(super) fn is_numbered(&self) -> bool {
        let base = self.name.rsplit('/').next().unwrap_or("");
        let digits = base.bytes().take_while(u8::is_ascii_digit).count();
        digits > 0 && base[digits..].starts_with('-')
    }
}

impl<'a> Bake<'a> {
    /// The bakes of a render, each text once.
    pub(super) fn find(view: &View<'a>) -> Vec<Self> {
        let known = view.render.scripts;
        let mut bakes: Vec<Self> = Vec::new();
        let files = view.render.artifacts.iter().filter(|(path, _)| is_cloud_init(path));
        for (path, text) in files {
            let config = view.render.values.get(path.as_str()).map(|value| &**value);
            bakes.push(Self::new(
                Cow::Borrowed(text),
                Some(path),
                None,
                config.map(Cow::Borrowed),
                known,
            ));
        }
        if let Some((path, text)) = view.render.artifacts.get_key_value("bake.sh") {
            bakes.push(Self::of_script(Cow::Borrowed(text), Some(path), None, known));
        }
        for template in view.of_kind("Microsoft.VirtualMachineImages/imageTemplates") {
            for customizer in template.at("properties/customize").items() {
                let inline = customizer.at("inline");
                let lines: Vec<_> = inline.items().iter().filter_map(Node::text).collect();
                if !lines.is_empty() {
                    bakes.push(Self::of_script(
                        Cow::Owned(lines.join("\n")),
                        None,
                        Some(inline),
                        known,
                    ));
                }
            }
        }
        for data in &view.custom_data {
            let Some(text) = data.text() else { continue };
            if !bakes.iter().any(|bake| same_text(&bake.text, text)) {
                let small = if text.len() <= MAX_BYTES { text } else { "" };
                let config = yaml::read(small, yaml::FOREIGN).ok().map(Cow::Owned);
                let (text, node) = (Cow::Owned(text.to_owned()), Some(data.node.clone()));
                bakes.push(Self::new(text, None, node, config, known));
            }
        }
        bakes
    }

    fn new(
        text: Cow<'a, str>,
        path: Option<&'a str>,
        node: Option<Node<'a>>,
        config: Option<Cow<'a, Value>>,
        known: &KnownScripts,
    ) -> Self {
        let config = config.filter(|config| config.is_object());
        let mut scripts = match &config {
            Some(config) => scripts(config, known),
            None if text.len() > MAX_BYTES => Vec::new(),
            None => vec![Script::new("custom data".to_owned(), &text, known)],
        };
        read_what_shells_are_given(&mut scripts);
        let code = code(&scripts);
        let purpose = OnceLock::new();
        Self { is_custom_data: true, text, path, node, config, scripts, code, purpose }
    }

    /// A script that Image Builder runs; the files that it writes are scripts of their own.
    fn of_script(
        text: Cow<'a, str>,
        path: Option<&'a str>,
        node: Option<Node<'a>>,
        known: &KnownScripts,
    ) -> Self {
        let small = if text.len() <= MAX_BYTES { &*text } else { "" };
        let mut scripts = written_files(small, known);
        read_what_shells_are_given(&mut scripts);
        let code = code(&scripts);
        let purpose = OnceLock::new();
        Self { is_custom_data: false, text, path, node, config: None, scripts, code, purpose }
    }

    /// Whether a rendered file has exactly this text.
    pub(super) fn is_file(&self) -> bool {
        self.path.is_some()
    }

    /// The custom data or file as a whole.
    pub(super) fn whole(&self) -> Target {
        let first = self.text.find('\n').unwrap_or(self.text.len());
        self.target(0..first)
    }

    /// A part of the text. Custom data that is in no file is pointed at as a whole.
    pub(super) fn target(&self, range: Range<usize>) -> Target {
        match (self.path, &self.node) {
            (None, Some(node)) => node.into(),
            (path, _) => Target::Artifact {
                path: path.unwrap_or_default().to_owned(),
                span: Span::new(offset(range.start), offset(range.end)),
            },
        }
    }

    /// The first place of a piece of text, or the whole.
    pub(super) fn place_of(&self, piece: &str) -> Target {
        self.place_after(0, piece)
    }

    fn place_after(&self, from: usize, piece: &str) -> Target {
        let piece = piece.lines().next().unwrap_or("").trim();
        let found = find(&self.text[from..], piece).map(|at| at + from);
        match found.or_else(|| find(&self.text, piece)).filter(|_| !piece.is_empty()) {
            Some(start) => self.target(start..start + piece.len()),
            None => self.whole(),
        }
    }

    /// All simple commands with their scripts.
    pub(super) fn commands(&self) -> impl Iterator<Item = (&Script, Command<'_>)> {
        self.scripts
            .iter()
            .flat_map(|script| script.commands().map(move |command| (script, command)))
    }

    /// Where a command stands.
    pub(super) fn at_command(&self, script: &Script, command: Command<'_>) -> Target {
        let piece = &script.text()[command.range()];
        let from = find(&self.text, &script.name).unwrap_or(0);
        self.place_after(from, piece)
    }

    /// The first line of a script, comments aside, that holds one of these pieces.
    pub(super) fn line_with(&self, pieces: &[&str]) -> Option<&str> {
        self.line(self.place_with(pieces).as_ref())
    }

    fn line(&self, place: Option<&Range<usize>>) -> Option<&str> {
        self.code.get(place?.clone())
    }

    /// Where the same line is in the code.
    fn place_with(&self, pieces: &[&str]) -> Option<Range<usize>> {
        let first = pieces.iter().filter_map(|piece| find(&self.code, piece)).min()?;
        let bytes = self.code.as_bytes();
        let start = memrchr(b'\n', &bytes[..first]).map_or(0, |end| end + 1);
        let end = memchr(b'\n', &bytes[first..]).map_or(self.code.len(), |length| first + length);
        let line = &self.code[start..end];
        Some(start..start + line.trim_end_matches('\r').len())
    }

    /// Whether a script, comments aside, holds one of these pieces.
    pub(super) fn mentions(&self, pieces: &[&str]) -> bool {
        pieces.iter().any(|piece| find(&self.code, piece).is_some())
    }

    /// All lines of scripts that are no comments.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.code.lines()
    }

    /// Whether it bakes an image: it deprovisions, or installs Docker or a driver.
    pub(super) fn prepares_image(&self) -> bool {
        self.purpose().prepares_image
    }

    /// Whether it installs an NVIDIA driver.
    pub(super) fn installs_driver(&self) -> bool {
        self.purpose().installs_driver()
    }

    /// The line that installs the GRID driver.
    pub(super) fn grid_driver(&self) -> Option<&str> {
        self.line(self.purpose().grid_driver.as_ref())
    }

    /// The line that installs the data center driver.
    pub(super) fn data_centre_driver(&self) -> Option<&str> {
        self.line(self.purpose().data_centre_driver.as_ref())
    }

    fn purpose(&self) -> &Purpose {
        self.purpose.get_or_init(|| {
            let mut purpose = Purpose {
                prepares_image: false,
                grid_driver: self.place_with(&GRID_DRIVER),
                data_centre_driver: self.place_with(&DATA_CENTRE_DRIVER),
            };
            purpose.prepares_image = purpose.installs_driver() || self.mentions(&IMAGE_SOFTWARE);
            purpose
        })
    }

    /// The images it pulls by name, with their commands: `docker pull X`, and a function `preload X`.
    pub(super) fn pulled(&self) -> Vec<(String, Target)> {
        self.commands()
            .filter_map(|(script, command)| {
                let image = match command.program() {
                    "docker" | "podman" | "crictl" | "nerdctl" if command.has("pull") => {
                        command.words().skip(2).find(|word| !word.starts_with('-'))?
                    }
                    "preload" => command.word(1)?,
                    "retry" => command.words().skip_while(|word| *word != "pull").nth(1)?,
                    _ => return None,
                };
                let literal = !image.contains('$') && image.contains(['/', ':']);
                literal.then(|| (image.to_owned(), self.at_command(script, command)))
            })
            .collect()
    }

    /// Whether it pulls images at all, by name or in a loop.
    pub(super) fn pulls(&self) -> bool {
        self.mentions(&["docker pull", "crictl pull", "nerdctl pull"])
    }
}

/// The text of base64, if it is text.
fn decode(encoded: &str) -> Option<String> {
    String::from_utf8(bytes_of(encoded)?).ok()
}

/// The bytes of base64.
pub(super) fn bytes_of(encoded: &str) -> Option<Vec<u8>> {
    STANDARD.decode_to_vec(encoded.trim()).ok()
}

fn is_cloud_init(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("cloud-init")
        && name.rsplit('.').next().is_some_and(|end| end == "yaml" || end == "yml")
}

fn looks_like_shell(name: &str, text: &str) -> bool {
    let name_says =
        name.rsplit('.').next().is_some_and(|end| end == "sh") || !name.starts_with('/');
    let first = text.lines().next().unwrap_or("");
    name_says || (first.starts_with("#!") && first.contains("sh"))
}

/// Written files first, then the commands of boot and run, in the order in which cloud-init runs them.
fn scripts(config: &Value, known: &KnownScripts) -> Vec<Script> {
    let mut scripts = Vec::new();
    let list = |key: &str| config.get(key).and_then(Value::as_array).into_iter().flatten();
    for file in list("write_files") {
        let name = file.get("path").and_then(Value::as_str).unwrap_or("").to_owned();
        let content = file.get("content").and_then(Value::as_str).unwrap_or("");
        let encoding = file.get("encoding").and_then(Value::as_str).unwrap_or("");
        let text = match encoding {
            "" | "text/plain" => Some(Cow::Borrowed(content)),
            "b64" | "base64" => decode(content).map(Cow::Owned),
            _ => None,
        };
        if let Some(text) = text {
            let encoded = matches!(encoding, "b64" | "base64");
            scripts.push(Script { encoded, ..Script::new(name, &text, known) });
        }
    }
    for key in ["bootcmd", "runcmd"] {
        for entry in list(key) {
            scripts.push(Script::new(key.to_owned(), &command_text(entry), known));
        }
    }
    let packages: Vec<_> = list("packages").filter_map(package_name).collect();
    if !packages.is_empty() {
        scripts.push(Script::new("packages".to_owned(), &packages.join("\n"), known));
    }
    scripts
}

/// The files that a script writes from here documents (`install /dev/stdin PATH << 'END'`), and the rest
/// of the script.
fn written_files(script: &str, known: &KnownScripts) -> Vec<Script> {
    let mut scripts = Vec::new();
    let mut rest = String::new();
    let mut lines = script.lines();
    while let Some(line) = lines.next() {
        let opened = line.split_once("<<").filter(|(before, _)| before.contains("/dev/stdin"));
        let Some((before, delimiter)) = opened else {
            rest.push_str(line);
            rest.push('\n');
            continue;
        };
        let delimiter = delimiter.trim().trim_matches(['\'', '"']);
        let path = before.split_whitespace().last().unwrap_or("").trim_matches(['\'', '"']);
        let body: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        scripts.push(Script::new(path.to_owned(), &body.join("\n"), known));
    }
    scripts.push(Script::new("runcmd".to_owned(), &rest, known));
    scripts
}

/// Files whose name does not say that a shell runs them, but that a shell is given in another script:
/// `bash "$HOME"/own/setup`.
fn read_what_shells_are_given(scripts: &mut [Script]) {
    let given: Vec<(String, bool)> = scripts
        .iter()
        .flat_map(Script::commands)
        .filter(|command| matches!(command.program(), "bash" | "sh"))
        .filter_map(|command| {
            let word = command.words().last()?;
            let stops = command.words().any(is_errexit);
            Some((word[word.find('/')?..].to_owned(), stops))
        })
        .collect();
    for script in scripts.iter_mut().filter(|script| !script.is_shell) {
        let own = given.iter().find(|(path, _)| script.name.ends_with(path.as_str()));
        if let Some((_, stops)) = own {
            script.is_shell = true;
            script.stops = *stops;
        }
    }
}

/// Whether an option of a shell or of `set` ends a script at the first command that fails.
pub(super) fn is_errexit(word: &str) -> bool {
    word == "errexit" || (word.starts_with('-') && !word.starts_with("--") && word.contains('e'))
}

fn command_text(entry: &Value) -> String {
    match entry {
        Value::String(text) => text.clone(),
        Value::Array(words) => {
            let words: Vec<_> = words
                .iter()
                .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
                .collect();
            match words.as_slice() {
                [shell, option, script] if shell.ends_with("sh") && option.ends_with('c') => {
                    script.clone()
                }
                _ => words.join(" "),
            }
        }
        _ => String::new(),
    }
}

fn package_name(entry: &Value) -> Option<String> {
    match entry {
        Value::String(name) => Some(name.clone()),
        Value::Array(parts) => parts.first()?.as_str().map(str::to_owned),
        _ => None,
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The lines of scripts that are no comments.
fn code(scripts: &[Script]) -> String {
    let size = scripts.iter().map(|script| script.text().len() + 1).sum();
    let mut code = String::with_capacity(size);
    for text in scripts.iter().map(Script::text) {
        // Lines between two comments are copied at once.
        let (mut start, mut wanted) = (0, 0);
        let ends = memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1);
        for end in ends.chain([text.len()]) {
            if text[start..end].trim_start().starts_with('#') {
                code.push_str(&text[wanted..start]);
                wanted = end;
            }
            start = end;
        }
        code.push_str(&text[wanted..]);
        if !matches!(code.as_bytes().last(), None | Some(b'\n')) {
            code.push('\n');
        }
    }
    code
}

fn find(text: &str, piece: &str) -> Option<usize> {
    memmem::find(text.as_bytes(), piece.as_bytes())
}
