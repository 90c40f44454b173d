//! Group B, continued: the start task.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::Check;
use super::finding::Sink;
use super::node::Node;
use super::shell::{Command, commands};
use super::view::View;

pub(super) const RULES: &[(&str, Check)] = &[
    ("POOL024", start_task_has_a_command),
    ("POOL025", operators_have_a_shell),
    ("POOL026", installing_needs_an_administrator),
    ("POOL027", checks_are_not_hidden),
    ("POOL028", tasks_wait),
    ("POOL029", package_lock_is_awaited),
    ("POOL030", container_runs_as_administrator),
];

/// Programs that change the machine and so need an administrator.
const NEEDS_ROOT: [&str; 14] = [
    "apt",
    "apt-get",
    "dnf",
    "yum",
    "rpm",
    "dpkg",
    "mount",
    "mkfs",
    "mkfs.ext4",
    "mkfs.xfs",
    "systemctl",
    "modprobe",
    "useradd",
    "waagent",
];

/// A check of the node whose failure is thrown away.
static HIDDEN_CHECK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let check = r"(?:nvidia-smi|docker (?:info|run|ps|image)|systemctl is-\w+|mountpoint|dcgmi)";
    Regex::new(&format!(r"{check}[^;&|\n]*\|\|\s*(?:true|:|echo|printf|exit 0)")).ok()
});

/// The start tasks of the pools.
fn start_tasks<'a>(view: &View<'a>) -> Vec<Node<'a>> {
    view.pools.iter().map(|pool| pool.at("startTask")).filter(Node::exists).collect()
}

/// What runs in the end: the script of `bash -c`, or the command line itself.
fn script(command_line: &str) -> String {
    match commands(command_line).first() {
        Some(first) if is_shell(first) => {
            let is_option = |word: &&str| word.starts_with('-') && word.ends_with('c');
            first.words().skip_while(|word| !is_option(word)).nth(1).unwrap_or_default().to_owned()
        }
        _ => command_line.to_owned(),
    }
}

fn is_shell(command: Command<'_>) -> bool {
    let shells = ["bash", "sh", "dash", "cmd", "cmd.exe", "powershell", "powershell.exe", "pwsh"];
    shells.contains(&command.program())
        || (command.program() == "env" && command.word(1).is_some_and(|word| word.ends_with("sh")))
}

fn start_task_has_a_command(view: &View<'_>, sink: &mut Sink<'_>) {
    for task in start_tasks(view) {
        let command = task.at("commandLine");
        let empty = command.text() == Some("") && !task.at("containerSettings").exists();
        if !command.exists() || empty {
            sink.report(&command, "the command line is empty");
        }
    }
}

fn operators_have_a_shell(view: &View<'_>, sink: &mut Sink<'_>) {
    for task in start_tasks(view) {
        let command = task.at("commandLine");
        let Some(text) = command.text() else { continue };
        if commands(text).first().is_some_and(is_shell) {
            continue;
        }
        if let Some(operator) = shell_syntax(text) {
            sink.report(&command, format!("only a shell understands `{operator}`"));
        }
    }
}

fn shell_syntax(text: &str) -> Option<&'static str> {
    let variable = text.match_indices('$').any(|(at, _)| {
        text[at + 1..]
            .starts_with(|next: char| next.is_ascii_alphabetic() || matches!(next, '_' | '{' | '('))
    });
    if variable {
        return Some("$");
    }
    ["&&", "||", "|", ";", ">", "`"].into_iter().find(|operator| text.contains(operator))
}

fn installing_needs_an_administrator(view: &View<'_>, sink: &mut Sink<'_>) {
    for task in start_tasks(view) {
        let command = task.at("commandLine");
        let Some(text) = command.text() else { continue };
        let identity = task.at("userIdentity");
        let admin = identity.at("autoUser/elevationLevel");
        if admin.is("Admin") || admin.is_symbolic() || identity.at("userName").exists() {
            continue;
        }
        let script = script(text);
        let commands = commands(script.as_str());
        if let Some(needy) = commands.iter().find(|it| NEEDS_ROOT.contains(&it.program())) {
            sink.report(&command, format!("`{}` needs administrator rights", needy.program()));
        }
    }
}

fn checks_are_not_hidden(view: &View<'_>, sink: &mut Sink<'_>) {
    let Some(hidden) = &*HIDDEN_CHECK else { return };
    for task in start_tasks(view) {
        let command = task.at("commandLine");
        let Some(text) = command.text() else { continue };
        if let Some(found) = hidden.find(&script(text)) {
            sink.report(&command, format!("`{}` hides the failure", found.as_str()));
        }
    }
}

fn tasks_wait(view: &View<'_>, sink: &mut Sink<'_>) {
    for pool in &view.pools {
        let wait = pool.at("startTask/waitForSuccess");
        if wait.boolean() == Some(false) && (pool.has_gpu() || pool.runs_containers()) {
            sink.report(&wait, "tasks can start before the node is ready");
        }
    }
}

fn package_lock_is_awaited(view: &View<'_>, sink: &mut Sink<'_>) {
    for task in start_tasks(view) {
        let command = task.at("commandLine");
        let Some(text) = command.text() else { continue };
        let script = script(text);
        let waits = ["DPkg::Lock::Timeout", "flock", "fuser", "cloud-init status --wait"]
            .iter()
            .any(|way| script.contains(way));
        let commands = commands(script.as_str());
        let apt = commands.iter().find(|it| {
            matches!(it.program(), "apt" | "apt-get") && (it.has("install") || it.has("update"))
        });
        if let Some(apt) = apt.filter(|_| !waits) {
            sink.report(
                &command,
                format!(
                    "`{}` fails if another process holds the lock",
                    apt.words().collect::<Vec<_>>().join(" ")
                ),
            );
        }
    }
}

fn container_runs_as_administrator(view: &View<'_>, sink: &mut Sink<'_>) {
    for task in start_tasks(view) {
        let container = task.at("containerSettings");
        let level = task.at("userIdentity/autoUser/elevationLevel");
        let other_user = task.at("userIdentity/userName").exists() || level.is_symbolic();
        if container.exists() && !level.is("Admin") && !other_user {
            sink.report(&container, "the container runs as a non-admin user of the node");
        }
    }
}
