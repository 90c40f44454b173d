//! Group F: custom data, and secrets in what nodes and builder run.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memchr_iter, memmem, memrchr, memrchr_iter};
use regex_lite::Regex;
use serde_json::Value;

use super::Check;
use super::bake::Bake;
use super::finding::{Sink, Target};
use super::subject::View;
use crate::catalog;
use crate::diagnostic::{Span, nearest};

pub(super) const RULES: &[(&str, Check)] = &[
    ("CI001", header_is_known),
    ("CI002", keys_are_known),
    ("CI003", data_is_small_enough),
    ("CI004", data_is_base64),
    ("CI005", literals_are_short_enough),
    ("CI006", no_secrets),
    ("CI007", registry_credential_is_removed),
    ("CI008", capture_waits),
    ("CI011", no_passwords),
];

/// First lines that cloud-init knows.
const HEADERS: [&str; 9] = [
    "#cloud-config",
    "#!",
    "#include",
    "#cloud-boothook",
    "#part-handler",
    "#upstart-job",
    "## template:",
    "Content-Type: multipart",
    "MIME-Version:",
];

/// The most bytes of custom data that Azure takes.
pub const MAX_CUSTOM_DATA: usize = 65_535;
const MAX_ENCODED: usize = 87_380;
const MAX_LITERAL: usize = 131_072;

fn header_is_known(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in view.bakes.iter().filter(|bake| bake.is_custom_data) {
        let first = bake.text.lines().next().unwrap_or("");
        if !HEADERS.iter().any(|header| first.starts_with(header)) {
            sink.report(bake.whole(), "cloud-init does not know this line");
        }
    }
}

fn keys_are_known(view: &View<'_>, sink: &mut Sink<'_>) {
    // `validate` holds the rendered file against the whole schema; what a template wrote in line, it does not
    // see.
    let inline = view.bakes.iter().filter(|bake| !bake.is_file());
    for bake in inline.filter(|bake| bake.text.starts_with("#cloud-config")) {
        let Some(config) = bake.config.as_ref().and_then(|config| config.as_object()) else {
            sink.report(bake.whole(), "what follows is no YAML mapping");
            continue;
        };
        for key in config.keys() {
            if catalog::is_cloud_config_key(key) {
                continue;
            }
            let finding = sink.report(
                bake.place_of(&format!("{key}:")),
                format!("`{key}` is no key of cloud-config"),
            );
            if let Some(near) = nearest(key, catalog::cloud_config_keys()) {
                finding.help(format!("did you mean `{near}`?"));
            }
        }
    }
}

fn data_is_small_enough(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in
        view.bakes.iter().filter(|bake| bake.is_custom_data && bake.text.len() > MAX_CUSTOM_DATA)
    {
        sink.report(
            bake.whole(),
            format!("{} bytes, and Azure takes {MAX_CUSTOM_DATA}", bake.text.len()),
        );
    }
    for vm in view.of_kind("Microsoft.Compute/virtualMachines") {
        let data = vm.at("properties/osProfile/customData");
        let Some(text) = data.text() else { continue };
        // Text is judged above, in the file that it came from.
        if text.len() > MAX_ENCODED && super::bake::decode(&text).is_none() {
            sink.report(&data, format!("{} characters, and Azure takes {MAX_ENCODED}", text.len()));
        }
    }
}

fn data_is_base64(view: &View<'_>, sink: &mut Sink<'_>) {
    for vm in view.of_kind("Microsoft.Compute/virtualMachines") {
        let data = vm.at("properties/osProfile/customData");
        if data.text().is_some_and(|text| STANDARD.decode(text.trim()).is_err()) {
            sink.report(&data, "this text is not base64");
        }
    }
}

fn literals_are_short_enough(view: &View<'_>, sink: &mut Sink<'_>) {
    let files = view.subject.artifacts.iter().filter(|(path, text)| {
        text.len() > MAX_LITERAL && path.rsplit('.').next() == Some("bicep")
    });
    for (path, text) in files {
        let mut start = 0;
        for (at, piece) in text.split('\'').enumerate() {
            if at % 2 == 1 && piece.chars().count() > MAX_LITERAL {
                let end = start + piece.find('\n').unwrap_or(60).min(60).min(piece.len());
                let label = format!("{} characters", piece.chars().count());
                sink.report(span(path, start, end), label);
            }
            start += piece.len() + 1;
        }
    }
}

fn span(path: &str, start: usize, end: usize) -> Target {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Target::Artifact { path: path.to_owned(), span: Span::new(offset(start), offset(end)) }
}

