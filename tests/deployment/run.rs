//! A config, its render and the binary, beside a stand-in.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use prebake::arm::evaluate::Evaluated;
use prebake::catalog::Stage;
use prebake::diagnostic::Diagnostics;
use prebake::diff;
use prebake::expand::Resource;
use prebake::pipeline;
use prebake::render::Target;
use tempfile::TempDir;

use crate::azure::{SUBSCRIPTION, Standin};

/// A small config with everything that takes a path of its own: a registry, a build, a bake, pools.
pub const CONFIG: &str = "name: vision
location: swedencentral
resourceGroup: vision-batch
registry: { create: true }
images:
  - { name: app, tag: '1.0', build: { context: ., dockerfile: Dockerfile }, preload: true }
node: { vmSize: Standard_NC4as_T4_v3 }
gallery: { version: 1.0.0 }
batch: { pools: [{ id: dev, nodes: 1 }] }
";

/// What a command printed and how it ended.
pub struct Outcome {
    pub code: Option<i32>,
    pub out: String,
    pub errors: String,
}

impl Outcome {
    pub fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("prints UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), errors: text(output.stderr) }
    }

    #[track_caller]
    pub fn succeeds(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.errors);
        self
    }

    #[track_caller]
    pub fn fails(self, code: i32, words: &str) -> Self {
        let all = format!("{}{}", self.out, self.errors);
        assert_eq!(self.code, Some(code), "{all}");
        assert!(all.contains(words), "`{words}` is not in:\n{all}");
        self
    }
}

/// A folder with a config and a Dockerfile, and an Azure of its own.
pub struct Place {
    pub standin: Standin,
    pub folder: TempDir,
}

impl Place {
    /// Renders the config beside an empty subscription.
    pub fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("Dockerfile"), "FROM scratch\n").expect("a file");
        let place = Self { standin: Standin::start(), folder };
        place.render(config, &[]);
        place
    }

    /// The files of another place, beside an empty subscription.
    pub fn beside(files: &Path) -> Self {
        let place =
            Self { standin: Standin::start(), folder: tempfile::tempdir().expect("a folder") };
        place.take_files(files);
        place
    }

    /// Takes the files of another place.
    pub fn take_files(&self, from: &Path) {
        let _ = std::fs::remove_dir_all(self.folder.path().join("out"));
        for (path, text) in read(from) {
            let path = self.folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
    }

    /// Renders another config into the same folder.
    pub fn render(&self, config: &str, arguments: &[&str]) {
        std::fs::write(self.folder.path().join("prebake.yaml"), config).expect("a file");
        let output = Command::new(env!("CARGO_BIN_EXE_prebake"))
            .args(["render", "prebake.yaml"])
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("the binary runs");
        // A change that Azure would refuse is rendered all the same, and told.
        assert!(
            output.status.code().is_some_and(|code| code < 2),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("out/vision")
    }

    /// The command with a login by client secret.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command_without_login(arguments);
        command.envs(Standin::secret_environment());
        command
    }

    pub fn command_without_login(&self, arguments: &[&str]) -> Command {
        self.base("out/vision", arguments)
    }

    /// The command for another render or a folder of renders.
    pub fn command_of(&self, render: &str, arguments: &[&str]) -> Command {
        let mut command = self.base(render, arguments);
        command.envs(Standin::secret_environment());
        command
    }

    fn base(&self, render: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_prebake"));
        command
            .args(["deploy", render])
            .args(arguments)
            .arg("--cloud")
            .arg(self.standin.cloud_file())
            .arg("--ca-file")
            .arg(self.standin.ca_file())
            .current_dir(self.folder.path())
            .env_clear()
            .env("PREBAKE_POLL_SECONDS", "0.02")
            // Nobody listens there: a machine without an identity.
            .env("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
            .stdin(Stdio::null());
        command
    }

    pub fn deploy(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().expect("the binary runs"))
    }

    /// Starts the command and lets the stand-in kill it.
    pub fn start(&self, arguments: &[&str]) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the binary runs")
    }

    /// The resources that the render asks for, without those that are removed after a bake.
    pub fn wanted(&self) -> Vec<Resource> {
        let files = read(&self.path());
        let target = Target {
            resource_group: "vision-batch".to_owned(),
            subscription: Some(SUBSCRIPTION.to_owned()),
            location: "swedencentral".to_owned(),
        };
        let state = pipeline::previous_state(
            &files.into(),
            Some(&target),
            (None, None),
            &mut Diagnostics::new(),
        );
        state
            .resources
            .into_iter()
            .filter(|one| !one.existing && one.stage != Stage::Builder)
            .map(Arc::unwrap_or_clone)
            .collect()
    }

    /// Azure holds what the render asks for, with its properties, and nothing of the builder.
    #[track_caller]
    pub fn is_equal(&self) {
        assert_eq!(self.difference(), None);
    }

    /// What Azure holds that the render does not ask for, or lacks, or has otherwise.
    pub fn difference(&self) -> Option<String> {
        let cloud = self.standin.cloud();
        for wanted in self.wanted() {
            let Some(found) = cloud.resource(&wanted.id) else {
                return Some(format!("{} is not there", wanted.id));
            };
            let shown = Evaluated::from_plain(&found.shown);
            let drift = diff::drift(&wanted, shown.as_object().expect("a resource is an object"));
            if !drift.is_empty() {
                return Some(format!("{}: {drift:#?}", wanted.id));
            }
        }
        let left: Vec<&String> =
            cloud.resources.keys().filter(|id| id.contains("vision-builder")).collect();
        if !left.is_empty() {
            return Some(format!("it is left: {left:?}"));
        }
        let unknown = &cloud.unknown;
        (!unknown.is_empty()).then(|| format!("the stand-in has a gap: {unknown:?}"))
    }
}

fn read(folder: &Path) -> std::collections::BTreeMap<String, String> {
    let mut files = std::collections::BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder) {
        let entry = entry.expect("the render can be read");
        if entry.file_type().is_file() {
            let path = entry.path().strip_prefix(folder).expect("it is below");
            let text = std::fs::read_to_string(entry.path()).expect("a render is text");
            files.insert(path.to_string_lossy().into_owned(), text);
        }
    }
    files
}
