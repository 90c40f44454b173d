//! A pull request that is reviewed by the steps of `action.yml` and of the template for Azure Pipelines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::service::{self, Held};
use super::{VERSION, read, release, root, runs, text, yaml};

/// A repository with a base commit, and a head that has one node more.
struct Repository {
    folder: tempfile::TempDir,
    base: String,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let repository = Self { folder, base: String::new() };
        repository.git(&["init", "--quiet", "--initial-branch", "main"]);
        let config = read("examples/cpu.yaml");
        repository.write("prebake.yaml", &config);
        repository.render();
        repository.commit();
        let base = repository.git(&["rev-parse", "HEAD"]).trim().to_owned();
        repository.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        let more = config.replacen("nodes: 4", "nodes: 5", 1);
        assert_ne!(config, more);
        repository.write("prebake.yaml", &more);
        repository.render();
        repository.commit();
        Self { base, ..repository }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).expect("it is written");
    }

    fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
        runs(Command::new("git").args(identity).args(arguments).current_dir(self.path()))
    }

    fn render(&self) {
        let mut render = Command::new(env!("CARGO_BIN_EXE_prebake"));
        runs(render.args(["render", "prebake.yaml"]).current_dir(self.path()));
    }

    fn commit(&self) {
        self.git(&["add", "."]);
        self.git(&["commit", "--quiet", "--message", "A change"]);
    }
}

/// What a run of the steps left.
struct Run {
    ended: Vec<(String, bool)>,
    outputs: BTreeMap<String, String>,
    summary: String,
    log: String,
}

impl Run {
    fn ended(&self, step: &str) -> bool {
        let found = self.ended.iter().find(|(name, _)| name == step);
        found.unwrap_or_else(|| panic!("`{step}` did not run\n{}", self.log)).1
    }
}

/// The runner: what expressions stand for, the path, and the files that steps write.
struct Runner {
    scratch: tempfile::TempDir,
    values: BTreeMap<String, String>,
    path: std::ffi::OsString,
}

impl Runner {
    fn new(values: &[(&str, &str)]) -> Self {
        let scratch = tempfile::tempdir().expect("a folder");
        let mut values: BTreeMap<_, _> =
            values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        values.insert("runner.temp".to_owned(), scratch.path().display().to_string());
        values.insert("github.action_path".to_owned(), root().display().to_string());
        Self { scratch, values, path: std::env::var_os("PATH").expect("there is a path") }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    fn fill(&self, written: &str, open: &str, close: &str) -> String {
        let mut filled = String::new();
        let mut rest = written;
        while let Some((before, after)) = rest.split_once(open) {
            let (expression, after) = after.split_once(close).expect("it is closed");
            let value = self.values.get(expression.trim());
            filled.push_str(before);
            filled.push_str(value.unwrap_or_else(|| panic!("`{expression}` is not known")));
            rest = after;
        }
        filled + rest
    }

    fn command(&mut self, script: &str, env: &Value, marks: (&str, &str), at: &Path) -> Command {
        if let Ok(added) = std::fs::read_to_string(self.file("path")) {
            let mut paths: Vec<PathBuf> = added.lines().map(PathBuf::from).collect();
            paths.extend(std::env::split_paths(&self.path));
            self.path = std::env::join_paths(paths).expect("paths without colons");
            std::fs::remove_file(self.file("path")).expect("it is removed");
        }
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]).current_dir(at);
        command.env_clear().env("PATH", &self.path).env("HOME", self.scratch.path());
        for (name, value) in env.as_object().into_iter().flatten() {
            let value = value.as_str().expect("a value is text");
            command.env(name, self.fill(value, marks.0, marks.1));
        }
        command
    }
}

fn github(runner: &mut Runner, repository: &Repository, url: &str) -> Run {
    let action = yaml(&read("action.yml"));
    let mut run = Run {
        ended: Vec::new(),
        outputs: BTreeMap::new(),
        summary: String::new(),
        log: String::new(),
    };
    for step in action["runs"]["steps"].as_array().expect("there are steps") {
        let Some(script) = step["run"].as_str() else { continue };
        let mut command = runner.command(script, &step["env"], ("${{", "}}"), repository.path());
        command.env("GITHUB_API_URL", url).env("GITHUB_REPOSITORY", "owner/repository");
        for (variable, file) in [
            ("GITHUB_OUTPUT", "output"),
            ("GITHUB_STEP_SUMMARY", "summary"),
            ("GITHUB_PATH", "path"),
        ] {
            command.env(variable, runner.file(file));
        }
        command.env("PREBAKE_RELEASES", runner.values.get("releases").expect("it is set"));
        let output = command.output().expect("bash runs");
        run.log.push_str(&text(&output.stdout));
        run.log.push_str(&text(&output.stderr));
        let name = step["name"].as_str().expect("a step has a name");
        run.ended.push((name.to_owned(), output.status.success()));
        if !output.status.success() {
            break;
        }
        let written = std::fs::read_to_string(runner.file("output")).unwrap_or_default();
        for (name, value) in written.lines().filter_map(|line| line.split_once('=')) {
            run.outputs.insert(name.to_owned(), value.to_owned());
            runner.values.insert(format!("steps.review.outputs.{name}"), value.to_owned());
        }
    }
    run.summary = std::fs::read_to_string(runner.file("summary")).unwrap_or_default();
    run
}

