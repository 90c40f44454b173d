//! Group F: custom data, and secrets in what nodes and builder run.

use serde_json::Value;

use super::Check;
use super::bake::Bake;
use super::finding::{Sink, Target};
use super::secrets::secrets;
use super::view::View;
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
pub(crate) const MAX_CUSTOM_DATA: usize = 65_535;
const MAX_ENCODED: usize = 87_380;
const MAX_LITERAL: usize = 131_072;

fn header_is_known(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in view.bakes.iter().filter(|bake| bake.is_custom_data) {
        let first = bake.text.lines().next().unwrap_or("");
        if !HEADERS.iter().any(|header| first.starts_with(header)) {
            sink.report(bake.whole(), "unknown first line for cloud-init");
        }
    }
}

fn keys_are_known(view: &View<'_>, sink: &mut Sink<'_>) {
    // `validate` holds the rendered file against the whole schema; what a template wrote in line, it does not
    // see.
    let inline = view.bakes.iter().filter(|bake| !bake.is_file());
    for bake in inline.filter(|bake| bake.text.starts_with("#cloud-config")) {
        let Some(config) = bake.config.as_ref().and_then(|config| config.as_object()) else {
            sink.report(bake.whole(), "the content is not a YAML mapping");
            continue;
        };
        for key in config.keys() {
            if catalog::is_cloud_config_key(key) {
                continue;
            }
            let finding = sink.report(
                bake.place_of(&format!("{key}:")),
                format!("`{key}` is not a key of cloud-config"),
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
            format!("{} bytes; the limit of Azure is {MAX_CUSTOM_DATA}", bake.text.len()),
        );
    }
    for data in &view.custom_data {
        let size = data.encoded.len();
        // Text is judged above, in the file that it came from.
        if size > MAX_ENCODED && data.text().is_none() {
            let label = format!("{size} characters; the limit of Azure is {MAX_ENCODED}");
            sink.report(&data.node, label);
        }
    }
}

fn data_is_base64(view: &View<'_>, sink: &mut Sink<'_>) {
    for data in view.custom_data.iter().filter(|data| data.bytes.is_none()) {
        sink.report(&data.node, "this text is not base64");
    }
}

fn literals_are_short_enough(view: &View<'_>, sink: &mut Sink<'_>) {
    let files = view.render.artifacts.iter().filter(|(path, text)| {
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

fn no_secrets(view: &View<'_>, sink: &mut Sink<'_>) {
    for bake in &view.bakes {
        for secret in secrets(&bake.text) {
            let label = format!("everyone on the machine can read {}", secret.what);
            sink.report(bake.target(secret.range), label);
        }
        // The other scripts stand in the text that was just searched.
        for script in bake.scripts.iter().filter(|script| script.encoded) {
            for secret in secrets(script.text()) {
                let label = format!(
                    "everyone on the machine can read {} in `{}`",
                    secret.what, script.name
                );
                sink.report(bake.place_of(&script.name), label);
            }
        }
    }
    let seen = |what: &str| format!("everyone who can read the pool can read {what}");
    for pool in &view.pools {
        let command = pool.at("startTask/commandLine");
        for secret in command.text().iter().flat_map(|text| secrets(text)) {
            sink.report(&command, seen(&secret.what));
        }
        for setting in pool.at("startTask/environmentSettings").items() {
            let value = setting.at("value");
            let Some((name, text)) = setting.at("name").text().zip(value.text()) else { continue };
            if let Some(secret) = secrets(&format!("{name}={text}")).first() {
                sink.report(&value, seen(&secret.what));
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
        let target = bake.at_command(script, *login);
        let removes = ["docker logout", ".docker/config.json", "/root/.docker"];
        let password = logins.iter().find(|(_, command)| {
            command
                .words()
                .any(|word| word == "-p" || word == "--password" || word.starts_with("--password="))
        });
        if let Some((script, command)) = password {
            sink.report(
                bake.at_command(script, *command),
                "the password is part of the command line",
            )
            .help("pass a token of the VM's identity with `--password-stdin`");
        } else if login.program() == "az" && !bake.mentions(&["az login --identity", "az login -i"])
        {
            sink.report(target, "not logged in to Azure before this command")
                .help("run `az login --identity` first");
        } else if !bake.mentions(&removes) {
            sink.report(target, "no step removes the credential before the capture");
        }
    }
}

fn capture_waits(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(script) = view.render.artifacts.get("deploy.sh") else { return };
    let Some(at) = script.find("az vm generalize").or_else(|| script.find("vm generalize")) else {
        return;
    };
    let waits =
        ["cloud-init status --wait", "get-boot-log", "PREBAKE-RESULT", "run-command", "vm wait"];
    let image_waits = view.bakes.iter().any(|bake| bake.mentions(&["cloud-init status --wait"]));
    if !waits.iter().any(|way| script.contains(way)) && !image_waits {
        sink.report(
            span("deploy.sh", at, at + "az vm generalize".len()),
            "no command waits for the bake first",
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