/// What a secret looks like, and what it is.
struct Secret {
    /// One of these is in every such secret: patterns are compiled and run only where they may match.
    marks: &'static [&'static str],
    pattern: LazyLock<Option<Regex>>,
    what: &'static str,
}

static SECRETS: [Secret; 8] = [
    Secret {
        marks: &["PRIVATE KEY-----"],
        pattern: LazyLock::new(|| Regex::new(r"-----BEGIN [A-Z ]*PRIVATE KEY-----").ok()),
        what: "a private key",
    },
    Secret {
        marks: &["AccountKey="],
        pattern: LazyLock::new(|| Regex::new(r"AccountKey=[A-Za-z0-9+/=]{40,}").ok()),
        what: "a storage account key",
    },
    Secret {
        marks: &["?sig=", "&sig="],
        pattern: LazyLock::new(|| Regex::new(r"[?&]sig=[A-Za-z0-9%/+]{20,}").ok()),
        what: "a shared access signature",
    },
    Secret {
        marks: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: LazyLock::new(|| {
            Regex::new(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})").ok()
        }),
        what: "a GitHub token",
    },
    Secret {
        marks: &["AKIA"],
        pattern: LazyLock::new(|| Regex::new(r"\bAKIA[0-9A-Z]{16}\b").ok()),
        what: "an AWS access key",
    },
    Secret {
        marks: &["hf_"],
        pattern: LazyLock::new(|| Regex::new(r"\bhf_[A-Za-z0-9]{30,}\b").ok()),
        what: "a Hugging Face token",
    },
    Secret {
        marks: &["nvapi-"],
        pattern: LazyLock::new(|| Regex::new(r"\bnvapi-[A-Za-z0-9_-]{30,}").ok()),
        what: "an NVIDIA API key",
    },
    Secret {
        marks: &[" login"],
        pattern: LazyLock::new(|| {
            // The command may go on behind a `\\` at the end of a line; a variable is no secret.
            let command = r"\b(?:docker|podman|nerdctl|buildah|skopeo|oras)\s+login\b";
            let between = r"(?:[^\n|;&\\]|\\\s)*?\s";
            let password = r#"(?:-p[ =]?|--password[ =])["']?[^\s"'`$()<{\[|;&\\-][^\s"'`]*"#;
            Regex::new(&format!("{command}{between}{password}")).ok()
        }),
        what: "the password of a registry",
    },
];

/// Words in a name that say that its value is secret.
const SECRET_NAMES: [&str; 12] = [
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "accesskey",
    "access_key",
    "accountkey",
    "account_key",
    "clientsecret",
    "client_secret",
];

/// Names that hold a word of the above and are no secrets.
const NOT_SECRET: [&str; 9] =
    ["name", "id", "uri", "url", "file", "path", "type", "version", "days"];

/// What secrets a text holds, and where, in their order.
fn secrets(text: &str) -> Vec<(String, std::ops::Range<usize>)> {
    let mut found = Vec::new();
    for secret in &SECRETS {
        let marks = secret.marks.iter().flat_map(|mark| commands_with(text, mark));
        for range in marks.collect::<BTreeSet<_>>().into_iter().map(|(start, end)| start..end) {
            let matches =
                secret.pattern.iter().flat_map(|pattern| pattern.find_iter(&text[range.clone()]));
            let moved = |at: usize| range.start + at;
            found.extend(
                matches.map(|found| {
                    (secret.what.to_owned(), moved(found.start())..moved(found.end()))
                }),
            );
        }
    }
    let lower = text.to_ascii_lowercase();
    let line_start = |at: usize| memrchr(b'\n', &lower.as_bytes()[..at]).map_or(0, |line| line + 1);
    let line_end =
        |at: usize| memchr(b'\n', &lower.as_bytes()[at..]).map_or(lower.len(), |end| at + end);
    let starts: BTreeSet<usize> = SECRET_NAMES
        .iter()
        .flat_map(|name| memmem::find_iter(lower.as_bytes(), name.as_bytes()))
        .map(line_start)
        .collect();
    for start in starts {
        // The value of a YAML key may stand on the next line.
        let first = line_end(start);
        let end = line_end((first + 1).min(lower.len()));
        for (what, range) in assigned(&text[start..end], first - start) {
            found.push((what, start + range.start..start + range.end));
        }
    }
    found.sort_by_key(|(_, range)| (range.start, std::cmp::Reverse(range.end)));
    let mut end = 0;
    found.retain(|(_, range)| {
        let first = range.start >= end;
        end = end.max(range.end);
        first
    });
    found
}