fn values(repository: &Repository, releases: &str, digest: &str, event: &str) -> Runner {
    let base = "github.event.pull_request.base.sha || github.event.before";
    Runner::new(&[
        (base, &repository.base),
        ("github.event_name", event),
        ("github.event.pull_request.number", "7"),
        ("inputs.configs", "."),
        ("inputs.fail-on", "error"),
        ("inputs.renders", "out"),
        ("inputs.sha256", digest),
        ("inputs.token", "a-token"),
        ("inputs.version", VERSION),
        ("releases", releases),
    ])
}

fn posted(held: &Arc<Mutex<Held>>) -> Vec<(String, String, String)> {
    let held = held.lock().expect("no test panicked");
    let writes = held.requests.iter().filter(|(method, ..)| method != "GET");
    let body = |value: &Value| {
        let body = value["body"].as_str().or(value["content"].as_str());
        body.or(value["comments"][0]["content"].as_str()).unwrap_or_default().to_owned()
    };
    writes.map(|(method, path, value)| (method.clone(), path.clone(), body(value))).collect()
}

#[test]
fn the_action_reviews_a_pull_request_in_one_comment() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (releases, digest) = release(scratch.path());
    let repository = Repository::new();
    let (url, held) = service::start(json!([]));

    let mut runner = values(&repository, &releases, &digest, "pull_request");
    let run = github(&mut runner, &repository, &url);
    assert!(run.ended("Fail for what was found"), "{}", run.log);
    assert_eq!(run.outputs["findings"], "0", "{}", run.log);
    assert_eq!(run.outputs["render"], "0", "{}", run.log);
    assert_eq!(run.outputs["review"], "2", "{}", run.log);
    assert!(run.summary.starts_with("<!-- prebake-review:"), "{}", run.summary);
    let sarif = Path::new(&run.outputs["reports"]).join("prebake.sarif");
    let sarif = std::fs::read(sarif).expect("there is a report");
    let sarif: Value = serde_json::from_slice(&sarif).expect("it is JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let [(method, path, body)] = posted(&held).try_into().expect("one comment is written");
    assert_eq!(
        (method.as_str(), path.as_str()),
        ("POST", "/repos/owner/repository/issues/7/comments")
    );
    assert_eq!(body, run.summary);

    // A comment of a person that quotes the marker is not the one to update.
    let quoted = json!({ "id": 1, "user": { "type": "User" }, "body": body });
    let ours = json!({ "id": 5, "user": { "type": "Bot" }, "body": body });
    held.lock().expect("no test panicked").listed = json!([quoted, ours]);
    let run =
        github(&mut values(&repository, &releases, &digest, "pull_request"), &repository, &url);
    assert!(run.ended("Comment"), "{}", run.log);
    let (method, path, _) = posted(&held).pop().expect("it is updated");
    assert_eq!(
        (method.as_str(), path.as_str()),
        ("PATCH", "/repos/owner/repository/issues/comments/5")
    );
}

#[test]
fn a_token_that_only_reads_leaves_the_review_in_the_summary() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (releases, digest) = release(scratch.path());
    let repository = Repository::new();
    let (url, held) = service::start(json!([]));
    held.lock().expect("no test panicked").read_only = true;
    let run =
        github(&mut values(&repository, &releases, &digest, "pull_request"), &repository, &url);
    assert!(run.ended("Comment") && run.ended("Fail for what was found"), "{}", run.log);
    assert!(run.log.contains("The token may not write a comment (403)"), "{}", run.log);
    assert!(run.summary.contains("prebake-review"), "{}", run.summary);
}

#[test]
fn a_stale_render_fails_after_the_review_is_published() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (releases, digest) = release(scratch.path());
    let repository = Repository::new();
    repository.git(&["checkout", "--quiet", &repository.base, "--", "out"]);
    let (url, held) = service::start(json!([]));
    let run =
        github(&mut values(&repository, &releases, &digest, "pull_request"), &repository, &url);
    assert!(!run.ended("Fail for what was found"), "{}", run.log);
    assert!(run.log.contains("the committed renders are not current"), "{}", run.log);
    assert_eq!(posted(&held).len(), 1);

    repository.write("prebake.yaml", "name: [broken\n");
    let run =
        github(&mut values(&repository, &releases, &digest, "pull_request"), &repository, &url);
    assert!(!run.ended("Fail for what was found"), "{}", run.log);
    assert!(run.log.contains("could not review the change"), "{}", run.log);
}

