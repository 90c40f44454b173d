//! Group C, continued: container settings of start tasks, and of the tasks that a render carries along.

use serde_json::Value;

use super::Check;
use super::finding::{Sink, Target};
use super::shell::commands;
use super::view::{Pool, View};
use crate::diagnostic::Span;

pub(super) const RULES: &[(&str, Check)] = &[
    ("CTR002", tasks_have_container_settings),
    ("CTR013", run_options_are_allowed),
    ("CTR014", containers_are_removed),
    ("CTR015", command_runs_inside),
];

/// A task of a JSON file: tasks and jobs that a render carries along.
struct TaskFile<'a> {
    path: &'a str,
    text: &'a str,
    task: Value,
}

impl TaskFile<'_> {
    fn target(&self, key: &str) -> Target {
        let quoted = format!("\"{key}\"");
        let start = self.text.find(&quoted).unwrap_or(0);
        let end =
            if self.text[start..].starts_with(&quoted) { start + quoted.len() } else { start + 1 };
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Target::Artifact { path: self.path.to_owned(), span: Span::new(offset(start), offset(end)) }
    }

    fn text_at(&self, pointer: &str) -> Option<&str> {
        self.task.pointer(pointer).and_then(Value::as_str)
    }
}

fn task_files<'a>(view: &View<'a>) -> Vec<TaskFile<'a>> {
    let json = |path: &str| path.rsplit('.').next() == Some("json");
    view.render
        .artifacts
        .iter()
        .filter(|(path, _)| json(path) && (path.starts_with("tasks/") || path.starts_with("jobs/")))
        .filter_map(|(path, text)| {
            let value: Value = serde_json::from_str(text).ok()?;
            let task = value.get("jobManagerTask").cloned().unwrap_or(value);
            task.get("commandLine").is_some().then_some(TaskFile { path, text, task })
        })
        .collect()
}

fn tasks_have_container_settings(view: &View<'_>, sink: &mut Sink<'_>) {
    if !view.pools.iter().any(Pool::runs_containers) {
        return;
    }
    for file in task_files(view) {
        if file.task.get("containerSettings").is_none() {
            sink.report(
                file.target("commandLine"),
                "runs on a container pool without `containerSettings`",
            );
        }
    }
}

/// Container settings of start tasks and of tasks in files: where, and the text of a setting.
fn settings(view: &View<'_>, key: &str) -> Vec<(Target, Option<String>)> {
    let mut found = Vec::new();
    for pool in &view.pools {
        let container = pool.at("startTask/containerSettings");
        let node = container.at(key);
        if container.exists() && !node.is_symbolic() {
            found.push(((&node).into(), node.text().map(str::to_owned)));
        }
    }
    for file in task_files(view) {
        if file.task.get("containerSettings").is_some() {
            let text = file.text_at(&format!("/containerSettings/{key}")).map(str::to_owned);
            let anchor = if text.is_some() { key } else { "containerSettings" };
            found.push((file.target(anchor), text));
        }
    }
    found
}

fn run_options_are_allowed(view: &View<'_>, sink: &mut Sink<'_>) {
    for (target, options) in settings(view, "containerRunOptions") {
        let options = options.unwrap_or_default();
        let refused = options
            .split_whitespace()
            .map(|option| option.split('=').next().unwrap_or(option))
            .find(|option| matches!(*option, "--gpus" | "--runtime"));
        if let Some(option) = refused {
            sink.report(target, format!("Batch refuses `{option}`"))
                .help(format!("remove `{option}`"));
        }
    }
}

fn containers_are_removed(view: &View<'_>, sink: &mut Sink<'_>) {
    for (target, options) in settings(view, "containerRunOptions") {
        if !options.unwrap_or_default().split_whitespace().any(|option| option == "--rm") {
            sink.report(target, "the stopped container stays on the disk of the node");
        }
    }
}

fn command_runs_inside(view: &View<'_>, sink: &mut Sink<'_>) {
    let starts_docker =
        |text: &str| commands(text).first().is_some_and(|first| first.program() == "docker");
    for pool in &view.pools {
        let command = pool.at("startTask/commandLine");
        let inside = pool.at("startTask/containerSettings").exists();
        if inside && command.text().is_some_and(starts_docker) {
            sink.report(&command, "starts Docker inside the container");
        }
    }
    for file in task_files(view) {
        let inside = file.task.get("containerSettings").is_some();
        if inside && file.text_at("/commandLine").is_some_and(starts_docker) {
            sink.report(file.target("commandLine"), "starts Docker inside the container");
        }
    }
}