/// Where the lines with a mark begin and end, those together that a `\\` at the end makes one command.
fn commands_with(text: &str, mark: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let goes_on = |end: &usize| *end > 0 && bytes[end - 1] == b'\\';
    let mut found: Vec<(usize, usize)> = Vec::new();
    for at in memmem::find_iter(bytes, mark.as_bytes()) {
        let from = found.last().map_or(0, |(_, end)| *end);
        // What was found already holds this mark, too: each line is looked at once.
        if at < from {
            continue;
        }
        let mut ends = memrchr_iter(b'\n', &bytes[from..at]).map(|length| from + length);
        let start = ends.find(|end| !goes_on(end)).map_or(from, |end| end + 1);
        let mut ends = memchr_iter(b'\n', &bytes[at..]).map(|length| at + length);
        let end = ends.find(|end| !goes_on(end)).unwrap_or(bytes.len());
        found.push((start, end));
    }
    found
}

/// How much of a value is looked at: enough to show it.
const LONGEST_SHOWN: usize = 256;

/// What a few lines assign to names of the first that say that they are secret: `name=value` or `name: value`, either in
/// quotes or not, the value of six characters at least that is no variable, path or expression.
fn assigned(lines: &str, first: usize) -> Vec<(String, std::ops::Range<usize>)> {
    let lower = lines.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    let in_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'_';
    let skip = |from: usize, wanted: fn(u8) -> bool| {
        from + bytes[from..].iter().take_while(|byte| wanted(**byte)).count()
    };
    let quote = |at: usize| at + usize::from(matches!(bytes.get(at), Some(b'"' | b'\'')));
    let found = |at: usize| {
        let start = at - bytes[..at].iter().rev().take_while(|byte| in_name(byte)).count();
        let end = at + bytes[at..].iter().take_while(|byte| in_name(byte)).count();
        let sign = skip(quote(end), |byte| byte.is_ascii_whitespace());
        let _ = bytes.get(sign).filter(|byte| matches!(byte, b':' | b'='))?;
        let value = quote(skip(sign + 1, |byte| byte.is_ascii_whitespace()));
        let ends = |byte: u8| byte.is_ascii_whitespace() || b"\"'$(".contains(&byte);
        let rest = bytes[value..].iter().take(LONGEST_SHOWN);
        let length = rest.take_while(|byte| !ends(**byte)).count();
        let plain = bytes.get(value).is_some_and(|first| !b"<{[\\@|;&)".contains(first));
        (plain && length >= 6).then_some((start..end, value..value + length))
    };
    let places = |name: &&'static str| memmem::find_iter(&bytes[..first], name.as_bytes());
    let mut names: Vec<usize> = SECRET_NAMES.iter().flat_map(places).collect();
    names.sort_unstable();
    // Words that stand in one name are one name, however long it is.
    let mut end = 0;
    names.retain(|at| {
        let first = *at >= end;
        if first {
            end = at + bytes[*at..].iter().take_while(|byte| in_name(byte)).count();
        }
        first
    });
    let secret = |(name, value): (std::ops::Range<usize>, std::ops::Range<usize>)| {
        let shown = &lines[name.clone()];
        let text = String::from_utf8_lossy(&bytes[value.clone()]);
        let harmless = NOT_SECRET.iter().any(|end| lower[name.clone()].ends_with(end))
            || ["http", "/", "--"].iter().any(|start| text.starts_with(start))
            || matches!(text.as_ref(), "disabled" | "enabled" | "required" | "optional");
        let end = (0..=value.end).rev().find(|end| lines.is_char_boundary(*end)).unwrap_or(0);
        (!harmless).then(|| (format!("the value of `{shown}`"), name.start..end))
    };
    names.into_iter().filter_map(found).filter_map(secret).collect()
}

fn no_secrets(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in &view.bakes {
        for (what, range) in secrets(&bake.text) {
            let label = format!("{what} can be read by everyone on the machine");
            sink.report(bake.target(range), label);
        }
        // The other scripts stand in the text that was just searched.
        for script in bake.scripts.iter().filter(|script| script.encoded) {
            for (what, _) in secrets(&script.text) {
                let label =
                    format!("{what} in `{}` can be read by everyone on the machine", script.name);
                sink.report(bake.place_of(&script.name), label);
            }
        }
    }
    let seen = |what: &str| format!("{what} is visible to everyone who can read the pool");
    for pool in &view.pools {
        let command = pool.at("startTask/commandLine");
        for (what, _) in command.text().iter().flat_map(|text| secrets(text)) {
            sink.report(&command, seen(&what));
        }
        for setting in pool.at("startTask/environmentSettings").items() {
            let value = setting.at("value");
            let Some((name, text)) = setting.at("name").text().zip(value.text()) else { continue };
            if let Some((what, _)) = secrets(&format!("{name}={text}")).first() {
                sink.report(&value, seen(what));
            }
        }
    }
}