#[test]
fn the_action_refuses_code_of_a_fork_with_the_rights_of_the_repository() {
    let repository = Repository::new();
    let mut runner = values(&repository, "file:///nowhere", "", "pull_request_target");
    let run = github(&mut runner, &repository, "http://127.0.0.1:1");
    assert_eq!(run.ended.len(), 1);
    assert!(run.log.contains("use the event `pull_request`"), "{}", run.log);
}

#[test]
fn azure_pipelines_reviews_a_pull_request_in_one_thread() {
    let scratch = tempfile::tempdir().expect("a folder");
    let (releases, digest) = release(scratch.path());
    let repository = Repository::new();
    let review = "<!-- prebake-review:old -->";
    let listed = json!({ "value": [{ "id": 3, "comments": [{ "id": 1, "content": review }] }] });
    for (listed, method, path) in [
        (
            json!({ "value": [] }),
            "POST",
            "/project/_apis/git/repositories/id/pullRequests/9/threads?api-version=7.1",
        ),
        (
            listed,
            "PATCH",
            "/project/_apis/git/repositories/id/pullRequests/9/threads/3/comments/1?api-version=7.1",
        ),
    ] {
        let (url, held) = service::start(listed);
        let log = azure(&repository, &releases, &digest, &url);
        let [(written, at, body)] = posted(&held).try_into().expect("one comment is written");
        assert_eq!((written.as_str(), at.as_str()), (method, path), "{log}");
        assert!(body.starts_with("<!-- prebake-review:"), "{body}");
        assert!(log.contains("##vso[task.uploadsummary]"), "{log}");
    }
}

fn azure(repository: &Repository, releases: &str, digest: &str, url: &str) -> String {
    let staging = tempfile::tempdir().expect("a folder");
    let pipeline = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(root(), pipeline.path().join("prebake")).expect("it is linked");
    let mut runner = Runner::new(&[
        ("Pipeline.Workspace", &pipeline.path().display().to_string()),
        ("Build.ArtifactStagingDirectory", &staging.path().display().to_string()),
        ("System.AccessToken", "a-token"),
    ]);
    let temp = runner.scratch.path().display().to_string();
    runner.values.insert("Agent.TempDirectory".to_owned(), temp);
    // Parameters are filled in before the pipeline runs.
    let template = read("integrations/azure-pipelines.yml")
        .replace("${{ parameters.version }}", VERSION)
        .replace("${{ parameters.sha256 }}", digest)
        .replace("${{ parameters.configs }}", ".")
        .replace("${{ parameters.failOn }}", "error")
        .replace("${{ parameters.renders }}", "out");
    let template = yaml(&template);
    let steps = template["steps"].as_array().expect("there are steps");
    let condition = "${{ if eq(parameters.comment, true) }}";
    let steps = steps.iter().flat_map(|step| match step[condition].as_array() {
        Some(inner) => inner.clone(),
        None => vec![step.clone()],
    });
    let mut log = String::new();
    let mut ran = 0;
    for step in steps {
        let Some(script) = step["script"].as_str() else { continue };
        let mut command = runner.command(script, &step["env"], ("$(", ")"), repository.path());
        command.env("PREBAKE_RELEASES", releases);
        command.env("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main");
        command.env("SYSTEM_COLLECTIONURI", format!("{url}/"));
        command.env("SYSTEM_TEAMPROJECTID", "project");
        command.env("BUILD_REPOSITORY_ID", "id");
        command.env("SYSTEM_PULLREQUEST_PULLREQUESTID", "9");
        let output = command.output().expect("bash runs");
        log.push_str(&text(&output.stdout));
        log.push_str(&text(&output.stderr));
        assert!(output.status.success(), "{log}");
        ran += 1;
        for line in text(&output.stdout).lines() {
            let set = line.strip_prefix("##vso[task.setvariable variable=");
            if let Some((name, value)) = set.and_then(|set| set.split_once(";isOutput=true]")) {
                runner.values.insert(format!("prebake.{name}"), value.to_owned());
            }
            if let Some(folder) = line.strip_prefix("##vso[task.prependpath]") {
                std::fs::write(runner.file("path"), folder).expect("it is written");
            }
        }
    }
    assert_eq!(ran, 4, "{log}");
    log
}