fn registry_credential_is_removed(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in &view.bakes {
        let logins: Vec<_> = bake
            .commands()
            .filter(|(_, command)| {
                command.starts_with(&["docker", "login"])
                    || command.starts_with(&["az", "acr", "login"])
            })
            .collect();
        let Some((script, login)) = logins.first() else { continue };
        let target = bake.at_command(script, login);
        let removes = ["docker logout", ".docker/config.json", "/root/.docker"];
        let password = logins.iter().find(|(_, command)| {
            command
                .words
                .iter()
                .any(|word| word == "-p" || word == "--password" || word.starts_with("--password="))
        });
        if let Some((script, command)) = password {
            sink.report(
                bake.at_command(script, command),
                "the password stands on the command line",
            )
            .help("pass it with `--password-stdin`, from the VM's identity");
        } else if login.program() == "az" && !bake.mentions(&["az login --identity", "az login -i"])
        {
            sink.report(target, "nobody is logged in to Azure here")
                .help("run `az login --identity` first");
        } else if !bake.mentions(&removes) {
            sink.report(target, "nothing removes the credential before the capture");
        }
    }
}

fn capture_waits(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(script) = view.subject.artifacts.get("deploy.sh") else { return };
    let Some(at) = script.find("az vm generalize").or_else(|| script.find("vm generalize")) else {
        return;
    };
    let waits =
        ["cloud-init status --wait", "get-boot-log", "PREBAKE-RESULT", "run-command", "vm wait"];
    let image_waits = view.bakes.iter().any(|bake| bake.mentions(&["cloud-init status --wait"]));
    if !waits.iter().any(|way| script.contains(way)) && !image_waits {
        sink.report(
            span("deploy.sh", at, at + "az vm generalize".len()),
            "nothing waits for the bake before",
        );
    }
}

fn no_passwords(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in &view.bakes {
        if let Some(label) = password_setting(bake) {
            let (key, why) = label;
            sink.report(bake.place_of(key), why);
        }
    }
    for vm in view.of_kind("Microsoft.Compute/virtualMachines") {
        let profile = vm.at("properties/osProfile");
        let disabled = profile.at("linuxConfiguration/disablePasswordAuthentication");
        let password = profile.at("adminPassword");
        if disabled.boolean() == Some(false) {
            sink.report(&disabled, "password authentication is on");
        } else if password.exists() && disabled.boolean() != Some(true) && !disabled.is_symbolic() {
            sink.report(&password, "the VM has a password");
        }
    }
}

fn password_setting(bake: &Bake<'_>) -> Option<(&'static str, &'static str)> {
    let config = bake.config.as_ref()?;
    if matches!(config.get("ssh_pwauth"), Some(Value::Bool(true))) {
        return Some(("ssh_pwauth", "passwords are accepted over SSH"));
    }
    if config.get("chpasswd").is_some() {
        return Some(("chpasswd", "a password is set"));
    }
    let users = config.get("users").and_then(Value::as_array)?;
    ["plain_text_passwd", "hashed_passwd", "passwd"]
        .into_iter()
        .find(|key| users.iter().any(|user| user.get(*key).is_some()))
        .map(|key| (key, "a user has a password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        secrets(text).into_iter().map(|(_, range)| &text[range]).collect()
    }

    #[test]
    fn every_secret_of_a_text_is_found_and_none_twice() {
        let text = "export HF_TOKEN=hunter2hunter2\nA_PASSWORD=abcdef API_KEY: 'ghijkl'\n\
                    db_password:\n  mnopqr\nhf_abcdefghijklmnopqrstuvwxyz0123456789\n";
        let secrets = [
            "HF_TOKEN=hunter2hunter2",
            "A_PASSWORD=abcdef",
            "API_KEY: 'ghijkl",
            "db_password:\n  mnopqr",
            "hf_abcdefghijklmnopqrstuvwxyz0123456789",
        ];
        assert_eq!(found(text), secrets);
    }

    #[test]
    fn passwords_of_registries_are_found_on_the_command_line() {
        for login in [
            "docker login -u me -p hunter2 ghcr.io",
            "podman login --username me --password 'hunter2' ghcr.io",
            "docker login ghcr.io -u me \\\n  -phunter2",
        ] {
            assert_eq!(found(login).len(), 1, "{login}");
        }
        for login in [
            "docker login -u me -p \"$PASSWORD\" ghcr.io",
            "docker login -u me -p $(cat /run/password) ghcr.io",
            "docker login -u me --password-stdin ghcr.io",
            "docker login ghcr.io && mkdir -p /data",
        ] {
            assert!(found(login).is_empty(), "{login}: {:?}", found(login));
        }
    }
}
